"""A vendor or customer that stays locked by others: the answer is BUSY, nothing has changed, and a retry succeeds."""

from datetime import date
from decimal import Decimal

import pytest

from app.orm import orm
from base.database import Timeouts, connect_pool
from ledger.entitlement.terms import Term
from ledger.posting.recording import record_events
from ledger.reconciliation.closing import close_period
from ledger.reconciliation.decisions import resolve
from ledger.reconciliation.matching import reconcile_period
from ledger.reconciliation.statements import Submitted, submit, withdraw
from ledger.reconciliation.values import Action, LineFindingId
from ledger.refusals import Refusal
from ledger.vendors.registry import VendorView, register_vendor
from rating.intake import Recorded
from tests.ledger.stored import an_event, everything
from tests.reconciliation.month import OCTOBER, PHONE, VENDOR, line, october, stream

TIMEOUTS = Timeouts(lock_s=0.1)
TABLES = (
    "statements",
    "statement_lines",
    "findings",
    "decisions",
    "periods",
    "settlements",
    "withdrawals",
    "vendors",
)


@pytest.fixture
async def hasty(database):
    """A pool whose statements wait for no lock for longer than a moment."""
    pool = await connect_pool(database.dsn, min_size=0, max_size=3, service_role=True, timeouts=TIMEOUTS)
    yield pool
    await pool.close()


async def test_work_on_a_locked_vendor_is_busy_after_the_lock_timeout(month, hasty):
    await month.deliver(october(3), "r-1")
    statement = await month.state(line(1, october(3), "r-1", amount="1.00"), line(2, october(9), "none"))
    period = await month.pool.fetchval("select id from periods")
    common = {"handbook": month.handbook, "now": month.clock.now}
    finding = LineFindingId(period=period, statement=statement, line_no=2)
    asked = {
        "submit": lambda: submit(
            hasty,
            vendor=VENDOR,
            number="S-2",
            month=OCTOBER,
            lines=stream([line(1, october(4))]),
            by="li",
            **common,
        ),
        "withdraw": lambda: withdraw(hasty, statement=statement, note="误", by="li", **common),
        "resolve": lambda: resolve(
            hasty, finding=finding, action=Action.DISPUTE, note="查无", by="li", **common
        ),
        "reconcile": lambda: reconcile_period(hasty, vendor=VENDOR, month=OCTOBER, **common),
        "close": lambda: close_period(hasty, vendor=VENDOR, month=OCTOBER, by="li", **common),
    }
    before = await everything(month.pool, TABLES)
    async with month.pool.acquire() as other, other.transaction():
        await other.execute("select from vendors where code = $1 for no key update", VENDOR)
        for name, ask in asked.items():
            outcome = await ask()
            assert isinstance(outcome, Refusal), name
            assert (outcome.code, outcome.retry_after) == ("BUSY", 2), name
    assert await everything(month.pool, TABLES) == before
    assert isinstance(await asked["submit"](), Submitted)
    assert await asked["resolve"]() is None


async def test_events_of_a_locked_customer_are_busy_and_recorded_later(month, hasty):
    events = [
        an_event("relative_registered", each, "2026-10-01", relative_id="R7", name="女", relation="child")
        for each in ("M1", "M2")
    ]
    common = {"now": month.clock.now, "handbook": month.handbook}
    async with month.pool.acquire() as other, other.transaction():
        await other.execute(
            "select from rating_heads h join customers c on c.id = h.customer_id"
            " where c.member_no = 'M2' for update of h"
        )
        outcomes = await record_events(hasty, events, **common)
        assert [each.code for each in outcomes] == ["BUSY", "BUSY"]
    outcomes = await record_events(hasty, events, **common)
    assert [(isinstance(each, Recorded), each.repeated) for each in outcomes] == [(True, False)] * 2


async def test_registering_a_locked_vendor_is_busy(database, month):
    asked = {
        "code": VENDOR,
        "name": "新名",
        "terms": [
            Term(
                benefit=PHONE, variant=None, unit_price=Decimal(14), starts_on=date(2026, 12, 1), ends_on=None
            )
        ],
        "handbook": month.handbook,
        "now": month.clock.now,
    }
    async with orm(database.dsn, timeouts=TIMEOUTS):
        async with month.pool.acquire() as other, other.transaction():
            await other.execute("select from vendors where code = $1 for no key update", VENDOR)
            outcome = await register_vendor(**asked)
            assert isinstance(outcome, Refusal)
            assert outcome.code == "BUSY"
        assert isinstance(await register_vendor(**asked), VendorView)
