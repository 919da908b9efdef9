"""From stated to payable, to the cent: the steps add up whatever is found and decided, and are sealed."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from ledger.reconciliation.bridge import BridgeStepKind, Found, Origin, Outcome, bridge
from ledger.reconciliation.bridging import bridge_of
from ledger.reconciliation.closing import check_seals, close_period
from ledger.reconciliation.paying import Sides, payable_when_accepted
from ledger.reconciliation.values import FindingKind, LedgerFindingId, LineFindingId
from tests.reconciliation.month import NOVEMBER, OCTOBER, VENDOR, line, october
from tests.reconciliation.test_closing import close, closed
from tests.reconciliation.test_decisions import decide, of_redemption

cents = st.integers(-(10**6), 10**6).map(lambda each: Decimal(each) / 100)
founds = st.builds(
    Found,
    origin=st.sampled_from(Origin),
    outcome=st.sampled_from(Outcome),
    kind=st.sampled_from(FindingKind),
    findings=st.integers(1, 9),
    exceptions=st.integers(0, 3),
    asked=cents,
    supported=cents,
    paid=cents,
)


def paid(found: Found) -> Decimal:
    """What findings add to what is payable."""
    if found.outcome is Outcome.AGREES:
        return Decimal() if found.origin is Origin.LEDGER else found.asked
    return found.paid if found.outcome is Outcome.DECIDED else Decimal()


@given(agreeing=cents, found=st.lists(founds, max_size=8))
def test_the_amounts_of_all_steps_add_up_to_what_is_payable(agreeing, found):
    own = [each for each in found if each.origin in {Origin.LINE, Origin.CREDIT}]
    steps = bridge(1 + len(own), agreeing + sum(each.asked for each in own), found)
    assert [each.step for each in steps] == list(BridgeStepKind)
    total = Decimal()
    for each in steps:
        total += each.amount
        assert each.running_total == total
    assert total == agreeing + sum(map(paid, found))


async def steps_of(month, which=OCTOBER) -> dict[str, tuple[int, str]]:
    """The steps that say something: how many lines, and how much."""
    steps = await bridge_of(month.pool, VENDOR, which)
    return {
        each.step.value: (each.lines, f"{each.amount:.2f}")
        for each in steps
        if each.lines or each.amount or each.step is BridgeStepKind.STATED
    } | {"PAYABLE": (steps[-1].lines, f"{steps[-1].running_total:.2f}")}


async def test_each_step_of_a_month_and_of_the_one_after_it(month):
    await month.deliver(october(1), "A-1")
    await month.deliver(october(2), "A-2")
    await month.deliver(october(4), "A-4")
    reversed_later = await month.deliver(october(5), "A-5")
    unstated = await month.deliver(october(20), "A-6", member_no="M2")
    statement = await month.state(
        line(1, october(1), "A-1"),  # agrees
        line(2, october(2), "A-2", amount="15.00"),  # 3.00 more than agreed
        line(3, october(3), "A-3", member_no="M3"),  # no delivery: an exception of 7.00
        line(4, october(4), "A-4", amount="20.00"),  # disputed
        line(5, october(5), "A-5"),
        line(6, october(9), "A-9", units=-1, amount="-12.00"),  # takes back what nobody paid
    )
    period = await month.pool.fetchval("select id from periods")
    assert await steps_of(month) == {
        "STATED": (5, "71.00"),
        "AMOUNT_DIFFERS": (2, "-35.00"),
        "NOT_IN_LEDGER": (2, "0.00"),
        "NOT_IN_STATEMENT": (1, "0.00"),
        "CREDITS": (1, "-12.00"),
        "PAYABLE": (2, "24.00"),
    }
    assert await decide(month, LineFindingId(period, statement, 2), "ACCEPT") is None
    assert await decide(month, LineFindingId(period, statement, 3), "ACCEPT", pay=Decimal("7.00")) is None
    assert await decide(month, LineFindingId(period, statement, 4), "DISPUTE") is None
    assert await decide(month, LineFindingId(period, statement, 6), "ACCEPT") is None
    assert await decide(month, await of_redemption(month, unstated), "DISPUTE") is None
    payable, carried, _ = await closed(month)
    october_steps = {
        "STATED": (5, "71.00"),
        "AMOUNT_DIFFERS": (1, "-3.00"),
        "NOT_IN_LEDGER": (2, "0.00"),
        "NOT_IN_STATEMENT": (1, "12.00"),
        "EXCEPTIONS": (1, "7.00"),
        "CREDITS": (1, "-12.00"),
        "CARRIED_OUT": (2, "-32.00"),
        "PAYABLE": (4, "43.00"),
    }
    assert await steps_of(month) == october_steps
    assert (payable, carried) == (Decimal("43.00"), Decimal("32.00"))
    await month.reverse(reversed_later)
    month.clock.now = month.clock.now.replace(day=25)
    await month.state(month=NOVEMBER, number="S-2")
    found = await month.findings(NOVEMBER)
    for row in found:
        which = (
            LineFindingId(row["period"], row["statement"], row["line_no"])
            if row["line_no"] is not None
            else LedgerFindingId(row["period"], row["customer_id"], row["sequence"])
        )
        assert await decide(month, which, "ACCEPT") is None
    assert isinstance(await close(month, NOVEMBER), int)
    assert await steps_of(month, NOVEMBER) == {
        "STATED": (0, "0.00"),
        "AMOUNT_DIFFERS": (1, "-8.00"),
        "NOT_IN_STATEMENT": (1, "-12.00"),
        "CARRIED_IN": (2, "32.00"),
        "CORRECTIONS": (1, "-12.00"),
        "PAYABLE": (2, "0.00"),
    }
    assert await steps_of(month) == october_steps
    assert await check_seals(month.pool) == []


async def test_what_both_sides_support_is_the_same_in_sql(month):
    """The query adds up what `paying` says of each finding."""
    await month.deliver(october(2), "A-2", units=2)
    await month.deliver(october(4), "A-4")
    await month.state(
        line(1, october(2), "A-2", units=3),
        line(2, october(5), "A-4"),
        line(3, october(3), "A-3"),
        line(4, october(2), "A-2", units=2),
    )
    rows = await month.findings()
    assert len(rows) >= 3
    for row in rows:
        sides = Sides(
            kind=FindingKind(row["kind"]),
            stated_units=row["stated_units"],
            stated_amount=row["stated_amount"],
            ledger_units=row["ledger_units"],
            ledger_amount=row["ledger_amount"],
        )
        which = LineFindingId(row["period"], row["statement"], row["line_no"])
        before = (await bridge_of(month.pool, VENDOR, OCTOBER))[-1].running_total
        assert await decide(month, which, "ACCEPT") is None
        steps = await bridge_of(month.pool, VENDOR, OCTOBER)
        assert steps[-1].running_total - before == payable_when_accepted(sides).amount
        assert next(each for each in steps if each.step is BridgeStepKind.EXCEPTIONS).lines == 0


async def test_the_way_is_sealed_and_months_closed_before_it_was_stay_as_they_are(month, database):
    await month.deliver(october(1), "A-1")
    await month.state(line(1, october(1), "A-1"))
    await closed(month)
    stored = await month.pool.fetchval("select bridge from settlements")
    assert stored[0] == ["STATED", 1, "12.00"]
    assert stored[-1] == ["PAYABLE", 1, "0.00"]
    await database.owner_pool.execute("alter table settlements disable trigger user")
    await database.owner_pool.execute(
        "update settlements set bridge = jsonb_set(bridge, '{0,2}', '\"13.00\"')"
    )
    wrong = await check_seals(month.pool)
    assert ["the seal is not" in wrong[0], "the way from stated to payable" in wrong[1]] == [True, True]


async def test_a_settlement_sealed_without_a_way_holds(month, database, monkeypatch):
    monkeypatch.setattr("ledger.reconciliation.closing._bridge_as_sealed", lambda _steps: None)
    await month.deliver(october(1), "A-1")
    await month.state(line(1, october(1), "A-1"))
    period = await close_period(
        month.pool, vendor=VENDOR, month=OCTOBER, by="li", handbook=month.handbook, now=month.clock.now
    )
    assert isinstance(period, int)
    assert await month.pool.fetchval("select bridge from settlements") is None
    assert await check_seals(month.pool) == []
