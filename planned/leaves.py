"""Scalars and enums: for each type the classes whose values are known to be good, and what to do with them.

A value of any other class, and one whose conversion fails, is left to graphql-core, which converts it or says what is
wrong with it.
"""

from collections.abc import Callable
from typing import Any

from graphql import GraphQLBoolean, GraphQLID, GraphQLInt, GraphQLLeafType, GraphQLString
from graphql.pyutils import Undefined
from strawberry.schema.schema_converter import CustomGraphQLEnumType

from planned.kinds import is_plain

LEAST_INT, MOST_INT = -(2**31), 2**31 - 1

_TEXT = (GraphQLString.coerce_output_value, GraphQLID.coerce_output_value)
_INT = GraphQLInt.coerce_output_value
_BOOLEAN = GraphQLBoolean.coerce_output_value
_MOST_CLASSES = 64


class UnusualError(Exception):
    """A value that is left to graphql-core."""


class Leaf:
    """How values of a leaf type are completed.

    `accepted` are the classes that may be completed here: it grows as classes are met (`learn`). Their values stay as
    they are unless there is a `convert`; `is_int`: only within 32 bits.
    """

    def __init__(self, type_: GraphQLLeafType) -> None:
        self.accepted: set[type] = set()
        self.convert: Callable[[Any], Any] | None = None
        self.is_int = False
        self._all = self._text = False
        coerce = type_.coerce_output_value
        if coerce in _TEXT:
            self.accepted.add(str)
            self._text = True
        elif coerce is _BOOLEAN:
            self.accepted.add(bool)
        elif coerce is _INT:
            self.accepted.add(int)
            self.is_int = True
        elif isinstance(type_, CustomGraphQLEnumType) and _is_as_strawberry_made_it(type_):
            self.accepted.add(type_.wrapped_cls)
            self.convert = _names(type_).__getitem__
        else:
            self._all = True
            self.convert = coerce

    def learn(self, kind: type) -> bool:
        """Whether values of a class that is not in `accepted` may be completed here all the same."""
        if not (self._all or (self._text and issubclass(kind, str))) or not is_plain(kind):
            return False
        if len(self.accepted) < _MOST_CLASSES:
            self.accepted.add(kind)
        return True

    def one(self, value: Any) -> Any:
        """The completed value of one of the accepted classes. Raises whatever the conversion raises."""
        if self.is_int:
            if not LEAST_INT <= value <= MOST_INT:
                raise UnusualError
            return value
        if self.convert is None:
            return value
        converted = self.convert(value)
        if converted is None or converted is Undefined:
            raise UnusualError
        return converted


def _is_as_strawberry_made_it(type_: CustomGraphQLEnumType) -> bool:
    coerce = getattr(type_.coerce_output_value, "__func__", None)
    return coerce is CustomGraphQLEnumType.coerce_output_value


def _names(type_: CustomGraphQLEnumType) -> dict[Any, str]:
    """The names of an enum's members; without those that it does not have in the schema."""
    names: dict[Any, str] = {}
    members: Any = type_.wrapped_cls
    for member in members:
        try:
            names[member] = type_.coerce_output_value(member)
        except Exception:  # noqa: BLE001, S112 - graphql-core says so whenever the member is met
            continue
    return names
