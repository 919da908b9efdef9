"""The schema as text: what clients build on does not change unseen, and explains itself."""

from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    parse,
    validate,
)

from schema.build import build_schema, sdl
from schema.permissions import check_table
from tests.schema.api import OPERATIONS, SCHEMA

COMMITTED = Path(__file__).parents[2] / "schema.graphql"
CORE = SCHEMA.core
OWN_TYPES = [named for name, named in CORE.type_map.items() if not name.startswith("__")]


def test_the_committed_schema_is_the_one_that_is_served() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == sdl(SCHEMA), "run: entitlements schema > schema.graphql"


def test_the_schema_is_the_same_however_often_it_is_built() -> None:
    assert sdl(build_schema()) == sdl(SCHEMA)


def test_every_type_field_argument_of_input_and_enum_value_is_described() -> None:
    bare = [named.name for named in OWN_TYPES if not named.description]
    for named in OWN_TYPES:
        if isinstance(named, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            bare += [f"{named.name}.{name}" for name, field in named.fields.items() if not field.description]
        elif isinstance(named, GraphQLEnumType):
            bare += [f"{named.name}.{name}" for name, value in named.values.items() if not value.description]
    assert not bare


@pytest.mark.parametrize("path", sorted(OPERATIONS.glob("*.graphql")), ids=lambda path: path.stem)
def test_the_documents_of_outsiders_are_valid(path: Path) -> None:
    assert validate(CORE, parse(path.read_text(encoding="utf-8"))) == []


def test_a_field_without_a_permission_stops_the_start() -> None:
    schema = build_schema().core
    customer = schema.type_map["Customer"]
    assert isinstance(customer, GraphQLObjectType)
    customer.fields["income"] = customer.fields["name"]
    with pytest.raises(ValueError, match=r"Customer\.income"):
        check_table(schema)
