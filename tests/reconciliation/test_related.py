"""Double payments are visible: a finding tells finance what else there is for its member, benefit and day."""

from decimal import Decimal

from ledger.reconciliation.finding_pages import FindingFilter, Scope, findings_page
from tests.reconciliation.month import OTHER_VENDOR, VIDEO, line, october
from tests.reconciliation.test_decisions import decide, of_line


async def reasons(month, *, to_vendor=False):
    """What each finding of October says, by its line; None: of a delivery."""
    period = await month.pool.fetchval("select id from periods where vendor = 'v'")
    page = await findings_page(
        month.pool,
        scope=Scope.period(period),
        where=FindingFilter(),
        first=100,
        after=None,
        now=month.clock.now,
    )
    return {
        each.line.line_no if each.line is not None else None: each.reason("en", to_vendor=to_vendor)
        for each in page
    }


async def test_what_another_vendor_delivered_that_day_is_told_to_finance_and_never_to_the_vendor(month):
    await month.deliver(october(3), vendor=OTHER_VENDOR, units=2)
    await month.deliver(october(3), vendor=OTHER_VENDOR, benefit=VIDEO)
    await month.deliver(october(4), vendor=OTHER_VENDOR)
    await month.reverse(await month.deliver(october(3), vendor=OTHER_VENDOR), vendor=OTHER_VENDOR)
    await month.state(line(1, october(3), "A"), line(2, october(9), "B"))
    told = await reasons(month)
    assert told[1].count("Mind that") == 1
    assert "Mind that w delivered this benefit to the member on the same day (2 units)." in told[1]
    assert "Mind" not in told[2]
    assert "Mind" not in (await reasons(month, to_vendor=True))[1]


async def test_a_delivery_that_no_line_speaks_of_tells_what_another_vendor_delivered_too(month):
    await month.deliver(october(3))
    await month.deliver(october(3), vendor=OTHER_VENDOR)
    await month.state()
    assert "Mind that w delivered" in (await reasons(month))[None]


async def test_a_line_paid_by_exception_is_told_of_in_the_findings_related_to_it(month):
    await month.state(line(1, october(3), "A"))
    assert await decide(month, await of_line(month, 1), "ACCEPT", pay=Decimal(12)) is None
    await month.state(line(2, october(3), "B"), number="S-2")
    told = await reasons(month)
    assert "Mind that line 1 of statement S-1 of v is paid by exception" in told[2]
    assert "Mind" not in told[1]


async def test_a_line_matched_by_hand_is_told_of_in_the_findings_related_to_it(month):
    delivered = await month.deliver(october(3), "X")
    await month.state(line(1, october(20), "A"), line(2, october(3), "X", units=2))
    await decide(month, await of_line(month, 1), "DISPUTE")
    assert "Mind" not in (await reasons(month))[2]
    parted = await of_line(month, 2)
    assert await decide(month, parted, "DISPUTE") is None
    other = await month.deliver(october(3), "Y")
    assert await decide(month, await of_line(month, 1), "MATCH", redemptions=[other]) is None
    told = await reasons(month)
    assert "Mind that line 1 of statement S-1 of v (1 unit) is matched by hand" in told[2]
    assert delivered != other


async def test_a_line_that_simply_agrees_tells_of_nothing_else(month):
    await month.deliver(october(3), "A")
    await month.deliver(october(3), vendor=OTHER_VENDOR)
    await month.state(line(1, october(3), "A"))
    assert "Mind" not in (await reasons(month))[1]
