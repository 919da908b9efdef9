"""More than the service can do: classes of work do not starve each other, who is refused is told so at once, and an
outage of the database is survived.
"""

import asyncio
import json
import random
import signal
import statistics
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import psutil
import pytest

from app.postgres.postmaster import remnants
from bench import overload
from bench.http_client import Answer
from bench.served import Client, Served, served
from schema.context import Role
from tests.served import Service, serving

pytestmark = pytest.mark.chaos

VENDOR, BENEFIT = "assist-1", "family-doctor-video"
"""Without limit: each redemption of it can succeed."""
REDEEM = """mutation Redeem($member: String!, $key: String!) {
  redeem(input: {memberNo: $member, benefit: "family-doctor-video", idempotencyKey: $key}) {
    __typename ... on Redemption { id quota { remaining } } ... on Refusal { code } } }"""
RECONCILE = """mutation Reconcile($vendor: String!, $period: String!) {
  reconcilePeriod(vendor: $vendor, period: $period) { __typename ... on Refusal { code } } }"""
UNLIMITED = {f"ENTITLEMENTS_BUDGET_{name}": "1000000000" for name in ("CALLER", "VENDOR", "LOOK_UPS")}

RECONCILERS, CROWD = 80, 500
REDEEMERS, REDEMPTIONS = 4, 400
AWAY_S = 20
DEADLINE_S = 2


@pytest.fixture(scope="module")
def demo() -> Iterator[Path]:
    """A data folder with the demonstration."""
    with serving() as service:
        service.start("--demo")
        service.end(signal.SIGTERM)
        yield service.folder


@pytest.fixture
def service(demo: Path) -> Iterator[Service]:
    with serving(demo) as service:
        service.environment |= UNLIMITED
        yield service
        assert service.process is not None
        assert service.process.poll() is None, service.said()
        assert service.end(signal.SIGTERM)[0] == 0
        verified = service.command("verify")
        assert verified.returncode == 0, verified.stderr


def members(service: Service) -> list[str]:
    """Members with the star that the benefit needs."""
    query = "{ customers(first: 100) { edges { node { memberNo tier { star } } } } }"
    edges = service.ask(service.token(Role.OPERATIONS), query)["data"]["customers"]["edges"]
    return [each["node"]["memberNo"] for each in edges if each["node"]["tier"]["star"] >= 2]


def months(service: Service) -> list[tuple[str, str]]:
    """Open months that have statements."""
    query = "{ statements(first: 100) { edges { node { vendor { code } period status } } } }"
    edges = service.ask(service.token(Role.FINANCE), query)["data"]["statements"]["edges"]
    nodes = [each["node"] for each in edges]
    return sorted({(each["vendor"]["code"], each["period"]) for each in nodes if each["status"] == "OPEN"})


