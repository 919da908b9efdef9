"""Reads of a reconciliation return what the match and the decisions wrote: completely, in order, without duplicates."""

from collections import Counter
from decimal import Decimal

import pytest

from ledger.reconciliation.closing import close_period
from ledger.reconciliation.decisions import resolve
from ledger.reconciliation.reading import (
    FindingFilter,
    Scope,
    finding,
    findings_page,
    period_view,
    position_of,
    statements_by_id,
    stream_findings,
)
from ledger.reconciliation.statements import withdraw
from ledger.reconciliation.values import Action, FindingKind, LedgerFindingId, LineFindingId
from tests.reconciliation.month import (
    NOVEMBER,
    NOW,
    OCTOBER,
    VENDOR,
    line,
    october,
)


async def read(month, scope, *, size=100, **where):
    """All findings, page by page."""
    seen, after = [], None
    while True:
        page = await findings_page(
            month.pool,
            scope=scope,
            where=FindingFilter(**where),
            first=size,
            after=after,
            now=month.clock.now,
        )
        seen += page
        if len(page) < size:
            return seen
        after = position_of(page[-1])


async def decide(month, found, action, **more):
    refusal = await resolve(
        month.pool,
        finding=found.id,
        action=Action(action),
        note="查过",
        by="王会计",
        handbook=month.handbook,
        now=NOW,
        **more,
    )
    assert refusal is None, refusal


async def close(month, which=OCTOBER):
    closed = await close_period(
        month.pool, vendor=VENDOR, month=which, by="王会计", handbook=month.handbook, now=NOW
    )
    assert isinstance(closed, int), closed
    return closed


@pytest.fixture
async def two_statements(month):
    """Two statements of October, and a delivery that is in neither; their ids."""
    for day in range(1, 9):
        await month.deliver(october(day), f"R{day}")
    first = await month.state(
        line(30, october(1), "R1"),
        line(20, october(2), "R2", units=2),
        line(10, october(3), "R3", amount="13.00"),
        line(40, october(4), member_no="M9"),
    )
    second = await month.state(line(2, october(5), "R5"), line(1, october(6), "R6"), number="S-2")
    return first, second


async def test_any_size_of_page_and_the_stream_give_the_same(month, two_statements):
    first, second = two_statements
    for scope in (Scope.statement(first), Scope.statement(second), Scope.period(1)):
        whole = await read(month, scope)
        assert len({each.id for each in whole}) == len(whole)
        for size in (1, 2, 3, len(whole)):
            assert await read(month, scope, size=size) == whole
        streamed = stream_findings(month.pool, scope=scope, where=FindingFilter(), now=NOW)
        assert [each async for each in streamed] == whole


async def test_lines_come_by_number_and_what_has_no_line_with_the_latest_statement(month, two_statements):
    first, second = two_statements
    assert [each.line.line_no for each in await read(month, Scope.statement(first))] == [10, 20, 30, 40]
    latest = await read(month, Scope.statement(second))
    assert [(each.line and each.line.line_no, each.kind.value) for each in latest] == [
        (1, "MATCHED"),
        (2, "MATCHED"),
        (None, "NOT_IN_STATEMENT"),
        (None, "NOT_IN_STATEMENT"),
        (None, "NOT_IN_STATEMENT"),
    ]
    assert {each.redemption.reference for each in latest[2:]} == {"R4", "R7", "R8"}
    everything = await read(month, Scope.period(1))
    assert [each.statement_number for each in everything] == ["S-1"] * 4 + ["S-2"] * 2 + [None] * 3
    assert await withdraw(month.pool, statement=second, note="作废", by="x", handbook=month.handbook, now=NOW)
    assert await read(month, Scope.statement(second)) == []
    missing = [each for each in await read(month, Scope.statement(first)) if each.line is None]
    assert len(missing) == 5


async def test_totals_are_those_of_the_findings(month, two_statements):
    for found in await read(month, Scope.period(1), open=True):
        if found.kind in {FindingKind.UNITS_DIFFER, FindingKind.NOT_IN_STATEMENT}:
            await decide(month, found, "ACCEPT" if found.line else "DISPUTE")
    views = await statements_by_id(month.pool, two_statements)
    period = await period_view(month.pool, VENDOR, OCTOBER)
    for scope, stated, tally in (
        *(
            (Scope.statement(each), (views[each].stated_units, views[each].stated_amount), views[each].tally)
            for each in views
        ),
        (Scope.period(1), (period.stated_units, period.stated_amount), period.tally),
    ):
        found = await read(month, scope)
        lines = [each.line for each in found if each.line is not None]
        assert stated == (sum(each.units for each in lines), sum(each.amount for each in lines))
        agreeing = [each.line for each in found if each.kind is FindingKind.MATCHED]
        assert tally.matched_units == sum(each.units for each in agreeing)
        assert tally.matched_amount == sum(each.amount for each in agreeing)
        assert tally.payable == sum((each.payable or Decimal() for each in found), Decimal())
        assert tally.open == sum(each.waits for each in found)
        assert dict(tally.counts) == Counter(each.kind for each in found)


