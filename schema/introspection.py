"""What is asked of the schema itself is answered once: the schema of a process does not change.

Tools ask for all of it, at every start and all with the same document, and working it out takes as much as a page of
customers. The cache has a weight in bytes.
"""

import json
from typing import Any

from cachetools import LRUCache
from graphql import VariableValues
from strawberry.types import ExecutionResult

MOST_KEPT_BYTES = 16 * 2**20

Asked = tuple[str, str | None, str]
"""A document, the name of its operation, and the values of its variables."""

# A dict of a few texts, in memory, against the same as JSON.
_OBJECTS_FOR_JSON = 5


class IntrospectionAnswers:
    """The answers that were given last."""

    def __init__(self) -> None:
        self._kept: LRUCache[Asked, Any] = LRUCache(MOST_KEPT_BYTES, getsizeof=_weight)

    def get(self, asked: Asked | None) -> ExecutionResult | None:
        """The answer that was given before; None when there was none, it is forgotten, or more was asked."""
        data = self._kept.get(asked) if asked is not None else None
        return None if data is None else ExecutionResult(data=data, errors=None)

    def keep(self, asked: Asked | None, result: ExecutionResult) -> None:
        """Remember an answer, unless it is an error, alone weighs too much, or answers more."""
        if asked is not None and not result.errors and _weight(result.data) <= MOST_KEPT_BYTES:
            self._kept[asked] = result.data


def asked(text: str, operation_name: str | None, variables: VariableValues) -> Asked:
    """What is asked, as a key."""
    return text, operation_name, repr(sorted(variables.coerced.items()))


def _weight(data: Any) -> int:
    return _OBJECTS_FOR_JSON * len(json.dumps(data))
