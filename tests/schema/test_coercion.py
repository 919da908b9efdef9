"""Variables have the values, and the errors, that graphql-core gives them."""

from typing import Any

import pytest
from graphql import OperationDefinitionNode, get_variable_values, parse

from schema.coercion import Coercion
from schema.limits import MOST_ERRORS
from tests.schema.api import SCHEMA

DEFINED = [
    "",
    "($a: String!)",
    "($a: String)",
    '($a: String = "x")',
    '($a: String! = "x")',
    "($a: Int!, $b: Date)",
    "($a: Date!, $b: Boolean)",
    "($a: RefusalCode)",
    "($a: [String!])",
    "($a: CustomerWhere, $b: Int)",
    "($a: RedeemInput!)",
    "($a: Unknown)",
    "($a: Customer)",
]
VALUES: list[Any] = [
    None,
    "x",
    "",
    "2026-03-01",
    1,
    -1,
    1.5,
    2**40,
    True,
    ["x"],
    {},
    {"memberNo": ["x"]},
    "BLOCKED",
]
GIVEN = [{}, *({"a": value} for value in VALUES), *({"a": 1, "b": value} for value in VALUES), {"c": 1}]


@pytest.mark.parametrize("defined", DEFINED)
def test_the_values_of_variables_are_those_of_graphql_core(defined: str) -> None:
    (operation,) = parse(f"query Q{defined} {{ viewer {{ role }} }}").definitions
    assert isinstance(operation, OperationDefinitionNode)
    definitions = operation.variable_definitions or ()
    coercion = Coercion(SCHEMA.core, definitions)
    for given in GIVEN:
        expected = get_variable_values(SCHEMA.core, definitions, given, max_errors=MOST_ERRORS)
        found = coercion.values(given)
        if isinstance(expected, list):
            assert isinstance(found, list)
            assert [each.message for each in found] == [each.message for each in expected]
            continue
        assert not isinstance(found, list)
        assert found.coerced == expected.coerced
        assert {name: each.value for name, each in found.sources.items()} == {
            name: each.value for name, each in expected.sources.items()
        }
        assert [str(each.signature.type) for each in found.sources.values()] == [
            str(each.signature.type) for each in expected.sources.values()
        ]
