"""What a request makes the service do, counted: a guard against regress that does not depend on the machine.

    python -m bench.counts [--write]

For each request: the statements sent to the database, the calls of functions in `schema/` that resolve fields or
arguments, all calls of functions that have a part in the answer, and the objects that only the garbage collector can
free. Exits with 1 where one is higher than `bench/counts.yaml` says; `--write` writes that file.
"""

import argparse
import asyncio
import gc
import itertools
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import reduce
from operator import and_
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import yaml

from app.serving.process import spare_collector
from bench.comparison.tiny_reads import STAR
from bench.counted_service import CountedService, counted_service
from bench.documents import body, document, operation
from bench.served import BENEFIT
from schema.context import Role

FILE = Path(__file__).with_suffix(".yaml")
_HEADER = """# What each request makes the service do: `python -m bench.counts --write` writes, `make check` compares.
# Statements are those sent to the database; resolver calls are those of functions in schema/types, schema/queries and
# schema/mutations; calls are those of Python functions in schema, ledger, rating, handbook, planned, graphql-core and
# Strawberry; left to the collector are the objects in cycles.
"""
_CUSTOMERS = 40
_SETTLED_S = 0.03
"""What the service does after its answer has been done by then."""
_WARM, _TRIES = 3, 3
"""The first requests prepare statements and fill caches; of some more counts what they have in common."""
_TOLERANCE = 1.03
"""Of calls: a task more or less of the event loop is no regress."""
_COUNTED_AGAIN = 2
"""Under load commands that come together are committed in more groups, with more statements."""
_ROOM = 0.8
_ANSWERING = ("/schema/", "/ledger/", "/rating/", "/handbook/", "/planned/", "/graphql/", "/strawberry/")
_RESOLVING = ("/schema/types/", "/schema/queries/", "/schema/mutations/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What one request made the service do."""

    statements: int
    resolver_calls: int
    calls: int
    left_to_collector: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What was seen during one request: statements by their text, calls by function, objects in cycles."""

    statements: Counter[str]
    calls: Counter[CodeType]
    left: int

    def __and__(self, other: "_Seen") -> "_Seen":
        """What both requests have in common: other work, which falls into one of them by chance, is left out."""
        return _Seen(
            statements=self.statements & other.statements,
            calls=self.calls & other.calls,
            left=min(self.left, other.left),
        )

    def calls_in(self, places: Sequence[str]) -> int:
        """The calls of functions in these packages."""
        return sum(
            count for code, count in self.calls.items() if any(each in code.co_filename for each in places)
        )


async def measured() -> dict[str, Counts]:
    """The counts of each request."""
    async with counted_service(_CUSTOMERS) as service:
        spare_collector()
        return {
            name: await _least(service, bodies, role) for name, (role, bodies) in _requests(service).items()
        }


def _requests(service: CountedService) -> Mapping[str, tuple[Role, Iterator[bytes]]]:
    member = service.members[0]
    numbers = itertools.count()

    def redemption() -> dict[str, str]:
        return {"memberNo": member, "benefit": BENEFIT, "idempotencyKey": f"counted-{next(numbers)}"}

    def endless(make: Callable[[], bytes]) -> Iterator[bytes]:
        while True:
            yield make()

    redeem, redeem_many = operation("redeem", "Redeem"), operation("redeem", "RedeemMany")
    return {
        "one customer's star": (Role.FRONTEND, itertools.repeat(body(STAR, memberNo=member))),
        "member card": (Role.FRONTEND, itertools.repeat(body(document("member_card"), memberNo=member))),
        "40 members": (Role.FRONTEND, itertools.repeat(body(document("members"), first=100))),
        "activity, first: 50": (
            Role.FRONTEND,
            itertools.repeat(body(document("activity"), memberNo=member, first=50)),
        ),
        "single redemption": (Role.VENDOR, endless(lambda: body(redeem, input=redemption()))),
        "redeemMany of 20": (
            Role.VENDOR,
            endless(lambda: body(redeem_many, inputs=[redemption() for _ in range(20)])),
        ),
    }


async def _least(service: CountedService, bodies: Iterator[bytes], role: Role) -> Counts:
    token = service.token(role)
    for _ in range(_WARM):
        await service.send(next(bodies), token)
    seen = reduce(and_, [await _seen(service, bodies, token) for _ in range(_TRIES)])
    return Counts(
        statements=seen.statements.total(),
        resolver_calls=seen.calls_in(_RESOLVING),
        calls=seen.calls_in(_ANSWERING),
        left_to_collector=seen.left,
    )


async def _seen(service: CountedService, bodies: Iterator[bytes], token: str) -> _Seen:
    await asyncio.sleep(_SETTLED_S)
    service.statements.sent.clear()
    await service.send(next(bodies), token)
    await asyncio.sleep(_SETTLED_S)
    statements = service.statements.sent.copy()
    # Once more: while calls are counted a request takes so long that more other work falls into it.
    calls: Counter[CodeType] = Counter()

    def called(frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            calls[frame.f_code] += 1

    gc.collect()
    gc.disable()
    sys.setprofile(called)
    try:
        await service.send(next(bodies), token)
        await asyncio.sleep(_SETTLED_S)
    finally:
        sys.setprofile(None)
        left = gc.collect()
        gc.enable()
    return _Seen(statements=statements, calls=calls, left=left)


def complaints(found: Mapping[str, Counts], known: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    """Yield what is higher than it was; and requests that are not known."""
    for request, counts in found.items():
        allowed = known.get(request)
        if allowed is None:
            yield f"{request}: not in {FILE.name}: write it (--write)"
            continue
        for name, value in asdict(counts).items():
            most = allowed[name] if name == "statements" else int(allowed[name] * _TOLERANCE)
            if value > most:
                yield f"{request}: {name.replace('_', ' ')}: {value}, was {allowed[name]}"


def least(one: Mapping[str, Counts], other: Mapping[str, Counts]) -> dict[str, Counts]:
    """The least of both, request by request: a regress is there each time, other load is not."""
    return {
        name: Counts(
            **{each: min(value, asdict(other[name])[each]) for each, value in asdict(counts).items()}
        )
        for name, counts in one.items()
    }


def lowered(found: Mapping[str, Counts], known: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    """Yield what is so much lower that the file should say so."""
    for request, counts in found.items():
        for name, value in asdict(counts).items():
            if request in known and value < _ROOM * known[request][name]:
                yield f"{request}: {name.replace('_', ' ')}: {value}, was {known[request][name]}"


def main() -> int:
    """Count, and compare or write; the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help=f"write {FILE.name}")
    write = parser.parse_args().write
    found = asyncio.run(measured())
    if write:
        table = yaml.safe_dump({name: asdict(each) for name, each in found.items()}, sort_keys=False)
        FILE.write_text(_HEADER + table, encoding="utf-8")
        return 0
    known = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    for _ in range(_COUNTED_AGAIN):
        if not list(complaints(found, known)):
            break
        found = least(found, asyncio.run(measured()))
    better = list(lowered(found, known))
    if better:
        print("less than before (python -m bench.counts --write keeps it so):", *better, sep="\n  ")
    worse = list(complaints(found, known))
    if worse:
        print("requests make the service do more than before:", *worse, sep="\n  ", file=sys.stderr)
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
