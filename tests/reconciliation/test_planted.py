"""A month with differences of every kind: each is found, of the right kind, and nothing else is."""

from collections import Counter
from decimal import Decimal
from random import Random

import pytest

from ledger.reconciliation.closing import check_seals, close_period
from ledger.reconciliation.finding_pages import FindingFilter, Scope, stream_findings
from ledger.reconciliation.matching import reconcile_period
from ledger.reconciliation.reading import period_view
from ledger.reconciliation.values import FindingKind, LineFindingId
from ledger.verifying.verify import verify
from tests.reconciliation.month import NOVEMBER, OCTOBER, VENDOR
from tests.reconciliation.planted import CASES, plant
from tests.reconciliation.test_decisions import decide

EVERY = FindingFilter()


async def planted(month, seed):
    """Plant and state a month; what must be found, by finding id for lines and by redemption for the rest."""
    random = Random(seed)
    plan = await plant(month, random)
    expected = {}
    for number, lines in plan.numbered(random).items():
        statement = await month.state(*(stated for stated, _ in lines), number=number)
        for stated, found in lines:
            expected[number, stated.line_no] = found
    period = await month.pool.fetchval("select period from statements where id = $1", statement)
    return period, expected, plan.unstated


async def found_in(month, period):
    """Every finding of a period."""
    scope = Scope.period(period)
    return [each async for each in stream_findings(month.pool, scope=scope, where=EVERY, now=month.clock.now)]


def named(finding):
    """A finding as the plan names it."""
    if isinstance(finding.id, LineFindingId):
        return finding.statement_number, finding.id.line_no
    return finding.redemption.id


@pytest.mark.parametrize("seed", range(3))
async def test_every_planted_difference_is_found_and_no_other(month, seed):
    period, stated, unstated = await planted(month, seed)
    findings = await found_in(month, period)
    assert len({named(each) for each in findings}) == len(findings)
    expected = {name: (each.kind, each.differences) for name, each in (stated | unstated).items()}
    assert {named(each): (each.kind, each.differences) for each in findings} == expected
    # Every kind that there is was planted, and each finding can say why it is there.
    assert {each.kind for each in findings} == set(FindingKind)
    assert all(each.reason("zh") and each.reason("en") for each in findings)
    assert {each.accepting_pays for each in findings if named(each) in unstated} == {0}
    assert {named(each): each.accepting_pays for each in findings if named(each) in stated} == {
        name: each.pays for name, each in stated.items()
    }


async def decide_all(month, period, action):
    """Decide on everything that waits, and on what comes up because of it; what there was at first."""
    first = await found_in(month, period)
    waiting = [each for each in first if each.kind is not FindingKind.MATCHED]
    while waiting:
        for each in waiting:
            assert await decide(month, each.id, action) is None
        view = await period_view(month.pool, VENDOR, waiting[0].month)
        await reconcile_period(
            month.pool, vendor=VENDOR, month=view.month, handbook=month.handbook, now=month.clock.now
        )
        waiting = [each for each in await found_in(month, period) if each.waits]
    return first


async def closed(month, which):
    """Close a month; what its settlement pays and carries on."""
    period = await close_period(
        month.pool, vendor=VENDOR, month=which, by="li", handbook=month.handbook, now=month.clock.now
    )
    assert isinstance(period, int), period
    assert await check_seals(month.pool) == []
    total = "select payable, carried_forward from settlements where period = $1"
    return tuple(await month.pool.fetchrow(total, period))


async def test_accepted_as_found_it_is_settled_for_what_both_sides_bear_out_and_nothing_is_left(month):
    period, stated, _ = await planted(month, 7)
    await decide_all(month, period, "ACCEPT")
    payable = sum((each.pays for each in stated.values()), Decimal(0))
    assert await closed(month, OCTOBER) == (payable, 0)
    view = await period_view(month.pool, VENDOR, OCTOBER)
    assert (view.tally.payable, view.tally.open, view.lines) == (payable, 0, len(stated))
    assert await verify(month.pool) == []
    november = await reconcile_period(
        month.pool, vendor=VENDOR, month=NOVEMBER, handbook=month.handbook, now=month.clock.now
    )
    assert await found_in(month, november) == []


async def test_what_is_disputed_is_found_again_as_it_was_and_paid_once(month):
    period, stated, _ = await planted(month, 8)
    before = await decide_all(month, period, "DISPUTE")
    disputed = [each for each in await found_in(month, period) if each.action is not None]
    carried = sum((each.stated_amount or each.ledger_amount or Decimal(0) for each in disputed), Decimal(0))
    agreed = sum((each.pays for each in stated.values() if each.kind is FindingKind.MATCHED), Decimal(0))
    assert await closed(month, OCTOBER) == (agreed, carried)
    november = await reconcile_period(
        month.pool, vendor=VENDOR, month=NOVEMBER, handbook=month.handbook, now=month.clock.now
    )
    again = await found_in(month, november)
    assert {each.carried_from for each in again} == {OCTOBER}
    assert {named(each): (each.kind, each.differences) for each in again} == {
        named(each): (each.kind, each.differences) for each in before if each.kind is not FindingKind.MATCHED
    }
    await decide_all(month, november, "ACCEPT")
    payable = sum((each.pays for each in stated.values()), Decimal(0))
    assert await closed(month, NOVEMBER) == (payable - agreed, 0)


def test_cases_are_of_every_kind_and_named_apart():
    assert max(Counter(each.__name__ for each in CASES).values()) == 1
    assert len(CASES) > 40
