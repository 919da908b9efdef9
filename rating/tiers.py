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
from rating.timeline import StarSpan

NO_STAR = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """A customer's timeline as known from a moment on; without spans and None when nothing was known.

    `handbook` (a fingerprint) says by what it was computed, and `computed_at` when.
    """

    spans: tuple[StarSpan, ...] = ()
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
    span = span_on(rating.spans, day)
    star = span.star if span else NO_STAR
    premium = span.rated_premium if span else Decimal(0)
    edition = (handbook.edition(span.edition) if span and span.edition else None) or handbook.on(day)
    since, until = _span_of_star(rating.spans, day, star)
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


def span_on(spans: Sequence[StarSpan], day: date) -> StarSpan | None:
    """Return the span that a day lies in, None before the first."""
    position = bisect_right(spans, day, key=lambda span: span.start)
    return spans[position - 1] if position else None


def star_on(spans: Sequence[StarSpan], day: date) -> int:
    """Return the star on a day, 0 for none."""
    span = span_on(spans, day)
    return span.star if span else NO_STAR


def first_member_day(spans: Sequence[StarSpan]) -> date | None:
    """Return the first day with a star (the anchor of service years), None when there is none."""
    return next((span.start for span in spans if span.star > NO_STAR), None)


def spells(
    spans: Sequence[StarSpan], holds: Callable[[StarSpan], bool]
) -> tuple[tuple[date, date | None], ...]:
    """Return the unbroken spans [from, to) in which every span holds; the end None is open.

    A waiting period runs within such a spell: `spells(spans, lambda span: span.star >= star)`.
    """
    found: list[tuple[date, date | None]] = []
    for span in spans:
        if not holds(span):
            continue
        if found and found[-1][1] == span.start:
            found[-1] = (found[-1][0], span.end)
        else:
            found.append((span.start, span.end))
    return tuple(found)


def history_between(spans: Sequence[StarSpan], from_: date, to: date) -> tuple[StarSpan, ...]:
    """Return the spans within [from, to), cut to it; none before the first event, none for an empty span."""
    return tuple(
        replace(span, start=max(span.start, from_), end=to if span.end is None else min(span.end, to))
        for span in spans
        if max(span.start, from_) < (to if span.end is None else min(span.end, to))
    )


def _span_of_star(spans: Sequence[StarSpan], day: date, star: int) -> tuple[date | None, date | None]:
    for from_, to in spells(spans, lambda span: span.star == star):
        if from_ <= day and (to is None or day < to):
            never_had_one = star == NO_STAR and from_ == spans[0].start
            return (None if never_had_one else from_), to
    # A day before the first event: no star yet, until there is one.
    return None, first_member_day(spans)
