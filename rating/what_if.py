"""A customer's history with hypothetical events: judged like real ones, and never recorded.

The events follow the stored ones, in the order given. One that could not be recorded is refused for the same reasons
and in the same words; the others are applied without it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from base.database import Connection
from base.words import Words
from handbook.handbook import Handbook
from rating.event_refusals import EventRefusal, contradicted, id_taken, not_allowed
from rating.events import PolicyEvent, content, differing_fields
from rating.history import History
from rating.intake import Stored, take_in
from rating.stored_events import events_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Supposed:
    """A history with hypothetical events, and why some of them are not in it."""

    history: History
    refusals: tuple[EventRefusal, ...]


async def stored_of(conn: Connection, customer_ids: Sequence[int]) -> dict[int, Stored]:
    """Return what is stored of customers, to suppose events on top of it: one query that reads."""
    found = await events_of(conn, customer_ids)
    return {
        customer_id: Stored(arrivals=len(arrived), events=tuple(arrived))
        for customer_id, arrived in found.items()
    }


def supposed(
    stored: Stored,
    member_no: str,
    events: Sequence[PolicyEvent],
    *,
    known: Mapping[str, Mapping[str, object]],
    now: datetime,
    handbook: Handbook,
) -> Supposed:
    """Return the history with those events that could be recorded; `known` has what is recorded under their ids."""
    refusals: dict[int, EventRefusal] = {}
    firsts: dict[str, int] = {}
    fresh: list[int] = []
    for position, event in enumerate(events):
        first = firsts.setdefault(event.event_id, position)
        body = known.get(event.event_id)
        taken_by = body if body is not None else content(events[first])
        differing = differing_fields(taken_by, content(event))
        if event.member_no != member_no:
            refusals[position] = of_another(event, member_no)
        elif differing:
            refusals[position] = id_taken(event, differing)
        elif body is None and first == position:
            impossible = contradicted(event, now)
            if impossible is None:
                fresh.append(position)
            else:
                refusals[position] = impossible
    intake = take_in(stored, [events[position] for position in fresh], now=now, handbook=handbook)
    for index, words in intake.refused.items():
        refusals[fresh[index]] = not_allowed(events[fresh[index]], words)
    return Supposed(
        history=intake.history, refusals=tuple(refusals[position] for position in sorted(refusals))
    )


def of_another(event: PolicyEvent, member_no: str) -> EventRefusal:
    """Return the refusal of an event of another member: known without reading anything."""
    return EventRefusal(
        event_id=event.event_id,
        member_no=event.member_no,
        code="INVALID",
        words=Words(
            f"事件 {event.event_id} 属于会员 {event.member_no}，此处只能假设会员 {member_no} 的事件。",
            f"Event {event.event_id} is of member {event.member_no}; "
            f"here only events of member {member_no} can be supposed.",
        ),
    )
