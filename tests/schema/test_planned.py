"""The service runs its operations by plans: all documents of outsiders have one, in every part."""

from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    OperationDefinitionNode,
    parse,
    type_from_ast,
)
from graphql.execution import execute
from strawberry.execution import optimized_is_awaitable

from planned import PlanCache, PlannedExecution
from schema.build import build_schema
from tests.planned.comparing import Context
from tests.planned.made_up import Chances, MadeUp, World
from tests.schema.api import OPERATIONS, SCHEMA, Api

CORE = build_schema().core
DOCUMENTS = {path.stem: path.read_text(encoding="utf-8") for path in sorted(OPERATIONS.glob("*.graphql"))}
EXAMPLES = {
    "Boolean": True,
    "Date": "2026-03-01",
    "DateTime": "2026-03-01T09:30:00+08:00",
    "Decimal": "1.00",
    "Int": 1,
    "Long": 1,
}
GOOD = Chances(null=0, wrong_null=0, odd=0, error=0, later=0, odd_list=0)


def example(type_: Any) -> Any:
    """A value for a variable."""
    if isinstance(type_, GraphQLNonNull):
        return example(type_.of_type)
    if isinstance(type_, GraphQLList):
        return [example(type_.of_type)]
    if isinstance(type_, GraphQLEnumType):
        return next(iter(type_.values))
    if isinstance(type_, GraphQLInputObjectType):
        needed = {
            name: each.type for name, each in type_.fields.items() if isinstance(each.type, GraphQLNonNull)
        }
        return {name: example(each) for name, each in needed.items()}
    return EXAMPLES.get(type_.name, "text")


@pytest.mark.parametrize("text", DOCUMENTS.values(), ids=DOCUMENTS.keys())
async def test_every_document_of_outsiders_runs_by_its_plan(text: str) -> None:
    fell_back: list[str] = []
    handed_over: list[bool] = []

    class Planned(PlannedExecution):
        plans = PlanCache(fell_back=fell_back.append)

        def build_response(self, data: Any) -> Any:
            handed_over.append(self.handed_over)
            return super().build_response(data)

    made_up, document = MadeUp(CORE), parse(text)
    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    with made_up.functions():
        for seed, each in enumerate(operations * 5):
            made_up.world = World(seed, GOOD)
            variables = {
                variable.variable.name.value: example(type_from_ast(CORE, variable.type))
                for variable in each.variable_definitions or ()
            }
            answer: Any = execute(
                CORE,
                document,
                root_value=made_up.root(each.operation.value.title()),
                context_value=Context(),
                variable_values=variables,
                operation_name=each.name.value if each.name else None,
                executor_class=Planned,
                is_awaitable=optimized_is_awaitable,
            )
            if hasattr(answer, "__await__"):
                answer = await answer
            assert answer.errors is None
    assert fell_back == []
    assert len(handed_over) == 5 * len(operations)


async def test_the_tests_of_the_api_run_by_plans(api: Api) -> None:
    plans = SCHEMA.execution_context_class.plans  # type: ignore[attr-defined]
    before = len(plans)
    await api.data("{ viewer { thisIsNew: role } }")
    assert len(plans) == before + 1


def test_without_plans_the_schema_runs_in_graphql_core() -> None:
    assert not issubclass(build_schema().execution_context_class, PlannedExecution)
