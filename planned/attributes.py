"""Reading the fields of an object that are its attributes and hold scalars or enums: all of them at once.

Reading the values and looking up their classes are calls into C for all attributes together; only numbers and values
that must be converted are looked at one by one.
"""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, TypeAlias

from graphql import is_non_null_type
from graphql.pyutils import Undefined

from planned.leaves import LEAST_INT, MOST_INT, Leaf

Reader: TypeAlias = Callable[[Any], Sequence[Any] | None]
"""The completed values of an object's attributes; None if one of them is left to graphql-core."""

_NONE = type(None)
_MOST_KEPT = 256


def reader(attributes: Sequence[tuple[str, str, Any]]) -> Reader:
    """What reads attributes: response name, attribute, type."""
    if not attributes:
        return lambda _source: ()
    leaves = [_leaf(type_) for _, _, type_ in attributes]
    if len(attributes) == 1:
        return _one(attributes[0][1], leaves[0])
    return _several(attrgetter(*(name for _, name, _ in attributes)), leaves)


def _one(name: str, leaf: Leaf) -> Reader:
    accepted, complete, learn = leaf.accepted, leaf.one, leaf.learn

    def read(source: Any) -> Sequence[Any] | None:
        try:
            value = getattr(source, name)
            if type(value) in accepted or learn(type(value)):
                return (None if value is None else complete(value),)
        except Exception:  # noqa: BLE001, S110 - graphql-core raises it again, at its field
            pass
        return None

    return read


def _several(get: Callable[[Any], tuple[Any, ...]], leaves: Sequence[Leaf]) -> Reader:
    good: set[tuple[type, ...]] = set()
    ints = [index for index, leaf in enumerate(leaves) if leaf.is_int]
    converted = [(index, leaf.convert) for index, leaf in enumerate(leaves) if leaf.convert is not None]

    def learn(kinds: tuple[type, ...]) -> bool:
        if not all(
            kind in leaf.accepted or leaf.learn(kind) for leaf, kind in zip(leaves, kinds, strict=True)
        ):
            return False
        if len(good) < _MOST_KEPT:
            good.add(kinds)
        return True

    def read(source: Any) -> Sequence[Any] | None:
        try:
            values = get(source)
            kinds = tuple(map(type, values))
            if kinds not in good and not learn(kinds):
                return None
            for index in ints:
                value = values[index]
                if value is not None and not LEAST_INT <= value <= MOST_INT:
                    return None
            return _converted(list(values), converted) if converted else values
        except Exception:  # noqa: BLE001 - graphql-core raises it again, at its field
            return None

    return read


def _leaf(type_: Any) -> Leaf:
    nullable = not is_non_null_type(type_)
    leaf = Leaf(type_ if nullable else type_.of_type)
    if nullable:
        leaf.accepted.add(_NONE)
    return leaf


def _converted(values: list[Any], converted: Sequence[tuple[int, Callable[[Any], Any]]]) -> list[Any] | None:
    for index, convert in converted:
        value = values[index]
        if value is not None:
            value = convert(value)
            if value is None or value is Undefined:
                return None
            values[index] = value
    return values
