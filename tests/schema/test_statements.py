"""How many SQL statements an answer takes: as many for a page of a hundred as for a page of one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from rating.activations import SQL as ACTIVATIONS
from tests.schema.api import AUDITOR, FRONTEND, Api, member

EVERYTHING = """query ($first: Int!) { customers(first: $first) { edges { node {
    memberNo tier { star contributions { reason } } tierHistory(from: "2024-01-01", to: "2027-01-01") { star }
    serviceYear { number } serviceYears { number } quotas { benefit { code } used }
    entries(first: 3) { edges { node { kind vendor { name } redemption { id quota { used } } } } }
    policies { policyNo } relatives { name }
} } } }"""


@asynccontextmanager
async def counted(pool: Any) -> AsyncIterator[list[str]]:
    """The statements that run on a pool while the block runs."""
    seen: list[str] = []

    def note(record: Any) -> None:
        # asyncpg itself resets connections that go back to the pool, and asks once for the types of a statement.
        # The service itself looks once a second which editions are in force.
        unasked = ("pg_advisory_unlock_all", "typeinfo_tree", "'jit'", ACTIVATIONS["last_id"])
        if not any(mark in record.query for mark in unasked):
            seen.append(record.query)

    async with asyncpg_log(pool, note):
        yield seen


@asynccontextmanager
async def asyncpg_log(pool: Any, note: Any) -> AsyncIterator[None]:
    connections = [await pool.acquire() for _ in range(pool.get_max_size())]
    inner = [connection._con for connection in connections]
    for each in inner:
        each.add_query_logger(note)
    for connection in connections:
        await pool.release(connection)
    try:
        yield
    finally:
        for each in inner:
            each.remove_query_logger(note)


async def statements(api: Api, document: str, **variables: Any) -> int:
    async with counted(api.pool) as seen:
        await api.data(document, FRONTEND, **variables)
    return len(seen)


@pytest.fixture
async def hundred(api: Api) -> Api:
    """The API with a hundred members, some of whom did something."""
    for start in range(2, 101, 25):
        events = [event for number in range(start, min(start + 25, 101)) for event in member(f"M{number:03}")]
        await api.record(*events)
    for number in range(2, 12):
        await api.redeem(memberNo=f"M{number:03}")
    return api


async def test_a_page_of_a_hundred_members_takes_as_many_statements_as_a_page_of_one(hundred: Api) -> None:
    one = await statements(hundred, "members.graphql", first=1)
    all_ = await statements(hundred, "members.graphql", first=100)
    assert one == all_
    assert one == 4  # the page, the ratings, the accounts, what they took


async def test_everything_about_customers_is_read_set_by_set(hundred: Api) -> None:
    assert await statements(hundred, EVERYTHING, first=2) == await statements(hundred, EVERYTHING, first=20)


async def test_a_page_of_the_ledger_and_of_redemptions_is_one_statement(hundred: Api) -> None:
    ledger = """{
        entries(first: 500) { edges { node { vendor { name } redemption { status vendor { name } } } } }
        redemptions(first: 100) { edges { node { id vendor { name } beneficiary { name } } } }
    }"""
    async with counted(hundred.pool) as seen:
        await hundred.data(ledger, AUDITOR)
    assert len(seen) == 2


async def test_asyncpg_tells_of_every_statement(api: Api) -> None:
    assert hasattr(asyncpg.Connection, "add_query_logger")
    async with counted(api.pool) as seen:
        await api.pool.fetchval("select 1")
    assert "select 1" in seen
