"""What a benefit asks for beforehand is what a redemption is refused without."""

from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any

import pytest

from handbook import Days, Handbook, Hours, Relation
from ledger.account import Relative
from ledger.entitlement import (
    Case,
    Rule,
    beneficiary_is_covered,
    evidence_is_there,
    option_is_chosen,
    policy_is_eligible,
)
from ledger.family import covered_relatives
from ledger.prerequisites import Requirements, hours_in_words, labelled, requirements
from tests.ledger.books import TODAY, customer

LONG_AGO = TODAY - timedelta(days=200)
RELATIVES = tuple(
    Relative(relative_id=f"R-{relation}", name=relation, relation=relation, registered_on=LONG_AGO)
    for relation in Relation
)

# By the print, benefit by benefit: what of a request must be told. Whatever is not listed asks for nothing.
ASKS: dict[str, set[str]] = {
    "lucky-policy-number": {"wished number"},
    "policy-cover": {"policy"},
    "legal-consultation": {"units"},
    "vip-line": {"working days 9:00–18:00"},
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
    found = {each.code: asked(requirements(each, edition)) for each in edition.benefits}
    assert found == {code: ASKS.get(code, set()) for code in found}
    assert ASKS.keys() <= found.keys()
    assert all(requirements(each, edition).option == bool(each.options) for each in edition.benefits)


@pytest.mark.parametrize(
    ("option", "relation"),
    [(None, Relation.CHILD), ("child-fluoride", Relation.CHILD), ("adult-cleaning", None)],
)
def test_an_option_asks_for_its_own_relation(handbook, option, relation):
    edition = handbook.latest
    assert requirements(edition.benefit("dental-care"), edition, option).relation is relation


def test_options_that_ask_for_different_relations_agree_on_none(handbook):
    options = tuple(
        replace(option, relation=Relation.SPOUSE) if option.code == "adult-cleaning" else option
        for option in handbook.latest.options
    )
    edition = replace(handbook.latest, options=options)
    dental = edition.benefit("dental-care")
    assert requirements(dental, edition).relation is None
    assert requirements(dental, edition, "adult-cleaning").relation is Relation.SPOUSE


def test_an_option_that_the_benefit_lacks_is_no_question(handbook):
    edition = handbook.latest
    with pytest.raises(ValueError, match="no option surgery"):
        requirements(edition.benefit("dental-care"), edition, "surgery")
    with pytest.raises(KeyError):
        labelled(["no-such-code"], edition.facilities)


@pytest.mark.parametrize(
    ("hours", "zh", "en"),
    [
        ((Days.DAILY, time(0), None), "7×24 小时", "around the clock, every day"),
        ((Days.DAILY, time(8), time(22)), "每日 8:00–22:00", "daily 8:00–22:00"),
        ((Days.WORKING_DAYS, time(9), time(18)), "工作日 9:00–18:00", "working days 9:00–18:00"),
        ((Days.WORKING_DAYS, time(0), None), "工作日 0:00–24:00", "working days 0:00–24:00"),
        ((Days.DAILY, time(13, 30), None), "每日 13:30–24:00", "daily 13:30–24:00"),
    ],
)
def test_hours_read_as_people_write_them(hours, zh, en):
    days, from_, to = hours
    assert hours_in_words(Hours(days=days, from_=from_, to=to, cite=("…",))) == (zh, en)


def case(handbook: Handbook, code: str, **told: Any) -> Case:
    """A member of five stars since long, with policy P1 and a relative of each relation, who tells just this."""
    relatives = {each.relative_id: each for each in RELATIVES}
    account = customer((date(2024, 1, 26), 5), relatives=relatives).account
    told = {"evidence": frozenset(), **told}
    return Case(account=account, handbook=handbook, today=TODAY, day=TODAY, benefit_code=code, **told)


def told_of(found: Requirements) -> dict[str, tuple[Rule, str, dict[str, Any]]]:
    """What can be told of a request: the rule that asks for it, how it refuses, and what satisfies the requirement."""
    return {
        "policy": (policy_is_eligible, "POLICY_REQUIRED", {"policy_no": "P1"} if found.policy else {}),
        "option": (
            option_is_chosen,
            "OPTION_REQUIRED",
            {"option": found.options[0].code} if found.option else {},
        ),
        "evidence": (
            evidence_is_there,
            "EVIDENCE_MISSING",
            {"evidence": frozenset(each.label.code for each in found.evidence)} if found.evidence else {},
        ),
    }


@pytest.mark.parametrize("what", ["policy", "option", "evidence"])
def test_what_is_required_is_refused_without_and_taken_with_it(handbook, what):
    edition = handbook.latest
    required = 0
    for benefit in edition.benefits:
        if benefit.wished_number is not None:
            continue  # its policy is told when it is confirmed
        rule, code, enough = told_of(requirements(benefit, edition))[what]
        refusal = rule(case(handbook, benefit.code))
        assert (refusal.code if refusal is not None else None) == (code if enough else None), benefit.code
        assert rule(case(handbook, benefit.code, **enough)) is None, benefit.code
        required += bool(enough)
    assert required


@pytest.mark.parametrize("kind", ["first-opinion", "admission-slip", "approval"])
def test_each_kind_of_evidence_that_is_required_is_missed(handbook, kind):
    for benefit in handbook.latest.benefits:
        kinds = {each.label.code for each in requirements(benefit, handbook.latest).evidence}
        if kind in kinds:
            refusal = evidence_is_there(case(handbook, benefit.code, evidence=frozenset(kinds - {kind})))
            assert refusal is not None
            assert refusal.missing == (kind,)


def test_the_relatives_covered_are_those_whom_a_redemption_takes(handbook):
    for benefit in handbook.latest.benefits:
        covered = covered_relatives(RELATIVES, benefit.code, TODAY, handbook)
        assert covered == ({"R-spouse", "R-parent", "R-child"} if benefit.family_shared else set())
        taken = {
            each.relative_id
            for each in RELATIVES
            if beneficiary_is_covered(case(handbook, benefit.code, beneficiary=each.relative_id)) is None
        }
        assert covered == taken


def test_a_relative_who_is_registered_later_is_not_covered_yet(handbook):
    baby = Relative(
        relative_id="R9", name="新生儿", relation="child", registered_on=TODAY + timedelta(days=1)
    )
    assert covered_relatives([baby], "physical-exam", TODAY, handbook) == set()
    assert covered_relatives([baby], "physical-exam", baby.registered_on, handbook) == {"R9"}


def test_the_family_is_that_of_the_edition(handbook):
    settings = replace(handbook.latest.settings, immediate_family=(Relation.SIBLING,))
    wider = Handbook([replace(handbook.latest, settings=settings)])
    assert covered_relatives(RELATIVES, "physical-exam", TODAY, wider) == {"R-sibling"}


def test_nobody_is_covered_for_a_benefit_that_there_is_not(handbook):
    assert covered_relatives(RELATIVES, "yoga", TODAY, handbook) == set()
