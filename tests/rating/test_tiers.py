"""The tier on a day, its unbroken span, and what is missing to the next."""

from decimal import Decimal

import pytest

from rating.folding import fold
from rating.tiers import UNRATED, Rating, TierView, first_member_day, history_between, spells, star_on
from rating.timeline import timeline
from tests.rating.build import arrived, day, event, issued, registered


@pytest.fixture(scope="module")
def rating(handbook):
    """Star 0, 1, 2 (two premiums), lapsed to 0, back to 2, and down again by 2034."""
    events = (
        registered("2023-12-01"),
        issued("2024-01-10", premium="30000"),
        event("top_up_paid", "2024-06-01", premium="150000"),
        event("premium_increased", "2024-07-01", premium="5000"),
        event("lapsed", "2025-01-01"),
        event("reinstated", "2025-03-01"),
    )
    return Rating(spans=timeline(fold(arrived(*events)), handbook))


# day, star, rated premium, since, until, next star, shortfall
ROWS = [
    ("2020-01-01", 0, 0, None, "2024-01-26", 1, 30000),
    ("2023-12-01", 0, 0, None, "2024-01-26", 1, 30000),
    ("2024-01-26", 1, 30000, "2024-01-26", "2024-06-01", 2, 15000),
    ("2024-06-01", 2, 45000, "2024-06-01", "2025-01-01", 3, 105000),
    ("2024-12-31", 2, 50000, "2024-06-01", "2025-01-01", 3, 100000),
    ("2025-02-28", 0, 0, "2025-01-01", "2025-03-01", 1, 30000),
    ("2025-03-01", 2, 50000, "2025-03-01", "2026-06-01", 3, 100000),
    ("2026-06-01", 1, 35000, "2026-06-01", "2034-01-10", 2, 10000),
    ("2034-07-01", 0, 0, "2034-01-10", None, 1, 30000),
]


@pytest.mark.parametrize(("on", "star", "premium", "since", "until", "next_star", "shortfall"), ROWS)
def test_the_tier_on_a_day(rating, handbook, on, star, premium, since, until, next_star, shortfall):
    view = TierView(rating=rating, day=day(on), handbook=handbook)
    assert (view.star, view.rated_premium) == (star, premium)
    assert (view.since, view.until) == (since and day(since), until and day(until))
    assert (view.next_tier, view.shortfall) == (handbook.latest.tier(next_star), shortfall)
    assert (view.tier.star if view.tier else 0) == star == star_on(rating.spans, day(on))
    assert view.edition == handbook.latest.code


def test_at_the_top_nothing_is_missing(handbook):
    rating = Rating(spans=timeline(fold(arrived(issued("2024-01-10", premium="500000"))), handbook))
    view = TierView(rating=rating, day=day("2024-02-01"), handbook=handbook)
    assert (view.star, view.next_tier, view.shortfall) == (5, None, None)


def test_who_is_not_known_has_no_star(handbook):
    view = TierView(rating=UNRATED, day=day("2024-02-01"), handbook=handbook)
    assert (view.star, view.tier, view.since, view.until) == (0, None, None, None)
    assert view.shortfall == Decimal(30000)
    assert first_member_day(()) is None
    assert star_on((), day("2024-02-01")) == 0


def test_the_first_member_day_and_spells(rating):
    assert first_member_day(rating.spans) == day("2024-01-26")
    assert spells(rating.spans, lambda span: span.star >= 1) == (
        (day("2024-01-26"), day("2025-01-01")),
        (day("2025-03-01"), day("2034-01-10")),
    )
    assert spells(rating.spans, lambda span: span.star == 0)[-1] == (day("2034-01-10"), None)


def test_the_history_between_two_days_is_cut_to_them(rating):
    found = history_between(rating.spans, day("2024-06-15"), day("2025-01-15"))
    assert [(p.start, p.end, p.star, p.rated_premium) for p in found] == [
        (day("2024-06-15"), day("2024-07-01"), 2, 45000),
        (day("2024-07-01"), day("2025-01-01"), 2, 50000),
        (day("2025-01-01"), day("2025-01-15"), 0, 0),
    ]
    assert history_between(rating.spans, day("2040-01-01"), day("2041-01-01"))[0].end == day("2041-01-01")
    assert history_between(rating.spans, day("2024-06-15"), day("2024-06-15")) == ()
    assert history_between(rating.spans, day("2024-06-15"), day("2024-06-01")) == ()
    assert history_between(rating.spans, day("2020-06-15"), day("2021-06-01")) == ()
