"""The service under more clients than it can serve: throughput, refusals, and whether anything is lost.

    python -m bench.overload --levels 1,10,100,500,1000 --seconds 10

A closed loop: each client redeems, waits for the answer, and redeems again; a client that is told to come back later
does so with the same idempotency key. All begin at once; what is measured begins some seconds later. The figure is the
throughput at the most clients as a ratio to the best of all levels; beside it stands what an answer, whatever it says,
costs the service of processor time, which other work on the machine hardly changes. In the end every acknowledged
redemption is looked for in the ledger.
"""

import argparse
import asyncio
import itertools
import json
import random
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.http_client import Answer
from bench.served import BENEFIT, VENDOR, Client, Served, member_numbers, served

_REDEEM = """mutation Redeem($input: RedeemInput!) { redeem(input: $input) {
  __typename ... on Redemption { id } ... on Refusal { code message } } }"""
_READ = """query MyRedemptions($after: String) { redemptions(first: 100, after: $after) {
  pageInfo { hasNextPage endCursor } edges { node { id } } } }"""
_OK, _RETRY = 200, frozenset({429, 503})
CUSTOMERS = 2000
_MEMBERS = member_numbers(CUSTOMERS)
_LEAD_IN_S = 5.0
# One token for many clients: budgets of single callers are not measured here.
SETTINGS = {
    "ENTITLEMENTS_LOG_LEVEL": "warning",
    "ENTITLEMENTS_BUDGET_CALLER": "0",
    "ENTITLEMENTS_BUDGET_VENDOR": "0",
}


@dataclass(slots=True, kw_only=True)
class Level:
    """The results of one number of clients: latencies of answers and of refusals, and the ids acknowledged."""

    clients: int
    served_s: list[float] = field(default_factory=list)
    refused_s: list[float] = field(default_factory=list)
    cut: int = 0
    acknowledged: list[str] = field(default_factory=list)
    took_s: float = 0.0
    cpu_s: float = 0.0
    measured: bool = False

    def begin(self) -> None:
        """Measure from now on."""
        self.measured = True

    def end(self, took_s: float, cpu_s: float) -> None:
        """Measure no more; the service took so many seconds of processor time."""
        self.measured, self.took_s, self.cpu_s = False, took_s, cpu_s

    @property
    def throughput(self) -> float:
        """Redemptions a second while all clients asked."""
        return len(self.served_s) / self.took_s

    @property
    def cpu_ms(self) -> float:
        """Processor time of the service for each answer."""
        return 1000 * self.cpu_s / max(1, len(self.served_s) + len(self.refused_s))


def main() -> None:
    """Run the benchmark and print its figures."""
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--levels", default="1,10,100,500,1000")
    arguments.add_argument("--seconds", type=float, default=10)
    arguments.add_argument("--workers", type=int, default=1)
    given = arguments.parse_args()
    numbers = [int(each) for each in given.levels.split(",")]
    with served(customers=CUSTOMERS, workers=given.workers, settings=SETTINGS) as service:
        _tell(*asyncio.run(measured(service, numbers, given.seconds)))


async def measured(service: Served, numbers: Sequence[int], seconds: float) -> tuple[list[Level], set[str]]:
    """What so many clients see, one level after the other; and the ids that were acknowledged and are not stored."""
    token = service.token("vendor", "--vendor", VENDOR)
    warm = await _level(service, token, 10, seconds / 2)
    levels = [await _level(service, token, number, seconds) for number in numbers]
    acknowledged = {each for level in (warm, *levels) for each in level.acknowledged}
    return levels, acknowledged - await _stored(service, token)


def _tell(levels: Sequence[Level], lost: set[str]) -> None:
    best = max(levels, key=lambda level: level.throughput)
    for level in levels:
        print(
            f"{level.clients:5} clients: {level.throughput:7,.0f} redemptions/s"
            f" = {level.throughput / best.throughput:.2f} x the best,"
            f" p50 {_ms(level.served_s, 50)}, p99 {_ms(level.served_s, 99)};"
            f" {len(level.refused_s)} told to come back, p50 {_ms(level.refused_s, 50)},"
            f" p99 {_ms(level.refused_s, 99)}; {level.cut} connections cut; {level.cpu_ms:.2f} ms of processor each"
        )
    acknowledged = [each for level in levels for each in level.acknowledged]
    print(
        f"{len(acknowledged)} acknowledged, {len(acknowledged) - len(set(acknowledged))} answered twice, "
        f"{len(lost)} lost"
    )


def _ms(seconds: list[float], percent: int) -> str:
    if len(seconds) < 2:
        return "-"
    return f"{1000 * statistics.quantiles(seconds, n=100)[percent - 1]:.1f} ms"


async def _level(service: Served, token: str, clients: int, seconds: float) -> Level:
    level = Level(clients=clients)
    connections = [await Client.connected(service, token) for _ in range(clients)]
    prefix = f"{clients}-{time.perf_counter_ns()}"
    until = time.perf_counter() + _LEAD_IN_S + seconds
    async with asyncio.TaskGroup() as group:
        for number, client in enumerate(connections):
            group.create_task(_redeem(service, token, client, level, f"{prefix}-{number}", until))
        await asyncio.sleep(_LEAD_IN_S)
        level.begin()
        cpu_s, begun = service.cpu_s(), time.perf_counter()
        await asyncio.sleep(max(0.0, until - begun))
        level.end(time.perf_counter() - begun, service.cpu_s() - cpu_s)
    return level


async def _redeem(
    service: Served, token: str, client: Client, level: Level, prefix: str, until: float
) -> None:
    """Redeem until the time is over; then retry the request in flight until it is answered."""
    chance = random.Random(prefix)  # noqa: S311 (a benchmark, no secret)
    for number in itertools.count():
        if time.perf_counter() >= until:
            break
        given = {
            "memberNo": chance.choice(_MEMBERS),
            "benefit": BENEFIT,
            "idempotencyKey": f"{prefix}-{number}",
        }
        while True:
            begun = time.perf_counter()
            try:
                answer = await client.ask(_REDEEM, input=given)
            except ConnectionError:
                level.cut += 1
                await asyncio.sleep(chance.random())
                client = await Client.connected(service, token)
                continue
            took_s = time.perf_counter() - begun
            if answer.status in _RETRY:
                if level.measured:
                    level.refused_s.append(took_s)
                await asyncio.sleep(answer.retry_after_s * (0.5 + chance.random()))
                continue
            _note(level, answer, took_s)
            break
    client.close()


def _note(level: Level, given: Answer, took_s: float) -> None:
    answer = json.loads(given.body)
    outcome = (answer.get("data") or {}).get("redeem") or {}
    if given.status != _OK or "errors" in answer:
        raise RuntimeError(f"{given.status}: {given.body[:500]!r}")
    if outcome["__typename"] == "Redemption":
        if level.measured:
            level.served_s.append(took_s)
        level.acknowledged.append(outcome["id"])


async def _stored(service: Served, token: str) -> set[str]:
    """The ids of all redemptions that the vendor has in the ledger."""
    client = await Client.connected(service, token)
    found: set[str] = set()
    after = None
    while True:
        answer = json.loads((await client.ask(_READ, after=after)).body)
        page = answer["data"]["redemptions"]
        found.update(edge["node"]["id"] for edge in page["edges"])
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            client.close()
            await asyncio.sleep(0)  # it is closed then
            return found


if __name__ == "__main__":
    main()
