"""How long a hold lasts: as asked, else as long as the benefit's service level takes, else as the edition says."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from handbook import BUSINESS_ZONE, Handbook, ServiceLevel, WorkingCalendar, WorkingYear, start_of
from ledger.posting.outcomes import RedemptionOutcome
from tests.ledger.books import JOINED, Desk, a_hold, customer, slip

BUTLER, GREEN, SURGERY = "medical-butler", "outpatient-green-channel", "critical-surgery-admission"


def at(text: str) -> datetime:
    """A moment of 2026 in Shanghai: month, day and hour."""
    return datetime.strptime(f"2026-{text}", "%Y-%m-%d %H").replace(tzinfo=BUSINESS_ZONE)


def expiry(handbook: Handbook, now: datetime, benefit: str, **more: Any) -> datetime:
    """When a hold that is told of now runs out."""
    if benefit == SURGERY:
        more |= {"option": "surgery", "evidence": slip()}
    outcome = Desk(handbook, customer((JOINED, 5)), now).ask(a_hold(benefit, **more))
    assert isinstance(outcome, RedemptionOutcome), outcome
    assert outcome.redemption.expires_at is not None
    return outcome.redemption.expires_at


@pytest.mark.parametrize(
    ("benefit", "held", "end"),
    [
        (BUTLER, "10-20 10", "10-22 00"),  # answered by the end of Wednesday
        (BUTLER, "10-18 10", "10-20 00"),  # of Sunday: by the end of Monday
        (BUTLER, "10-01 10", "10-09 00"),  # in the holiday: by the end of the 8th
        (GREEN, "10-12 10", "10-22 00"),  # arranged within 7 working days
        (GREEN, "10-09 10", "10-20 00"),  # a Saturday and no Sunday among them
        (SURGERY, "10-12 10", "10-27 00"),  # admitted within 14 calendar days
        (SURGERY, "09-30 10", "10-15 00"),
    ],
)
def test_a_hold_lasts_to_the_end_of_the_later_day_of_the_promise(handbook, benefit, held, end):
    assert expiry(handbook, at(held), benefit) == at(end)


def test_a_hold_that_is_told_late_is_counted_from_its_own_day(handbook):
    assert expiry(handbook, at("10-15 10"), GREEN, occurred_at=at("10-12 09")) == at("10-22 00")


def test_a_hold_whose_promise_is_over_when_it_is_told_lasts_as_one_without_a_promise(handbook):
    assert expiry(handbook, at("10-22 00"), GREEN, occurred_at=at("10-12 09")) == at("10-25 00")
    assert expiry(handbook, at("10-21 23"), GREEN, occurred_at=at("10-12 09")) == at("10-22 00")


def test_a_hold_without_a_promise_lasts_the_hours_of_the_edition(handbook):
    assert expiry(handbook, at("10-16 10"), "physical-exam") == at("10-19 10")


@pytest.mark.parametrize(
    ("held", "end"),
    [
        (
            "10-20 10",
            "10-25 00",
        ),  # of Tuesday: 72 hours from Thursday, the first day on which the policy may be issued
        ("10-16 18", "10-23 00"),  # of Friday: from Tuesday
        ("09-30 10", "10-12 00"),  # before the holiday: from 9 October
    ],
)
def test_an_application_for_a_number_outlasts_the_first_day_on_which_its_policy_may_be_issued(
    handbook, held, end
):
    assert expiry(handbook, at(held), "lucky-policy-number", wished_number="Abcd1234") == at(end)


def test_who_asks_for_hours_gets_them(handbook):
    assert expiry(handbook, at("10-16 10"), BUTLER, hold_hours=1) == at("10-16 11")
    assert expiry(handbook, at("10-16 10"), BUTLER, hold_hours=2000) == at("10-16 10") + timedelta(hours=2000)


def changed(handbook: Handbook, level: ServiceLevel | None, **settings: Any) -> Handbook:
    """The handbook with another promise of the butler, and other settings."""
    edition = handbook.latest
    benefits = tuple(
        replace(each, service_level=level) if each.code == BUTLER else each for each in edition.benefits
    )
    settings_ = replace(edition.settings, **settings)
    return Handbook([replace(edition, benefits=benefits, settings=settings_)], calendar=handbook.calendar)


def test_no_hold_lasts_longer_than_any_may(handbook):
    level = ServiceLevel(
        respond_within_working_days=1, arrange_within_working_days=None, arrange_within_days=30, cite=("x",)
    )
    assert expiry(changed(handbook, level), at("10-16 10"), BUTLER) == at("11-16 00")
    assert expiry(changed(handbook, level, max_hold_hours=240), at("10-16 10"), BUTLER) == at("10-26 10")


def test_a_hold_is_counted_by_the_working_days_that_the_handbook_carries(handbook):
    year = next(year for year in range(2026, 2150) if not handbook.calendar.knows(year))
    monday = next(
        day for day in (date(year, 3, 1) + timedelta(days=n) for n in range(7)) if not day.weekday()
    )
    off = frozenset({monday + timedelta(days=1), monday + timedelta(days=2)})
    given = WorkingYear(year=year, cite="x", holidays=off, working_weekends=frozenset())
    aware = Handbook(handbook.editions, calendar=WorkingCalendar((given,)))
    now = start_of(monday) + timedelta(hours=10)
    assert expiry(handbook, now, BUTLER) == start_of(monday + timedelta(days=2))
    assert expiry(aware, now, BUTLER) == start_of(monday + timedelta(days=4))
