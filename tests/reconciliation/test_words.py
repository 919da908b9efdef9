"""Reasons: what each finding says to the person who has to decide it, in both languages."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from ledger.posting.entries import RedemptionStatus
from ledger.reconciliation.grounds import Delivered, Grounds, LineName, Named
from ledger.reconciliation.phrases import pass_words
from ledger.reconciliation.values import FindingKind, Pass, Side
from ledger.reconciliation.words import reason

OCTOBER = date(2026, 10, 1)
STATED = Side(units=2, amount=Decimal(24), day=date(2026, 10, 5))


def said(kind: str, language: str = "zh", **more: Any) -> str:
    case = Grounds(kind=FindingKind(kind), month=OCTOBER, member_no="M1", tolerance_days=3, **more)
    return reason(case).spoken(language)


def ledger(units: int = 2, amount: str | None = "24", day: int = 5) -> Side:
    return Side(units=units, amount=Decimal(amount) if amount else None, day=date(2026, 10, day))


@pytest.mark.parametrize("how", Pass)
def test_a_pair_tells_how_it_came_together(how):
    for language in ("zh", "en"):
        text = said("MATCHED", language, pass_=how, stated=STATED, ledger=ledger())
        assert text.lower().startswith(pass_words(how).spoken(language))


def test_all_differences_of_a_pair_are_told():
    text = said("UNITS_DIFFER", pass_=Pass.REFERENCE, stated=STATED, ledger=ledger(3, "36", 7))
    assert text == (
        "按预约号配对；数量：对账单 2，台账 3（-1）；金额：对账单 24.00 元，台账 36.00 元（-12.00）；"
        "日期：对账单 2026-10-05，台账 2026-10-07（早 2 天）。"
    )
    text = said("UNITS_DIFFER", "en", pass_=Pass.REFERENCE, stated=STATED, ledger=ledger(3, "36", 7))
    assert text == (
        "Matched by reference; units: 2 stated, 3 in the ledger (-1); amount: CNY 24.00 stated, CNY 36.00 in the "
        "ledger (-12.00); date: 2026-10-05 stated, 2026-10-07 in the ledger (2 days earlier)."
    )


def test_a_day_without_a_price_is_told():
    assert "台账在 2026-10-05 没有合同价" in said("AMOUNT_DIFFERS", stated=STATED, ledger=ledger(2, None))
    assert "no contract price in force on 2026-10-05" in said(
        "AMOUNT_DIFFERS", "en", stated=STATED, ledger=ledger(2, None)
    )
    assert "当日没有合同价" in said("NOT_IN_STATEMENT", ledger=ledger(2, None))
    assert "with no contract price" in said("NOT_IN_STATEMENT", "en", ledger=ledger(2, None))


def test_a_reversed_pair_tells_what_differed_before_too():
    text = said("REVERSED", "en", pass_=Pass.EXACT, stated=STATED, ledger=ledger(3, "36"))
    assert "was reversed, so the ledger counts 0" in text
    assert "They differed before the reversal too: units: 2 stated, 3 in the ledger (-1)" in text
    assert "before the reversal" not in said("REVERSED", "en", stated=STATED, ledger=ledger())


def test_a_correction_tells_what_was_paid_and_is_taken_back():
    more = {"ledger": ledger(-2, "-24"), "accepting_pays": Decimal(-24)}
    assert said("REVERSED", **more) == (
        "2026-10-05 的服务（数量 2，24.00 元）已支付，之后被冲正。接受则本期扣回 24.00 元。"
    )
    assert said("REVERSED", "en", **more) == (
        "The delivery of 2026-10-05 (2 units, CNY 24.00) was paid, and reversed since. "
        "ACCEPT takes CNY 24.00 back in this period."
    )


def test_a_pair_with_another_members_delivery_or_of_another_benefit_says_so():
    pair: dict[str, Any] = {"pass_": Pass.HAND, "stated": STATED, "ledger": ledger()}
    other = Delivered(member_no="M2", benefit="dental-care")
    assert said("MATCHED", delivered=other, **pair) == (
        "人工配对；数量、金额、日期一致。注意：该笔服务是会员「M2」的 dental-care，与该行不同；付款记在所提供的项目下。"
    )
    assert said("MATCHED", "en", delivered=other, **pair) == (
        "Matched by hand; units, amount and date agree. Mind that the delivery is of dental-care to member M2, not "
        "what the line says; what is paid counts for what was delivered."
    )
    assert "member M2" in said("UNITS_DIFFER", "en", delivered=other, **pair)


def test_a_duplicate_of_what_was_paid_by_exception_says_so():
    first = LineName(statement="S", line_no=1, paired=False, excepted=True)
    assert "那一行在台账没有服务时已破例付款，只付一次" in said(
        "DUPLICATE_LINE", stated=STATED, duplicate_of=first
    )
    assert "paid by exception, without a delivery, and is paid once" in said(
        "DUPLICATE_LINE", "en", stated=STATED, duplicate_of=first
    )


def test_a_duplicate_names_the_line_that_it_repeats():
    paired = LineName(statement="A-7", line_no=12, paired=True)
    assert "对账单「A-7」第 12 行重复" in said("DUPLICATE_LINE", stated=STATED, duplicate_of=paired)
    alone = LineName(statement="A-7", line_no=12, paired=False)
    text = said("DUPLICATE_LINE", "en", stated=STATED, duplicate_of=alone)
    assert text == "It says the same as line 12 of statement A-7; the ledger has no delivery for either."
    assert said("DUPLICATE_LINE", "en", stated=STATED) == "It repeats another line."


@pytest.mark.parametrize("status", RedemptionStatus)
def test_what_a_reference_leads_to_is_told(status):
    named = Named(member_no="M2", benefit="car-t", status=status)
    for language in ("zh", "en"):
        text = said("NOT_IN_LEDGER", language, stated=STATED, reference="R-1", named=named)
        assert "R-1" in text
        assert "M2" in text
        assert "car-t" in text
    delivered = status in {RedemptionStatus.REDEEMED, RedemptionStatus.REVERSED}
    assert ("not delivered" in said("NOT_IN_LEDGER", "en", stated=STATED, named=named)) != delivered


def test_a_no_show_that_was_taken_back_is_told_as_not_delivered():
    named = Named(member_no="M2", benefit="car-t", status=RedemptionStatus.REVERSED, reversed_no_show=True)
    assert "没有核销" in said("NOT_IN_LEDGER", stated=STATED, reference="R-1", named=named)
    assert "not delivered: told as a no-show" in said(
        "NOT_IN_LEDGER", "en", stated=STATED, reference="R-1", named=named
    )


def test_a_line_without_a_delivery_tells_where_it_was_looked_for():
    assert said("NOT_IN_LEDGER", stated=STATED, accepting_pays=Decimal(0)) == (
        "台账没有会员「M1」在 2026-10-05 前后 3 天内、由该服务商提供此项目且尚未配对的服务；"
        "对账单数量 2，金额 24.00 元。接受则不支付。"
    )


def test_what_comes_late_or_was_carried_forward_says_so():
    earlier = Side(units=1, amount=Decimal("1234567.50"), day=date(2026, 9, 30))
    text = said("NOT_IN_STATEMENT", "en", ledger=earlier, carried_from=date(2026, 9, 1))
    assert text == (
        "Disputed in 2026-09 and carried forward. The ledger has a delivery of 2026-09-30 (1 unit, CNY 1,234,567.50) "
        "that no line of the period's statements speaks of. It happened in an earlier month and comes late."
    )
    assert "较早的账期" not in said("NOT_IN_STATEMENT", ledger=ledger())


def test_a_line_after_the_month_names_the_statement_that_can_claim_it():
    later = Side(units=1, amount=Decimal(12), day=date(2026, 11, 3))
    assert said("OUTSIDE_PERIOD", "en", stated=later, accepting_pays=Decimal(0)) == (
        "The line's day, 2026-11-03, lies after the month 2026-10: it is matched with nothing here, and not paid "
        "without a decision. The statement of 2026-11 can still claim it. ACCEPT pays nothing."
    )
    assert "2026-11 的对账单仍可列入" in said("OUTSIDE_PERIOD", stated=later)


def test_a_pair_whose_references_contradict_each_other_is_not_told_as_agreeing():
    pair: dict[str, Any] = {"pass_": Pass.EXACT, "stated": STATED, "ledger": ledger(), "reference": "A"}
    for same in (None, "A"):
        assert "it agrees with the ledger" in said("MATCHED", "en", ledger_reference=same, **pair)
    assert said("MATCHED", "en", ledger_reference="B", **pair) == (
        "Matched by member, benefit, date and units; units, amount and date agree, but the references contradict each "
        "other: reference: A stated, B in the ledger."
    )
    assert "预约号不一致" in said("MATCHED", ledger_reference="B", **pair)
    differing = pair | {"ledger": ledger(3, "36")}
    assert "reference: A stated, B in the ledger" in said(
        "UNITS_DIFFER", "en", ledger_reference="B", **differing
    )


def test_an_ambiguous_line_says_how_many_fit():
    assert "2 deliveries fit" in said("AMBIGUOUS", "en", stated=STATED, candidates=2)
    assert "有 2 笔" in said("AMBIGUOUS", stated=STATED, candidates=2)


@pytest.mark.parametrize("kind", FindingKind)
def test_every_kind_has_a_reason_in_each_language(kind):
    chinese = said(kind, stated=STATED, ledger=ledger(3, "36"), accepting_pays=Decimal(24))
    english = said(kind, "en", stated=STATED, ledger=ledger(3, "36"), accepting_pays=Decimal(24))
    assert chinese.endswith("接受则支付 24.00 元。")
    assert english.endswith(" ACCEPT pays CNY 24.00.")
    assert not re.search("[\u4e00-\u9fff，。：；（）]", english)
    for text in (chinese, english):
        assert "None" not in text


def test_a_finding_that_lacks_what_its_kind_speaks_of_is_no_finding():
    with pytest.raises(ValueError, match="speaks of a line"):
        said("UNITS_DIFFER", ledger=ledger())
    with pytest.raises(ValueError, match="speaks of a delivery"):
        said("NOT_IN_STATEMENT", stated=STATED)
