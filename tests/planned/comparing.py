"""Runs an operation by graphql-core and by its plan, and says what differs."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLSchema, parse
from graphql.execution import execute
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from planned import PlanCache, PlannedExecution, VariantOf
from tests.planned.made_up import VARYING, MadeUp, World
from tests.planned.random_operations import Operation


@dataclass
class Context:
    """What resolvers get."""

    refusals: list[Any] = field(default_factory=list)


class Comparison:
    """Both executions of a schema's operations on made-up answers."""

    def __init__(self, schema: GraphQLSchema, made_up: MadeUp) -> None:
        self._schema = schema
        self._made_up = made_up
        self.fell_back: list[str] = []
        self.handed_over = 0
        self.shared = 0
        """How often a dictionary stood in an answer a second time."""
        plans = PlanCache(fell_back=self.fell_back.append)
        comparison = self

        class Planned(PlannedExecution):
            def build_response(self, data: Any) -> Any:
                comparison.handed_over += self.handed_over
                comparison.shared += _repeated(data)
                return super().build_response(data)

        Planned.plans = plans
        Planned.shared = dict.fromkeys(made_up.classes, VariantOf("variant_of", VARYING))
        self._planned = Planned

    async def differs(self, operation: Operation, world: World) -> str | None:
        """What differs between the two executions; None if nothing does.

        By odd seeds the operation runs again, by the plan that is kept or, with conditions, by another of its plans.
        """
        document = parse(operation.text)
        again = {
            name: not value if name.startswith("c") else value for name, value in operation.variables.items()
        }
        for variables in (operation.variables, again)[: 1 + world.seed % 2]:
            core, planned = [
                await self._answer(each, document, variables, World(world.seed, world.chances))
                for each in (StrawberryGraphQLCoreExecutionContext, self._planned)
            ]
            if core != planned:
                return "\n".join(
                    f"{name}:\n  core    {mine}\n  planned {theirs}"
                    for name, mine, theirs in zip(("data", "errors", "calls"), core, planned, strict=True)
                    if mine != theirs
                )
        return None

    async def _answer(self, executor: Any, document: Any, variables: dict[str, Any], world: World) -> Any:
        self._made_up.world = world
        type_name = document.definitions[0].operation.value.title()
        result: Any = execute(
            self._schema,
            document,
            root_value=self._made_up.root(type_name),
            context_value=Context(),
            variable_values=variables,
            executor_class=executor,
            is_awaitable=optimized_is_awaitable,
        )
        if hasattr(result, "__await__"):
            result = await result
        await _ended()
        return repr(result.data), sorted(map(told, result.errors or ())), sorted(world.calls)


def _repeated(data: Any) -> int:
    """How many dictionaries of an answer are in it already."""
    seen: set[int] = set()
    waiting, repeated = [data], 0
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict) and value:
            repeated += id(value) in seen
            seen.add(id(value))
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return repeated


async def _ended() -> None:
    """Wait for what still runs in the background."""
    while others := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(others)


def told(error: Any) -> str:
    """An error as clients see it."""
    shown = error.formatted
    return repr((shown["message"], shown.get("path"), shown.get("locations"), shown.get("extensions")))
