"""What the tests on a real database share: enrolled customers, vendors with contracts, journals, everything written."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import Any

from asyncpg import Pool

from handbook import Handbook
from ledger.posting.entries import Entry
from ledger.posting.journal import Journal
from ledger.posting.recording import record_events
from ledger.posting.rows import entry_of
from ledger.verifying.verify import SQL
from rating.events import parse_event
from rating.intake import Recorded
from tests.ledger.books import NOW

PREMIUM_OF_STAR = {1: "30000.00", 2: "45000.00", 3: "150000.00", 4: "300000.00", 5: "500000.00"}
TABLES = (
    "entries",
    "balances",
    "redemptions",
    "milestones",
    "outcomes",
    "ledger_heads",
    "rating_heads",
    "policy_events",
)


class SetClock:
    """A clock that stands still until it is set."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def an_event(type_: str, member_no: str, effective_on: date | str, **fields: Any) -> Any:
    """A policy event with an id made of all that it says."""
    said = {"type": type_, "member_no": member_no, "effective_on": str(effective_on), **fields}
    return parse_event({"event_id": f"{member_no}-{type_}-{effective_on}"[:64], **said})


def enrolment(member_no: str, star: int = 4, registered_on: str = "2024-01-10") -> list[Any]:
    """A customer with one policy of this star, which counts from 26 January 2024 on, and a spouse R1."""
    return [
        an_event("customer_registered", member_no, registered_on, name=f"客户{member_no}"),
        an_event(
            "relative_registered", member_no, registered_on, relative_id="R1", name="配偶", relation="spouse"
        ),
        an_event(
            "policy_issued",
            member_no,
            registered_on,
            policy_no=f"{member_no}-P",
            line="individual",
            coverage="long",
            category="annuity",
            design="traditional",
            mode="annual",
            premium=PREMIUM_OF_STAR[star],
            term_years=20,
            cooling_off_ends_on="2024-01-25",
        ),
    ]


async def enrol(
    pool: Pool, handbook: Handbook, *member_nos: str, star: int = 4, now: datetime = NOW
) -> list[int]:
    """Customers of a star, with everything granted; their ids."""
    events = [event for each in member_nos for event in enrolment(each, star)]
    results = await record_events(pool, events, now=now, handbook=handbook)
    assert all(isinstance(each, Recorded) for each in results), results
    return list(dict.fromkeys(each.customer_id for each in results))


async def contract(pool: Pool, handbook: Handbook, *vendors: str) -> None:
    """Vendors with a contract for every benefit."""
    for vendor in vendors:
        await pool.execute("insert into vendors values ($1, $1, now())", vendor)
        await pool.execute(
            "insert into contract_terms (vendor, benefit, unit_price, starts_on)"
            " select $1, unnest($2::text[]), 10, '2020-01-01'",
            vendor,
            list(handbook.benefit_codes),
        )


@asynccontextmanager
async def journals(
    pool: Pool, handbook: Handbook, clock: SetClock, count: int = 1
) -> AsyncIterator[list[Journal]]:
    """Running journals, as many as there would be processes."""
    running = [Journal(pool, handbook, clock) for _ in range(count)]
    for each in running:
        await each.start()
    try:
        yield running
    finally:
        for each in running:
            await each.stop()


async def entries_of(pool: Pool, customer_id: int) -> list[Entry]:
    """A customer's entries, as they are stored."""
    return [entry_of(row) for row in await pool.fetch(SQL["entries_of"], [customer_id])]


async def everything(pool: Pool, tables: Sequence[str] = TABLES) -> dict[str, list[str]]:
    """All rows of all tables, to say that nothing changed."""
    return {
        table: sorted(row[0] for row in await pool.fetch(f"select t::text from {table} t"))
        for table in tables
    }
