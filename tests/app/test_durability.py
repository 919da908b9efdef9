"""Acknowledged commands survive kills; retries take effect once; a stopping service answers first.

A real server on a data folder of its own, in the middle of a stream of redemptions. The tests go on with one
folder: each names its redemptions by a letter of its own.
"""

import asyncio
import json
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.postgres.postmaster import running
from schema.context import Role
from tests.served import Service, serving

DOCUMENTS = Path(__file__).parents[1] / "operations"
REDEEM = (DOCUMENTS / "redeem.graphql").read_text(encoding="utf-8")
MINE = (DOCUMENTS / "my_redemptions.graphql").read_text(encoding="utf-8")
RESPOND = "mutation ($input: RespondInput!) { respond(input: $input) { ... on Redemption { id replayed } } }"
MILESTONES = "query ($id: ID!) { node(id: $id) { ... on Redemption { milestones { kind } } } }"
MEMBERS = 8
ABREAST = 16


def history() -> str:
    lines = []
    for number in range(MEMBERS):
        common = {"member_no": f"D{number}", "effective_on": "2024-03-01"}
        lines += [
            common | {"event_id": f"D{number}-1", "type": "customer_registered", "name": "久"},
            common
            | {"event_id": f"D{number}-2", "type": "policy_issued", "policy_no": f"D{number}-P"}
            | {"line": "individual", "coverage": "long", "category": "annuity", "design": "traditional"}
            | {"mode": "annual", "premium": "60000.00", "term_years": 100},
        ]
    return "".join(json.dumps(line) + "\n" for line in lines)


@dataclass(kw_only=True)
class Stream:
    """A vendor that posts without pause, several requests abreast, and notes what was answered."""

    service: Service
    name: str
    acknowledged: dict[str, str] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    full: asyncio.Event = field(default_factory=asyncio.Event)

    def client(self) -> httpx.AsyncClient:
        token = self.service.token(Role.VENDOR, vendor="exam-1")
        return httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{self.service.port}",
            headers={"authorization": f"Bearer {token}"},
            timeout=30,
        )

    async def redeem(self, client: httpx.AsyncClient, key: str) -> dict[str, Any] | None:
        """The redemption under a key; None when the service could not say."""
        self.asked.add(key)
        member_no = f"D{int(key.rsplit('-', 1)[1]) % MEMBERS}"
        given = {
            "memberNo": member_no,
            "benefit": "health-assessment",
            "idempotencyKey": key,
            "reference": key,
        }
        request = {"query": REDEEM, "operationName": "Redeem", "variables": {"input": given}}
        body = (await client.post("/graphql", json=request)).json()
        if "errors" in body:
            return None
        redemption = dict(body["data"]["redeem"])
        assert redemption["__typename"] == "Redemption", redemption
        return redemption

    async def flow(self, enough: int, until: str) -> None:
        """Post for ever (`until` is "failure") or until `enough` are acknowledged (`until` is "enough")."""

        async def post(place: int) -> None:
            for number in count(place, ABREAST):
                key = f"{self.name}-{number}"
                while key not in self.acknowledged:
                    try:
                        redemption = await self.redeem(client, key)
                    except (httpx.HTTPError, ValueError):
                        redemption = None
                    if redemption is not None:
                        self.acknowledged[key] = redemption["id"]
                    elif until == "failure":
                        return
                    else:
                        await asyncio.sleep(0.1)
                if len(self.acknowledged) >= enough:
                    self.full.set()
                    if until == "enough":
                        return

        async with self.client() as client:
            await asyncio.gather(*(post(place) for place in range(ABREAST)))

    async def in_the_books(self) -> dict[str, str]:
        """The redemptions of this stream that the ledger has, by their reference."""
        found, after = {}, None
        async with self.client() as client:
            while True:
                request = {"query": MINE, "variables": {"first": 100, "after": after}}
                page = (await client.post("/graphql", json=request)).json()["data"]["redemptions"]
                for edge in page["edges"]:
                    assert edge["node"]["reference"] not in found
                    found[edge["node"]["reference"]] = edge["node"]["id"]
                after = page["pageInfo"]["endCursor"]
                if not page["pageInfo"]["hasNextPage"]:
                    return {key: id_ for key, id_ in found.items() if key.startswith(f"{self.name}-")}


