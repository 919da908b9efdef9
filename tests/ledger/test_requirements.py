"""The requirements of a benefit are exactly what a redemption is refused without."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from handbook import BUSINESS_ZONE, Benefit, Days, Handbook, Hours, Relation, Unlimited
from ledger.commands import Evidence
from ledger.entitlement.family import covered_relatives
from ledger.entitlement.opening import hours_in_words
from ledger.entitlement.requirements import Requirements, labelled, requirements
from ledger.posting.outcomes import RedemptionOutcome
from ledger.posting.state import State
from ledger.refusals import Refusal
from rating.history import Relative
from tests.ledger.books import TODAY, Desk, a_hold, a_redeem, customer

LONG_AGO = TODAY - timedelta(days=200)
RELATIVES = tuple(
    Relative(relative_id=f"R-{relation}", name=relation, relation=Relation(relation), registered_on=LONG_AGO)
    for relation in Relation
)

# By the print, benefit by benefit: what of a request must be told. Whatever is not listed asks for nothing.
ASKS: dict[str, set[str]] = {
    "lucky-policy-number": {"wished number"},
    "policy-cover": {"policy"},
    "legal-consultation": {"units"},
    "vip-line": {"on working days 9:00–18:00"},
    "dental-care": {"option adult-cleaning", "option child-fluoride", "relation child"},
    "car-t": {"evidence approval"},
    "health-videos": {"around the clock, every day"},
    "health-articles": {"around the clock, every day"},
    "family-doctor-video": {"around the clock, every day"},
    "family-doctor-phone": {"daily 8:00–22:00"},
    "critical-surgery-admission": {"option surgery", "option admission", "evidence admission-slip"},
    "proton-therapy": {
        "evidence admission-slip with diagnosis",
        "facility shanghai",
        "facility zhuozhou",
        "30 days",
    },
    "second-opinion": {"evidence first-opinion with diagnosis", "30 days"},
}


def asked(found: Requirements) -> set[str]:
    """Requirements as a list of words."""
    flags = {"units": found.units, "policy": found.policy, "wished number": found.wished_number}
    words = {name for name, needed in flags.items() if needed}
    words |= {f"option {option.code}" for option in found.options}
    words |= {f"facility {facility.code}" for facility in found.facilities}
    words |= {
        f"evidence {each.label.code}{' with diagnosis' if each.diagnosis else ''}" for each in found.evidence
    }
    words |= {f"relation {found.relation}"} if found.relation is not None else set()
    words |= {hours_in_words(found.hours).en} if found.hours is not None else set()
    words |= {f"{found.waiting_days} days"} if found.waiting_days else set()
    return words


def test_every_benefit_asks_for_what_is_printed(handbook: Handbook) -> None:
    edition = handbook.latest
    found = {each.code: asked(requirements(each)) for each in edition.benefits}
    assert found == {code: ASKS.get(code, set()) for code in found}
    assert ASKS.keys() <= found.keys()
    assert all(requirements(each).option == bool(each.options) for each in edition.benefits)


@pytest.mark.parametrize(
    ("option", "relation"),
    [(None, Relation.CHILD), ("child-fluoride", Relation.CHILD), ("adult-cleaning", None)],
)
def test_an_option_asks_for_its_own_relation(handbook, option, relation):
    edition = handbook.latest
    assert requirements(edition.benefit("dental-care"), option).relation is relation


def test_options_that_ask_for_different_relations_agree_on_none(handbook):
    options = tuple(
        replace(option, relation=Relation.SPOUSE) if option.code == "adult-cleaning" else option
        for option in handbook.latest.options
    )
    shipped = handbook.latest.benefit("dental-care")
    dental = replace(shipped, labels=replace(shipped.labels, options=options))
    assert requirements(dental).relation is None
    assert requirements(dental, "adult-cleaning").relation is Relation.SPOUSE


def test_an_option_that_the_benefit_lacks_is_no_question(handbook):
    edition = handbook.latest
    with pytest.raises(ValueError, match="no option surgery"):
        requirements(edition.benefit("dental-care"), "surgery")
    with pytest.raises(KeyError):
        labelled(["no-such-code"], edition.facilities)


@pytest.mark.parametrize(
    ("hours", "zh", "en"),
    [
        ((Days.DAILY, time(0), None), "7×24 小时", "around the clock, every day"),
        ((Days.DAILY, time(8), time(22)), "每日 8:00–22:00", "daily 8:00–22:00"),
        ((Days.WORKING_DAYS, time(9), time(18)), "工作日 9:00–18:00", "on working days 9:00–18:00"),
        ((Days.WORKING_DAYS, time(0), None), "工作日 0:00–24:00", "on working days 0:00–24:00"),
        ((Days.DAILY, time(13, 30), None), "每日 13:30–24:00", "daily 13:30–24:00"),
    ],
)
def test_hours_read_as_people_write_them(hours, zh, en):
    days, from_, to = hours
    assert hours_in_words(Hours(days=days, from_=from_, to=to, cite=("…",))) == (zh, en)


def member(since: date = date(2024, 1, 26)) -> State:
    """A member of five stars, with policy P1 and a relative of each relation."""
    return customer((since, 5), relatives={each.relative_id: each for each in RELATIVES})


def request(found: Requirements) -> dict[str, Any]:
    """All that is required, and nothing else."""
    told: dict[str, Any] = {}
    if found.units:
        told["units"] = 10
    if found.policy:
        told["policy_no"] = "P1"
    if found.wished_number:
        told["wished_number"] = "AB12cd34"
    if found.facilities:
        told["facility"] = found.facilities[-1].code
    if found.evidence:
        told["evidence"] = tuple(
            Evidence(kind=each.label.code, reference="D-1", diagnosed_on=TODAY if each.diagnosis else None)
            for each in found.evidence
        )
    if found.relation is not None:
        told["beneficiary"] = f"R-{found.relation}"
    return told


def every_request(handbook: Handbook) -> Iterator[tuple[Benefit, Requirements, dict[str, Any]]]:
    """The request of every benefit, with each of its options."""
    edition = handbook.latest
    for benefit in edition.benefits:
        for option in benefit.options or (None,):
            found = requirements(benefit, option)
            yield benefit, found, {**request(found), **({"option": option} if option else {})}


def asking(handbook: Handbook, code: str, told: dict[str, Any], state: State | None = None) -> Any:
    """The answer to a request for a benefit; a number that is wished for is held, all else delivered."""
    make = a_hold if handbook.latest.benefit(code).wished_number is not None else a_redeem
    return Desk(handbook, state or member()).ask(make(code, **told))


MISSED = {
    "units": "UNITS_INVALID",
    "policy_no": "POLICY_REQUIRED",
    "wished_number": "WISHED_NUMBER_REQUIRED",
    "facility": "FACILITY_REQUIRED",
    "evidence": "EVIDENCE_MISSING",
    "option": "OPTION_REQUIRED",
    "beneficiary": "BENEFICIARY_NOT_COVERED",
}


def test_what_is_required_is_enough(handbook):
    answers = {
        (benefit.code, told.get("option")): asking(handbook, benefit.code, told)
        for benefit, _, told in every_request(handbook)
    }
    assert {code for code, _ in answers} == set(handbook.benefit_codes)
    assert {of: each for of, each in answers.items() if not isinstance(each, RedemptionOutcome)} == {}


@pytest.mark.parametrize("name", MISSED)
def test_each_thing_that_is_required_is_refused_without(handbook, name):
    missed = 0
    for benefit, _, told in every_request(handbook):
        if name in told:
            answer = asking(handbook, benefit.code, {key: told[key] for key in told if key != name})
            assert isinstance(answer, Refusal), benefit.code
            assert answer.code == MISSED[name], benefit.code
            missed += 1
    assert missed


def test_a_policy_is_named_also_where_a_star_has_no_limit(handbook):
    """What is required does not depend on the star, so what is refused does not either."""
    benefits = {each.code: each for each in handbook.latest.benefits}
    cover = benefits["policy-cover"]
    grid = (*cover.grid[:4], replace(cover.grid[4], allowance=Unlimited()))
    benefits["policy-cover"] = replace(cover, grid=grid)
    generous = Handbook([replace(handbook.latest, benefits=tuple(benefits.values()))])
    desk = Desk(generous, customer((LONG_AGO, 5)))
    assert requirements(generous.latest.benefit("policy-cover")).policy
    assert desk.ask(a_redeem("policy-cover")).code == "POLICY_REQUIRED"
    assert isinstance(desk.ask(a_redeem("policy-cover", policy_no="P1")), RedemptionOutcome)


def test_each_kind_of_evidence_and_its_diagnosis_are_missed(handbook):
    seen = set()
    for benefit, found, told in every_request(handbook):
        for each in found.evidence:
            others = tuple(item for item in told["evidence"] if item.kind != each.label.code)
            answer = asking(handbook, benefit.code, told | {"evidence": others})
            assert answer.code == "EVIDENCE_MISSING"
            assert each.label.code in answer.missing
            undated = tuple(replace(item, diagnosed_on=None) for item in told["evidence"])
            answer = asking(handbook, benefit.code, told | {"evidence": undated})
            assert (isinstance(answer, Refusal) and answer.missing == ("diagnosedOn",)) == each.diagnosis
            seen.add((each.label.code, each.diagnosis))
    assert len(seen) >= 3


def test_outside_the_hours_that_are_required_it_is_refused(handbook):
    sunday_night = datetime(2026, 5, 17, 3, 0, tzinfo=BUSINESS_ZONE)
    closed, refused = set(), set()
    for benefit, found, told in every_request(handbook):
        # A number that is wished for is held, at any time; a diagnosis of later than the use is refused for that.
        if benefit.wished_number is not None or any(each.diagnosis for each in found.evidence):
            continue
        answer = asking(handbook, benefit.code, told | {"occurred_at": sunday_night})
        if getattr(answer, "code", None) == "OUTSIDE_SERVICE_HOURS":
            refused.add((benefit.code, told.get("option")))
        if found.hours is not None and not found.hours.always:
            closed.add((benefit.code, told.get("option")))
    assert refused == closed
    assert {code for code, _ in refused} == {"vip-line", "family-doctor-phone"}


def test_within_the_waiting_days_that_are_required_it_is_refused(handbook):
    state = member(TODAY - timedelta(days=5))
    waiting = {benefit.code for benefit, found, _ in every_request(handbook) if found.waiting_days}
    refused = {
        benefit.code
        for benefit, _, told in every_request(handbook)
        if getattr(asking(handbook, benefit.code, told, state), "code", None) == "WAITING_PERIOD"
    }
    assert refused == waiting == {"proton-therapy", "second-opinion"}


def test_the_relatives_covered_are_those_whom_a_redemption_takes(handbook):
    shared = {benefit.code for benefit in handbook.latest.benefits if benefit.family_shared}
    assert shared == {
        *("legal-consultation", "physical-exam", "dental-care", "car-t"),
        *("outpatient-green-channel", "outpatient-escort"),
    }
    for benefit in handbook.latest.benefits:
        covered = covered_relatives(RELATIVES, benefit.code, TODAY, handbook)
        assert covered == ({"R-spouse", "R-parent", "R-child"} if benefit.family_shared else set())
        told = request(requirements(benefit, (benefit.options or (None,))[0]))
        told |= {"option": benefit.options[0]} if benefit.options else {}
        taken = {
            each.relative_id
            for each in RELATIVES
            if isinstance(
                asking(handbook, benefit.code, told | {"beneficiary": each.relative_id}), RedemptionOutcome
            )
        }
        assert covered == taken


def test_a_relative_who_is_registered_later_is_not_covered_yet(handbook):
    baby = Relative(
        relative_id="R9", name="新生儿", relation=Relation("child"), registered_on=TODAY + timedelta(days=1)
    )
    assert covered_relatives([baby], "physical-exam", TODAY, handbook) == set()
    assert covered_relatives([baby], "physical-exam", baby.registered_on, handbook) == {"R9"}


def test_the_family_is_that_of_the_edition(handbook):
    settings = replace(handbook.latest.settings, immediate_family=(Relation.SIBLING,))
    wider = Handbook([replace(handbook.latest, settings=settings)])
    assert covered_relatives(RELATIVES, "physical-exam", TODAY, wider) == {"R-sibling"}


def test_nobody_is_covered_for_a_benefit_that_there_is_not(handbook):
    assert covered_relatives(RELATIVES, "yoga", TODAY, handbook) == set()
