"""Plans against graphql-core: the same schema, the same documents, the same answers, in the same run.

    python -m bench.execution [--data DIR] [--rounds N]

Measures the processor time of this process for documents of the front end over the demo portfolio: by the schema as the
service runs it, by the same without plans, and for a page of objects that are there already, where nothing but the
execution remains. The answers are compared before anything is timed; the ways take turns; medians are shown.
"""

import argparse
import asyncio
import gc
import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import strawberry
from graphql import parse
from graphql.execution import execute
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from app.services import open_services
from app.settings import Settings
from bench.desk import Desk
from bench.weights import NOTHING
from demo import load
from handbook import BUSINESS_ZONE
from planned import PlanCache, PlannedExecution
from schema.build import build_schema

_NOW = datetime(2026, 11, 22, 18, 30, tzinfo=BUSINESS_ZONE)
_OPERATIONS = Path(__file__).parents[1] / "tests" / "operations"
_WARM_UP = 3
_AWAITABLE: Any = optimized_is_awaitable

Way = Callable[[], Awaitable[Any]]
"""One way to the answer."""


@strawberry.type
class _Benefit:
    code: str


@strawberry.type
class _Quota:
    benefit: _Benefit
    entitled: bool
    granted: int | None
    used: int
    held: int
    remaining: int | None


@strawberry.type
class _Member:
    member_no: str
    quotas: list[_Quota]

    @strawberry.field
    def star(self, info: strawberry.Info) -> int:
        """A field with a function."""
        return 3 if info.field_name else 0


_BENEFITS = [_Benefit(code=f"benefit-{number}") for number in range(28)]
_MEMBERS = [
    _Member(
        member_no=f"M{number}",
        quotas=[
            _Quota(benefit=each, entitled=True, granted=4, used=1, held=0, remaining=3) for each in _BENEFITS
        ],
    )
    for number in range(100)
]


@strawberry.type
class _Query:
    @strawberry.field
    def members(self) -> list[_Member]:
        """A page that is there already."""
        return _MEMBERS


_BUILT = """{ members { memberNo star quotas { benefit { code } entitled granted used held remaining } } }"""


def built_ways() -> Mapping[str, Way]:
    """The page of objects that are there already; "straight" is the same page in plain Python."""
    schema: Any = strawberry.Schema(query=_Query)._schema  # noqa: SLF001 - without the service's own checks
    document = parse(_BUILT)

    def way(executor: Any) -> Way:
        async def answer() -> Any:
            result: Any = execute(schema, document, executor_class=executor, is_awaitable=_AWAITABLE)
            return result.data

        return answer

    async def straight() -> Any:
        return {"members": [_as_python(each) for each in _MEMBERS]}

    return {
        "graphql-core": way(StrawberryGraphQLCoreExecutionContext),
        "planned": way(PlannedExecution),
        "straight": straight,
    }


def _as_python(member: _Member) -> dict[str, Any]:
    quotas = [
        {
            "benefit": {"code": each.benefit.code},
            "entitled": each.entitled,
            "granted": each.granted,
            "used": each.used,
            "held": each.held,
            "remaining": each.remaining,
        }
        for each in member.quotas
    ]
    return {"memberNo": member.member_no, "star": 3, "quotas": quotas}


async def compared(name: str, ways: Mapping[str, Way], rounds: int) -> None:
    """Print the milliseconds of each way, and how they relate to graphql-core's. AssertionError if answers differ."""
    answers = [json.dumps(await way()) for way in ways.values()]
    if any(each != answers[0] for each in answers):
        raise AssertionError(f"{name}: the answers differ")
    took: dict[str, list[float]] = {each: [] for each in ways}
    for number in range(rounds + _WARM_UP):
        for each, way in ways.items():
            gc.collect()
            gc.disable()
            started = time.process_time()
            await way()
            if number >= _WARM_UP:
                took[each].append((time.process_time() - started) * 1000)
            gc.enable()
    medians = {each: statistics.median(times) for each, times in took.items()}
    base = medians["graphql-core"]
    shown = "   ".join(f"{each} {ms:7.2f} ms ({ms / base:.2f} ×)" for each, ms in medians.items())
    print(f"{name:32} {shown}")


async def _measure(data: Path | None, rounds: int) -> None:
    await compared("100 members, objects at hand", built_ways(), rounds)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="entitlements-bench-")))
        services = await stack.enter_async_context(
            open_services(Settings(data=data or folder / "data", clock=_NOW, pool_size=4))
        )
        await load(services)
        desks = {
            "graphql-core": Desk(services, build_schema(table=NOTHING), folder),
            "planned": Desk(services, build_schema(table=NOTHING, plans=PlanCache()), folder),
        }
        page = await desks["planned"].ask("{ customers(first: 1) { edges { node { memberNo } } } }")
        member = page["customers"]["edges"][0]["node"]["memberNo"]
        for file, variables in (
            ("members.graphql", {"first": 100}),
            ("members.graphql", {"first": 10}),
            ("member_card.graphql", {"memberNo": member}),
            ("programme.graphql", {}),
        ):
            text = (_OPERATIONS / file).read_text(encoding="utf-8")
            ways = {name: _asking(desk, text, variables) for name, desk in desks.items()}
            await compared(f"{file} {variables or ''}", ways, rounds)


def _asking(desk: Desk, text: str, variables: Mapping[str, Any]) -> Way:
    return lambda: desk.ask(text, **variables)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="folder of an embedded database with the demo portfolio")
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    asyncio.run(_measure(arguments.data, arguments.rounds))


if __name__ == "__main__":
    main()
