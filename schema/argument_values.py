"""The weight of argument values: literals in the document, and values of its variables."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from graphql import (
    ArgumentNode,
    GraphQLArgument,
    GraphQLInputObjectType,
    ListValueNode,
    ObjectValueNode,
    ValueNode,
    VariableNode,
    get_named_type,
)

from schema.weights import Weights


def literals(
    definitions: Mapping[str, GraphQLArgument], arguments: Sequence[ArgumentNode], table: Weights
) -> tuple[float, Sequence[str]]:
    """The weight of the literals in arguments, and the variables among them."""
    total, names = 0.0, []
    waiting: list[tuple[Any, ValueNode]] = [
        (definitions[each.name.value].type, each.value) for each in arguments
    ]
    while waiting:
        type_, value = waiting.pop()
        if isinstance(value, VariableNode):
            names.append(value.name.value)
            continue
        named = get_named_type(type_)
        total += table.value_us
        if isinstance(value, ListValueNode):
            waiting += [(named, each) for each in value.values]
        elif isinstance(value, ObjectValueNode):
            total += table.input(named.name)
            fields = getattr(named, "fields", {})
            waiting += [(fields[each.name.value].type, each.value) for each in value.fields]
    return total, names


def value_us(table: Weights, type_: Any, value: Any) -> float:
    """The weight of a variable's value: of every value within, and of its input objects by their types."""
    return sum(
        table.value_us + (table.input(named.name) if isinstance(each, dict) else 0)
        for named, each in _values(type_, value)
    )


def _values(type_: Any, value: Any) -> Iterator[tuple[Any, Any]]:
    waiting = [(type_, value)]
    while waiting:
        named, each = waiting.pop()
        yield named, each
        if isinstance(each, list):
            waiting += [(named, inner) for inner in each]
        elif isinstance(each, dict) and isinstance(named, GraphQLInputObjectType):
            waiting += [
                (get_named_type(named.fields[name].type), inner)
                for name, inner in each.items()
                if name in named.fields
            ]
