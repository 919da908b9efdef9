"""Payments: later reversals, repetitions and reopenings neither undo nor repeat what was decided."""

from datetime import date
from decimal import Decimal

import pytest

from ledger.reconciliation.closing import check_seals
from ledger.reconciliation.matching import reconcile_period
from ledger.reconciliation.statements import withdraw
from ledger.reconciliation.values import LedgerFindingId, LineFindingId
from ledger.refusals import Refusal
from tests.reconciliation.month import NOVEMBER, OCTOBER, PHONE, VENDOR, VIDEO, line, noon, october
from tests.reconciliation.test_closing import close, closed, found_in
from tests.reconciliation.test_decisions import decide, of_line, of_redemption, run

DECEMBER = date(2026, 12, 1)
FEBRUARY = date(2027, 2, 1)


async def here(month, finding, which):
    """The finding of the same line or delivery in another month."""
    period = await month.pool.fetchval(
        "select id from periods where vendor = $1 and month = $2", VENDOR, which
    )
    if isinstance(finding, LineFindingId):
        return LineFindingId(period, finding.statement, finding.line_no)
    return LedgerFindingId(period, finding.customer_id, finding.sequence)


@pytest.fixture
async def taken_back(month):
    """A line accepted for 24, its delivery reversed, the correction of -24 accepted: the line's finding."""
    delivered = await month.deliver(october(3), "A", units=2)
    await month.state(line(1, october(3), "A", units=3))
    accepted = await of_line(month, 1)
    await decide(month, accepted, "ACCEPT")
    await month.reverse(delivered)
    await run(month)
    await decide(month, await of_redemption(month, delivered), "ACCEPT")
    return accepted


async def test_what_was_paid_and_taken_back_comes_to_nothing(month, taken_back):
    assert taken_back
    assert (await closed(month))[0] == 0


async def test_nothing_is_taken_back_once_the_payment_is_reopened(month, taken_back):
    assert await decide(month, taken_back, "REOPEN") is None
    await run(month)
    assert await decide(month, taken_back, "ACCEPT") is None
    assert (await closed(month))[0] == 0


async def test_nothing_is_taken_back_once_the_payment_is_disputed(month, taken_back):
    assert await decide(month, taken_back, "DISPUTE") is None
    assert (await closed(month))[:2] == (0, 36)


async def test_nothing_is_taken_back_of_a_statement_that_is_withdrawn(month, taken_back):
    await withdraw(
        month.pool,
        statement=taken_back.statement,
        note="更正",
        by="li",
        handbook=month.handbook,
        now=month.clock.now,
    )
    assert await closed(month) == (0, 0, [])


async def test_a_correction_in_dispute_goes_with_the_statement_whose_payment_it_takes_back(month):
    delivered = await month.deliver(october(3), "A", units=2)
    statement = await month.state(line(1, october(3), "A", units=3))
    await decide(month, await of_line(month, 1), "ACCEPT")
    await month.reverse(delivered)
    await run(month)
    assert await decide(month, await of_redemption(month, delivered), "DISPUTE") is None
    await withdraw(
        month.pool, statement=statement, note="更正", by="li", handbook=month.handbook, now=month.clock.now
    )
    assert await closed(month) == (0, 0, [])


async def test_a_payment_that_is_changed_is_taken_back_as_it_is_now(month, taken_back):
    assert await decide(month, taken_back, "ACCEPT", pay=Decimal(5)) is None
    [correction] = [row for row in await month.findings() if row["line_no"] is None]
    assert (correction["ledger_amount"], correction["action"]) == (-5, None)
    refusal = await close(month)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "FINDINGS_OPEN"


@pytest.mark.parametrize("again", [OCTOBER, NOVEMBER])
async def test_what_was_paid_by_exception_is_not_paid_again_when_it_is_posted_and_stated_at_last(
    month, again
):
    await month.state(line(1, october(3), "A"))
    await decide(month, await of_line(month, 1), "ACCEPT", pay=Decimal(12))
    if again is NOVEMBER:
        assert (await closed(month))[0] == 12
    await month.deliver(october(3), "A", late=True)
    await month.state(line(5, october(3), "A"), number="S-2", month=again)
    assert (5, "DUPLICATE_LINE") in await month.kinds(again)
    [repeating] = [row for row in await month.findings(again) if row["line_no"] == 5]
    assert repeating["facts"]["why"] == "EXCEPTION"
    refusal = await close(month, again)
    assert isinstance(refusal, Refusal)
    assert "line 5 of S-2 DUPLICATE_LINE" in refusal.message("en")


