"""The demo portfolio: deterministic for a day, complete or resumed, and with what its cast promises."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta

import pytest

from app.clock import Clock
from app.services import Services
from app.statements.checking import Spool, check
from base.database import Pool, connect_pool
from demo import DemoError, load, portfolio
from demo.cast import CAST
from demo.contracts import ASSIST, DENTAL
from demo.months import VENDORS, last_month, settled_month
from demo.portfolio import DAYS, MEMBERS, Calls, Feed, recorded_at
from demo.sheets import write_sheets
from handbook.dates import start_of
from ledger.posting.entries import EntryKind, RedemptionStatus
from ledger.posting.recording import record_events
from ledger.reconciliation.reading import FindingFilter, Scope, period_view, settlement, stream_findings
from ledger.reconciliation.values import FindingKind
from ledger.verifying.verify import verify
from rating.events import EVENT_TYPES, CustomerRegistered
from rating.folding import Arrived, fold
from rating.judging import judge
from rating.tiers import star_on
from rating.timeline import timeline
from tests.demo import NOW, opened

TODAY = date(2026, 11, 22)
STARS = "5 4 3 2 1 0 0 0 3 0 2 3 3 2 1 2 2 3 4 2 1 2 0 3"


@pytest.fixture
async def services(database, handbook) -> AsyncIterator[Services]:
    async with opened(database.dsn, database.pool, handbook) as services:
        yield services


@pytest.fixture
async def demo_pool(demo_dsn) -> AsyncIterator[Pool]:
    """Connections to the loaded portfolio."""
    pool = await connect_pool(demo_dsn, min_size=0, max_size=5, service_role=True)
    try:
        yield pool
    finally:
        await pool.close()


@pytest.fixture
async def demo(demo_dsn, demo_pool, handbook) -> AsyncIterator[Services]:
    """Services on the loaded portfolio."""
    async with opened(demo_dsn, demo_pool, handbook) as services:
        yield services


def _events(made):
    return [*made.opening.events, *(e for step in made.steps if isinstance(step, Feed) for e in step.events)]


def _histories(made):
    histories = {}
    for event in _events(made):
        own = histories.setdefault(event.member_no, [])
        own.append(Arrived(arrival=len(own) + 1, recorded_at=recorded_at(event), event=event))
    return histories


@pytest.mark.parametrize(
    "today", [TODAY, date(2028, 2, 29), date(2029, 1, 1), date(2027, 3, 1), date(2026, 7, 31)], ids=str
)
def test_on_any_day_it_is_lawful_and_the_cast_has_its_stars(today, handbook):
    made = portfolio(today, handbook)
    histories = _histories(made)
    assert len(histories) == MEMBERS
    for events in histories.values():
        assert judge(events, handbook) is None
    cast = [histories[f"M{number:05d}"] for number in range(1, len(CAST) + 1)]
    assert [star_on(timeline(fold(each), handbook), today) for each in cast] == [
        int(s) for s in STARS.split()
    ]


def test_the_same_day_makes_the_same_portfolio(handbook):
    assert portfolio(TODAY, handbook) == portfolio(TODAY, handbook)


def test_everything_was_known_before_today_and_comes_in_order(handbook):
    made = portfolio(TODAY, handbook)
    moments = [step.at for step in made.steps]
    assert moments == sorted(moments)
    assert made.opening.at.date() == TODAY - timedelta(days=DAYS)
    assert made.opening.at <= moments[0]
    assert moments[-1] < start_of(TODAY)


def test_every_event_type_and_every_way_to_count_premiums_occurs(handbook):
    events = _events(portfolio(TODAY, handbook))
    assert {event.type for event in events} == set(EVENT_TYPES)
    issued = [event for event in events if event.type == "policy_issued"]
    assert {each.mode for each in issued} == {"annual", "semi_annual", "quarterly", "monthly", "single"}
    assert {each.coverage for each in issued} == {"long", "one_year", "under_one_year"}
    assert {each.design for each in issued if each.mode == "single"} == {
        "traditional",
        "participating",
        "universal",
    }
    assert any(recorded_at(event).date() > event.effective_on + timedelta(days=30) for event in events)


def test_every_star_is_held_by_some_of_the_crowd(handbook):
    histories = _histories(portfolio(TODAY, handbook))
    stars = Counter(star_on(timeline(fold(each), handbook), TODAY) for each in histories.values())
    assert min(stars[star] for star in range(6)) >= 10


def test_keys_are_used_once_but_for_what_is_sent_again(handbook):
    calls = [
        call for step in portfolio(TODAY, handbook).steps if isinstance(step, Calls) for call in step.calls
    ]
    sent = Counter((call.command.actor, call.command.key) for call in calls)
    different = {(call.command.actor, call.command.key, call.command) for call in calls}
    assert len(different) == len(sent) > 1000
    assert max(sent.values()) > 1, "nothing is sent again"


async def test_loaded_the_books_are_in_order_and_show_every_kind_of_entry(demo):
    assert await verify(demo.pool) == []
    kinds = {row["kind"] for row in await demo.pool.fetch("SELECT DISTINCT kind FROM entries")}
    assert kinds == set(EntryKind)
    statuses = {row["status"] for row in await demo.pool.fetch("SELECT DISTINCT status FROM redemptions")}
    assert statuses == set(RedemptionStatus)
    refusals = {
        row["code"]
        for row in await demo.pool.fetch(
            "SELECT DISTINCT outcome -> 'refusal' ->> 'code' AS code FROM outcomes"
        )
    }
    assert refusals >= {
        "NOT_A_MEMBER", "TIER_TOO_LOW", "QUOTA_EXHAUSTED", "WAITING_PERIOD", "BENEFICIARY_NOT_COVERED",
        "EVIDENCE_MISSING", "POLICY_REQUIRED", "POLICY_NOT_ELIGIBLE", "OPTION_REQUIRED", "VENDOR_NOT_CONTRACTED",
        "OCCURRED_TOO_LONG_AGO", "HOLD_NOT_OPEN", "ALREADY_REVERSED",
    }  # fmt: skip


async def test_vendors_of_the_demo_keep_to_the_conditions(demo):
    """Refused is who is not entitled or forgot something, never a call at night, a wrong number or untold minutes."""
    refused = await demo.pool.fetch(
        "SELECT request ->> 'benefit' AS benefit, outcome -> 'refusal' ->> 'code' AS code FROM outcomes"
        " WHERE outcome ? 'refusal'"
    )
    codes = {row["code"] for row in refused}
    assert not codes & {
        "OUTSIDE_SERVICE_HOURS",
        "FACILITY_REQUIRED",
        "WISHED_NUMBER_REQUIRED",
        "UNITS_INVALID",
        "INVALID",
    }
    assert "EVIDENCE_MISSING" not in {row["code"] for row in refused if row["benefit"] == "car-t"}
    numbers = await demo.pool.fetch(
        "SELECT status, policy_no, count(*) FROM redemptions WHERE wished_number IS NOT NULL GROUP BY 1, 2"
    )
    assert {row["status"] for row in numbers} >= {"REDEEMED", "HELD"}
    assert all((row["policy_no"] != "") == (row["status"] in ("REDEEMED", "REVERSED")) for row in numbers)
    fluoride = "SELECT beneficiary FROM redemptions WHERE option = 'child-fluoride'"
    assert all(row["beneficiary"].startswith("child") for row in await demo.pool.fetch(fluoride))


async def test_loading_again_changes_nothing(demo):
    before = await _ledger(demo.pool)
    assert not await load(demo)
    later = replace(demo, clock=Clock(frozen_at=NOW + timedelta(days=9)))
    assert not await load(later)
    assert await _ledger(demo.pool) == before


class _InterruptedError(Exception):
    pass


@pytest.mark.chaos
async def test_an_interrupted_load_is_finished_once_on_another_day_as_if_nothing_had_happened(
    services, demo_pool
):
    def interrupt(done, total):
        if done == interrupt.at:
            raise _InterruptedError

    for interrupt.at in (2, 333):
        with pytest.raises(_InterruptedError):
            await load(services, progress=interrupt)
    later = replace(services, clock=Clock(frozen_at=NOW + timedelta(days=2)))
    both = await asyncio.gather(load(later), load(later))
    assert sorted(both) == [False, True]
    resumed = await _ledger(services.pool, before=start_of(TODAY))
    assert len(resumed) > 4000
    assert await verify(services.pool) == []
    assert resumed == await _ledger(demo_pool, before=start_of(TODAY))


async def test_a_database_with_other_customers_is_left_alone(services, handbook):
    other = CustomerRegistered(event_id="E1", member_no="M00001", effective_on=TODAY, name="真实客户")
    await record_events(services.pool, [other], now=NOW, handbook=handbook)
    with pytest.raises(DemoError, match="other customers"):
        await load(services)
    assert await services.pool.fetchval("SELECT count(*) FROM policy_events") == 1


_LEDGER = """
    SELECT c.member_no, e.sequence, e.kind, e.benefit, e.period, e.policy_no, e.units, e.service_year, e.vendor,
        e.redemption, e.beneficiary, e.option, e.reference, e.star, e.occurred_at, e.recorded_at
    FROM entries e JOIN customers c ON c.id = e.customer_id
    WHERE e.recorded_at < $1
    ORDER BY c.member_no, e.sequence
