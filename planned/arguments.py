"""The arguments of a field: coerced by graphql-core, once for all objects that have the field where that is safe.

Values that cannot be changed are shared between the calls of a resolver. Lists and input objects are made anew for
each call, as a resolver may change what it was given.
"""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, TypeAlias
from uuid import UUID

from graphql.execution.values import get_argument_values
from strawberry.types.unset import UnsetType

from planned.asked import Asked
from planned.running import Running

Arguments: TypeAlias = Callable[[Running], dict[str, Any]]
"""The arguments of a field, in a dictionary that the caller may keep. Raises GraphQLError as graphql-core does."""

_UNCHANGEABLE = frozenset(
    {str, int, float, bool, type(None), Decimal, date, datetime, time, timedelta, UUID, UnsetType}
)


def arguments_of(asked: Asked) -> Arguments | None:
    """The arguments of a field by their names in the schema; None where it has none."""
    if not asked.definition.args and not asked.nodes[0].arguments:
        return None
    definition, node = asked.definition, asked.nodes[0]

    def arguments(run: Running) -> dict[str, Any]:
        known = run.arguments.get(asked)
        if known is None:
            known = get_argument_values(definition, node, run.variable_values, None, run.hide_suggestions)
            if not unchangeable(known):
                return known
            run.arguments[asked] = known
        return known.copy()

    return arguments


def unchangeable(values: dict[str, Any]) -> bool:
    """Whether none of the values can be changed."""
    return all(type(each) in _UNCHANGEABLE or isinstance(each, Enum) for each in values.values())
