"""Whether the service's memory stays flat under mixed load.

    python -m bench.soak --minutes 30

Front ends read members and cards, vendors hold, confirm, redeem and reverse, operations record events, finance reads
usage and reconciles; some documents are sent only once, some tokens are forged, some members do not exist. The memory
of all processes of the service is sampled; the figure is that of the last third of the time as a ratio to that of the
middle third (the first fills caches).
"""

import argparse
import asyncio
import contextlib
import itertools
import json
import random
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import psutil

from bench.served import BENEFIT, VENDOR, Client, Served, member_numbers, served

_OPERATIONS = Path(__file__).parents[1] / "tests" / "operations"
_CUSTOMERS = 2000
_SAMPLED_EVERY_S = 2.0
_TOLD_EVERY_S = 60.0
# One token stands for many clients here: what a single caller may do is not the question.
_SETTINGS = {
    "ENTITLEMENTS_LOG_LEVEL": "error",
    "ENTITLEMENTS_BUDGET_CALLER": "0",
    "ENTITLEMENTS_BUDGET_VENDOR": "0",
}

Asked = tuple[str, dict[str, Any]]
Work = Callable[[random.Random, int], Asked]


def main() -> None:
    """Run the benchmark and print its figures."""
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--minutes", type=float, default=30)
    arguments.add_argument("--workers", type=int, default=1)
    given = arguments.parse_args()
    with served(customers=_CUSTOMERS, workers=given.workers, settings=_SETTINGS) as service:
        asyncio.run(_measure(service, given.minutes * 60))


async def _measure(service: Served, seconds: float) -> None:
    samples: list[float] = []
    statuses: Counter[str] = Counter()
    until = time.monotonic() + seconds
    async with asyncio.TaskGroup() as group:
        group.create_task(_sample(service, samples, statuses, until))
        for role, options, work in _clients():
            token = service.token(role, *options)
            group.create_task(_ask_on(service, token, work, statuses, until))
        group.create_task(_ask_on(service, "forged", _card, statuses, until))
    third = len(samples) // 3
    middle, last = statistics.median(samples[third : 2 * third]), statistics.median(samples[2 * third :])
    print(f"answers: {dict(sorted(statuses.items()))}")
    print(f"memory: {middle:.0f} MiB in the middle third, {last:.0f} MiB in the last = {last / middle:.3f} x")


def _clients() -> list[tuple[str, list[str], Work]]:
    vendor = ["--vendor", VENDOR]
    return [
        ("frontend", [], _members),
        ("frontend", [], _card),
        ("frontend", [], _once),
        ("vendor", vendor, _redeem),
        ("vendor", vendor, _hold),
        ("vendor", vendor, _look_up),
        ("operations", [], _record),
        ("finance", [], _usage),
        ("finance", [], _reconcile),
    ]


async def _sample(service: Served, samples: list[float], statuses: Counter[str], until: float) -> None:
    begun = told_at = time.monotonic()
    main_process = psutil.Process(service.pid)
    while time.monotonic() < until:
        samples.append(_memory_mib(main_process))
        if time.monotonic() - told_at >= _TOLD_EVERY_S:
            told_at = time.monotonic()
            print(
                f"{(told_at - begun) / 60:5.1f} min: {samples[-1]:.0f} MiB, {statuses.total()} answers",
                flush=True,
            )
        await asyncio.sleep(_SAMPLED_EVERY_S)


def _memory_mib(main_process: psutil.Process) -> float:
    """The memory of the service's own processes, without PostgreSQL's."""
    total = 0
    for process in (main_process, *main_process.children(recursive=True)):
        with contextlib.suppress(psutil.Error):
            if "python" in process.name() or "entitlements" in process.name():
                total += process.memory_info().rss
    return total / 2**20


