"""Why a component counts on a day, or does not: every reason, and the span that it names."""

from decimal import Decimal

import pytest

from rating.contributions import Reason, contributions_on
from rating.folding import fold
from tests.rating.build import arrived, day, event, issued

LONG = issued("2024-01-10", premium="60000", term_years=5)
YEAR = issued("2024-03-01", coverage="one_year", premium="46000", term_years=1)
SINGLE = issued("2024-01-10", mode="single", premium="1000000")


YEAR_SINGLE = issued("2024-03-01", coverage="one_year", mode="single", premium="46000")
YEAR_MONTHLY = issued("2024-03-01", coverage="one_year", mode="monthly", premium="1000", term_years=1)
YEAR_COOLING = issued("2024-03-01", coverage="one_year", cooling_off_ends_on="2024-03-10")
REDUCED = event("premium_reduced", "2024-06-01", premium="20000")
REINSTATED = event("reinstated", "2024-09-01")


def status(name):
    return [LONG, event(name, "2024-06-01")]


# events, day, reason, amount, counted from, counted until
ROWS = [
    ([LONG], "2024-01-09", "NOT_YET_EFFECTIVE", 0, "2024-01-26", "2029-01-10"),
    ([LONG], "2024-01-25", "COOLING_OFF", 0, "2024-01-26", "2029-01-10"),
    ([LONG], "2024-01-26", "COUNTED", 30000, "2024-01-26", "2029-01-10"),
    ([LONG], "2029-01-09", "COUNTED", 30000, "2024-01-26", "2029-01-10"),
    ([LONG], "2029-01-10", "VALIDITY_ENDED", 0, None, None),
    ([issued("2024-01-10", line="group")], "2024-06-01", "GROUP_POLICY", 0, None, None),
    ([issued("2024-01-10", coverage="under_one_year")], "2024-06-01", "UNDER_ONE_YEAR", 0, None, None),
    (status("surrendered"), "2024-06-01", "SURRENDERED", 0, None, None),
    (status("surrendered"), "2024-05-31", "COUNTED", 30000, "2024-01-26", "2024-06-01"),
    (status("lapsed"), "2024-06-01", "LAPSED", 0, None, None),
    ([*status("lapsed"), REINSTATED], "2024-06-01", "LAPSED", 0, "2024-09-01", "2029-01-10"),
    ([*status("lapsed"), REINSTATED], "2024-05-31", "COUNTED", 30000, "2024-01-26", "2024-06-01"),
    (status("reduced_paid_up"), "2024-06-01", "REDUCED_PAID_UP", 0, None, None),
    (status("premium_waived"), "2024-06-01", "PREMIUM_WAIVED", 0, None, None),
    (status("terminated"), "2024-06-01", "TERMINATED", 0, None, None),
    ([LONG, event("cooling_off_cancelled", "2024-01-20")], "2024-01-20", "CANCELLED", 0, None, None),
    ([LONG, event("cooling_off_cancelled", "2024-01-20")], "2024-01-19", "COOLING_OFF", 0, None, None),
    ([LONG, event("component_ended", "2024-06-01")], "2024-06-01", "COMPONENT_ENDED", 0, None, None),
    ([LONG, REDUCED], "2024-06-01", "COUNTED", 10000, "2024-01-26", "2029-01-10"),
    ([LONG, REDUCED], "2024-05-31", "COUNTED", 30000, "2024-01-26", "2029-01-10"),
    ([YEAR], "2024-02-29", "NOT_YET_EFFECTIVE", 0, "2024-03-01", "2025-03-01"),
    ([YEAR], "2024-03-01", "COUNTED", 46000, "2024-03-01", "2025-03-01"),
    ([YEAR], "2025-03-01", "VALIDITY_ENDED", 0, None, None),
    ([YEAR, event("renewed", "2025-03-01")], "2024-03-01", "COUNTED", 46000, "2024-03-01", "2026-03-01"),
    ([YEAR, event("renewed", "2025-02-01")], "2024-03-01", "COUNTED", 46000, "2024-03-01", "2026-02-01"),
    ([YEAR, event("renewed", "2025-06-01")], "2025-03-01", "VALIDITY_ENDED", 0, "2025-06-01", "2026-06-01"),
    ([YEAR_SINGLE], "2024-03-01", "COUNTED", 46000, "2024-03-01", "2025-03-01"),
    ([YEAR_MONTHLY], "2024-03-01", "COUNTED", 12000, "2024-03-01", "2025-03-01"),
    ([YEAR_COOLING], "2024-03-10", "COOLING_OFF", 0, "2024-03-11", "2025-03-01"),
    ([SINGLE], "2024-01-26", "COUNTED", 100000, "2024-01-26", "2026-01-10"),
    ([SINGLE], "2026-01-10", "VALIDITY_ENDED", 0, None, None),
]  # fmt: skip


@pytest.mark.parametrize(("events", "on", "reason", "amount", "from_", "until"), ROWS)
def test_a_component_counts_or_says_why_not(events, on, reason, amount, from_, until, handbook):
    (found,) = contributions_on(fold(arrived(*events)), day(on), handbook)
    assert (found.reason, found.amount, found.counted) == (reason, amount, reason == "COUNTED")
    assert (found.counted_from, found.counted_until) == (from_ and day(from_), until and day(until))


def test_every_reason_is_reached_and_has_words():
    assert {reason for _, _, reason, *_ in ROWS} == set(Reason)


def test_a_component_on_a_one_year_policy_begins_on_its_own_day(handbook):
    history = fold(
        arrived(YEAR, event("rider_added", "2024-09-01", component_id="r", premium="10000", term_years=1))
    )
    base, rider = contributions_on(history, day("2024-08-31"), handbook)
    assert (base.counted, rider.reason, rider.counted_from) == (True, "NOT_YET_EFFECTIVE", day("2024-09-01"))
    assert rider.counted_until == day("2025-03-01"), "it counts within the policy's year"


def test_no_component_counts_during_the_cooling_off_of_its_policy(handbook):
    history = fold(arrived(LONG, event("top_up_paid", "2024-01-15", premium="1000000")))
    assert [c.reason for c in contributions_on(history, day("2024-01-20"), handbook)] == ["COOLING_OFF"] * 2
    top_up = contributions_on(history, day("2024-01-26"), handbook)[1]
    assert (top_up.kind, top_up.base, top_up.coefficient) == ("TOP_UP", Decimal(1000000), Decimal("0.1"))
    assert top_up.counted_until == day("2026-01-15"), "two years from the day it is paid"


@pytest.mark.parametrize(
    ("design", "category", "coefficient"),
    [
        ("universal", "endowment", "0.02"),
        ("participating", "whole_life", "0.03"),
        ("traditional", "endowment", "0.03"),
        ("traditional", "annuity", "0.1"),
    ],
)
def test_a_rider_goes_by_its_own_product_class(design, category, coefficient, handbook):
    rider = event("rider_added", "2024-03-01", mode="single", premium="100", design=design, category=category)
    own = contributions_on(fold(arrived(LONG, rider)), day("2024-03-01"), handbook)[1]
    policy = issued("2024-01-10", mode="single", premium="100", design=design, category=category)
    inherited = contributions_on(
        fold(arrived(policy, event("rider_added", "2024-03-01", mode="single", premium="100"))),
        day("2024-03-01"),
        handbook,
    )[1]
    assert own.coefficient == inherited.coefficient == Decimal(coefficient)
