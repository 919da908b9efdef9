"""Credit lines: they cancel a line of the month, take back what was paid, or are a finding."""

from decimal import Decimal

import pytest

from ledger.reconciliation.closing import check_seals
from ledger.reconciliation.statements import withdraw
from ledger.reconciliation.values import StatementLine
from tests.reconciliation.month import NOVEMBER, OCTOBER, PHONE, line, october
from tests.reconciliation.test_closing import close, closed, found_in
from tests.reconciliation.test_decisions import decide, of_line, of_redemption, run
from tests.reconciliation.test_groups import said, shown
from tests.reconciliation.test_paid_once import here


def credit(line_no, day, reference=None, *, units=1, amount=None, **more) -> StatementLine:
    """A credit line of so many units, for what they cost."""
    stated = line(line_no, day, reference, units=units, **more)
    taken = stated.amount if amount is None else Decimal(amount)
    return StatementLine(
        line_no=line_no,
        reference=reference,
        member_no=stated.member_no,
        benefit=stated.benefit,
        units=-units,
        occurred_on=day,
        amount=-taken,
    )


async def kinds(month, which=OCTOBER):
    return [(number, kind) for number, kind, _, _ in await said(month, which)]


async def test_a_credit_line_and_its_opposite_cancel_each_other_and_the_corrected_line_is_paid(month):
    await month.deliver(october(3), "A")
    await month.state(
        line(1, october(3), "A", amount="20.00"),
        credit(2, october(4), "A", amount="20.00"),
        line(3, october(3), "A"),
    )
    assert await said(month) == [(1, "MATCHED", 0, [2]), (2, "MATCHED", 0, [1]), (3, "MATCHED", 1, [])]
    first, second, _ = await shown(month)
    assert (first.payable, second.payable) == (20, -20)
    assert "cancel each other" in first.reason("en")
    assert "cancel each other" in second.reason("en")
    assert (await closed(month))[:2] == (12, 0)
    assert await check_seals(month.pool) == []


async def test_a_line_that_was_paired_before_its_credit_came_is_free_again(month):
    await month.deliver(october(3), "A")
    await month.state(line(1, october(3), "A"))
    assert await kinds(month) == [(1, "MATCHED")]
    await month.state(credit(2, october(3), "A"), number="S-2")
    assert await kinds(month) == [(1, "MATCHED"), (2, "MATCHED"), (None, "NOT_IN_STATEMENT")]
    await run(month)
    assert await kinds(month) == [(1, "MATCHED"), (2, "MATCHED"), (None, "NOT_IN_STATEMENT")]
    await month.state(line(3, october(3), "A"), number="S-3")
    assert await kinds(month) == [(1, "MATCHED"), (2, "MATCHED"), (3, "MATCHED")]
    assert (await closed(month))[0] == 12


async def test_a_credit_that_is_disputed_leaves_its_line_to_the_match(month):
    await month.deliver(october(3), "A")
    await month.state(line(1, october(3), "A"), credit(2, october(3), "A"))
    assert await decide(month, await of_line(month, 2), "DISPUTE") is None
    assert await said(month) == [(1, "MATCHED", 1, []), (2, "MATCHED", 0, [1])]
    assert (await closed(month))[:2] == (12, -12)
    # In November the credit is found anew: it takes back what October paid.
    assert await found_in(month, NOVEMBER) == [("MATCHED", OCTOBER)]
    assert await said(month, NOVEMBER) == [(2, "MATCHED", 1, [1])]
    assert (await closed(month, NOVEMBER))[0] == -12


@pytest.fixture
async def paid(month):
    """A delivery of two units on 3 October that October has paid."""
    delivered = await month.deliver(october(3), "A", units=2)
    await month.state(line(1, october(3), "A", units=2))
    await closed(month)
    return delivered


async def test_a_credit_line_takes_back_what_was_paid_before(month, paid):
    await month.state(credit(1, NOVEMBER, "A", units=2), number="S-2", month=NOVEMBER)
    [finding] = await shown(month, NOVEMBER)
    assert (finding.kind, finding.payable, finding.waits) == ("MATCHED", -24, False)
    assert [each.id for each in finding.redemptions] == [paid]
    assert [(each.statement, each.line_no) for each in finding.other_lines] == [("S-1", 1)]
    assert "takes back what was paid for line 1 of statement S-1" in finding.reason("en")
    assert await closed(month, NOVEMBER) == (-24, 0, [(PHONE, OCTOBER, True, -2, -24)])
    assert await check_seals(month.pool) == []


