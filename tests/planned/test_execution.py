"""Executing through Strawberry by plans: order, batches, the info of resolvers, and when graphql-core does it."""

import asyncio
import dataclasses
import gc
from typing import Any, ClassVar, Optional

import pytest
import strawberry
from graphql import AbortController, parse
from graphql.execution import execute
from strawberry.dataloader import DataLoader
from strawberry.extensions import SchemaExtension
from strawberry.schema import Schema
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from planned import PlanCache, PlannedExecution, VariantOf, planning
from planned.asked import Asked
from planned.resolving import attribute_of, resolver_of
from tests.planned.features import build


@strawberry.type
class Leaf:
    number: int

    @strawberry.field
    async def double(self, info: strawberry.Info) -> int:
        return int(await info.context["loader"].load(self.number))

    @strawberry.field
    def where(self, info: strawberry.Info) -> str:
        raw: Any = info._raw_info
        return (
            ".".join(map(str, info.path.as_list()))
            + f" {info.path.typename} {raw.parent_type} {raw.return_type}"
        )


@strawberry.type
class Query:
    @strawberry.field
    def leaves(self, count: int) -> list[Leaf]:
        return [Leaf(number=number) for number in range(count)]

    @strawberry.field
    def broken(self) -> Leaf | None:
        return Leaf(number="no number")  # type: ignore[arg-type]


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def write(self, info: strawberry.Info, number: int) -> int:
        info.context["told"].append(f"begin {number}")
        await asyncio.sleep(0)
        info.context["told"].append(f"end {number}")
        return number

    @strawberry.mutation
    def note(self, info: strawberry.Info) -> int:
        info.context["told"].append("note")
        return 0


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def ticks(self) -> Any:
        yield 1


class Planned(PlannedExecution):
    fell_back: list[str] = []  # noqa: RUF012
    plans = PlanCache(fell_back=fell_back.append)


@pytest.fixture(autouse=True)
def fell_back() -> list[str]:
    Planned.fell_back.clear()
    return Planned.fell_back


SCHEMA = Schema(query=Query, mutation=Mutation, execution_context_class=Planned)


async def test_loaders_load_once_for_all_objects() -> None:
    batches = []

    async def load(numbers: list[int]) -> list[int]:
        batches.append(numbers)
        return [2 * number for number in numbers]

    context = {"loader": DataLoader(load_fn=load)}
    result = await SCHEMA.execute("{ leaves(count: 4) { number double } }", context_value=context)
    assert result.errors is None
    assert [each["double"] for each in result.data["leaves"]] == [0, 2, 4, 6]
    assert batches == [[0, 1, 2, 3]]


async def test_an_execution_leaves_nothing_to_the_garbage_collector() -> None:
    async def load(numbers: list[int]) -> list[int]:
        return numbers

    loader = DataLoader(load_fn=load, cache=False)
    document = parse("{ leaves(count: 3) { number double where } }")

    async def run() -> None:
        answer: Any = execute(
            SCHEMA._schema, document, context_value={"loader": loader}, executor_class=Planned
        )
        assert (await answer).errors is None

    await run()
    while gc.collect():  # what earlier tests have left may take several passes
        pass
    gc.disable()
    try:
        await run()
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        left = [each for each in gc.garbage if type(each).__module__.split(".")[0] in {"planned", "graphql"}]
        assert left == []
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


async def test_mutations_run_one_after_the_other() -> None:
    told: list[str] = []
    document = "mutation { a: write(number: 1) n: note b: write(number: 2) m: note }"
    result = await SCHEMA.execute(document, context_value={"told": told})
    assert list(result.data.items()) == [("a", 1), ("n", 0), ("b", 2), ("m", 0)]
    assert told == ["begin 1", "end 1", "note", "begin 2", "end 2", "note"]


async def test_a_resolver_is_told_where_it_is() -> None:
    result = await SCHEMA.execute("{ all: leaves(count: 2) { here: where } }")
    assert [each["here"] for each in result.data["all"]] == [
        "all.0.here Leaf Leaf String!",
        "all.1.here Leaf Leaf String!",
    ]


async def test_an_error_has_its_path_and_its_place_in_the_document() -> None:
    result = await SCHEMA.execute("{ b: broken { n: number } }")
    (error,) = result.errors
    assert result.data == {"b": None}
    assert error.path == ["b", "n"]
    assert [(each.line, each.column) for each in error.locations] == [(1, 15)]


def test_it_runs_without_an_event_loop_where_nothing_waits() -> None:
    assert SCHEMA.execute_sync("{ leaves(count: 1) { number } }").data == {"leaves": [{"number": 0}]}


