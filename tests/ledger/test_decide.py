"""Commands on one customer: units redeemed, released, reversed and expired, and the order of refusals."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from handbook import Handbook, Relation
from ledger.commands import Evidence
from ledger.entitlement.terms import Term
from ledger.ids import RedemptionId
from ledger.posting.outcomes import RedemptionOutcome
from ledger.quotas.counts import QuotaCounts
from ledger.refusals import Refusal, RefusalCode
from rating.history import Relative
from tests.ledger.books import (
    JOINED,
    NOW,
    TODAY,
    Desk,
    a_car_t,
    a_confirm,
    a_hold,
    a_no_show,
    a_redeem,
    a_release,
    a_reversal,
    customer,
    diagnosed_slip,
    slip,
)


@pytest.fixture
def desk(handbook: Handbook) -> Desk:
    return Desk(handbook)


def taken(outcome: object) -> RedemptionOutcome:
    assert isinstance(outcome, RedemptionOutcome), outcome
    return outcome


def refused(outcome: object) -> RefusalCode:
    assert isinstance(outcome, Refusal), outcome
    assert outcome.message("zh")
    assert outcome.message("en")
    return outcome.code


def test_a_redemption_takes_the_unit_and_the_second_is_refused(desk):
    first = taken(desk.ask(a_redeem()))
    assert first.status == "REDEEMED"
    assert first.redemption.variant == "尊享体检"
    assert first.quota == QuotaCounts(granted=1, used=1, held=0, remaining=0)
    second = desk.ask(a_redeem())
    assert refused(second) == "QUOTA_EXHAUSTED"
    assert second.available_from == date(2027, 1, 26)
    assert desk.kinds("physical-exam") == [("GRANT", 1), ("REDEEM", 1)]


def test_the_same_key_answers_the_same_and_another_request_names_what_differs(desk):
    command = a_redeem(key="k", reference="A-1")
    first = taken(desk.ask(command))
    again = taken(desk.ask(command))
    assert again.replayed
    assert again.id == first.id
    assert again.quota == first.quota
    other = desk.ask(a_redeem(key="k", reference="A-2", units=2))
    assert refused(other) == "KEY_REUSED"
    assert other.differing == ("reference", "units")
    assert desk.ask(a_release(first.id, key="k")).differing == (
        "benefit",
        "operation",
        "redemption",
        "reference",
        "units",
    )
    assert desk.kinds("physical-exam") == [("GRANT", 1), ("REDEEM", 1)]


def test_a_refusal_is_replayed_even_after_the_quota_is_whole_again(desk):
    taken(desk.ask(a_redeem()))
    late = a_redeem(key="late")
    assert refused(desk.ask(late)) == "QUOTA_EXHAUSTED"
    desk.pass_days(365)
    assert refused(desk.ask(late)) == "QUOTA_EXHAUSTED"
    taken(desk.ask(a_redeem()))


def test_a_refused_command_leaves_all_but_its_outcome_as_it_was(desk):
    before = desk.state
    assert refused(desk.ask(a_car_t(units=2))) == "QUOTA_EXHAUSTED"
    assert desk.state.balances == before.balances
    assert desk.state.head == before.head
    assert desk.state.redemptions == before.redemptions
    assert len(desk.state.outcomes) == 1


def test_a_hold_is_confirmed_in_part_and_the_rest_is_released(desk):
    held = taken(desk.ask(a_hold("legal-consultation", units=40)))
    assert held.quota == QuotaCounts(granted=60, used=0, held=40, remaining=20)
    assert held.redemption.expires_at == NOW + timedelta(hours=72)
    done = taken(desk.ask(a_confirm(held.id, units=25)))
    assert (done.id, done.status, done.redemption.units) == (held.id, "REDEEMED", 25)
    assert done.quota == QuotaCounts(granted=60, used=25, held=0, remaining=35)
    assert desk.kinds("legal-consultation") == [("GRANT", 60), ("HOLD", 40), ("REDEEM", 25), ("RELEASE", 15)]


def test_evidence_that_comes_with_the_confirmation_joins_that_of_the_hold(desk):
    held = taken(desk.ask(a_hold("critical-surgery-admission", option="surgery", evidence=slip())))
    more = Evidence(kind="admission-slip", reference="S-0")
    taken(desk.ask(a_confirm(held.id, evidence=(more, *slip()))))
    redemption = desk.state.redemptions[held.id.sequence]
    assert redemption.evidence == (("admission-slip", "S-0"), ("admission-slip", "S-1"))


def test_no_more_than_is_held_can_be_confirmed(desk):
    held = taken(desk.ask(a_hold("legal-consultation", units=10)))
    assert refused(desk.ask(a_confirm(held.id, units=11))) == "UNITS_INVALID"


@pytest.mark.parametrize("follow_up", [a_confirm, a_release, a_no_show])
@pytest.mark.parametrize("ended_by", [a_confirm, a_release, a_no_show])
def test_a_hold_ends_once(desk, ended_by, follow_up):
    held = taken(desk.ask(a_hold()))
    taken(desk.ask(ended_by(held.id)))
    assert refused(desk.ask(follow_up(held.id))) == "HOLD_NOT_OPEN"


def test_a_release_gives_the_unit_back_and_a_no_show_does_not(desk):
    released = taken(desk.ask(a_release(taken(desk.ask(a_hold())).id)))
    assert released.quota.remaining == 1
    missed = taken(desk.ask(a_no_show(taken(desk.ask(a_hold())).id)))
    assert (missed.status, missed.quota.used, missed.quota.remaining) == ("NO_SHOW", 1, 0)


@pytest.mark.parametrize("actor", ["vendor:v", "finance:li"])
def test_a_no_show_that_was_told_by_mistake_is_reversed_once_and_gives_the_unit_back(desk, actor):
    missed = taken(desk.ask(a_no_show(taken(desk.ask(a_hold())).id)))
    assert refused(desk.ask(a_reversal(missed.id, actor="vendor:w"))) == "UNKNOWN_REDEMPTION"
    back = taken(desk.ask(a_reversal(missed.id, actor=actor, reason="客户其实到了")))
    assert (back.status, back.redemption.reason) == ("REVERSED", "客户其实到了")
    assert back.quota == QuotaCounts(granted=1, used=0, held=0, remaining=1)
    assert desk.state.redemptions[missed.id.sequence].reversed_no_show
    assert desk.kinds("physical-exam") == [("GRANT", 1), ("HOLD", 1), ("NO_SHOW", 1), ("REVERSE", 1)]
    assert refused(desk.ask(a_reversal(missed.id, actor=actor))) == "ALREADY_REVERSED"
    came = taken(desk.ask(a_redeem(occurred_at=NOW)))
    assert taken(desk.ask(a_reversal(came.id))).status == "REVERSED"
    assert not desk.state.redemptions[came.id.sequence].reversed_no_show


def test_a_hold_that_ran_out_gives_its_unit_back_and_cannot_be_confirmed(desk):
    held = taken(desk.ask(a_hold(hold_hours=1)))
    assert refused(desk.ask(a_redeem())) == "QUOTA_EXHAUSTED"
    desk.pass_days(1)
    refusal = desk.ask(a_confirm(held.id))
    assert refused(refusal) == "HOLD_NOT_OPEN"
    assert refusal.facts["status"] == "EXPIRED"
    taken(desk.ask(a_redeem()))
    assert desk.kinds("physical-exam") == [("GRANT", 1), ("HOLD", 1), ("EXPIRE_HOLD", 1), ("REDEEM", 1)]


@pytest.mark.parametrize(("late", "code"), [(-1, "REDEEMED"), (0, "HOLD_NOT_OPEN")])
def test_a_hold_runs_out_at_its_very_moment(desk, late, code):
    held = taken(desk.ask(a_hold(hold_hours=1)))
    desk.now = held.redemption.expires_at + timedelta(microseconds=late)
    outcome = desk.ask(a_confirm(held.id))
    assert code == (outcome.code if isinstance(outcome, Refusal) else outcome.status)


def test_a_reversal_gives_the_unit_back_once(desk):
    redeemed = taken(desk.ask(a_redeem()))
    back = taken(desk.ask(a_reversal(redeemed.id)))
    assert (back.status, back.quota.remaining) == ("REVERSED", 1)
    assert refused(desk.ask(a_reversal(redeemed.id))) == "ALREADY_REVERSED"
    taken(desk.ask(a_redeem()))


def test_finance_may_reverse_any_vendors_redemption_and_another_vendor_may_not(desk):
    redeemed = taken(desk.ask(a_redeem()))
    assert refused(desk.ask(a_reversal(redeemed.id, actor="vendor:w"))) == "UNKNOWN_REDEMPTION"
    assert taken(desk.ask(a_reversal(redeemed.id, actor="finance"))).status == "REVERSED"
    assert refused(desk.ask(a_reversal(RedemptionId(1, 999)))) == "UNKNOWN_REDEMPTION"


def test_a_reversal_after_the_year_ended_expires_at_once(desk):
    redeemed = taken(desk.ask(a_redeem()))
    desk.pass_days(300)
    taken(desk.ask(a_reversal(redeemed.id)))
    kinds = ["GRANT", "REDEEM", "REVERSE", "EXPIRE", "GRANT"]
    assert desk.kinds("physical-exam") == [(kind, 1) for kind in kinds]
    this_year = taken(desk.ask(a_redeem()))
    assert this_year.quota == QuotaCounts(granted=1, used=1, held=0, remaining=0)


def test_after_a_fall_used_units_count_and_nothing_is_clawed_back(desk):
    taken(desk.ask(a_redeem("outpatient-green-channel")))
    desk.catch_up()
    desk.re_rate((JOINED, 4), (TODAY, 2))
    desk.catch_up()
    assert refused(desk.ask(a_redeem("outpatient-green-channel"))) == "TIER_TOO_LOW"
    assert ("REVOKE", 1) not in desk.kinds("outpatient-green-channel")
    assert desk.kinds("legal-consultation") == [("GRANT", 60), ("REVOKE", 60)]
    desk.re_rate((JOINED, 4), (TODAY, 2), (TODAY + timedelta(days=1), 5))
    desk.pass_days(1)
    assert refused(desk.ask(a_redeem("outpatient-green-channel"))) == "QUOTA_EXHAUSTED"


def test_an_appointment_held_before_a_fall_is_honoured(desk):
    held = taken(desk.ask(a_hold("outpatient-escort")))
    desk.re_rate((JOINED, 4), (TODAY, 1))
    done = taken(desk.ask(a_confirm(held.id)))
    assert (done.status, done.quota.granted, done.quota.used, done.quota.remaining) == ("REDEEMED", 0, 1, 0)


@pytest.mark.parametrize(
    ("stars", "code"),
    [([(JOINED, 4)], None), ([(TODAY, 4)], "NOT_A_MEMBER"), ([(JOINED, 1), (TODAY, 4)], "TIER_TOO_LOW")],
)
def test_a_delivery_of_a_day_before_its_booking_is_judged_by_the_star_of_that_day(desk, stars, code):
    held = taken(desk.ask(a_hold("outpatient-escort")))
    desk.re_rate(*stars)
    outcome = desk.ask(a_confirm(held.id, occurred_at=NOW - timedelta(days=1)))
    if code is None:
        assert taken(outcome).status == "REDEEMED"
        return
    assert refused(outcome) == code
    assert taken(desk.ask(a_confirm(held.id))).status == "REDEEMED"


def test_what_was_invalid_can_be_corrected_under_its_key(desk):
    assert refused(desk.ask(a_redeem("vip-line", key="k", policy_no="P1"))) == "INVALID"
    assert taken(desk.ask(a_redeem("vip-line", key="k"))).status == "REDEEMED"


def test_units_that_come_back_after_a_fall_are_revoked(desk):
    held = taken(desk.ask(a_hold("outpatient-escort")))
    desk.re_rate((JOINED, 4), (TODAY, 1))
    taken(desk.ask(a_release(held.id)))
    assert desk.kinds("outpatient-escort")[-2:] == [("RELEASE", 1), ("REVOKE", 1)]


def test_a_use_in_the_year_before_is_taken_from_that_year(handbook):
    desk = Desk(handbook, now=NOW.replace(month=2, day=5))
    desk.catch_up()
    used = taken(desk.ask(a_redeem(occurred_at=NOW.replace(month=1, day=20))))
    assert used.quota == QuotaCounts(granted=1, used=1, held=0, remaining=0)
    this_year = taken(desk.ask(a_redeem()))
    assert this_year.quota == QuotaCounts(granted=1, used=1, held=0, remaining=0)
    assert refused(desk.ask(a_redeem(occurred_at=NOW.replace(month=1, day=21)))) == "QUOTA_EXHAUSTED"


def test_a_use_on_a_day_with_a_higher_star_is_judged_by_that_day(handbook):
    desk = Desk(handbook, customer((JOINED, 4), (TODAY - timedelta(days=5), 1)))
    desk.catch_up()
    used = taken(desk.ask(a_redeem("outpatient-escort", occurred_at=NOW - timedelta(days=6))))
    assert used.status == "REDEEMED"
    assert refused(desk.ask(a_redeem("outpatient-escort"))) == "TIER_TOO_LOW"


def test_an_anniversary_expires_what_is_left_and_grants_anew(desk):
    taken(desk.ask(a_redeem("legal-consultation", units=45)))
    desk.catch_up()
    desk.pass_days(300)
    desk.catch_up()
    assert desk.kinds("legal-consultation") == [("GRANT", 60), ("REDEEM", 45), ("EXPIRE", 15), ("GRANT", 60)]
    desk.catch_up()
    assert desk.kinds("legal-consultation")[-1] == ("GRANT", 60)
    assert len(desk.kinds("legal-consultation")) == 4


def test_the_anchor_is_stored_once_and_never_moves(desk):
    desk.catch_up()
    assert desk.state.head.anchor == JOINED
    desk.re_rate((date(2025, 7, 1), 3))
    desk.catch_up()
    assert desk.state.head.anchor == JOINED


def test_a_first_star_still_ahead_grants_and_anchors_nothing(handbook):
    desk = Desk(handbook, customer((TODAY + timedelta(days=1), 3)))
    desk.catch_up()
    assert desk.entries == []
    assert desk.state.head.anchor is None
    refusal = desk.ask(a_redeem())
    assert refused(refusal) == "NOT_A_MEMBER"
    assert refusal.available_from == TODAY + timedelta(days=1)


def test_a_benefit_without_limit_is_granted_once_a_year_and_its_uses_are_recorded(desk):
    for _ in range(3):
        used = taken(desk.ask(a_redeem("family-doctor-phone")))
    assert used.quota == QuotaCounts(granted=None, used=3, held=0, remaining=None)
    assert desk.kinds("family-doctor-phone") == [("GRANT", None), *[("REDEEM", 1)] * 3]


def test_a_membership_allowance_is_given_once_for_ever(desk):
    taken(desk.ask(a_redeem("life-bank")))
    desk.pass_days(400)
    refusal = desk.ask(a_redeem("life-bank"))
    assert refused(refusal) == "QUOTA_EXHAUSTED"
    assert refusal.available_from is None


def test_each_policy_has_its_own_allowance(desk):
    assert refused(desk.ask(a_redeem("policy-cover"))) == "POLICY_REQUIRED"
    assert refused(desk.ask(a_redeem("policy-cover", policy_no="P2"))) == "POLICY_NOT_ELIGIBLE"
    assert refused(desk.ask(a_redeem("policy-cover", policy_no="G1"))) == "POLICY_NOT_ELIGIBLE"
    assert refused(desk.ask(a_redeem("policy-cover", policy_no="nope"))) == "POLICY_NOT_ELIGIBLE"
    assert taken(desk.ask(a_redeem("policy-cover", policy_no="P1"))).redemption.policy_no == "P1"
    assert refused(desk.ask(a_redeem("policy-cover", policy_no="P1"))) == "QUOTA_EXHAUSTED"


def test_the_family_draws_on_the_same_allowance(desk):
    used = taken(desk.ask(a_redeem(beneficiary="R1")))
    assert used.redemption.beneficiary is not None
    assert used.redemption.beneficiary.relation == "spouse"
    assert refused(desk.ask(a_redeem())) == "QUOTA_EXHAUSTED"


@pytest.mark.parametrize(
    ("benefit", "beneficiary"),
    [("physical-exam", "R2"), ("physical-exam", "R3"), ("physical-exam", "nobody"), ("medical-butler", "R1")],
)
def test_who_is_not_covered_is_refused(desk, benefit, beneficiary):
    assert refused(desk.ask(a_redeem(benefit, beneficiary=beneficiary))) == "BENEFICIARY_NOT_COVERED"


def test_a_relative_whose_registration_is_ahead_is_told_from_when(desk):
    early = desk.ask(a_redeem(beneficiary="R3"))
    assert refused(early) == "BENEFICIARY_NOT_COVERED"
    assert early.available_from == TODAY + timedelta(days=3)
    desk.pass_days(3)
    taken(desk.ask(a_redeem(beneficiary="R3")))
    assert desk.ask(a_redeem(beneficiary="R2")).available_from is None


def test_a_relative_counts_from_the_day_of_registration_also_for_what_is_told_late(desk):
    since = TODAY - timedelta(days=2)
    child = Relative(relative_id="R4", name="女", relation=Relation("child"), registered_on=since)
    desk.know(relatives={"R4": child})
    early = a_redeem(beneficiary="R4", occurred_at=NOW - timedelta(days=3))
    assert refused(desk.ask(early)) == "BENEFICIARY_NOT_COVERED"
    taken(desk.ask(a_redeem(beneficiary="R4", occurred_at=NOW - timedelta(days=2))))


@pytest.mark.parametrize(("days", "code"), [(-1, "VENDOR_NOT_CONTRACTED"), (0, None), (9, None)])
def test_a_contract_holds_from_its_first_day(desk, days, code):
    starts_on = TODAY - timedelta(days=days)
    term = Term(benefit="physical-exam", unit_price=Decimal(1), starts_on=starts_on, ends_on=None)
    outcome = desk.decide(a_redeem(), terms=[term]).outcome
    assert code == (outcome.code if isinstance(outcome, Refusal) else None)
    if isinstance(outcome, Refusal):
        assert outcome.available_from == starts_on


@pytest.mark.parametrize(("days", "code"), [(0, "VENDOR_NOT_CONTRACTED"), (1, None)])
def test_a_contract_does_not_hold_on_its_end(desk, days, code):
    term = Term(
        benefit="physical-exam", unit_price=Decimal(1), starts_on=JOINED, ends_on=TODAY + timedelta(days=days)
    )
    outcome = desk.decide(a_redeem(), terms=[term]).outcome
    assert code == (outcome.code if isinstance(outcome, Refusal) else None)


def test_the_next_contract_that_is_told_is_the_first_ahead_for_the_benefit(desk):
    ahead = [("physical-exam", 9), ("physical-exam", 5), ("dental-care", 2), ("physical-exam", -9)]
    terms = [
        Term(
            benefit=benefit,
            unit_price=Decimal(1),
            starts_on=TODAY + timedelta(days=days),
            ends_on=TODAY + timedelta(days=days + 3),
        )
        for benefit, days in ahead
    ]
    outcome = desk.decide(a_redeem(), terms=terms).outcome
    assert refused(outcome) == "VENDOR_NOT_CONTRACTED"
    assert outcome.available_from == TODAY + timedelta(days=5)


def test_options_and_evidence_are_asked_for_by_name(desk):
    assert refused(desk.ask(a_redeem("dental-care"))) == "OPTION_REQUIRED"
    assert refused(desk.ask(a_redeem("dental-care", option="gold"))) == "OPTION_REQUIRED"
    assert (
        taken(desk.ask(a_redeem("dental-care", option="adult-cleaning"))).redemption.option
        == "adult-cleaning"
    )
    missing = desk.ask(a_redeem("critical-surgery-admission", option="surgery"))
    assert refused(missing) == "EVIDENCE_MISSING"
    assert missing.missing == ("admission-slip",)
    taken(desk.ask(a_redeem("critical-surgery-admission", option="surgery", evidence=slip())))
    either = desk.ask(a_redeem("critical-surgery-admission", option="admission", evidence=slip()))
    assert refused(either) == "QUOTA_EXHAUSTED"


def test_the_waiting_period_runs_from_the_unbroken_spell_of_entitlement(handbook):
    rose = TODAY - timedelta(days=29)
    desk = Desk(handbook, customer((JOINED, 4), (TODAY - timedelta(days=60), 3), (rose, 4)))
    refusal = desk.ask(a_redeem("proton-therapy", facility="shanghai", evidence=diagnosed_slip()))
    assert refused(refusal) == "WAITING_PERIOD"
    assert refusal.available_from == rose + timedelta(days=30)
    desk.pass_days(1)
    today = diagnosed_slip(TODAY + timedelta(days=1))
    taken(desk.ask(a_redeem("proton-therapy", facility="shanghai", evidence=today)))


def test_when_it_happened_is_neither_ahead_nor_too_long_ago(desk):
    assert refused(desk.ask(a_redeem(occurred_at=NOW + timedelta(seconds=1)))) == "OCCURRED_IN_FUTURE"
    assert refused(desk.ask(a_redeem(occurred_at=NOW - timedelta(days=32)))) == "OCCURRED_TOO_LONG_AGO"
    taken(desk.ask(a_redeem(occurred_at=NOW - timedelta(days=31))))


def test_a_vendor_serves_what_its_contract_names(desk):
    assert refused(desk.decide(a_redeem(), terms=[]).outcome) == "VENDOR_NOT_CONTRACTED"


def test_the_first_refusal_that_applies_is_given(handbook):
    """Each step repairs one more thing, and the next refusal in the order appears."""
    desk = Desk(handbook, customer((JOINED, 0)))
    wrong = {"units": 5000, "beneficiary": "R2", "policy_no": "P2", "option": "x", "occurred_at": NOW}
    nothing = desk.decide(a_redeem("nothing", **wrong), terms=[])
    assert refused(nothing.outcome) == "UNKNOWN_BENEFIT"
    assert (
        refused(desk.decide(a_redeem("proton-therapy", **wrong), terms=[]).outcome) == "VENDOR_NOT_CONTRACTED"
    )
    late = wrong | {"occurred_at": NOW + timedelta(days=1)}
    assert refused(desk.ask(a_redeem("proton-therapy", **late))) == "OCCURRED_IN_FUTURE"
    assert refused(desk.ask(a_redeem("proton-therapy", **wrong))) == "NOT_A_MEMBER"
    desk.re_rate((TODAY, 3))
    assert refused(desk.ask(a_redeem("proton-therapy", **wrong))) == "TIER_TOO_LOW"
    desk.re_rate((TODAY, 4))
    assert refused(desk.ask(a_redeem("proton-therapy", **wrong))) == "BENEFICIARY_NOT_COVERED"
    wrong.pop("beneficiary")
    assert refused(desk.ask(a_redeem("proton-therapy", **wrong))) == "INVALID"
    wrong.pop("policy_no")
    assert refused(desk.ask(a_redeem("proton-therapy", **wrong))) == "INVALID"
    wrong.pop("option")
    assert refused(desk.ask(a_redeem("proton-therapy", **wrong))) == "FACILITY_REQUIRED"
    wrong["facility"] = "zhuozhou"
    assert refused(desk.ask(a_redeem("proton-therapy", **wrong))) == "WAITING_PERIOD"
    desk.re_rate((JOINED, 4))
    assert refused(desk.ask(a_redeem("proton-therapy", **wrong))) == "EVIDENCE_MISSING"
    wrong["evidence"] = slip()
    assert refused(desk.ask(a_redeem("proton-therapy", **wrong))) == "EVIDENCE_MISSING"
    wrong["evidence"] = diagnosed_slip(JOINED)
    assert refused(desk.ask(a_redeem("proton-therapy", **wrong))) == "WAITING_PERIOD"
    wrong["evidence"] = diagnosed_slip()
    assert refused(desk.ask(a_redeem("proton-therapy", **wrong))) == "UNITS_INVALID"
    wrong["units"] = 2
    assert refused(desk.ask(a_redeem("proton-therapy", **wrong))) == "QUOTA_EXHAUSTED"
    wrong["units"] = 1
    taken(desk.ask(a_redeem("proton-therapy", **wrong)))


def test_a_clock_that_steps_back_never_reorders_the_ledger(desk):
    first = taken(desk.ask(a_redeem()))
    desk.now -= timedelta(hours=1)
    second = taken(desk.ask(a_car_t()))
    assert second.redemption.recorded_at == first.redemption.recorded_at - timedelta(hours=1)
    assert second.id.sequence > first.id.sequence