async def test_an_exception_without_a_reference_is_known_again_by_its_day(month):
    await month.state(line(1, october(3)))
    await decide(month, await of_line(month, 1), "ACCEPT", pay=Decimal(12))
    assert (await closed(month))[0] == 12
    await month.deliver(october(3), "A", late=True)
    await month.state(line(5, october(3), "A"), line(6, october(20), "B"), number="S-2", month=NOVEMBER)
    assert {(5, "DUPLICATE_LINE"), (6, "NOT_IN_LEDGER")} <= set(await month.kinds(NOVEMBER))


async def test_a_dispute_of_what_agrees_waits_for_a_decision_in_the_next_month_too(month):
    await month.deliver(october(3), "A")
    await month.state(line(1, october(3), "A"))
    finding = await of_line(month, 1)
    await decide(month, finding, "DISPUTE", note="客户投诉")
    assert await closed(month) == (0, 12, [])
    assert await found_in(month, NOVEMBER) == [("MATCHED", OCTOBER)]
    refusal = await close(month, NOVEMBER)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "FINDINGS_OPEN"
    assert await decide(month, await here(month, finding, NOVEMBER), "ACCEPT") is None
    assert await closed(month, NOVEMBER) == (12, 0, [(PHONE, OCTOBER, False, 1, 12)])
    assert await check_seals(month.pool) == []


async def test_a_pair_made_by_hand_and_disputed_pays_nothing_for_what_was_reversed_meanwhile(month):
    delivered = await month.deliver(october(3), "A", member_no="M2")
    await month.state(line(1, october(3), "Z"))
    finding = await of_line(month, 1)
    await decide(month, finding, "MATCH", redemptions=[delivered])
    await decide(month, finding, "DISPUTE")
    await closed(month)
    await month.reverse(delivered)
    assert await found_in(month, NOVEMBER) == [("REVERSED", OCTOBER)]


async def test_a_match_by_hand_across_benefits_is_paid_under_what_was_delivered(month):
    delivered = await month.deliver(october(3), "A", benefit=VIDEO)
    await month.state(line(1, october(3), "B", amount="25.50"))
    assert await decide(month, await of_line(month, 1), "MATCH", redemptions=[delivered]) is None
    assert await closed(month) == (Decimal("25.50"), 0, [(VIDEO, OCTOBER, False, 1, Decimal("25.50"))])
    assert await check_seals(month.pool) == []


async def test_a_match_by_hand_across_benefits_is_refused_where_the_vendor_has_no_contract_for_it(month):
    delivered = await month.deliver(october(3), "A", benefit=VIDEO)
    await month.state(line(1, october(3), "B"))
    await month.pool.execute(
        "update contract_terms set ends_on = '2026-10-03' where vendor = $1 and benefit = $2", VENDOR, VIDEO
    )
    refusal = await decide(month, await of_line(month, 1), "MATCH", redemptions=[delivered])
    assert isinstance(refusal, Refusal)
    assert refusal.code == "INVALID"
    assert "no contract for that on 2026-10-03" in refusal.message("en")
    assert await month.pairs() == {}


async def test_a_price_that_comes_at_last_ends_the_difference(month):
    await month.pool.execute(
        "update contract_terms set ends_on = '2020-01-02' where vendor = $1 and benefit = $2", VENDOR, PHONE
    )
    await month.pool.execute(
        "insert into contract_terms (vendor, benefit, unit_price, starts_on) values ($1, $2, 12, '2026-10-20')",
        VENDOR,
        PHONE,
    )
    other = "insert into contract_terms (vendor, benefit, variant, unit_price, starts_on) values ($1, $2, '-', 1, $3)"
    await month.pool.execute(other, VENDOR, PHONE, OCTOBER)  # contracted, but not for this
    await month.deliver(october(3), "A")
    await month.state(line(1, october(3), "A"))
    assert await month.kinds() == [(1, "AMOUNT_DIFFERS")]
    await month.pool.execute(
        "insert into contract_terms (vendor, benefit, unit_price, starts_on, ends_on) values ($1, $2, 12, $3, $4)",
        VENDOR,
        PHONE,
        OCTOBER,
        october(20),
    )
    await run(month)
    assert await month.kinds() == []


