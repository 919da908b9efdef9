"""The demo portfolio: the history of three hundred fictitious members until yesterday, in the order of recording.

Everything is a pure function of today, so the demonstration is current on any day, and the same on the same day. The
ledger is opened five months before: the history until then comes in one go, as an import; from then on events, uses and
contracts arrive at their moments.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from demo.activity import use
from demo.cast import CAST
from demo.contracts import Registration, registrations
from demo.crowd import live
from demo.diaries import Call, Diary
from demo.histories import History
from demo.months import Finance, finance_steps
from handbook import Handbook
from handbook.dates import start_of
from rating.events import PolicyEvent

MEMBERS = 300
DAYS = 150
"""How long ago the ledger was opened."""

_OPENED = timedelta(hours=9)
_GRANTED = timedelta(hours=3)
"""When in the night the due grants are posted."""
_GRANT_DAYS = (1, 11, 21)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """Events that arrive together."""

    at: datetime
    events: tuple[PolicyEvent, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Granting:
    """A run of the command `grant`."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """Vendors' commands at one moment."""

    at: datetime
    calls: tuple[Call, ...]


Step = Registration | Feed | Granting | Calls | Finance


@dataclass(frozen=True, slots=True, kw_only=True)
class Portfolio:
    """The steps in their order of time. `opening` holds the history until the ledger was opened."""

    today: date
    opening: Feed
    steps: tuple[Step, ...]


def portfolio(today: date, handbook: Handbook) -> Portfolio:
    """The portfolio as of a business day; everything in it is recorded before that day begins."""
    opened_on = today - timedelta(days=DAYS)
    opened_at = start_of(opened_on) + _OPENED
    events: list[PolicyEvent] = []
    calls: list[Call] = []
    for number in range(1, MEMBERS + 1):
        rng = Random(f"demo {number}")  # noqa: S311 - a portfolio, no secret
        member = History(number, today, rng)
        diary = Diary(member.member_no, rng, handbook)
        if number <= len(CAST):
            CAST[number - 1](member, diary)
        else:
            live(member, rng)
            use(member, diary, rng, handbook=handbook, opening=opened_on)
        events += member.events
        calls += diary.calls
    events.sort(key=recorded_at)
    before = tuple(event for event in events if recorded_at(event) <= opened_at)
    steps: list[Step] = [
        *registrations(today, opened_at),
        *_feeds([event for event in events if recorded_at(event) > opened_at]),
        *_grantings(opened_on, today),
        *_postings(calls),
        *finance_steps(today),
    ]
    return Portfolio(
        today=today,
        opening=Feed(at=opened_at, events=before),
        steps=tuple(sorted(steps, key=lambda step: step.at)),
    )


def recorded_at(event: PolicyEvent) -> datetime:
    """When an event was recorded; every event of the portfolio has it."""
    if event.recorded_at is None:
        raise ValueError(f"{event.event_id} does not say when it was recorded")
    return event.recorded_at


def _feeds(events: Sequence[PolicyEvent]) -> list[Feed]:
    moments = sorted({recorded_at(event) for event in events})
    return [
        Feed(at=at, events=tuple(event for event in events if recorded_at(event) == at)) for at in moments
    ]


def _postings(calls: Sequence[Call]) -> list[Calls]:
    by_moment: dict[datetime, list[Call]] = {}
    for call in calls:
        by_moment.setdefault(call.at, []).append(call)
    return [Calls(at=at, calls=tuple(together)) for at, together in by_moment.items()]


def _grantings(opened_on: date, today: date) -> list[Granting]:
    """Every ten days or so."""
    days = (opened_on + timedelta(days=days) for days in range(1, (today - opened_on).days))
    return [Granting(at=start_of(day) + _GRANTED) for day in days if day.day in _GRANT_DAYS]
