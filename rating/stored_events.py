"""Reading stored events. They were checked when they came and are trusted here; `rating.verifying` checks them."""

from collections.abc import Iterable, Mapping, Sequence

from asyncpg import Record

from base.database import Connection
from rating.events import stored_event
from rating.folding import Arrived
from rating.intake import Stored
from rating.writing import SQL


async def load_stored(conn: Connection, customer_ids: Iterable[int]) -> dict[int, Stored]:
    """Lock the rating heads of customers in sorted order and return what is stored of each."""
    heads = await conn.fetch(SQL["lock_heads"], sorted(customer_ids))
    events = await events_of(conn, [head["customer_id"] for head in heads])
    return {
        head["customer_id"]: Stored(
            arrivals=head["arrivals"], version=head["version"], events=tuple(events[head["customer_id"]])
        )
        for head in heads
    }


async def events_of(conn: Connection, customer_ids: Sequence[int]) -> dict[int, list[Arrived]]:
    """Return the stored events of customers in order of arrival, empty without any: one read-only query."""
    events: dict[int, list[Arrived]] = {each: [] for each in customer_ids}
    for row in await conn.fetch(SQL["stored_events"], list(events)):
        events[row["customer_id"]].append(arrived_of(row))
    return events


async def bodies_of(conn: Connection, event_ids: Sequence[str]) -> dict[str, Mapping[str, object]]:
    """Return the contents of those ids that stand for a recorded event: one read-only query."""
    return {row["event_id"]: row["body"] for row in await conn.fetch(SQL["bodies"], event_ids)}


def arrived_of(row: Record) -> Arrived:
    """Return a stored event from its arrival, its moment of recording and its body, as text."""
    return Arrived(arrival=row["arrival"], recorded_at=row["recorded_at"], event=stored_event(row["body"]))