def test_attributes_and_functions_take_the_short_way() -> None:
    """Fails when a new Strawberry wraps resolvers in another way: then plans are right still, but slow."""
    fields = SCHEMA._schema.type_map["Leaf"].fields
    assert attribute_of(fields["number"]) == "number"
    assert attribute_of(fields["double"]) is None
    guarded = build()._schema.query_type.fields
    assert "_with_info" in _way(SCHEMA._schema, fields["double"])
    assert "_with_arguments" in _way(SCHEMA._schema, SCHEMA._schema.query_type.fields["leaves"])
    assert "_as_graphql_core" in _way(SCHEMA._schema, guarded["guarded"])
    assert "_as_graphql_core" in _way(SCHEMA._schema, guarded["loud"])


def _way(schema: Any, definition: Any) -> str:
    node = parse("{ field }").definitions[0].selection_set.selections[0]
    asked = Asked(key="field", definition=definition, parent=schema.query_type, details=[], nodes=[node])
    return resolver_of(asked, schema).__qualname__


def test_a_resolver_that_was_wrapped_again_is_called_as_it_is() -> None:
    schema = Schema(query=Query, execution_context_class=Planned)
    field = schema._schema.type_map["Leaf"].fields["number"]
    before = field.resolve
    field.resolve = lambda source, info: before(source, info) + 100
    assert schema.execute_sync("{ leaves(count: 1) { number } }").data == {"leaves": [{"number": 100}]}


def test_an_info_of_ones_own_is_made_as_it_wants() -> None:
    class Own(PlannedExecution):
        plans = PlanCache()

        def build_resolve_info(self, *given: Any) -> Any:
            return super().build_resolve_info(*given)._replace(parent_type="mine")

    schema = Schema(query=Query, execution_context_class=Own)
    (leaf,) = schema.execute_sync("{ leaves(count: 1) { where } }").data["leaves"]
    assert leaf["where"] == "leaves.0.where Leaf mine String!"


async def test_a_subscription_runs_in_graphql_core(fell_back: list[str]) -> None:
    schema = build(execution_context_class=Planned)
    events = [each async for each in await schema.subscribe("subscription { ticks(to: 2) }")]
    assert [each.data for each in events] == [{"ticks": 0}, {"ticks": 1}]


def test_an_extension_that_wraps_resolvers_makes_it_graphql_cores(fell_back: list[str]) -> None:
    class Doubling(SchemaExtension):
        def resolve(self, next_: Any, root: Any, info: Any, *given: Any, **named: Any) -> Any:
            value = next_(root, info, *given, **named)
            return value * 2 if isinstance(value, int) else value

    schema = Schema(query=Query, execution_context_class=Planned, extensions=[Doubling])
    result = schema.execute_sync("{ leaves(count: 2) { number } }")
    assert result.data == {"leaves": [{"number": 0}, {"number": 2}]}
    assert fell_back == ["middleware"]


def test_a_plan_that_would_be_too_large_is_not_made(
    fell_back: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "MOST_FIELDS", 10)
    document = parse("{ " + " ".join(f"a{number}: __typename" for number in range(11)) + " }")
    for _ in range(2):
        assert len(execute(SCHEMA._schema, document, executor_class=Planned).data) == 11
    assert fell_back == ["too large", "too large"]


def test_what_cannot_be_collected_is_said_by_graphql_core(fell_back: list[str]) -> None:
    document = parse("query ($if: Boolean) { leaves(count: 1) { number @skip(if: $if) } }")
    answers = [
        execute(SCHEMA._schema, document, executor_class=each)
        for each in (StrawberryGraphQLCoreExecutionContext, Planned)
    ]
    assert answers[0].formatted == answers[1].formatted
    assert answers[1].errors
    assert fell_back == ["cannot be planned"]


async def test_an_execution_that_may_be_aborted_is_graphql_cores(fell_back: list[str]) -> None:
    document = parse("{ leaves(count: 1) { number } }")
    answer: Any = execute(
        SCHEMA._schema, document, executor_class=Planned, abort_signal=AbortController().signal
    )
    assert answer.data == {"leaves": [{"number": 0}]}
    assert fell_back == ["abort signal"]


def test_introspection_has_a_plan(fell_back: list[str]) -> None:
    assert SCHEMA.introspect() == Schema(query=Query, mutation=Mutation).introspect()
    assert fell_back == []


