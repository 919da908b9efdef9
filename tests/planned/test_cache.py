"""Plans are kept by operation and conditions, within their bound."""

import gc
import tracemalloc
from random import Random
from typing import Any

import pytest
from graphql import parse
from graphql.execution import execute
from strawberry.execution import optimized_is_awaitable

from planned import PlanCache, PlannedExecution
from planned.planning import Planner
from schema.build import build_schema
from tests.planned.comparing import Context, _ended
from tests.planned.made_up import Chances, MadeUp, World
from tests.planned.random_operations import RandomOperations
from tests.planned.test_execution import SCHEMA


def execution(most_bytes: int = 2**30) -> type[PlannedExecution]:
    """An execution with a cache of its own."""
    return type("Own", (PlannedExecution,), {"plans": PlanCache(most_bytes)})


def run(executor: type[PlannedExecution], document: Any, **variables: Any) -> Any:
    """The data of an answer."""
    return execute(SCHEMA._schema, document, variable_values=variables, executor_class=executor).data


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was planned."""
    made: list[Any] = []
    root = Planner.root

    def counted(self: Planner) -> Any:
        made.append(self)
        return root(self)

    monkeypatch.setattr(Planner, "root", counted)
    return made


def test_an_operation_is_planned_once(planned: list[Any]) -> None:
    own, document = execution(), parse("query ($n: Int!) { leaves(count: $n) { number } }")
    assert [len(run(own, document, n=n)["leaves"]) for n in range(3)] == [0, 1, 2]
    assert len(planned) == len(own.plans) == 1


def test_conditions_have_plans_of_their_own(planned: list[Any]) -> None:
    own = execution()
    document = parse("query ($if: Boolean!) { leaves(count: 1) { number other: number @include(if: $if) } }")
    for _ in range(2):
        assert run(own, document, **{"if": False}) == {"leaves": [{"number": 0}]}
        assert run(own, document, **{"if": True}) == {"leaves": [{"number": 0, "other": 0}]}
    assert len(planned) == 2
    assert len(own.plans) == 1


def test_operations_of_one_document_have_plans_of_their_own() -> None:
    own = execution()
    document = parse("query A { leaves(count: 1) { a: number } } query B { leaves(count: 1) { b: number } }")
    answers = [
        execute(SCHEMA._schema, document, operation_name=name, executor_class=own).data for name in "AB"
    ]
    assert answers == [{"leaves": [{"a": 0}]}, {"leaves": [{"b": 0}]}]
    assert len(own.plans) == 2


def test_the_latest_plans_are_kept_within_the_bound() -> None:
    own = execution(100_000)
    documents = [parse(f"{{ leaves(count: 1) {{ n{number}: number }} }}") for number in range(50)]
    for document in documents:
        run(own, document)
        run(own, documents[0])
        assert own.plans.weight <= 100_000
    assert 5 < len(own.plans) < 50
    kept = own.plans._kept
    assert id(documents[0].definitions[0]) in kept
    assert id(documents[1].definitions[0]) not in kept
    assert sum(each.weight for each in kept.values()) == own.plans.weight


def test_many_conditions_do_not_fill_the_memory() -> None:
    own = execution(100_000)
    names = [f"c{number}" for number in range(10)]
    fields = " ".join(f"{name}: number @skip(if: ${name})" for name in names)
    document = parse(
        f"query ({' '.join(f'${name}: Boolean!' for name in names)}) {{ leaves(count: 1) {{ {fields} }} }}"
    )
    for number in range(200):
        run(own, document, **{name: bool(number >> place & 1) for place, name in enumerate(names)})
        assert own.plans.weight <= 100_000


async def test_plans_take_no_more_memory_than_is_told() -> None:
    schema = build_schema().core
    made_up, own = MadeUp(schema), execution()
    operations = RandomOperations(schema, fields=40)
    never = Chances(null=0, wrong_null=0, odd=0, error=0, later=0, odd_list=0)

    async def plan(seeds: range, executor: type[PlannedExecution]) -> None:
        for seed in seeds:
            operation = operations.drawn(Random(seed))
            document = parse(operation.text)
            made_up.world = World(seed, never)
            result: Any = execute(
                schema,
                document,
                root_value=made_up.root(document.definitions[0].operation.value.title()),
                context_value=Context(),
                variable_values=operation.variables,
                executor_class=executor,
                is_awaitable=optimized_is_awaitable,
            )
            if hasattr(result, "__await__"):
                await result
            await _ended()
        made_up.world = World(0)

    with made_up.functions():
        await plan(range(30), execution())  # what everything needs once
        gc.collect()
        tracemalloc.start()
        try:
            await plan(range(30, 90), own)
            gc.collect()
            taken, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert len(own.plans) > 50
    assert own.plans.weight / 3 < taken < own.plans.weight