async def test_part_of_a_payment_may_be_taken_back_by_its_reference_and_no_more_than_is_left(month, paid):
    await month.state(
        credit(1, NOVEMBER, "A"),
        credit(2, NOVEMBER, "A"),
        credit(3, NOVEMBER, "A"),
        number="S-2",
        month=NOVEMBER,
    )
    assert sorted(kind for _, kind in await kinds(month, NOVEMBER)) == ["MATCHED", "MATCHED", "NOT_IN_LEDGER"]


async def test_a_credit_line_without_a_reference_takes_back_all_that_was_paid_for_its_day(month, paid):
    assert paid
    await month.state(
        credit(1, october(3), units=2), credit(2, october(4), units=2), number="S-2", month=NOVEMBER
    )
    assert await kinds(month, NOVEMBER) == [(1, "MATCHED"), (2, "NOT_IN_LEDGER")]


async def test_a_credit_line_is_the_reversal_in_the_ledger_and_nothing_is_taken_back_twice(month, paid):
    await month.reverse(paid)
    assert await found_in(month, NOVEMBER) == [("REVERSED", None)]
    await month.state(credit(1, october(3), "A", units=2), number="S-2", month=NOVEMBER)
    assert await said(month, NOVEMBER) == [(1, "MATCHED", 1, [1])]
    assert (await closed(month, NOVEMBER))[0] == -24


async def test_what_a_credit_left_of_a_payment_is_taken_back_when_the_delivery_is_reversed(month, paid):
    await month.state(credit(1, NOVEMBER, "A"), number="S-2", month=NOVEMBER)
    await month.reverse(paid)
    assert await found_in(month, NOVEMBER) == [("MATCHED", None), ("REVERSED", None)]
    await decide(month, await of_redemption(month, paid, NOVEMBER), "ACCEPT")
    assert (await closed(month, NOVEMBER))[0] == -24


async def test_a_credit_after_the_correction_has_nothing_to_take_back(month, paid):
    await month.reverse(paid)
    await found_in(month, NOVEMBER)
    await decide(month, await of_redemption(month, paid, NOVEMBER), "ACCEPT")
    await month.state(credit(1, october(3), "A", units=2), number="S-2", month=NOVEMBER)
    assert await kinds(month, NOVEMBER) == [(1, "NOT_IN_LEDGER"), (None, "REVERSED")]


async def test_what_was_credited_in_full_may_be_billed_anew(month, paid):
    await month.state(credit(1, NOVEMBER, "A", units=2), number="S-2", month=NOVEMBER)
    await closed(month, NOVEMBER)
    december = NOVEMBER.replace(month=12)
    month.clock.now = month.clock.now.replace(month=12)
    assert await found_in(month, december) == []
    await month.state(line(1, october(3), "A", units=2, amount="20.00"), number="S-3", month=december)
    [finding] = await shown(month, december)
    assert (finding.kind, finding.accepting_pays) == ("AMOUNT_DIFFERS", 20)
    assert [each.id for each in finding.redemptions] == [paid]


async def test_a_delivery_of_a_group_that_is_credited_may_be_billed_by_itself_in_the_same_statement(month):
    two = [await month.deliver(october(3), name) for name in ("A", "B")]
    await month.state(line(1, october(3), "INV-1", units=2))
    await closed(month)
    await month.state(
        credit(1, october(3), "INV-1", units=2), line(2, october(3), "B"), number="S-2", month=NOVEMBER
    )
    assert await said(month, NOVEMBER) == [(1, "MATCHED", 2, [1]), (2, "MATCHED", 1, [])]
    assert [each.id for each in (await shown(month, NOVEMBER))[1].redemptions] == two[1:]
    assert (await closed(month, NOVEMBER))[:2] == (-12, 0)
    assert await check_seals(month.pool) == []