@pytest.mark.parametrize(
    ("where", "lines"),
    [
        ({"kinds": frozenset({"MATCHED"})}, [30]),
        ({"kinds": frozenset({"UNITS_DIFFER", "MATCHED"})}, [20, 30]),
        ({"kinds": frozenset({"NOT_IN_LEDGER"})}, [40]),
        ({"kinds": frozenset()}, []),
        ({"open": True}, [10, 20, 40]),
        ({"open": False}, [30]),
        ({"actions": frozenset({"ACCEPT"})}, []),
        ({"benefits": frozenset({"family-doctor-phone"})}, [10, 20, 30, 40]),
        ({"benefits": frozenset({"family-doctor-video"})}, []),
        ({"member_nos": frozenset({"M9"})}, [40]),
        ({"member_nos": frozenset({"M1"}), "open": True}, [10, 20]),
    ],
)
async def test_filters_leave_what_meets_all_of_them(month, two_statements, where, lines):
    for size in (1, 50):
        found = await read(month, Scope.statement(two_statements[0]), size=size, **where)
        assert [each.line.line_no for each in found] == lines


async def test_a_finding_is_found_by_its_id_and_moves_with_its_delivery(month, two_statements):
    for each in await read(month, Scope.period(1)):
        assert await finding(month.pool, each.id, now=NOW) == each
    missing = (await read(month, Scope.period(1), kinds=frozenset({"NOT_IN_STATEMENT"})))[0]
    await month.state(line(1, october(4), missing.redemption.reference), number="S-3")
    moved = await finding(month.pool, missing.id, now=NOW)
    assert moved.line.line_no == 1
    assert moved.kind is FindingKind.MATCHED
    for unknown in (
        LineFindingId(period=9, statement=9, line_no=9),
        LineFindingId(period=1, statement=1, line_no=11),
        LineFindingId(period=1, statement=1, line_no=0),
        LedgerFindingId(period=1, customer_id=9, sequence=9),
    ):
        assert await finding(month.pool, unknown, now=NOW) is None


async def test_what_was_disputed_and_what_was_paid_and_reversed_is_read_in_the_next_month(month):
    paid = await month.deliver(october(1), "R1")
    await month.deliver(october(2), "R2")
    statement = await month.state(line(1, october(1), "R1"), line(2, october(2), "R2", amount="13.00"))
    await decide(month, (await read(month, Scope.statement(statement), open=True))[0], "DISPUTE")
    await close(month)
    await month.reverse(paid)
    following = await month.state(line(1, october(3), member_no="M2"), number="S-11", month=NOVEMBER)
    found = await read(month, Scope.statement(following))
    assert [(each.kind.value, each.statement_number, each.line and each.line.line_no) for each in found] == [
        ("NOT_IN_LEDGER", "S-11", 1),
        ("AMOUNT_DIFFERS", "S-1", 2),
        ("REVERSED", None, None),
    ]
    own, carried, correction = found
    assert (own.late, own.carried_from, own.history) == (True, None, ())
    assert (carried.carried_from, carried.late) == (OCTOBER, True)
    assert [each.action.value for each in carried.history] == ["DISPUTE"]
    assert carried.resolution is None
    assert (correction.units_difference, correction.amount_difference) == (1, Decimal("12.00"))
    assert correction.accepting_pays == Decimal("-12.00")
    assert "扣回 12.00 元" in correction.reason()
    await decide(month, carried, "ACCEPT")
    await decide(month, correction, "ACCEPT")
    view = (await statements_by_id(month.pool, [following]))[following]
    assert view.payable == Decimal(0)  # 12.00 that had been disputed, less 12.00 that had been paid
    assert (view.matched_units, view.matched_amount, view.open) == (0, Decimal(0), 1)
    # The closed month reads as it was closed.
    before = await read(month, Scope.statement(statement))
    assert [(each.kind.value, each.payable) for each in before] == [
        ("MATCHED", Decimal("12.00")),
        ("AMOUNT_DIFFERS", Decimal(0)),
    ]
    assert before[0].redemption.status == "REVERSED"


async def test_a_reversed_pair_keeps_what_had_been_delivered(month):
    await month.reverse(await month.deliver(october(1), "R1", units=2))
    statement = await month.state(line(1, october(3), "R1", units=3))
    (found,) = await read(month, Scope.statement(statement))
    assert [each.value for each in found.differences] == [
        "REVERSED",
        "UNITS_DIFFER",
        "AMOUNT_DIFFERS",
        "DATE_DIFFERS",
    ]
    assert (found.ledger_units, found.delivered_units, found.delivered_amount) == (0, 2, Decimal("24.00"))
    assert (found.units_difference, found.amount_difference) == (3, Decimal("36.00"))
    assert "冲正之前也不一致：数量：对账单 3，台账 2（+1）" in found.reason()
