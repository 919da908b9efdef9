"""What a page of redemptions and a report of a vendor read, they find by an index."""

from datetime import date
from itertools import product

import pytest

from handbook import start_of
from ledger.reports import service_levels as reading
from ledger.reports.service_levels import Days
from tests.ledger.books import NOW
from tests.ledger.test_query_plans import FILL
from tests.plans import ANALYZE, BOTH_WAYS, explained, scanned_tables

PAGE = ([17, 4_000, 11_999], [2, 2, 3])
SPAN = Days(start=date(2020, 1, 1), end=date(2020, 2, 1))


@pytest.fixture
async def filled(database):
    """A database with some ten thousand rows in every table."""
    async with database.owner_pool.acquire() as conn:
        await conn.execute(FILL)
        await conn.execute(ANALYZE)
    return database


async def test_clocks_milestones_and_reports_are_read_by_index(filled, handbook):
    span = (["v"], start_of(SPAN.start), start_of(SPAN.end), *reading._promises(handbook, SPAN))
    asked = {
        "clocks": (reading.SQL["clocks"], PAGE),
        "milestones": (reading.SQL["milestones"], PAGE),
        "report": (reading.SQL["report"], span),
        "late": (
            reading.SQL["late"],
            (*span, ["v"], ["medical-butler"], 101, None, None, None, NOW),
        ),
    }
    scanned = {}
    async with filled.pool.acquire() as conn:
        for mode, (name, (statement, arguments)) in product(BOTH_WAYS, asked.items()):
            scanned[mode, name] = scanned_tables(await explained(conn, statement, *arguments, mode=mode))
    assert {name: tables for name, tables in scanned.items() if tables} == {}
