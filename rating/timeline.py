"""The timeline: the spans in which star and rated premium are constant, from the first event on, the last one open.

All that can ever change a rating is known with the events: statuses, ends of cooling-off, of validity and of
components, coming editions. So a rise or fall ahead is already in the timeline, the tier on any day is a look-up,
and no job has to run at midnight. Rated premiums are exact and compared unrounded with the tiers' half-open spans.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from handbook.handbook import Handbook
from rating.contributions import FOREVER, NOTHING, counted_spans, open_spans_of
from rating.history import History

METHOD = 2
"""The revision of how a timeline is computed: raise it when the result changes for the same history and handbook. The
next start then rates all customers again. Revision 1: before covers from 29 February ended on the 28th."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StarSpan:
    """The days [start, end) with one star and one rated premium (CNY); an end of None is open.

    `edition` is the code of the edition in force, None where there is none.
    """

    start: date
    end: date | None
    star: int
    rated_premium: Decimal
    edition: str | None


def timeline(history: History, handbook: Handbook) -> tuple[StarSpan, ...]:
    """Return the spans of a history, ascending and without gaps, the last one open; empty without events."""
    if history.first_day is None:
        return ()
    changes = _changes(history, handbook)
    changes.setdefault(history.first_day, NOTHING)
    for edition in handbook.editions:
        for turn in (edition.effective_from, edition.effective_to):
            if turn is not None and turn > history.first_day:
                changes.setdefault(turn, NOTHING)
    rated: list[tuple[date, int, Decimal, str | None]] = []
    premium = NOTHING
    for day in sorted(changes):
        premium += changes[day]
        edition_then = handbook.on(day)
        star = edition_then.star_for(premium) if edition_then else 0
        code = edition_then.code if edition_then else None
        if not rated or rated[-1][1:] != (star, premium, code):
            rated.append((day, star, premium, code))
    ends: list[date | None] = [*(day for day, *_ in rated[1:]), None]
    return tuple(
        StarSpan(start=day, end=end, star=star, rated_premium=premium, edition=code)
        for (day, star, premium, code), end in zip(rated, ends, strict=True)
    )


def _changes(history: History, handbook: Handbook) -> dict[date, Decimal]:
    """Return by how much the rated premium changes on the days on which it does."""
    changes: dict[date, Decimal] = {}
    for policy in history.policies.values():
        open_spans = open_spans_of(policy, handbook)
        for component in policy.components:
            for from_, to, amount in counted_spans(policy, component, handbook, open_spans):
                changes[from_] = changes.get(from_, NOTHING) + amount
                if to != FOREVER:
                    changes[to] = changes.get(to, NOTHING) - amount
    return changes
