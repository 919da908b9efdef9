"""What a benefit asks for beyond the star: hours, facility, relation, diagnosis, minutes."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from handbook import BUSINESS_ZONE, Handbook, Relation
from ledger.commands import Evidence
from ledger.posting.state import StoredOutcome
from ledger.quotas.quota import eligibility
from rating.history import Relative
from tests.ledger.books import (
    JOINED,
    NOW,
    TODAY,
    Desk,
    a_confirm,
    a_hold,
    a_redeem,
    approval,
    as_read,
    customer,
    diagnosed_slip,
    first_opinion,
    refused,
    taken,
)

NIGHT = NOW.replace(hour=23)
WAITED = JOINED + timedelta(days=30)


@pytest.fixture
def desk(handbook: Handbook) -> Desk:
    return Desk(handbook)


def test_outside_its_hours_nothing_is_delivered_and_the_next_opening_is_told(desk):
    desk.now = datetime(2026, 5, 23, 12, tzinfo=BUSINESS_ZONE)
    refusal = refused(desk.ask(a_redeem("vip-line")))
    assert (refusal.code, refusal.available_from) == ("OUTSIDE_SERVICE_HOURS", date(2026, 5, 25))
    assert "工作日 9:00–18:00" in refusal.message()
    for words in (refusal.message(), refusal.message("en")):
        assert "2026-05-25 09:00" in words
        assert "2026-05-23 12:00" in words
    taken(desk.ask(a_redeem("vip-line", occurred_at=datetime(2026, 5, 22, 17, 59, tzinfo=BUSINESS_ZONE))))


def test_what_is_served_around_the_clock_is_never_refused_for_the_hour(desk):
    desk.now = NIGHT
    taken(desk.ask(a_redeem("family-doctor-video")))
    taken(desk.ask(a_redeem("health-assessment")))
    assert refused(desk.ask(a_redeem("family-doctor-phone"))).code == "OUTSIDE_SERVICE_HOURS"


def test_a_call_is_booked_at_any_hour_and_delivered_within_them(desk):
    desk.now = NIGHT
    held = taken(desk.ask(a_hold("family-doctor-phone")))
    assert refused(desk.ask(a_confirm(held.id))).code == "OUTSIDE_SERVICE_HOURS"
    desk.now = NIGHT + timedelta(hours=10)
    assert taken(desk.ask(a_confirm(held.id))).status == "REDEEMED"


def test_the_eligibility_query_minds_the_hours_of_now(desk, handbook):
    account = as_read(desk)
    assert eligibility(account, handbook, NOW, benefit="vip-line")[0] is None
    refusal, _ = eligibility(account, handbook, NIGHT, benefit="vip-line")
    assert refusal is not None
    assert (refusal.code, refusal.available_from) == ("OUTSIDE_SERVICE_HOURS", TODAY + timedelta(days=1))


@pytest.mark.parametrize(
    ("relation", "code"),
    [(None, "BENEFICIARY_NOT_COVERED"), ("spouse", "BENEFICIARY_NOT_COVERED"), ("child", None)],
)
def test_fluoride_is_for_a_registered_child(desk, handbook, relation, code):
    desk.know(
        relatives={
            each: Relative(relative_id=each, name="小宝", relation=Relation(each), registered_on=JOINED)
            for each in ("child", "spouse")
        }
    )
    told, _ = eligibility(
        as_read(desk), handbook, NOW, benefit="dental-care", option="child-fluoride", beneficiary=relation
    )
    outcome = desk.ask(a_redeem("dental-care", option="child-fluoride", beneficiary=relation))
    if code is None:
        assert told is None
        assert taken(outcome).redemption.option == "child-fluoride"
        return
    assert told == outcome
    assert (refused(outcome).code, outcome.wording) == (code, "option")
    assert outcome.missing == (() if relation else ("beneficiary",))
    assert "儿童涂氟" in outcome.message()
    assert "child" in outcome.message("en")
    taken(desk.ask(a_redeem("dental-care", option="adult-cleaning", beneficiary=relation)))


def test_which_hospital_is_asked_for_by_name_and_kept(desk):
    missing = refused(desk.ask(a_redeem("proton-therapy", evidence=diagnosed_slip())))
    assert (missing.code, missing.missing) == ("FACILITY_REQUIRED", ("facility",))
    for code in ("shanghai", "zhuozhou"):
        assert code in missing.message()
        assert code in missing.message("en")
    done = taken(desk.ask(a_redeem("proton-therapy", facility="zhuozhou", evidence=diagnosed_slip())))
    assert done.redemption.facility == "zhuozhou"
    assert desk.state.redemptions[done.id.sequence].facility == "zhuozhou"
    assert desk.entries[-1].details["facility"] == "zhuozhou"


def test_only_the_hospitals_of_the_benefit_are_named(handbook):
    latest = handbook.latest
    another = replace(latest.facilities[0], code="beijing")
    wider = Handbook([replace(latest, facilities=(*latest.facilities, another))])
    missing = refused(Desk(wider).ask(a_redeem("proton-therapy", evidence=diagnosed_slip())))
    assert missing.code == "FACILITY_REQUIRED"
    assert "beijing" not in missing.message("en")


def test_whoever_only_asks_needs_no_facility_and_no_documents(desk, handbook):
    assert eligibility(as_read(desk), handbook, NOW, benefit="proton-therapy")[0] is None


def test_car_t_needs_the_approval(desk):
    missing = refused(desk.ask(a_redeem("car-t")))
    assert (missing.code, missing.missing) == ("EVIDENCE_MISSING", ("approval",))
    taken(desk.ask(a_redeem("car-t", evidence=approval())))


def test_second_opinion_is_for_three_stars_and_more(handbook):
    refusal = refused(
        Desk(handbook, customer((JOINED, 2))).ask(a_redeem("second-opinion", evidence=first_opinion()))
    )
    assert (refusal.code, refusal.required_star) == ("TIER_TOO_LOW", 3)
    taken(Desk(handbook, customer((JOINED, 3))).ask(a_redeem("second-opinion", evidence=first_opinion())))


def test_the_day_of_the_diagnosis_is_told_with_the_evidence(desk):
    untold = (Evidence(kind="first-opinion", reference="O-1"),)
    missing = refused(desk.ask(a_redeem("second-opinion", evidence=untold)))
    assert (missing.code, missing.missing) == ("EVIDENCE_MISSING", ("diagnosedOn",))
    both = refused(desk.ask(a_redeem("second-opinion")))
    assert both.missing == ("first-opinion", "diagnosedOn")
    done = taken(desk.ask(a_redeem("second-opinion", evidence=first_opinion())))
    assert desk.state.redemptions[done.id.sequence].evidence == (("first-opinion", "O-1", "2026-05-20"),)
    assert desk.entries[-1].details["evidence"] == [["first-opinion", "O-1", "2026-05-20"]]


@pytest.mark.parametrize(
    ("diagnosed_on", "code"),
    [
        (JOINED - timedelta(days=400), "WAITING_PERIOD"),
        (WAITED - timedelta(days=1), "WAITING_PERIOD"),
        (WAITED, None),
        (TODAY, None),
        (TODAY + timedelta(days=1), "INVALID"),
    ],
)
def test_the_illness_begins_after_the_waiting_period(desk, diagnosed_on, code):
    outcome = desk.ask(a_redeem("second-opinion", evidence=first_opinion(diagnosed_on)))
    if code is None:
        taken(outcome)
        return
    assert refused(outcome).code == code
    assert outcome.available_from is None
    assert diagnosed_on.isoformat() in outcome.message()


def test_a_diagnosis_that_comes_with_the_confirmation_is_judged_by_the_booking(desk):
    held = taken(desk.ask(a_hold("second-opinion", evidence=first_opinion())))
    late = refused(desk.ask(a_confirm(held.id, evidence=first_opinion(JOINED))))
    assert (late.code, late.wording) == ("WAITING_PERIOD", "diagnosed")
    desk.re_rate((JOINED, 4), (TODAY, 1))
    desk.pass_days(1)
    taken(desk.ask(a_confirm(held.id, evidence=first_opinion(TODAY))))


def test_a_diagnosis_that_no_rule_asks_for_is_kept(desk):
    diagnosed = diagnosed_slip(JOINED)
    done = taken(desk.ask(a_redeem("critical-surgery-admission", option="surgery", evidence=diagnosed)))
    assert desk.state.redemptions[done.id.sequence].evidence == (
        ("admission-slip", "S-1", JOINED.isoformat()),
    )


def test_minutes_are_told_and_times_are_one_if_untold(desk, handbook):
    untold = refused(desk.ask(a_redeem("legal-consultation", key="k")))
    assert (untold.code, untold.missing) == ("UNITS_INVALID", ("units",))
    # What nobody could ever have taken leaves the key free.
    assert taken(desk.ask(a_redeem("legal-consultation", key="k", units=25))).redemption.units == 25
    assert taken(desk.ask(a_redeem())).redemption.units == 1
    refusal, quota = eligibility(as_read(desk), handbook, NOW, benefit="legal-consultation")
    assert refusal is None
    assert quota is not None
    assert quota.remaining == 35


def test_minutes_that_were_told_are_not_left_untold_under_the_same_key(desk):
    taken(desk.ask(a_redeem("legal-consultation", key="k", units=1)))
    untold = refused(desk.ask(a_redeem("legal-consultation", key="k")))
    assert (untold.code, untold.differing) == ("KEY_REUSED", ("units",))
    held = a_hold("legal-consultation", key="h", units=1)
    taken(desk.ask(held))
    assert refused(desk.ask(replace(held, units=None))).differing == ("units",)


def test_one_time_is_the_same_request_told_or_not(desk):
    first = taken(desk.ask(a_redeem(key="k")))
    again = taken(desk.ask(a_redeem(key="k", units=1)))
    assert (again.id, again.replayed) == (first.id, True)
    assert refused(desk.ask(a_redeem(key="k", units=2))).differing == ("units",)


def test_a_key_that_the_version_before_answered_is_answered_again(desk):
    """It stored 1 where no units were told, and knew neither facility nor wished number nor diagnosis."""
    done = taken(desk.ask(a_redeem("legal-consultation", units=1, key="now")))
    stored = desk.state.outcomes["vendor:v", "now"]
    new = ("facility", "wished_number")
    before = StoredOutcome(
        request={name: value for name, value in stored.request.items() if name not in new},
        outcome=stored.outcome,
    )
    desk.state = replace(desk.state, outcomes={("vendor:v", "before"): before})
    for more in ({}, {"units": 1}):
        again = taken(desk.ask(a_redeem("legal-consultation", key="before", **more)))
        assert (again.id, again.replayed) == (done.id, True)
    assert refused(desk.ask(a_redeem("legal-consultation", key="before", units=2))).differing == ("units",)


def test_a_part_of_a_hold_is_another_request_than_all_of_it(desk):
    held = taken(desk.ask(a_hold("legal-consultation", units=30)))
    taken(desk.ask(a_confirm(held.id, key="k", units=1)))
    assert refused(desk.ask(a_confirm(held.id, key="k"))).differing == ("units",)


def test_another_diagnosis_is_another_request(desk):
    taken(desk.ask(a_redeem("second-opinion", key="k", evidence=first_opinion())))
    other = first_opinion(TODAY - timedelta(days=1))
    assert refused(desk.ask(a_redeem("second-opinion", key="k", evidence=other))).differing == ("evidence",)


def test_only_a_document_that_the_benefit_asks_for_tells_of_the_illness(desk):
    opinion = first_opinion()
    further = Evidence(kind="admission-slip", reference="S-9", diagnosed_on=date(2024, 1, 27))
    assert taken(desk.ask(a_redeem("second-opinion", evidence=(*opinion, further)))).redemption.units == 1
    undated = Evidence(kind="first-opinion", reference="O-9")
    refusal = refused(desk.ask(a_redeem("second-opinion", evidence=(undated, further))))
    assert (refusal.code, refusal.missing) == ("EVIDENCE_MISSING", ("diagnosedOn",))
