"""Every field of the schema has a weight, so that nothing is free by oversight; the table names nothing else."""

from collections.abc import Iterator

import pytest
import yaml
from graphql import (
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    get_named_type,
    is_leaf_type,
)

from schema.weights import FILE, OPERATION, TYPENAME, weights
from tests.schema.api import SCHEMA

TYPES = SCHEMA.core.type_map
FIELDS = {
    f"{name}.{field}": definition
    for name, named in TYPES.items()
    if isinstance(named, GraphQLObjectType | GraphQLInterfaceType)
    for field, definition in named.fields.items()
} | {"Query.__schema": None, "Query.__type": None}


def _is_list(type_: GraphQLOutputType) -> bool:
    return isinstance(type_.of_type if isinstance(type_, GraphQLNonNull) else type_, GraphQLList)


def _lists_of_objects() -> Iterator[str]:
    for name, field in FIELDS.items():
        if field is not None and _is_list(field.type) and not is_leaf_type(get_named_type(field.type)):
            yield name


def test_every_field_has_a_weight_and_every_weight_a_field() -> None:
    assert set(weights().fields) - {OPERATION, TYPENAME} == set(FIELDS)
    assert all(each.each_us > 0 for each in weights().fields.values())


@pytest.mark.parametrize("name", sorted(_lists_of_objects()))
def test_every_list_of_objects_has_a_length(name: str) -> None:
    length = weights().fields[name].length
    if name.endswith(".edges"):
        assert length is None, "the rows of a page are counted by `first`"
    elif isinstance(length, str):
        assert _is_list(FIELDS[name].args[length].type)
    else:
        assert length is not None
        assert length >= 1 or name.startswith("__")


def test_what_an_argument_makes_dearer_is_an_argument() -> None:
    assert len(weights().dearer) > 1
    for name, dearer in weights().dearer.items():
        assert set(dearer) <= set(FIELDS[name].args)
        assert all(each.each_us > weights().fields[name].each_us for each in dearer.values()), name


def test_inputs_that_come_by_the_hundred_have_a_weight_of_their_own() -> None:
    assert all(isinstance(TYPES[name], GraphQLInputObjectType) for name in weights().inputs)
    assert {"PolicyEventInput", "StatementLineInput"} <= set(weights().inputs)
    assert weights().input_us
    assert weights().fields["Mutation.redeemMany"].row_us
    assert weights().fields["Mutation.recordPolicyEvents"].row_us


def test_the_table_is_as_the_benchmark_writes_it() -> None:
    from bench.weights import text_of

    text = FILE.read_text(encoding="utf-8")
    assert text_of(yaml.safe_load(text)) == text