@dataclass(kw_only=True)
class Reports(Stream):
    """A vendor that reports of one hold without pause that it answered."""

    hold: str = ""

    async def book(self) -> None:
        """Book the hold."""
        key = f"{self.name} hold"
        given = {"memberNo": "D0", "benefit": "health-assessment", "idempotencyKey": key, "reference": key}
        request = {"query": REDEEM, "operationName": "Hold", "variables": {"input": given}}
        async with self.client() as client:
            body = (await client.post("/graphql", json=request)).json()
        self.hold = body["data"]["hold"]["id"]

    async def redeem(self, client: httpx.AsyncClient, key: str) -> dict[str, Any] | None:
        """The hold as it was answered under a key; None when the service could not say."""
        self.asked.add(key)
        given = {"redemption": self.hold, "idempotencyKey": key}
        body = (await client.post("/graphql", json={"query": RESPOND, "variables": {"input": given}})).json()
        return dict(body["data"]["respond"]) if "errors" not in body else None

    async def reported(self) -> int:
        """How many milestones the hold has."""
        async with self.client() as client:
            request = {"query": MILESTONES, "variables": {"id": self.hold}}
            body = (await client.post("/graphql", json=request)).json()
        return len(body["data"]["node"]["milestones"])


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with serving() as service:
        imported = service.command("import", "-", stdin=history())
        assert imported.returncode == 0, imported.stderr
        price = ("--benefit", "health-assessment=15")
        assert service.command("vendor", "add", "exam-1", "--name", "体检", *price).returncode == 0
        yield service


async def flow_until(stream: Stream, enough: int) -> "asyncio.Task[None]":
    """Let a stream flow until enough is acknowledged; it goes on."""
    flowing = asyncio.create_task(stream.flow(enough, "failure"))
    await asyncio.wait_for(stream.full.wait(), timeout=60)
    return flowing


def kill_database(service: Service) -> None:
    server = running(service.folder / "postgres")
    assert server is not None
    server.process.kill()


async def test_what_was_acknowledged_survives_kill_9_of_service_and_database_in_mid_stream(service):
    service.start()
    stream, reports = Stream(service=service, name="a"), Reports(service=service, name="m")
    await reports.book()
    flowing = await asyncio.gather(flow_until(stream, 60), flow_until(reports, 60))
    kill_database(service)
    service.end(signal.SIGKILL)
    await asyncio.gather(*flowing)
    service.start()
    assert len(reports.acknowledged) <= await reports.reported() <= len(reports.asked)
    books = await stream.in_the_books()
    assert books.items() >= stream.acknowledged.items()
    assert books.keys() <= stream.asked
    async with stream.client() as client:
        for key in list(stream.acknowledged)[-5:]:
            again = await stream.redeem(client, key)
            assert again is not None
            assert (again["replayed"], again["id"]) == (True, stream.acknowledged[key])
        for key in list(reports.acknowledged)[-5:]:
            assert await reports.redeem(client, key) == {"id": reports.hold, "replayed": True}


@pytest.mark.chaos
async def test_who_asks_until_answered_while_the_database_is_killed_has_one_redemption_a_key(service):
    service.go_on()
    stream = Stream(service=service, name="b")
    flowing = asyncio.create_task(stream.flow(120, "enough"))
    while len(stream.acknowledged) < 40:
        await asyncio.sleep(0.01)
        if flowing.done():
            flowing.result()
    kill_database(service)
    await asyncio.wait_for(flowing, timeout=60)
    assert await stream.in_the_books() == stream.acknowledged
    assert stream.acknowledged.keys() == stream.asked
    assert "PostgreSQL is gone: starting it again" in service.said()


@pytest.mark.chaos
async def test_a_service_that_is_stopped_has_answered_everything_that_it_wrote(service):
    service.go_on()
    stream = Stream(service=service, name="c")
    flowing = await flow_until(stream, 60)
    code, said = await asyncio.to_thread(service.end, signal.SIGTERM)
    await flowing
    assert code == 0
    assert "Traceback" not in said
    service.start()
    assert await stream.in_the_books() == stream.acknowledged


def test_after_all_of_this_the_books_are_in_order(service):
    checked = service.command("verify")
    assert checked.returncode == 0, checked.stderr
    if service.process is not None:
        assert service.end(signal.SIGTERM)[0] == 0
    assert running(service.folder / "postgres") is None
