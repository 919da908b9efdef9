"""What people read of the ledger costs a page, by an index, whatever they ask for."""

from datetime import UTC, datetime
from itertools import product

import pytest

from base.database import PLANS_ONCE
from ledger.entitlement.loading import load_accounts, load_rated_account, load_rated_accounts
from ledger.ids import RedemptionId
from ledger.reports.exporting import SQL as EXPORTING
from ledger.reports.filters import EntryFilter, Position, RedemptionFilter, Span
from ledger.reports.pages import customers_entries, entries_page, redemptions_page
from rating.customers import (
    customers_by_member_no,
    customers_page,
    histories,
    policies,
    rated_customer,
    ratings,
    relatives,
)
from tests.ledger.books import NOW
from tests.ledger.test_query_plans import FILL
from tests.plans import ANALYZE, BOTH_WAYS, Explaining, explained, rows_read, scanned_tables

LARGE = {"entries", "redemptions", "customers", "relatives"}
SOME_PAGES = 1500
IN_THE_MIDDLE = Position(recorded_at=datetime(2024, 2, 1, tzinfo=UTC), customer_id=6_000, sequence=3)
MEMBERS = frozenset({"M17", "M4000"})
ALWAYS = Span(end=datetime.max.replace(tzinfo=UTC))
ENTRIES = [
    EntryFilter(),
    EntryFilter(kinds=frozenset({"REDEEM"}), benefits=frozenset({"b0"}), occurred=ALWAYS),
    EntryFilter(vendors=frozenset({"v"})),
    EntryFilter(vendors=frozenset({"v", "rare"}), occurred=ALWAYS),
    EntryFilter(vendors=frozenset({"rare"})),
    EntryFilter(member_nos=MEMBERS),
    EntryFilter(member_nos=MEMBERS, vendors=frozenset({"v"})),
]
REDEMPTIONS = [
    RedemptionFilter(),
    RedemptionFilter(statuses=frozenset({"REDEEMED"}), benefits=frozenset({"b3", "b4"}), occurred=ALWAYS),
    RedemptionFilter(vendors=frozenset({"v"})),
    RedemptionFilter(vendors=frozenset({"v", "rare"}), statuses=frozenset({"REDEEMED"}), occurred=ALWAYS),
    RedemptionFilter(vendors=frozenset({"rare"})),
    RedemptionFilter(member_nos=MEMBERS),
    RedemptionFilter(ids=frozenset({RedemptionId(17, 2), RedemptionId(4_000, 3)}), vendors=frozenset({"v"})),
]


@pytest.fixture
async def filled(database):
    """A database with some ten thousand rows in every table."""
    async with database.owner_pool.acquire() as conn:
        await conn.execute(FILL)
        await conn.execute("update redemptions set vendor = 'rare' where customer_id = 77")
        await conn.execute(ANALYZE)
        yield conn


def costs_a_page(reader):
    scanned = LARGE.intersection(scanned_tables(reader.nodes()))
    return scanned == set() and rows_read(reader.nodes()) < SOME_PAGES


async def test_what_is_read_of_the_ledger_costs_a_page(filled):
    page = {"first": 100, "now": NOW}
    for mode, after in product(BOTH_WAYS, (None, IN_THE_MIDDLE)):
        reader = Explaining(filled, mode)
        for where in ENTRIES:
            await entries_page(reader, where=where, after=after, **page)
            assert costs_a_page(reader), (mode, after, where)
        for where in REDEMPTIONS:
            await redemptions_page(reader, where=where, after=after, **page)
            assert costs_a_page(reader), (mode, after, where)
        for service_year, before in product((None, 1), (None, 4)):
            await customers_entries(reader, [17, 4_000], service_year=service_year, before=before, **page)
            assert costs_a_page(reader), (mode, service_year, before)
    file = await explained(filled, EXPORTING["entries"], None, None, None, ["M17"], None, None)
    assert scanned_tables(file) == []


async def test_what_is_read_of_customers_costs_a_page(filled):
    some = range(4_000, 4_010)
    for mode in BOTH_WAYS:
        reader = Explaining(filled, mode)
        for after, members in product((None, "M4000"), (None, MEMBERS)):
            await customers_page(reader, first=100, on=NOW.date(), after=after, member_nos=members)
            assert costs_a_page(reader), (mode, after, members)
        for reading in (
            customers_by_member_no(reader, MEMBERS),
            rated_customer(reader, "M17"),
            ratings(reader, [(each, None) for each in some]),
            histories(reader, [(each, NOW) for each in some]),
            policies(reader, some),
            relatives(reader, some),
        ):
            await reading
            assert costs_a_page(reader), (mode, reading)


async def test_what_reads_plan_before_there_are_rows_serves_when_there_are_many(database):
    """Their connections plan a query once; in an empty table PostgreSQL would rather read all of it."""
    page, some, last_year = {"first": 100, "now": NOW}, range(10), NOW.date().replace(year=NOW.year - 1)
    async with database.owner_pool.acquire() as conn:
        for setting, value in PLANS_ONCE.items():
            await conn.execute(f"set {setting} = {value}")
        reader = Explaining(conn, PLANS_ONCE["plan_cache_mode"])
        for reading in (
            *(entries_page(reader, where=where, after=IN_THE_MIDDLE, **page) for where in ENTRIES),
            *(redemptions_page(reader, where=where, after=IN_THE_MIDDLE, **page) for where in REDEMPTIONS),
            customers_entries(reader, [17], service_year=None, before=4, **page),
            customers_page(reader, first=100, on=NOW.date(), after="M4000", member_nos=None),
            customers_page(reader, first=100, on=NOW.date(), after=None, member_nos=MEMBERS),
            customers_by_member_no(reader, MEMBERS),
            rated_customer(reader, "M17"),
            ratings(reader, [(each, None) for each in some]),
            histories(reader, [(each, NOW) for each in some]),
            policies(reader, some),
            relatives(reader, some),
            load_rated_accounts(reader, some, now=NOW),
            load_rated_account(reader, "M17", now=NOW),
            load_accounts(reader, some, on=last_year, now=NOW),
        ):
            await reading
        await conn.execute("reset all")
    assert [scanned for plan in reader.plans if (scanned := scanned_tables(plan))] == []
