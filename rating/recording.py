"""Recording policy events and the ratings that follow; idempotent by event id.

Per customer, recording is serial: the rating head is locked, the whole history is judged and rated again, and events
get the next arrival numbers. An event id stands for one event for ever, over all customers: the same content again is a
repetition, other content is refused. A transaction that loses a race for an event id starts over, and then finds the
other's event.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from asyncpg import UniqueViolationError

from base.database import Connection
from rating.activations import AnyHandbook, handbook_now, superseded_handbooks
from rating.event_refusals import EventRefusal, contradicted, id_taken, not_allowed, unknown_customer
from rating.events import (
    CustomerRegistered,
    PolicyEvent,
    SentEvent,
    content,
    differing_fields,
)
from rating.intake import Recorded, take_in
from rating.stored_events import bodies_of, load_stored
from rating.writing import SQL, Change, columns, write_changes

Result: TypeAlias = Recorded | EventRefusal

_ATTEMPTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """What became of events: one result for each, in order, and the customers that changed."""

    results: tuple[Result, ...]
    changes: tuple[Change, ...]
    customers_created: int


class _OvertakenError(Exception):
    """Another transaction recorded one of these events after we looked and before we had the lock."""


async def append_events(
    conn: Connection,
    sent: Sequence[SentEvent],
    *,
    now: datetime,
    handbook: AnyHandbook,
    subject: str | None = None,
) -> Appended:
    """Append events to the histories of their customers and rate these, inside the caller's transaction.

    Set-based: a fixed number of queries, however many events and customers. A refusal changes nothing and spoils no
    other event. `now` is when an event is recorded that does not say so itself; one that says later is refused.
    `subject` is who tells them, by the token; None: not known. The transaction has begun with
    `handbook_within`: what the handbook in force says stays so until it ends.
    """
    for _ in range(_ATTEMPTS - 1):
        try:
            async with conn.transaction():  # a savepoint: a lost race undoes this attempt only
                return await _try_to_append(conn, sent, now, handbook, subject)
        except (UniqueViolationError, _OvertakenError):
            continue
    async with conn.transaction():
        return await _try_to_append(conn, sent, now, handbook, subject)


async def _try_to_append(
    conn: Connection, sent: Sequence[SentEvent], now: datetime, handbook: AnyHandbook, subject: str | None
) -> Appended:
    events = [each.event for each in sent]
    results: dict[int, Result] = {}
    firsts: dict[str, int] = {}
    for position, event in enumerate(events):
        firsts.setdefault(event.event_id, position)
    results |= await _known_before(conn, sent, firsts)
    results |= _contradictions(events, [each for each in firsts.values() if each not in results], now)
    fresh = [position for position in firsts.values() if position not in results]
    customers, created = await _customers(conn, [events[position] for position in fresh], now)
    for position in fresh:
        if events[position].member_no not in customers:
            results[position] = unknown_customer(events[position])
    by_customer: dict[int, list[int]] = {}
    for position in fresh:
        if position not in results:
            by_customer.setdefault(customers[events[position].member_no], []).append(position)
    changes = await _judge_and_rate(conn, sent, by_customer, now, handbook)
    await write_changes(conn, changes, now=now, handbook=handbook_now(handbook), subject=subject)
    for change in changes:
        results |= _results(change, events, by_customer[change.customer_id])
    for position, event in enumerate(events):
        if position not in results:
            first = firsts[event.event_id]
            results[position] = _second_of_batch(event, events[first], results[first])
    return Appended(
        results=tuple(results[position] for position in range(len(events))),
        changes=tuple(change for change in changes if change.intake.events),
        customers_created=created,
    )


async def _known_before(
    conn: Connection, sent: Sequence[SentEvent], firsts: Mapping[str, int]
) -> dict[int, Result]:
    """Return the result for events whose id is already taken: repeated, or changed. By position, as `firsts` are."""
    known = {row["event_id"]: row for row in await conn.fetch(SQL["known_events"], list(firsts))}
    results: dict[int, Result] = {}
    unproven: list[str] = []
    for event_id, row in known.items():
        each = sent[firsts[event_id]]
        if row["content_hash"] == each.hash:
            results[firsts[event_id]] = Recorded.of(each.event, row["customer_id"], repeated=True)
        else:
            unproven.append(event_id)
    if not unproven:
        return results
    for event_id, body in (await bodies_of(conn, unproven)).items():
        event = sent[firsts[event_id]].event
        differing = differing_fields(body, content(event))
        results[firsts[event_id]] = (
            id_taken(event, differing)
            if differing
            else Recorded.of(event, known[event_id]["customer_id"], repeated=True)
        )
    return results


def _contradictions(
    events: Sequence[PolicyEvent], positions: Iterable[int], now: datetime
) -> dict[int, Result]:
    """Return the refusals of events that contradict themselves; such an event registers no customer either."""
    found = ((position, contradicted(events[position], now)) for position in positions)
    return {position: refusal for position, refusal in found if refusal is not None}


async def _customers(
    conn: Connection, events: Sequence[PolicyEvent], now: datetime
) -> tuple[dict[str, int], int]:
    """Return the customers' ids by member number, creating those whom these events register, and how many those are."""
    member_nos = {event.member_no for event in events}
    ids = {row["member_no"]: row["id"] for row in await conn.fetch(SQL["customer_ids"], list(member_nos))}
    new: dict[str, CustomerRegistered] = {}
    for event in events:
        if isinstance(event, CustomerRegistered) and event.member_no not in ids:
            new.setdefault(event.member_no, event)
    if not new:
        return ids, 0
    rows = [(each.member_no, each.name, each.effective_on, each.recorded_at or now) for each in new.values()]
    created = await conn.fetch(SQL["create_customers"], *columns(rows))
    created_ids = [row["id"] for row in created]
    await conn.execute(SQL["create_rating_heads"], created_ids)
    ids |= {row["member_no"]: row["id"] for row in created}
    if missing := [member_no for member_no in new if member_no not in ids]:
        ids |= {row["member_no"]: row["id"] for row in await conn.fetch(SQL["customer_ids"], missing)}
    return ids, len(created)