def test_a_value_may_be_of_any_class() -> None:
    @dataclasses.dataclass
    class Row:
        number: int

        def __getattr__(self, name: str) -> Any:
            raise AttributeError(name)

    @strawberry.type
    class Rows:
        @strawberry.field(graphql_type=list[Leaf])
        def rows(self) -> Any:
            return [Row(number=1), {"number": 2}]

    result = Schema(query=Rows, execution_context_class=Planned).execute_sync("{ rows { number } }")
    expected = Schema(query=Rows).execute_sync("{ rows { number } }")
    assert result.data == expected.data
    assert [each.formatted for each in result.errors] == [each.formatted for each in expected.errors]


class Marks:
    """A value with attributes that count how often they are read."""

    def __init__(self, name: Any, inner: Any = None, size: int = 1, base: Any = None) -> None:
        self.given, self.inner, self.size, self.base, self.read = name, inner, size, base, 0
        self.note = name

    @property
    def name(self) -> Any:
        self.read += 1
        return self.given


class OtherMarks(Marks):
    """The same, of a class that is not shared."""


@strawberry.type
class Mark:
    name: str
    note: str | None
    size: int
    inner: Optional["Mark"]

    @strawberry.field
    @staticmethod
    def place(info: strawberry.Info) -> str:
        return ".".join(map(str, info.path.as_list()))


class Sharing(PlannedExecution):
    plans = PlanCache()
    shared: ClassVar = {Marks: VariantOf("base", frozenset({"size"}))}


def marks(*found: Marks | None) -> Any:
    """A schema with these values in a list of nullable ones, and the last one in a field."""

    @strawberry.type
    class Answer:
        @strawberry.field(graphql_type=list[Mark | None])
        def marks(self) -> Any:
            return list(found)

        @strawberry.field(graphql_type=Mark)
        def last(self) -> Any:
            return found[-1]

    return Schema(query=Answer, execution_context_class=Sharing)


def test_a_value_of_a_shared_class_is_completed_once_under_each_selection() -> None:
    inner = Marks("in")
    mark = Marks("m", inner)
    document = "{ marks { name inner { name } } last { name other: name } }"
    for times in (1, 2):
        result = marks(mark, None, mark, Marks("m", inner)).execute_sync(document)
        first, nothing, again, alike = result.data["marks"]
        assert first == {"name": "m", "inner": {"name": "in"}}
        assert nothing is None
        assert again is first
        assert alike == first
        assert alike is not first
        assert alike["inner"] is first["inner"]
        assert result.data["last"] == {"name": "m", "other": "m"}
        assert (mark.read, inner.read) == (times, times)


def test_each_place_of_a_shared_value_has_the_errors_of_its_nullable_fields() -> None:
    mark = Marks({})
    result = marks(mark, mark, mark).execute_sync("{ marks { note size } }")
    assert result.data == {"marks": [{"note": None, "size": 1}] * 3}
    assert [error.path for error in result.errors] == [["marks", index, "note"] for index in range(3)]


def test_a_variant_is_completed_as_the_other_where_nothing_is_selected_in_which_they_differ() -> None:
    mark = Marks("m")
    one, two = (Marks("m", size=size, base=mark) for size in (2, 3))
    schema = marks(one, mark, two)
    first, other, second = schema.execute_sync("{ marks { name } }").data["marks"]
    assert first is other is second
    assert (mark.read, one.read, two.read) == (1, 0, 0)
    found = schema.execute_sync("{ marks { name other: size } }").data["marks"]
    assert [each["other"] for each in found] == [2, 1, 3]


def test_a_variant_with_an_error_has_it_at_its_place() -> None:
    broken = Marks({})
    result = marks(Marks({}, base=broken), broken).execute_sync("{ marks { name } }")
    assert result.data == {"marks": [None, None]}
    assert [error.path for error in result.errors] == [["marks", 0, "name"], ["marks", 1, "name"]]


def test_values_of_other_classes_are_completed_each_time() -> None:
    mark = OtherMarks("m")
    first, again = marks(mark, mark).execute_sync("{ marks { name } }").data["marks"]
    assert first == again
    assert first is not again
    assert mark.read == 2


def test_functions_are_called_at_each_place_of_a_shared_value() -> None:
    mark = Marks("m")
    found = marks(mark, mark).execute_sync("{ marks { place } }").data["marks"]
    assert [each["place"] for each in found] == ["marks.0.place", "marks.1.place"]


def test_each_place_of_a_shared_value_has_its_error() -> None:
    mark = Marks({})
    result = marks(mark, Marks("m", mark), Marks("m", mark)).execute_sync("{ marks { name inner { name } } }")
    assert result.data == {"marks": [None, {"name": "m", "inner": None}, {"name": "m", "inner": None}]}
    assert [error.path for error in result.errors] == [
        ["marks", 0, "name"],
        ["marks", 1, "inner", "name"],
        ["marks", 2, "inner", "name"],
    ]