async def test_what_is_billed_anew_is_a_duplicate_once_the_credit_is_withdrawn_or_in_dispute(month, paid):
    assert paid
    number = await month.state(credit(1, october(3), "A", units=2), number="S-2", month=NOVEMBER)
    await month.state(line(2, october(3), "A", units=2, amount="20.00"), number="S-3", month=NOVEMBER)
    assert await kinds(month, NOVEMBER) == [(1, "MATCHED"), (2, "AMOUNT_DIFFERS")]
    stated = (await shown(month, NOVEMBER))[0].id
    assert await decide(month, stated, "DISPUTE") is None
    assert await kinds(month, NOVEMBER) == [(1, "MATCHED"), (2, "DUPLICATE_LINE")]
    assert await decide(month, stated, "REOPEN") is None
    assert await kinds(month, NOVEMBER) == [(1, "MATCHED"), (2, "AMOUNT_DIFFERS")]
    await withdraw(
        month.pool, statement=number, note="更正", by="li", handbook=month.handbook, now=month.clock.now
    )
    assert await kinds(month, NOVEMBER) == [(2, "DUPLICATE_LINE")]


async def test_what_is_billed_anew_and_agrees_is_a_duplicate_too_once_the_credit_is_withdrawn(month, paid):
    number = await month.state(credit(1, NOVEMBER, "A", units=2), number="S-2", month=NOVEMBER)
    await month.state(line(2, october(3), units=2), number="S-3", month=NOVEMBER)
    assert [each.id for each in (await shown(month, NOVEMBER))[1].redemptions] == [paid]
    await withdraw(
        month.pool, statement=number, note="更正", by="li", handbook=month.handbook, now=month.clock.now
    )
    assert await kinds(month, NOVEMBER) == [(2, "DUPLICATE_LINE")]


async def test_what_is_billed_anew_and_in_dispute_is_billed_by_no_further_line(month, paid):
    assert paid
    await month.state(
        credit(1, october(3), "A", units=2),
        line(2, october(3), "A", units=2, amount="20.00"),
        number="S-2",
        month=NOVEMBER,
    )
    anew = (await shown(month, NOVEMBER))[1]
    assert await decide(month, anew.id, "DISPUTE") is None
    await month.state(line(3, october(3), "A", units=2, amount="20.00"), number="S-3", month=NOVEMBER)
    assert await kinds(month, NOVEMBER) == [
        (1, "MATCHED"),
        (2, "AMOUNT_DIFFERS"),
        (3, "DUPLICATE_LINE"),
    ]


async def test_what_is_credited_and_reversed_is_not_paid_anew(month, paid):
    await month.reverse(paid)
    await month.state(
        credit(1, october(3), "A", units=2),
        line(2, october(3), "A", units=2, amount="20.00"),
        number="S-2",
        month=NOVEMBER,
    )
    assert await kinds(month, NOVEMBER) == [(1, "MATCHED"), (2, "REVERSED")]


async def test_a_credit_line_that_takes_nothing_back_is_a_finding_and_is_taken_by_name(month):
    await month.deliver(october(3), "A")
    await month.state(credit(1, october(3), "A"), line(2, october(3), "A", amount="12.50"))
    assert await kinds(month) == [(1, "NOT_IN_LEDGER"), (2, "AMOUNT_DIFFERS")]
    assert "nothing was paid" in (await shown(month))[0].reason("en")
    lone = await of_line(month, 1)
    for pay in ("1", "-12.01"):
        assert (await decide(month, lone, "ACCEPT", pay=Decimal(pay))).code == "INVALID"
    assert await decide(month, lone, "ACCEPT", pay=Decimal("-12.00")) is None
    assert await decide(month, await of_line(month, 2), "ACCEPT") is None
    assert (await closed(month))[2] == [(PHONE, OCTOBER, False, 1, 12), (PHONE, OCTOBER, True, -1, -12)]


async def test_a_credit_line_is_not_matched_by_hand(month):
    delivered = await month.deliver(october(3), "A")
    await month.state(credit(1, october(3), "B"))
    refusal = await decide(month, await of_line(month, 1), "MATCH", redemptions=[delivered])
    assert refusal.code == "INVALID"
    assert "ACCEPT it" in refusal.message("en")


async def test_a_credit_of_a_payment_that_is_reopened_is_found_anew(month):
    await month.deliver(october(3), "A")
    await month.state(line(1, october(3), "A", units=2), credit(2, october(3), "A"))
    first = await of_line(month, 1)
    assert await decide(month, first, "ACCEPT") is None
    assert await kinds(month) == [(1, "UNITS_DIFFER"), (2, "MATCHED")]
    assert await decide(month, first, "REOPEN") is None
    assert await kinds(month) == [(1, "UNITS_DIFFER"), (2, "NOT_IN_LEDGER")]
    assert (await close(month)).code == "FINDINGS_OPEN"
    assert await decide(month, await here(month, first, OCTOBER), "ACCEPT") is None
    assert (await closed(month))[0] == 0