async def _judge_and_rate(
    conn: Connection,
    sent: Sequence[SentEvent],
    by_customer: Mapping[int, Sequence[int]],
    now: datetime,
    handbook: AnyHandbook,
) -> list[Change]:
    """Lock the customers, load what is stored of them, judge their new events and rate them with these."""
    stored = await load_stored(conn, by_customer)
    since = min((each.event.recorded_at or now for each in sent), default=now)
    superseded = await superseded_handbooks(conn, handbook, since)
    changes: list[Change] = []
    for customer_id, positions in by_customer.items():
        new = [sent[position] for position in positions]
        taken_ids = {arrived.event.event_id for arrived in stored[customer_id].events}
        if any(each.event.event_id in taken_ids for each in new):
            raise _OvertakenError
        intake = take_in(
            stored[customer_id],
            [each.event for each in new],
            now=now,
            handbook=handbook_now(handbook),
            superseded=superseded,
        )
        changes.append(Change(customer_id=customer_id, stored=stored[customer_id], sent=new, intake=intake))
    return changes


def _results(change: Change, events: Sequence[PolicyEvent], positions: Sequence[int]) -> dict[int, Result]:
    refused = change.intake.refused
    return {
        position: not_allowed(events[position], refused[index])
        if index in refused
        else Recorded.of(events[position], change.customer_id, repeated=False)
        for index, position in enumerate(positions)
    }


def _second_of_batch(event: PolicyEvent, first: PolicyEvent, result: Result) -> Result:
    """Return the result for an event whose id an earlier one of the same batch has."""
    differing = differing_fields(content(first), content(event))
    if differing:
        return id_taken(event, differing)
    return Recorded.of(event, result.customer_id, repeated=True) if isinstance(result, Recorded) else result
