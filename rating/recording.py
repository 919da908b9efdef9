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
from rating.batch_intake import Asked, OvertakenError, Rules, StoredRow, judged
from rating.change_rows import Change, rows_of
from rating.event_refusals import EventRefusal, contradicted, id_taken, unknown_customer
from rating.events import CustomerRegistered, SentEvent, content, differing_fields
from rating.intake import Recorded
from rating.stored_events import bodies_of
from rating.writing import SQL, columns, write_rows

Result: TypeAlias = Recorded | EventRefusal

_ATTEMPTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """What became of events: one result for each, in order, and the customers that changed."""

    results: tuple[Result, ...]
    changes: tuple[Change, ...]
    customers_created: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What the database says of some events: results that are known by that, and what is to be judged, by customer.

    `firsts` are the positions of the first event of each id, `positions` those of a customer's events.
    """

    results: Mapping[int, Result]
    firsts: Mapping[str, int]
    positions: Mapping[int, Sequence[int]]
    asked: Sequence[Asked]
    customers_created: int


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
        except (UniqueViolationError, OvertakenError):
            continue
    async with conn.transaction():
        return await _try_to_append(conn, sent, now, handbook, subject)


async def _try_to_append(
    conn: Connection, sent: Sequence[SentEvent], now: datetime, handbook: AnyHandbook, subject: str | None
) -> Appended:
    looked = await look(conn, sent, now)
    since = min((each.event.recorded_at or now for each in sent), default=now)
    rules = Rules(
        now=now,
        handbook=handbook_now(handbook),
        superseded=await superseded_handbooks(conn, handbook, since),
    )
    found = judged(looked.asked, rules)
    changes = tuple(each.change for each in found if each.change.intake.events)
    await write_rows(conn, rows_of(changes, now=now, handbook=rules.handbook, subject=subject))
    refusals = {each.change.customer_id: each.refusals for each in found}
    return Appended(
        results=results_of(looked, sent, refusals),
        changes=changes,
        customers_created=looked.customers_created,
    )


def results_of(
    looked: Looked, sent: Sequence[SentEvent], refusals: Mapping[int, Mapping[int, EventRefusal]]
) -> tuple[Result, ...]:
    """Return the result of each event; `refusals` are those of what was judged, by customer and position there."""
    results = dict(looked.results)
    for customer_id, positions in looked.positions.items():
        refused = refusals.get(customer_id, {})
        for index, position in enumerate(positions):
            results[position] = refused.get(index) or Recorded.of(sent[position], customer_id, repeated=False)
    for position, each in enumerate(sent):
        if position not in results:
            first = looked.firsts[each.event_id]
            results[position] = _second_of_batch(each, sent[first], results[first])
    return tuple(results[position] for position in range(len(sent)))


async def look(conn: Connection, sent: Sequence[SentEvent], now: datetime) -> Looked:
    """Look up what is recorded, create the customers that are registered, lock the others and read their events."""
    firsts: dict[str, int] = {}
    for position, each in enumerate(sent):
        firsts.setdefault(each.event_id, position)
    results = await _known_before(conn, sent, firsts)
    fresh = [position for position in firsts.values() if position not in results]
    customers, created = await _customers(conn, [sent[position] for position in fresh], now)
    positions: dict[int, list[int]] = {}
    for position in fresh:
        customer_id = customers.get(sent[position].member_no)
        if customer_id is None:
            event = sent[position].event
            results[position] = contradicted(event, now) or unknown_customer(event)
        else:
            positions.setdefault(customer_id, []).append(position)
    of_customers = {each: [sent[position] for position in of_each] for each, of_each in positions.items()}
    return Looked(
        results=results,
        firsts=firsts,
        positions=positions,
        asked=await _asked(conn, of_customers),
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
            results[firsts[event_id]] = Recorded.of(each, row["customer_id"], repeated=True)
        else:
            unproven.append(event_id)
    if not unproven:
        return results
    for event_id, body in (await bodies_of(conn, unproven)).items():
        each = sent[firsts[event_id]]
        differing = differing_fields(body, content(each.event))
        results[firsts[event_id]] = (
            id_taken(each.event, differing)
            if differing
            else Recorded.of(each, known[event_id]["customer_id"], repeated=True)
        )
    return results


async def _customers(
    conn: Connection, sent: Iterable[SentEvent], now: datetime
) -> tuple[dict[str, int], int]:
    """Return the customers' ids by member number, creating those whom these events register, and how many those are.

    A registration that contradicts itself registers nobody.
    """
    member_nos = {each.member_no for each in sent}
    ids = {row["member_no"]: row["id"] for row in await conn.fetch(SQL["customer_ids"], list(member_nos))}
    new: dict[str, CustomerRegistered] = {}
    for each in sent:
        if each.registers and each.member_no not in ids:
            event = each.event
            if isinstance(event, CustomerRegistered) and contradicted(event, now) is None:
                new.setdefault(each.member_no, event)
    if not new:
        return ids, 0
    rows = [(each.member_no, each.name, each.effective_on, each.recorded_at or now) for each in new.values()]
    created = await conn.fetch(SQL["create_customers"], *columns(rows))
    ids |= {row["member_no"]: row["id"] for row in created}
    if missing := [member_no for member_no in new if member_no not in ids]:
        ids |= {row["member_no"]: row["id"] for row in await conn.fetch(SQL["customer_ids"], missing)}
    return ids, len(created)


async def _asked(conn: Connection, sent: Mapping[int, Sequence[SentEvent]]) -> list[Asked]:
    """Lock the customers, and return what is stored of them beside their new events. One without a head is new."""
    heads = {row["customer_id"]: row for row in await conn.fetch(SQL["lock_heads"], sorted(sent))}
    events: dict[int, list[StoredRow]] = {each: [] for each in heads}
    if heads:
        for row in await conn.fetch(SQL["stored_events"], list(heads)):
            events[row["customer_id"]].append((row["arrival"], row["recorded_at"], row["body"]))
    return [
        Asked(
            customer_id=customer_id,
            member_no=of_customer[0].member_no,
            arrivals=heads[customer_id]["arrivals"] if customer_id in heads else 0,
            version=heads[customer_id]["version"] if customer_id in heads else 0,
            events=events.get(customer_id, ()),
            sent=of_customer,
        )
        for customer_id, of_customer in sent.items()
    ]


def _second_of_batch(each: SentEvent, first: SentEvent, result: Result) -> Result:
    """Return the result for an event whose id an earlier one of the same batch has."""
    if each.hash != first.hash:
        differing = differing_fields(content(first.event), content(each.event))
        if differing:
            return id_taken(each.event, differing)
    return Recorded.of(each, result.customer_id, repeated=True) if isinstance(result, Recorded) else result
