"""Documents that ask for everything a role may see below a field: made by walking the schema, so none is forgotten."""

from collections.abc import Iterator

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
)

from schema.context import Role
from schema.permissions import TABLE
from tests.schema.api import SCHEMA

LETTERS = {
    "F": Role.FRONTEND,
    "V": Role.VENDOR,
    "N": Role.FINANCE,
    "O": Role.OPERATIONS,
    "A": Role.AUDITOR,
}
"""The roles, for tables of who may do what."""

# What arguments that a field needs are given; `benefit` of relatives, so that vendors may ask.
GIVEN = {
    "first": "1",
    "from": '"2026-10-01"',
    "to": '"2026-11-01"',
    "code": '"physical-exam"',
    "Customer.relatives.benefit": 'benefit: "physical-exam"',
}
PEOPLE = frozenset({"Customer", "Relative", "Beneficiary"})
_DEEPEST = 9


def may(role: Role, type_name: str, field: str) -> bool:
    """Whether the table lets a role use a field."""
    return role in TABLE.get(f"{type_name}.{field}", frozenset(Role))


def below(role: Role, type_: GraphQLNamedType) -> str:
    """Everything that a role may select of a type. Each further type is spelled out once, people everywhere."""
    return _below(role, type_, 0, set())


def _below(role: Role, type_: GraphQLNamedType, depth: int, seen: set[str]) -> str:
    if isinstance(type_, GraphQLUnionType):
        parts = [f"... on {each.name} {_below(role, each, depth, seen)}" for each in type_.types]
        return f"{{ __typename {' '.join(parts)} }}"
    if not isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
        return ""
    seen.add(type_.name)
    found = ["__typename"]
    for name, field in type_.fields.items():
        named = get_named_type(field.type)
        if not may(role, type_.name, name):
            continue
        if is_leaf_type(named):
            found.append(name + arguments(type_.name, name, field))
        elif depth < _DEEPEST and (named.name in PEOPLE - {"Customer"} or named.name not in seen):
            inner = _below(role, named, depth + 1, seen)
            found.append(f"{name}{arguments(type_.name, name, field)} {inner}")
    return f"{{ {' '.join(found)} }}"


def arguments(type_name: str, name: str, field: GraphQLField) -> str:
    """What a field must be given."""
    needed = [
        f"{each}: {GIVEN[each]}"
        for each, argument in field.args.items()
        if isinstance(argument.type, GraphQLNonNull)
    ]
    needed += [GIVEN[key] for each in field.args if (key := f"{type_name}.{name}.{each}") in GIVEN]
    return f"({', '.join(needed)})" if needed else ""


def reached(role: Role) -> Iterator[str]:
    """The names of the object types that a role can reach by fields it may use, mutations included."""
    waiting: list[GraphQLNamedType] = [SCHEMA.core.type_map[name] for name in ("Query", "Mutation")]
    seen: set[str] = set()
    while waiting:
        type_ = waiting.pop()
        if type_.name in seen:
            continue
        seen.add(type_.name)
        if isinstance(type_, GraphQLUnionType):
            waiting += type_.types
        elif isinstance(type_, GraphQLInterfaceType):
            continue  # `node`: what it finds is checked by its type
        elif isinstance(type_, GraphQLObjectType):
            yield type_.name
            waiting += [
                get_named_type(field.type)
                for name, field in type_.fields.items()
                if may(role, type_.name, name)
            ]