"""


async def _ledger(conn, before=NOW + timedelta(days=1)):
    return [tuple(row) for row in await conn.fetch(_LEDGER, before)]


async def test_last_months_statements_show_every_kind_of_finding_and_wait_for_somebody(demo):
    month = last_month(TODAY)
    views = [await period_view(demo.pool, vendor, month) for vendor in VENDORS]
    assert {view.status for view in views} == {"OPEN"}
    assert {kind for view in views for kind, count in view.tally.counts if count} == set(FindingKind)
    found = [
        finding
        for view in views
        async for finding in stream_findings(
            demo.pool, scope=Scope.period(view.id), where=FindingFilter(open=True), now=NOW
        )
    ]
    assert {finding.kind for finding in found} == set(FindingKind) - {FindingKind.MATCHED}
    assert any(len(finding.differences) > 1 for finding in found)
    assert any(finding.carried_from == settled_month(TODAY) for finding in found)
    assert any(finding.kind == FindingKind.NOT_IN_STATEMENT and finding.late for finding in found)
    assert any(finding.kind == FindingKind.REVERSED and finding.line is None for finding in found)


async def test_the_month_before_last_is_settled_with_every_vendor(demo):
    settled = [await settlement(demo.pool, vendor, settled_month(TODAY)) for vendor in VENDORS]
    assert all(each is not None and each.payable > 0 for each in settled)
    assert sum(each.carried_forward for each in settled) > 0


async def test_its_sheets_hold_what_the_vendors_forgot_and_are_not_written_twice(demo, handbook, tmp_path):
    folder = tmp_path / "sheets"
    assert await write_sheets(demo, folder)
    files = {file.suffix: file for file in folder.iterdir()}
    read = {}
    for suffix, file in files.items():
        with file.open("rb") as stream, Spool() as spool:
            checked = check(stream, spool, handbook=handbook, on_problems=lambda *_: None)
            read[suffix] = checked.refused, [line async for line in spool.lines()]
    assert {suffix: refused for suffix, (refused, _) in read.items()} == {".xlsx": 0, ".csv": 2}
    for vendor, suffix in ((DENTAL, ".xlsx"), (ASSIST, ".csv")):
        view = await period_view(demo.pool, vendor, last_month(TODAY))
        forgotten = {
            (finding.redemption.reference, finding.ledger_amount)
            async for finding in stream_findings(
                demo.pool,
                scope=Scope.period(view.id),
                where=FindingFilter(kinds=frozenset({"NOT_IN_STATEMENT"})),
                now=NOW,
            )
            if not finding.late
        }
        assert forgotten == {(line.reference, line.amount) for line in read[suffix][1]} != set()
    written = {file: file.stat().st_mtime_ns for file in files.values()}
    await write_sheets(demo, folder)
    assert {file: file.stat().st_mtime_ns for file in files.values()} == written
