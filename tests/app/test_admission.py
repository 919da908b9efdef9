"""Capacity by class, deadlines, and clients that disconnect: what is refused, cancelled, and released."""

import asyncio
import json
import time
from typing import Any

import asyncpg
import pytest

from app.capacity.shares import Share
from app.requests.access import ANSWERED
from app.requests.negotiation import GRAPHQL_JSON, JSON
from app.settings.types import Places
from schema.context import Role
from schema.work import WorkClass

CUSTOMER = {"query": '{ customer(memberNo: "M1") { memberNo } }'}
PROGRAMME = {"query": "{ programme { edition } }"}
REDEEM = {
    "query": """mutation { redeem(input: {memberNo: "M1", benefit: "physical-exam", idempotencyKey: "k"}) {
        ... on Refusal { code } } }"""
}
RECONCILE = {
    "query": """mutation { reconcilePeriod(vendor: "v", period: "2026-10") { ... on Refusal { code } } }"""
}


@pytest.fixture
def slow_reads(monkeypatch):
    async def asleep(pool: Any, *_: Any) -> dict[str, Any]:
        await pool.fetchval("SELECT pg_sleep(30)")
        return {}

    monkeypatch.setattr("schema.queries.customers.read_customer", asleep)


async def until(found: Any, expected: Any, seconds: float = 10) -> None:
    """Wait until something is as it should be."""
    ends_at = time.monotonic() + seconds
    while (value := await found()) != expected:
        assert time.monotonic() < ends_at, value
        await asyncio.sleep(0.02)


def asleep(database_pool: Any) -> Any:
    async def count() -> int:
        return await database_pool.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(30)%' AND state = 'active' "
            "AND datname = current_database() AND pid <> pg_backend_pid()"
        )

    return count


async def call(served: Any, document: dict[str, Any], headers: dict[str, str], gone: asyncio.Event) -> int:
    """Send a request whose client leaves when `gone` is set; the status that the log shows."""
    body = json.dumps(document).encode()
    given = {"content-type": "application/json", **headers}
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/graphql",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        "scheme": "http",
        "http_version": "1.1",
        "client": ("127.0.0.1", 1),
        "server": ("service", 80),
        "root_path": "",
    }
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        if messages:
            return messages.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(_: Any) -> None:
        """Nobody reads it."""

    await served.app(scope, receive, send)
    return scope[ANSWERED].status


async def test_at_its_deadline_a_request_is_ended_and_everything_is_given_back(serve, slow_reads, database):
    async with serve(deadline_s=0.3) as served:
        reads = served.app.state.gatekeeper.bulkheads[WorkClass.READS]
        late: list[str] = []
        reads.turned_away = late.append
        for accept in (JSON, GRAPHQL_JSON):
            answer = await served.client.post(
                "/graphql", json=CUSTOMER, headers=served.header() | {"accept": accept}
            )
            assert answer.status_code == 503
            assert answer.headers["retry-after"] == "1"
            assert answer.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
        await until(asleep(database.owner_pool), 0)

        async def taken() -> tuple[int, int]:
            return reads.in_flight, reads.pool.get_size() - reads.pool.get_idle_size()

        await until(taken, (0, 0))
        assert late == ["late"] * 2
        # The connections are well: the next who gets them reads.
        assert await asyncio.gather(*(reads.pool.fetchval("SELECT 1") for _ in range(4))) == [1] * 4


async def test_the_work_of_a_client_that_disconnects_is_cancelled(serve, slow_reads, database):
    async with serve() as served:
        gone = asyncio.Event()
        asking = asyncio.create_task(call(served, CUSTOMER, served.header(), gone))
        await until(asleep(database.owner_pool), 1)
        gone.set()
        assert await asking == 499
        await until(asleep(database.owner_pool), 0)


