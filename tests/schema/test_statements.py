"""How many SQL statements an answer takes: as many for a page of a hundred as for a page of one."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from handbook import Handbook, candidates_in
from rating.activations import SQL as ACTIVATIONS
from tests.editions import six_stars
from tests.schema.api import AUDITOR, FRONTEND, STAFF, Api, member

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
    assert one == 2  # the page, the accounts with their ratings and what they took


async def test_everything_about_customers_is_read_set_by_set(hundred: Api) -> None:
    assert await statements(hundred, EVERYTHING, first=2) == await statements(hundred, EVERYTHING, first=20)


WHAT_IF = """query ($first: Int!, $events: [PolicyEventInput!], $edition: String) {
  customers(first: $first) { edges { node { whatIf(events: $events, edition: $edition) {
    tier { star contributions { amount } } quotas { used } refusals { code } } } } } }"""


def lapse(member_no: str, number: int) -> dict[str, Any]:
    """A policy of a member that would lapse."""
    return {
        "eventId": f"if-{number}",
        "memberNo": member_no,
        "effectiveOn": "2026-10-20",
        "lapsed": {"policyNo": "P1"},
    }


@pytest.mark.parametrize(
    ("events", "edition", "taken"),
    [
        ([], None, 4),  # the page, the histories, the accounts, what they took
        ([lapse(f"M{number:03}", number) for number in range(2, 22)], "zhenxuan-2", 5),  # and which ids are taken
    ],
    ids=["nothing supposed", "events and a candidate"],
)  # fmt: skip
async def test_a_what_if_of_a_page_is_read_set_by_set_and_its_folders_once(
    hundred: Api,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    events: list[Any],
    edition: str | None,
    taken: int,
) -> None:
    hundred.edition_folders = (six_stars(tmp_path).parent,)
    read: list[Any] = []

    def counting(active: Handbook, folders: Iterable[Path]) -> Any:
        read.append(folders)
        return candidates_in(active, folders)

    monkeypatch.setattr("schema.candidates.candidates_in", counting)
    for first in (2, 20):
        read.clear()
        asked = {"first": first, "events": events, "edition": edition}
        async with counted(hundred.pool) as seen:
            answer = await hundred.data(WHAT_IF, STAFF if edition else FRONTEND, **asked)
        stars = [each["node"]["whatIf"]["tier"]["star"] for each in answer["customers"]["edges"]]
        assert stars == [0 if events else 4] * first
        assert len(seen) == taken, seen
        assert len(read) == (1 if edition else 0)


async def test_events_of_another_member_are_refused_before_anything_is_read_of_them(hundred: Api) -> None:
    async with counted(hundred.pool) as seen:
        answer = await hundred.data(WHAT_IF, first=20, events=[lapse("M100", 1)])
    told = [each["node"]["whatIf"] for each in answer["customers"]["edges"]]
    assert {(each["tier"]["star"], each["refusals"][0]["code"]) for each in told} == {(4, "INVALID")}
    assert not [each for each in seen if "event_ids" in each]


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
