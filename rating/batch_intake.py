"""The effect of events on many customers at once, each judged and rated by themselves. Pure: any process can do it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from handbook.handbook import Handbook
from rating.change_rows import Change
from rating.event_refusals import EventRefusal, contradicted, not_allowed
from rating.events import SentEvent, stored_event
from rating.folding import Arrived
from rating.intake import Stored, Superseded, take_in

StoredRow: TypeAlias = tuple[int, datetime, str]
"""A stored event: its arrival, its moment of recording, and its content as text."""


class OvertakenError(Exception):
    """Another transaction recorded one of these events after we looked and before we had the lock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """By what events are judged and rated: see `rating.intake.take_in`. `now` is when they are recorded."""

    now: datetime
    handbook: Handbook
    superseded: Sequence[Superseded] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """New events of one customer, and what is stored of them."""

    customer_id: int
    member_no: str
    arrivals: int = 0
    version: int = 0
    events: Sequence[StoredRow] = ()
    sent: Sequence[SentEvent]

    @property
    def stored(self) -> Stored:
        """What is stored, read."""
        events = tuple(
            Arrived(arrival=arrival, recorded_at=recorded_at, event=stored_event(body))
            for arrival, recorded_at, body in self.events
        )
        return Stored(arrivals=self.arrivals, version=self.version, events=events)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What changes for one customer, and by position why events are refused."""

    member_no: str
    change: Change
    refusals: Mapping[int, EventRefusal]


def judged(customers: Iterable[Asked], rules: Rules) -> list[Judged]:
    """Judge and rate. Raises OvertakenError when one of the events is among those stored."""
    return [_judged(each, rules) for each in customers]


def _judged(asked: Asked, rules: Rules) -> Judged:
    stored = asked.stored
    stored_ids = {arrived.event.event_id for arrived in stored.events}
    if any(each.event_id in stored_ids for each in asked.sent):
        raise OvertakenError
    refusals: dict[int, EventRefusal] = {}
    sound: list[int] = []
    for position, each in enumerate(asked.sent):
        contradiction = contradicted(each.event, rules.now)
        if contradiction is None:
            sound.append(position)
        else:
            refusals[position] = contradiction
    sent = [asked.sent[position] for position in sound]
    intake = take_in(
        stored,
        [each.event for each in sent],
        now=rules.now,
        handbook=rules.handbook,
        superseded=rules.superseded,
    )
    for index, words in intake.refused.items():
        refusals[sound[index]] = not_allowed(sent[index].event, words)
    change = Change(customer_id=asked.customer_id, stored=stored, sent=sent, intake=intake)
    return Judged(member_no=asked.member_no, change=change, refusals=refusals)
