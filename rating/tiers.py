"""The tier on any day is a look-up in the timeline, whatever the day: past, present or future.

The star of a day, since when it has held without a break, and the first day with a star are computed here only. Star 0
is no star. Before the first event a customer has none.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from handbook.handbook import Handbook
from handbook.values import Tier
from rating.timeline import StarPeriod

NO_STAR = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """A customer's timeline as known from a moment on; without periods and None when nothing was known.

    `handbook` (a fingerprint) says by what it was computed, and `computed_at` when.
    """

    periods: tuple[StarPeriod, ...] = ()
    known_from: datetime | None = None
    handbook: str | None = None
    computed_at: datetime | None = None


UNRATED = Rating()


@dataclass(frozen=True, slots=True, kw_only=True)
class TierView:
    """The tier on a day.

    `since` and `until` bound the unbroken span of the same star: `since` is None at star 0 for who never had a star
    before; `until` is the first day with another star, None when none is ahead. `shortfall` is the rated premium
    (CNY) missing to the next tier by the edition of the day, None like that tier at the top.
    """

    star: int
    tier: Tier | None
    rated_premium: Decimal
    edition: str | None
    since: date | None
    until: date | None
    next_tier: Tier | None
    shortfall: Decimal | None


def tier_on(rating: Rating, day: date, handbook: Handbook) -> TierView:
    """Return the tier on a day, with what is missing to the next one."""
    period = period_on(rating.periods, day)
    star = period.star if period else NO_STAR
    premium = period.rated_premium if period else Decimal(0)
    edition = (handbook.edition(period.edition) if period and period.edition else None) or handbook.on(day)
    since, until = _span_of_star(rating.periods, day, star)
    above = edition.next_tier(star) if edition else None
    return TierView(
        star=star,
        tier=edition.tier(star) if edition else None,
        rated_premium=premium,
        edition=edition.code if edition else None,
        since=since,
        until=until,
        next_tier=above,
        shortfall=above.from_ - premium if above else None,
    )


def period_on(periods: Sequence[StarPeriod], day: date) -> StarPeriod | None:
    """Return the period that a day lies in, None before the first."""
    position = bisect_right(periods, day, key=lambda period: period.start)
    return periods[position - 1] if position else None


def star_on(periods: Sequence[StarPeriod], day: date) -> int:
    """Return the star on a day, 0 for none."""
    period = period_on(periods, day)
    return period.star if period else NO_STAR


def first_member_day(periods: Sequence[StarPeriod]) -> date | None:
    """Return the first day with a star (the anchor of service years), None when there is none."""
    return next((period.start for period in periods if period.star > NO_STAR), None)


def spells(
    periods: Sequence[StarPeriod], holds: Callable[[StarPeriod], bool]
) -> tuple[tuple[date, date | None], ...]:
    """Return the unbroken spans [from, to) in which every period holds; the end None is open.

    A waiting period runs within such a spell: `spells(periods, lambda period: period.star >= star)`.
    """
    found: list[tuple[date, date | None]] = []
    for period in periods:
        if not holds(period):
            continue
        if found and found[-1][1] == period.start:
            found[-1] = (found[-1][0], period.end)
        else:
            found.append((period.start, period.end))
    return tuple(found)


def history_between(periods: Sequence[StarPeriod], from_: date, to: date) -> tuple[StarPeriod, ...]:
    """Return the periods within [from, to), cut to it; none before the first event, none for an empty span."""
    return tuple(
        replace(period, start=max(period.start, from_), end=to if period.end is None else min(period.end, to))
        for period in periods
        if max(period.start, from_) < (to if period.end is None else min(period.end, to))
    )


def _span_of_star(periods: Sequence[StarPeriod], day: date, star: int) -> tuple[date | None, date | None]:
    for from_, to in spells(periods, lambda period: period.star == star):
        if from_ <= day and (to is None or day < to):
            never_had_one = star == NO_STAR and from_ == periods[0].start
            return (None if never_had_one else from_), to
    # A day before the first event: no star yet, until there is one.
    return None, first_member_day(periods)