class Crowd:
    """Clients of one role, each with a connection of its own, and what they saw."""

    def __init__(self, service: Service, role: Role, **claims: str) -> None:
        self._token = service.token(role, **claims)
        self._served = Served(host="127.0.0.1", port=service.port, pid=0, environment={})
        self.statuses: Counter[int] = Counter()
        self.seconds: dict[int, list[float]] = {}

    async def connected(self) -> Client:
        return await Client.connected(self._served, self._token)

    async def ask(self, client: Client, query: str, **variables: str) -> Answer:
        began = time.monotonic()
        answer = await client.ask(query, **variables)
        self.statuses[answer.status] += 1
        self.seconds.setdefault(answer.status, []).append(time.monotonic() - began)
        if answer.status == 503:
            assert answer.retry_after_s > 0
            assert json.loads(answer.body)["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
        return answer


async def redeemed(service: Service, nos: list[str], prefix: str) -> list[float]:
    """The seconds that redemptions take, a few at a time."""
    crowd = Crowd(service, Role.VENDOR, vendor=VENDOR)
    numbers = iter(range(REDEMPTIONS))

    async def redeem() -> None:
        client = await crowd.connected()
        for number in numbers:
            member = nos[number % len(nos)]
            answer = await crowd.ask(client, REDEEM, member=member, key=f"{prefix}-{number}")
            assert b'"Redemption"' in answer.body, answer
        client.close()

    await asyncio.gather(*(redeem() for _ in range(REDEEMERS)))
    return crowd.seconds[200]


def tell(capsys: pytest.CaptureFixture[str], line: str) -> None:
    with capsys.disabled():
        sys.stdout.write(f"\n{line}\n")


def p99(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=100)[-1]


async def test_eighty_matches_at_once_do_not_delay_redemptions(service, capsys):
    service.start()
    nos, asked = members(service), months(service)
    await redeemed(service, nos, "warm")
    idle = await redeemed(service, nos, "idle")
    finance = Crowd(service, Role.FINANCE)
    over = asyncio.Event()

    async def reconcile(number: int) -> None:
        client = await finance.connected()
        vendor, period = asked[number % len(asked)]
        while not over.is_set():
            answer = await finance.ask(client, RECONCILE, vendor=vendor, period=period)
            with suppress(
                TimeoutError
            ):  # as docs/vendors.md says: with a random part, so that nobody is in step
                wait_s = answer.retry_after_s * random.uniform(1, 2)
                await asyncio.wait_for(over.wait(), timeout=max(wait_s, 0.001))
        client.close()

    crowd = [asyncio.create_task(reconcile(number)) for number in range(RECONCILERS)]
    await asyncio.sleep(1)
    busy = await redeemed(service, nos, "busy")
    over.set()
    await asyncio.gather(*crowd)
    tell(
        capsys,
        f"redeem beside {RECONCILERS} reconciliations: p50 {statistics.median(busy) * 1000:.1f} ms, "
        f"p99 {p99(busy) * 1000:.1f} ms; idle {statistics.median(idle) * 1000:.1f} and "
        f"{p99(idle) * 1000:.1f} ms; reconciliations by status {dict(finance.statuses)}, refused at the median "
        f"after {statistics.median(finance.seconds[503]) * 1000:.1f} ms",
    )
    assert set(finance.statuses) == {200, 503}
    # On a machine that is busy with other things, everything takes longer.
    assert statistics.median(finance.seconds[503]) < max(0.1, 3 * statistics.median(idle))
    assert p99(busy) <= 3 * max(p99(idle), 0.01)


async def test_five_hundred_redemptions_at_once_are_each_served_or_told_to_retry(service, capsys):
    service.environment["ENTITLEMENTS_REDEMPTIONS"] = "32/64"
    service.start()
    nos = members(service)
    crowd = Crowd(service, Role.VENDOR, vendor=VENDOR)
    ids: list[str] = []

    async def redeem(number: int) -> None:
        client = await crowd.connected()
        for attempt in count():
            key = f"crowd-{number}"
            answer = await crowd.ask(client, REDEEM, member=nos[number % len(nos)], key=key)
            if answer.status == 200:
                ids.append(json.loads(answer.body)["data"]["redeem"]["id"])
                break
            await asyncio.sleep(answer.retry_after_s * (0.5 + number / CROWD) * min(2**attempt, 8))
        client.close()

    await asyncio.gather(*(redeem(number) for number in range(CROWD)))
    tell(
        capsys,
        f"{CROWD} clients at once: {dict(crowd.statuses)}, served at the median after "
        f"{statistics.median(crowd.seconds[200]) * 1000:.0f} ms, refused after "
        f"{statistics.median(crowd.seconds.get(503, [0])) * 1000:.0f} ms",
    )
    assert set(crowd.statuses) == {200, 503}
    assert len(set(ids)) == CROWD


def test_a_thousand_clients_are_served_about_as_fast_as_a_hundred(capsys):
    with served(customers=overload.CUSTOMERS, settings=overload.SETTINGS) as site:
        (hundred, thousand), lost = asyncio.run(overload.measured(site, [100, 1000], 8))
    tell(
        capsys,
        f"redemptions/s of 100 clients {hundred.throughput:.0f}, of 1,000 {thousand.throughput:.0f}; "
        f"{len(thousand.refused_s)} refused, at the median after {statistics.median(thousand.refused_s) * 1000:.0f} ms",
    )
    assert not lost
    assert thousand.cut == 0
    # Other work on the machine changes from one level to the next: the benchmark asks for 0.8 and 100 ms.
    assert thousand.throughput >= 0.5 * hundred.throughput
    assert statistics.median(thousand.refused_s) < 0.3


def status_of(service: Service, path: str) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{service.port}{path}", timeout=2) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


class Visitors:
    """Twenty who redeem and twenty who read, again and again, until it is over; the keys of the redemptions."""

    def __init__(self, service: Service) -> None:
        self.nos = members(service)
        self.vendors = Crowd(service, Role.VENDOR, vendor=VENDOR)
        self.operations = Crowd(service, Role.OPERATIONS)
        self.keys: list[tuple[str, str]] = []
        self._over = asyncio.Event()
        self._tasks = [asyncio.create_task(self._redeem(number)) for number in range(20)]
        self._tasks += [asyncio.create_task(self._read()) for _ in range(20)]

    @property
    def refused_s(self) -> list[float]:
        return self.vendors.seconds.get(503, []) + self.operations.seconds.get(503, [])

    async def go(self) -> None:
        self._over.set()
        await asyncio.gather(*self._tasks)

    async def ask_again(self) -> None:
        """Send every command again under its key: each has an outcome."""
        client = await self.vendors.connected()
        for member, key in self.keys:
            answer = await self.vendors.ask(client, REDEEM, member=member, key=key)
            assert b'"Redemption"' in answer.body, answer
        client.close()

    async def _redeem(self, number: int) -> None:
        client = await self.vendors.connected()
        member = self.nos[number % len(self.nos)]
        for turn in count():
            if self._over.is_set():
                break
            self.keys.append((member, f"away-{number}-{turn}"))
            await self.vendors.ask(client, REDEEM, member=member, key=self.keys[-1][1])
            await asyncio.sleep(0.2)
        client.close()

    async def _read(self) -> None:
        client = await self.operations.connected()
        while not self._over.is_set():
            await self.operations.ask(client, "{ customers(first: 5) { edges { node { name } } } }")
            await asyncio.sleep(0.2)
        client.close()


async def away(service: Service) -> None:
    """Let the database stand still for a while; the service lives, and says that it is not ready."""
    paused = remnants(service.folder / "postgres")
    for each in paused:
        each.suspend()
    try:
        for _ in range(AWAY_S):
            await asyncio.sleep(1)
            assert await asyncio.to_thread(status_of, service, "/healthz") == 200
        assert await asyncio.to_thread(status_of, service, "/readyz") == 503
    finally:
        for each in paused:
            with suppress(psutil.NoSuchProcess):
                each.resume()


async def test_without_the_database_clients_get_503_in_time_and_service_resumes_by_itself(service, capsys):
    service.environment["ENTITLEMENTS_DEADLINE_S"] = str(DEADLINE_S)
    service.start()
    assert service.process is not None
    process = psutil.Process(service.process.pid)
    visitors = Visitors(service)
    vendors, operations = visitors.vendors.statuses, visitors.operations.statuses
    await asyncio.sleep(2)
    assert set(vendors) == set(operations) == {200}
    before, lines = process.memory_info().rss, len(service.said().splitlines())
    await away(service)
    well_at = time.monotonic()
    while await asyncio.to_thread(status_of, service, "/readyz") != 200:
        assert time.monotonic() - well_at < 30
        await asyncio.sleep(0.1)
    ready_s = time.monotonic() - well_at
    await asyncio.sleep(2)
    await visitors.go()
    told = [line for line in service.said().splitlines()[lines:] if '"event": "request"' not in line]
    tell(
        capsys,
        f"database away for {AWAY_S} s: redemptions {dict(vendors)}, reads {dict(operations)}; the longest 503 "
        f"after {max(visitors.refused_s):.1f} s; ready again after {ready_s:.1f} s; memory {before >> 20} to "
        f"{process.memory_info().rss >> 20} MiB; {len(told)} lines of log besides those of the requests",
    )
    assert set(vendors) == set(operations) == {200, 503}, [line for line in told if "exception" in line][:3]
    assert max(visitors.refused_s) < DEADLINE_S + 2
    await visitors.ask_again()
    assert len(told) < 100, told
