"""The tier on any day is a look-up in the timeline, whatever the day: past, present or future.

The star of a day, since when it has held without a break, and the first day with a star are computed here only. Star 0
is no star. Before the first event a customer has none.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from base.lazy import lazy
from handbook.handbook import Handbook
from handbook.values import Edition, Tier
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


@dataclass(frozen=True, kw_only=True)
class TierView:
    """The tier that a rating has on a day. What is read of it is worked out then, by the edition of the day."""

    rating: Rating
    day: date
    handbook: Handbook

    @lazy
    def _span(self) -> StarSpan | None:
        return span_on(self.rating.spans, self.day)

    @lazy
    def _edition(self) -> Edition | None:
        code = self._span.edition if self._span is not None else None
        return (self.handbook.edition(code) if code else None) or self.handbook.on(self.day)

    @lazy
    def _bounds(self) -> tuple[date | None, date | None]:
        return _span_of_star(self.rating.spans, self.day, self.star)

    @property
    def star(self) -> int:
        """The star; 0 is no star."""
        return self._span.star if self._span is not None else NO_STAR

    @property
    def rated_premium(self) -> Decimal:
        """The rated premium that decides the star, in CNY."""
        return self._span.rated_premium if self._span is not None else Decimal(0)

    @property
    def tier(self) -> Tier | None:
        """The star's tier; None without a star."""
        return self._edition.tier(self.star) if self._edition is not None else None

    @property
    def edition(self) -> str | None:
        """The code of the edition; None if none was in force."""
        return self._edition.code if self._edition is not None else None

    @property
    def since(self) -> date | None:
        """First day of the unbroken span of the same star; None at star 0 for who never had a star before."""
        return self._bounds[0]

    @property
    def until(self) -> date | None:
        """First day with another star; None when none is ahead."""
        return self._bounds[1]

    @property
    def next_tier(self) -> Tier | None:
        """The tier above; None at the top."""
        return self._edition.next_tier(self.star) if self._edition is not None else None

    @property
    def shortfall(self) -> Decimal | None:
        """The rated premium (CNY) that is missing to the tier above; None at the top."""
        above = self.next_tier
        return above.from_ - self.rated_premium if above is not None else None


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