async def test_what_a_line_in_dispute_may_mean_is_not_called_missing_in_the_next_month_either(month):
    for reference in ("A", "B"):
        await month.deliver(october(3), reference)
    await month.state(line(1, october(3)))
    finding = await of_line(month, 1)
    await decide(month, finding, "DISPUTE")
    await closed(month)
    assert await found_in(month, NOVEMBER) == [("AMBIGUOUS", OCTOBER)]
    await decide(month, await here(month, finding, NOVEMBER), "DISPUTE")
    assert await found_in(month, NOVEMBER) == [("AMBIGUOUS", OCTOBER)]


async def test_a_correction_is_found_whatever_month_closes_when(month):
    month.clock.now = noon(date(2026, 12, 2))
    delivered = await month.deliver(NOVEMBER.replace(day=6), "A", late=True)
    await month.state(line(1, NOVEMBER.replace(day=6), "A"), number="S-11", month=NOVEMBER)
    await month.state(number="S-10", month=OCTOBER)
    assert (await closed(month, NOVEMBER))[0] == 12
    await month.reverse(delivered)
    month.clock.now = noon(date(2027, 1, 5))
    assert await closed(month, OCTOBER) == (0, 0, [])
    assert await found_in(month, DECEMBER) == [("REVERSED", None)]


async def test_a_correction_may_be_disputed_and_is_taken_back_in_the_end_once(month):
    delivered = await month.deliver(october(3), "A")
    await month.state(line(1, october(3), "A"))
    assert (await closed(month))[0] == 12
    await month.reverse(delivered)
    assert await found_in(month, NOVEMBER) == [("REVERSED", None)]
    finding = await of_redemption(month, delivered)
    await decide(month, await here(month, finding, NOVEMBER), "DISPUTE")
    assert await closed(month, NOVEMBER) == (0, -12, [])
    month.clock.now = noon(DECEMBER)
    assert await found_in(month, DECEMBER) == [("REVERSED", NOVEMBER)]
    await decide(month, await here(month, finding, DECEMBER), "ACCEPT")
    assert await closed(month, DECEMBER) == (-12, 0, [(PHONE, OCTOBER, True, -1, -12)])
    month.clock.now = noon(date(2027, 1, 5))
    january = await reconcile_period(
        month.pool, vendor=VENDOR, month=date(2027, 1, 1), handbook=month.handbook, now=month.clock.now
    )
    assert isinstance(january, int)
    assert await month.findings(date(2027, 1, 1)) == []
    assert await check_seals(month.pool) == []


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("statement_lines", "update statement_lines set amount = amount + 1 where line_no = 1"),
        ("statement_lines", "delete from statement_lines where line_no = 1"),
        ("carryovers", "delete from carryovers"),
    ],
)
async def test_whoever_changes_the_lines_or_what_was_carried_on_is_noticed(month, database, table, change):
    await month.deliver(october(3), "A")
    await month.state(line(1, october(3), "A"), line(2, october(5), "Z"))
    await decide(month, await of_line(month, 2), "DISPUTE")
    await closed(month)
    assert await check_seals(month.pool) == []
    async with database.owner_pool.acquire() as owner:
        await owner.execute(f"alter table {table} disable trigger user")
        await owner.execute(change)
    assert any(each.startswith("settlement v 2026-10") for each in await check_seals(month.pool))


async def test_a_line_reopened_after_its_correction_is_reversed_at_once_and_after_another_run(month):
    delivered = await month.deliver(october(3), "A", units=2)
    await month.state(line(1, october(3), "A", units=3))
    finding = await of_line(month, 1)
    await decide(month, finding, "ACCEPT")
    await month.reverse(delivered)
    await run(month)
    await decide(month, await of_redemption(month, delivered), "ACCEPT")
    assert await decide(month, finding, "REOPEN") is None
    for _ in range(2):
        assert await month.kinds() == [(1, "REVERSED")]
        await run(month)


