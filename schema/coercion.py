"""The values of an operation's variables, coerced to their types.

graphql-core makes the types of variables out of the document for each request anew. Here those of leaves are made once
for an operation, and the usual values coerced by them. Where anything else is given (an input object, a list, a value
that is wrong, none where there is a default) graphql-core does all of it, and says what is wrong.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLSchema,
    Undefined,
    VariableDefinitionNode,
    VariableValues,
    get_nullable_type,
    get_variable_values,
    is_leaf_type,
    is_non_null_type,
)
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValueSource
from graphql.utilities.coerce_input_value import coerce_input_value

from schema.limits import MOST_ERRORS


class Coercion:
    """The coercion of the variables of one operation."""

    def __init__(self, schema: GraphQLSchema, definitions: Sequence[VariableDefinitionNode]) -> None:
        self._schema = schema
        self._definitions = definitions
        self._leaves = _leaves(schema, definitions)

    def values(self, given: Mapping[str, Any]) -> VariableValues | list[GraphQLError]:
        """Their values, or what is wrong with those given."""
        return self._leaf_values(given) or get_variable_values(
            self._schema, self._definitions, dict(given), max_errors=MOST_ERRORS
        )

    def _leaf_values(self, given: Mapping[str, Any]) -> VariableValues | None:
        """The values, if all are usual ones."""
        if self._leaves is None:
            return None
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, Any] = {}
        for signature in self._leaves:
            value = given.get(signature.name, Undefined)
            sources[signature.name] = VariableValueSource(signature, value)
            if value is Undefined:
                if signature.default is not None or is_non_null_type(signature.type):
                    return None
                continue
            found = coerced[signature.name] = coerce_input_value(value, signature.type)
            if found is Undefined:
                return None
        return VariableValues(sources, coerced)


def _leaves(
    schema: GraphQLSchema, definitions: Sequence[VariableDefinitionNode]
) -> Sequence[GraphQLVariableSignature] | None:
    """The variables, if all of them are scalars or enums."""
    found = []
    for each in definitions:
        signature = get_variable_signature(schema, each)
        if isinstance(signature, GraphQLError) or not is_leaf_type(get_nullable_type(signature.type)):
            return None
        found.append(signature)
    return found
