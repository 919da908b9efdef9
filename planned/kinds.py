"""Which values may be awaited, and which are errors, told by their class alone.

graphql-core asks that of each value. Classes are few and values many, so the answer is kept by class. A class that
computes attributes (`__getattr__`) may have an `__await__` in one value and not in the next: it has no kept answer.
"""

from types import CoroutineType, FunctionType, GeneratorType
from typing import Any

from graphql.pyutils import Undefined

_MOST_KEPT = 10_000

PLAIN: set[type] = set()
"""Classes whose values are neither awaitable nor exceptions, nor nothing."""
_NOTHING = frozenset({type(None), type(Undefined)})


def is_plain(kind: type[Any]) -> bool:
    """Whether values of the class are neither awaitable nor exceptions, nor nothing; False where it cannot tell."""
    if kind in PLAIN:
        return True
    if (
        kind in _NOTHING
        or issubclass(kind, Exception | CoroutineType | GeneratorType)
        or hasattr(kind, "__await__")
    ):
        return False
    if isinstance(kind.__getattribute__, FunctionType) or any(
        "__getattr__" in vars(each) for each in kind.__mro__
    ):
        return False
    if len(PLAIN) < _MOST_KEPT:
        PLAIN.add(kind)
    return True