async def test_an_exception_blocks_no_line_of_another_season_with_the_same_reference(month):
    await month.state(line(1, october(3), "无"))
    await decide(month, await of_line(month, 1), "ACCEPT", pay=Decimal(12))
    await closed(month)
    month.clock.now = noon(date(2026, 11, 30))
    delivered = await month.deliver(date(2026, 11, 20), "无")
    await month.state(line(7, date(2026, 11, 20), "无"), number="S-11", month=NOVEMBER)
    assert (await month.pairs())[7][0] == delivered


async def test_a_delivery_disputed_then_matched_by_hand_and_parted_is_listed_again(month):
    delivered = await month.deliver(october(3), "A", member_no="M2")
    await month.state(line(1, october(3), "Z"))
    stated = await of_line(month, 1)
    await decide(month, stated, "DISPUTE")
    await decide(month, await of_redemption(month, delivered), "DISPUTE")
    await closed(month)
    month.clock.now = noon(date(2026, 12, 2))
    await found_in(month, NOVEMBER)
    stated = await here(month, stated, NOVEMBER)
    assert await decide(month, stated, "MATCH", redemptions=[delivered]) is None
    assert await decide(month, stated, "DISPUTE") is None
    await closed(month, NOVEMBER)

    assert await found_in(month, DECEMBER) == [("MATCHED", NOVEMBER)]
    assert await decide(month, await here(month, stated, DECEMBER), "REOPEN") is None

    assert await found_in(month, DECEMBER) == [("NOT_IN_LEDGER", NOVEMBER), ("NOT_IN_STATEMENT", None)]
    assert await found_in(month, DECEMBER) == [("NOT_IN_LEDGER", NOVEMBER), ("NOT_IN_STATEMENT", None)]


async def test_a_delivery_parted_from_its_line_months_later_is_listed_again(month):
    delivered = await month.deliver(october(3), "A", member_no="M2")
    await month.state(line(1, october(3), "Z"))
    stated = await of_line(month, 1)
    await decide(month, stated, "MATCH", redemptions=[delivered])
    await decide(month, stated, "DISPUTE")
    await closed(month)
    for after in (NOVEMBER, DECEMBER, date(2027, 1, 1)):
        month.clock.now = noon(after.replace(day=28))
        await found_in(month, after)
        assert await decide(month, await here(month, stated, after), "DISPUTE") is None
        await closed(month, after)
    month.clock.now = noon(FEBRUARY.replace(day=28))
    await found_in(month, FEBRUARY)

    assert await decide(month, await here(month, stated, FEBRUARY), "REOPEN") is None

    assert sorted(kind for _, kind in await month.kinds(FEBRUARY)) == ["NOT_IN_LEDGER", "NOT_IN_STATEMENT"]


async def test_a_delivery_that_a_disputed_line_might_have_meant_is_listed_once_the_line_is_matched(month):
    meant = await month.deliver(october(9), "X")
    await month.deliver(october(9), "Y")
    await month.state(line(1, october(9)))
    stated = await of_line(month, 1)
    await decide(month, stated, "DISPUTE")
    month.clock.now = noon(date(2027, 1, 20))
    await closed(month)
    assert await found_in(month, NOVEMBER) == [("AMBIGUOUS", OCTOBER)]

    assert await decide(month, await here(month, stated, NOVEMBER), "MATCH", redemptions=[meant]) is None

    assert ("NOT_IN_STATEMENT", None) in await found_in(month, NOVEMBER)


async def test_a_disputed_delivery_is_listed_again_once_no_line_may_mean_it_any_more(month):
    meant, other = await month.deliver(october(9), "X"), await month.deliver(october(9), "Y")
    await month.state()
    for delivered in (meant, other):
        await decide(month, await of_redemption(month, delivered), "DISPUTE")
    await closed(month)
    month.clock.now = noon(date(2026, 12, 2))
    await month.state(line(1, october(9)), number="S-11", month=NOVEMBER)
    statement = await month.pool.fetchval("select id from statements where number = 'S-11'")
    stated = await here(month, LineFindingId(0, statement, 1), NOVEMBER)
    assert await decide(month, stated, "DISPUTE") is None
    await closed(month, NOVEMBER)
    assert await found_in(month, DECEMBER) == [("AMBIGUOUS", NOVEMBER)]

    assert await decide(month, await here(month, stated, DECEMBER), "MATCH", redemptions=[meant]) is None

    assert ("NOT_IN_STATEMENT", None) in await found_in(month, DECEMBER)
