"""A cache of introspection answers: the schema of a process does not change.

Tools ask for the whole schema at every start, with the same document, and answering takes as much work as a page of
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

# The memory of a dict of a few texts, as a multiple of its JSON.
_OBJECTS_FOR_JSON = 5


class IntrospectionAnswers:
    """The latest answers."""

    def __init__(self) -> None:
        self._kept: LRUCache[Asked, Any] = LRUCache(MOST_KEPT_BYTES, getsizeof=_weight)

    def get(self, asked: Asked | None) -> ExecutionResult | None:
        """The cached answer; None when there is none, or the operation is not pure introspection."""
        data = self._kept.get(asked) if asked is not None else None
        return None if data is None else ExecutionResult(data=data, errors=None)

    def keep(self, asked: Asked | None, result: ExecutionResult) -> None:
        """Cache an answer, unless it is an error, too large, or not pure introspection."""
        if asked is not None and not result.errors and _weight(result.data) <= MOST_KEPT_BYTES:
            self._kept[asked] = result.data


def asked(text: str, operation_name: str | None, variables: VariableValues) -> Asked:
    """The cache key of a request."""
    return text, operation_name, repr(sorted(variables.coerced.items()))


def _weight(data: object) -> int:
    return _OBJECTS_FOR_JSON * len(json.dumps(data))