async def test_classes_do_not_starve_each_other_and_refusals_say_when_to_try_again(
    serve, slow_reads, database
):
    async with serve(reads=Places(at_once=1, waiting=1)) as served:
        gone = asyncio.Event()
        crowd = [asyncio.create_task(call(served, CUSTOMER, served.header(), gone)) for _ in range(2)]
        await until(asleep(database.owner_pool), 1)
        refused = await served.client.post("/graphql", json=PROGRAMME, headers=served.header())
        assert refused.status_code == 503
        assert refused.headers["retry-after"] == "1"
        (error,) = refused.json()["errors"]
        assert error["extensions"]["code"] == "UNAVAILABLE"
        assert "请稍后原样重发" in error["message"]
        vendor = served.header(Role.VENDOR, vendor="exam-1")
        redeemed = await served.client.post("/graphql", json=REDEEM, headers=vendor)
        assert redeemed.json()["data"] == {"redeem": {"code": "UNKNOWN_CUSTOMER"}}
        matched = await served.client.post("/graphql", json=RECONCILE, headers=served.header(Role.FINANCE))
        assert matched.json()["data"] == {"reconcilePeriod": {"code": "INVALID"}}
        assert (await served.client.get("/readyz")).status_code == 200
        gone.set()
        assert await asyncio.gather(*crowd) == [499, 499]
        answer = await served.client.post("/graphql", json=PROGRAMME, headers=served.header())
        assert answer.status_code == 200


async def test_an_operation_that_is_known_is_refused_before_it_costs_anything(serve):
    async with serve(redemptions=Places(at_once=1, waiting=0)) as served:
        vendor = served.header(Role.VENDOR, vendor="exam-1")
        assert (await served.client.post("/graphql", json=REDEEM, headers=vendor)).status_code == 200
        redemptions = served.app.state.gatekeeper.bulkheads[WorkClass.REDEMPTIONS]
        async with redemptions.place():
            refused = await served.client.post("/graphql", json=REDEEM, headers=vendor)
        assert refused.status_code == 503
        (error,) = refused.json()["errors"]
        assert error["extensions"] == {
            "code": "UNAVAILABLE",
            "retryAfter": 1,
            "requestId": refused.headers["x-request-id"],
        }
        assert "extensions" not in refused.json()  # nothing was paid
        assert (await served.client.post("/graphql", json=REDEEM, headers=vendor)).status_code == 200


async def test_a_file_finds_no_place_before_it_is_read(serve):
    async with (
        serve(files=Places(at_once=1, waiting=0)) as served,
        served.app.state.gatekeeper.bulkheads[WorkClass.FILES].place(),
    ):
        finance = served.header(Role.FINANCE)
        answers = [
            await served.client.post("/statements", headers=finance, files={"file": ("S.csv", b"x")}),
            await served.client.get("/exports/entries", headers=finance),
        ]
        for answer in answers:
            assert answer.status_code == 503
            assert answer.headers["retry-after"] == "30"
            assert answer.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"


async def test_nothing_of_an_operation_outlives_it(database):
    share = Share(database.pool)
    loads = [asyncio.create_task(share.fetchval("SELECT pg_sleep(30)")) for _ in range(3)]
    await until(asleep(database.owner_pool), 3)
    await share.close()
    assert all(load.cancelled() for load in loads)
    await until(asleep(database.owner_pool), 0)
    with pytest.raises(asyncio.CancelledError):
        await share.fetchval("SELECT 1")
    assert database.pool.get_size() == database.pool.get_idle_size()
    assert await database.pool.fetchval("SELECT 1") == 1


async def test_connections_that_do_not_come_back_are_cut_and_replaced(database):
    share = Share(database.pool)
    load = asyncio.create_task(share.fetchval("SELECT pg_sleep(30)"))
    await until(asleep(database.owner_pool), 1)
    share.cut()
    with pytest.raises(asyncpg.PostgresConnectionError):
        await load
    assert await database.pool.fetchval("SELECT 1") == 1


async def test_a_statement_ends_at_the_deadline_also_where_its_process_stands_still(serve):
    async with serve(deadline_s=0.5) as served:
        bulkheads = served.app.state.gatekeeper.bulkheads
        assert {
            kind.value: (
                await each.pool.fetchval("SHOW statement_timeout"),
                await each.pool.fetchval("SHOW lock_timeout"),
                await each.pool.fetchval("SHOW application_name"),
            )
            for kind, each in bulkheads.items()
        } == {
            "reads": ("500ms", "250ms", "entitlements-reads"),
            "redemptions": ("500ms", "250ms", "entitlements-redemptions"),
            "events": ("500ms", "250ms", "entitlements-events"),
            "finance": ("5min", "5s", "entitlements-finance"),
            "files": ("30min", "5s", "entitlements-files"),
        }
        assert await served.services.pool.fetchval("SHOW statement_timeout") == "0"