async def _ask_on(service: Served, token: str, work: Work, statuses: Counter[str], until: float) -> None:
    chance = random.Random(work.__name__)  # noqa: S311 (a benchmark, no secret)
    held: list[str] = []
    async with _connected(service, token) as ask:
        for number in itertools.count():
            if time.monotonic() >= until:
                return
            document, variables = work(chance, number)
            status, body = await ask(document, variables)
            statuses[status] += 1
            held += _held(body)
            if held:
                status, _ = await ask(*_follow_up(chance, held.pop(), number))
                statuses[status] += 1
            await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def _connected(service: Served, token: str) -> AsyncIterator[Callable[..., Any]]:
    """A client that reconnects when cut, and obeys `Retry-After`; returns the answer, or a status such as "401"."""
    client = await Client.connected(service, token)

    async def ask(document: str, variables: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        nonlocal client
        try:
            answer = await client.ask(document, **variables)
        except ConnectionError:
            await asyncio.sleep(0.1)
            client = await Client.connected(service, token)
            return "cut", {}
        await asyncio.sleep(min(answer.retry_after_s, 1.0))
        body = json.loads(answer.body)
        code = body["errors"][0]["extensions"]["code"] if body.get("errors") else ""
        return f"{answer.status} {code}".strip(), body

    try:
        yield ask
    finally:
        client.close()


def _held(body: dict[str, Any]) -> list[str]:
    outcome = (body.get("data") or {}).get("hold") or {}
    return [outcome["id"]] if outcome.get("status") == "HELD" else []


def _follow_up(chance: random.Random, redemption: str, number: int) -> Asked:
    operation = chance.choice(("confirm", "release", "noShow"))
    kind = "ConfirmInput" if operation == "confirm" else "CloseHoldInput"
    document = f"mutation F($input: {kind}!) {{ {operation}(input: $input) {{ __typename }} }}"
    return document, {"input": {"redemption": redemption, "idempotencyKey": f"f-{redemption}-{number}"}}


def _text(name: str) -> str:
    return (_OPERATIONS / f"{name}.graphql").read_text(encoding="utf-8")


_MEMBERS, _CARD, _NUMBERS = _text("members"), _text("member_card"), member_numbers(_CUSTOMERS)


def _members(chance: random.Random, _: int) -> Asked:
    return _MEMBERS, {"first": chance.choice((10, 50, 100))}


def _card(chance: random.Random, _: int) -> Asked:
    return _CARD, {"memberNo": chance.choice(_NUMBERS)}


def _once(chance: random.Random, number: int) -> Asked:
    """A document that is sent only once."""
    name = f"Once{number}"
    text = (
        f"query {name} {{ customer(memberNo: {json.dumps(chance.choice(_NUMBERS))}) {{ a{number}: name }} }}"
    )
    return text, {}


def _redeem(chance: random.Random, number: int) -> Asked:
    document = "mutation R($input: RedeemInput!) { redeem(input: $input) { __typename } }"
    return document, {"input": _input(chance, f"r{number}")}


def _hold(chance: random.Random, number: int) -> Asked:
    document = "mutation H($input: RedeemInput!) { hold(input: $input) { ... on Redemption { id status } } }"
    return document, {"input": _input(chance, f"h{number}")}


def _input(chance: random.Random, key: str) -> dict[str, Any]:
    return {"memberNo": chance.choice(_NUMBERS), "benefit": BENEFIT, "idempotencyKey": key}


def _look_up(chance: random.Random, number: int) -> Asked:
    member = f"X{number}" if chance.random() < 0.2 else chance.choice(_NUMBERS)
    document = "query L($m: String!, $b: String!) { eligibility(memberNo: $m, benefit: $b) { entitled } }"
    return document, {"m": member, "b": BENEFIT}


def _record(chance: random.Random, number: int) -> Asked:
    document = (
        "mutation E($events: [PolicyEventInput!]!) { recordPolicyEvents(events: $events) { __typename } }"
    )
    event = {
        "eventId": f"soak-{number}",
        "memberNo": chance.choice(_NUMBERS),
        "effectiveOn": "2026-11-01",
        "relativeRegistered": {"relativeId": f"S{number}", "name": "家人", "relation": "CHILD"},
    }
    return document, {"events": [event]}


def _usage(_: random.Random, __: int) -> Asked:
    document = (
        "query U($v: String!, $from: Date!, $to: Date!) "
        "{ vendor(code: $v) { usage(from: $from, to: $to) { units amount } } }"
    )
    return document, {"v": VENDOR, "from": "2026-11-01", "to": "2027-01-01"}


def _reconcile(_: random.Random, __: int) -> Asked:
    document = (
        "mutation P($v: String!, $p: String!) { reconcilePeriod(vendor: $v, period: $p) { __typename } }"
    )
    return document, {"v": VENDOR, "p": "2026-11"}


if __name__ == "__main__":
    main()
