"""What a customer's history would be with events that have not happened: judged like real ones, and never recorded.

The events come after those that are stored, in the order given. One that could not be recorded is refused for the same
reasons and in the same words, and the others are taken without it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from handbook.handbook import Handbook
from handbook.words import Words
from rating.database import Connection
from rating.events import PolicyEvent, content, differing_fields
from rating.history import History
from rating.recording import Result, arrived_of, contradicted, id_taken, known_before
from rating.taking import EventRefusal, Stored, take
from rating.writing import SQL


@dataclass(frozen=True, slots=True, kw_only=True)
class Supposed:
    """A history with hypothetical events, and why some of them are not in it."""

    history: History
    refusals: tuple[EventRefusal, ...]


async def suppose(
    conn: Connection,
    customer_id: int,
    member_no: str,
    events: Sequence[PolicyEvent],
    *,
    now: datetime,
    handbook: Handbook,
) -> Supposed:
    """Return what a customer's history would be with some events. Two statements that read, whatever the events."""
    firsts: dict[str, int] = {}
    for position, event in enumerate(events):
        firsts.setdefault(event.event_id, position)
    known = await known_before(conn, events, firsts) if events else {}
    rows = await conn.fetch(SQL["stored_events"], [customer_id])
    arrived = tuple(arrived_of(row["arrival"], row["recorded_at"], row["body"]) for row in rows)
    stored = Stored(arrivals=len(arrived), events=arrived)
    return supposed(stored, member_no, events, known=known, now=now, handbook=handbook)


def supposed(
    stored: Stored,
    member_no: str,
    events: Sequence[PolicyEvent],
    *,
    known: Mapping[int, Result],
    now: datetime,
    handbook: Handbook,
) -> Supposed:
    """Return the history with those events that could be recorded; `known` tells of those whose id is taken already."""
    refusals: dict[int, EventRefusal] = {}
    firsts: dict[str, int] = {}
    fresh: list[int] = []
    for position, event in enumerate(events):
        first = firsts.setdefault(event.event_id, position)
        result = known.get(position)
        differing = differing_fields(content(events[first]), content(event))
        if event.member_no != member_no:
            refusals[position] = _of_another(event, member_no)
        elif differing:
            refusals[position] = id_taken(event, differing)
        elif isinstance(result, EventRefusal):
            refusals[position] = result
        elif result is None and first == position:
            impossible = contradicted(event, now)
            if impossible is None:
                fresh.append(position)
            else:
                refusals[position] = impossible
    taken = take(stored, [events[position] for position in fresh], now=now, handbook=handbook)
    for place, words in taken.refused.items():
        refusals[fresh[place]] = EventRefusal(
            event_id=events[fresh[place]].event_id,
            member_no=member_no,
            code="LIFE_CYCLE",
            words=words.as_sentence(),
        )
    return Supposed(
        history=taken.history, refusals=tuple(refusals[position] for position in sorted(refusals))
    )


def _of_another(event: PolicyEvent, member_no: str) -> EventRefusal:
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
