"""Verifying ratings: every history is rated again and compared with what is stored.

The events are the source of truth; the content of each must fit the hash stored under its id. A stored rating is a
cache, also that of a moment in the past: computed again from the events known at that moment, by the handbook then in
force, it must come out the same. Every customer's current rating must be what the handbook in force gives. Nothing is
repaired here. A rating that is older than activations, or was computed by an earlier method, cannot be computed again
and is not judged.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from asyncpg import Record

from base.connected import NO_HELPERS, Helpers
from base.database import Connection, Pool
from base.sql import Queries
from handbook.handbook import Handbook
from rating.activations import ActiveHandbook, AnyHandbook, handbook_now
from rating.checking import CUSTOMERS_A_BATCH, Batch, Checked, Fault, Progress, check_customers
from rating.customers import span_of
from rating.events import PolicyEvent, content_hash, content_text, parse_line
from rating.folding import Arrived, fold
from rating.timeline import METHOD, StarSpan, timeline

SQL = Queries(Path(__file__).with_name("verifying.sql"))

Problem: TypeAlias = tuple[str, str]
"""The place, and what is wrong there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rated:
    """A stored version of a rating.

    `handbook` is what it was computed by, if that can still be said: stored, and by the method of now.
    """

    version: int
    known_from: datetime
    spans: tuple[StarSpan, ...]
    handbook: Handbook | None


async def verify_ratings(
    pool: Pool,
    *,
    handbook: AnyHandbook,
    helpers: Helpers = NO_HELPERS,
    progress: Progress | None = None,
    checked: Checked | None = None,
) -> list[Fault]:
    """Check every customer's events and ratings in one consistent snapshot; what is wrong, in order of customers.

    `checked` counts what was checked; `helpers` share the work. Memory is bounded by batches of customers. Raises
    WorkerDiedError.
    """
    async with pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        if isinstance(handbook, ActiveHandbook):
            await handbook.look(conn)
        return await check_customers(
            conn,
            _check_batch,
            handbook,
            _batches(conn),
            helpers=helpers,
            progress=progress,
            checked=checked,
        )


_Head: TypeAlias = tuple[int, str, int | None, int | None]
"""A customer: id, member number, and arrivals and version as the head has them (None: no head)."""


async def _batches(conn: Connection) -> AsyncIterator[list[_Head]]:
    last = 0
    while rows := await conn.fetch(SQL["customers_to_verify"], last, CUSTOMERS_A_BATCH):
        yield [(row["id"], row["member_no"], row["arrivals"], row["version"]) for row in rows]
        last = rows[-1]["id"]


async def _check_batch(conn: Connection, handbook: AnyHandbook, heads: Sequence[_Head]) -> Batch:
    ids = [customer_id for customer_id, *_ in heads]
    events: dict[int, list[Record]] = {each: [] for each in ids}
    for row in await conn.fetch(SQL["events_to_verify"], ids):
        events[row["customer_id"]].append(row)
    versions: dict[int, list[_Rated]] = {each: [] for each in ids}
    for row in await conn.fetch(SQL["versions_to_verify"], ids):
        versions[row["customer_id"]].append(
            _Rated(
                version=row["version"],
                known_from=row["known_from"],
                spans=tuple(span_of(span) for span in row["spans"] or ()),
                handbook=await _computed_by(conn, row, handbook),
            )
        )
    now = handbook_now(handbook)
    return Batch(
        size=len(ids),
        faults=[
            Fault(customer_id=head[0], member_no=head[1], place=place, problem=problem)
            for head in heads
            for place, problem in _problems(head, events[head[0]], versions[head[0]], now)
        ],
        checked=Checked(
            customers=len(ids),
            events=sum(len(of_customer) for of_customer in events.values()),
            ratings=sum(len(of_customer) for of_customer in versions.values()),
        ),
    )


async def _computed_by(conn: Connection, row: Record, handbook: AnyHandbook) -> Handbook | None:
    if row["method"] != METHOD:
        return None
    if isinstance(handbook, ActiveHandbook):
        return await handbook.stored(conn, row["handbook"])
    return handbook if row["handbook"] == handbook.fingerprint else None


def _problems(
    head: _Head, rows: Sequence[Record], versions: Sequence[_Rated], handbook: Handbook
) -> list[Problem]:
    _, _, arrivals, version = head
    if arrivals is None or version is None:
        return [("rating head", "it is missing")]
    problems = [
        *_numbering("event", [row["arrival"] for row in rows], arrivals),
        *_numbering("rating version", [each.version for each in versions], version),
    ]
    events: list[Arrived] = []
    for row in rows:
        try:
            event = parse_line(row["body"].encode())
        except ValueError as error:
            return [*problems, (f"event {row['event_id']}", f"it cannot be read: {error}")]
        problems += [(f"event {row['event_id']}", problem) for problem in _differences(row, event)]
        events.append(Arrived(arrival=row["arrival"], recorded_at=row["recorded_at"], event=event))
    return [*problems, *_misrated(events, versions, handbook)]


def _numbering(name: str, numbers: Sequence[int], last: int) -> Iterator[Problem]:
    """Numbers are 1, 2, 3, … up to what the head says."""
    missing = sorted(set(range(1, last + 1)) - set(numbers))
    if missing:
        yield f"{name} number {missing[0]}", "it is missing"
    beyond = [number for number in numbers if not 1 <= number <= last]
    if beyond:
        yield f"{name} number {beyond[0]}", f"the head knows of {last}"


def _differences(row: Record, event: PolicyEvent) -> Iterator[str]:
    """The content of each event still fits its hash."""
    if row["content_hash"] is None:
        yield "its id does not stand for it"
    elif row["content_hash"] != content_hash(content_text(event)):
        yield "its content does not fit the hash that was taken when it came"
    if (row["event_id"], row["type"], row["effective_on"]) != (
        event.event_id,
        event.type,
        event.effective_on,
    ):
        yield "its columns say otherwise than its content"


def _misrated(events: Sequence[Arrived], versions: Sequence[_Rated], now: Handbook) -> Iterator[Problem]:
    """Each version must be what its events give by its handbook; the current one, what all events give by today's.

    A version that cannot be looked up any more, because a later one is known from as early, is not judged as of then.
    """
    for index, each in enumerate(versions):
        overtaken = any(later.known_from <= each.known_from for later in versions[index + 1 :])
        judged: list[tuple[Sequence[Arrived], Handbook, str]] = []
        if each.handbook is not None and not overtaken:
            then = [event for event in events if event.recorded_at <= each.known_from]
            judged.append((then, each.handbook, ""))
        current = index == len(versions) - 1
        judged_now = any(handbook is now and len(known) == len(events) for known, handbook, _ in judged)
        if current and not judged_now:
            judged.append((events, now, "" if each.handbook is now else "not by the active editions: "))
        for known, handbook, why in judged:
            fresh = timeline(fold(known), handbook)
            if fresh != each.spans:
                yield f"rating version {each.version}", why + _first_difference(each.spans, fresh)
                break
    if events and not versions:
        yield "rating", "there are events but no version of a rating"


def _first_difference(stored: Sequence[StarSpan], fresh: Sequence[StarSpan]) -> str:
    for one, other in zip(stored, fresh, strict=False):
        if one != other:
            return f"it has {_told(one)}, the events give {_told(other)}"
    if len(stored) > len(fresh):
        return f"it has {_told(stored[len(fresh)])}, the events give nothing there"
    return f"it lacks {_told(fresh[len(stored)])}"


def _told(span: StarSpan) -> str:
    return (
        f"star {span.star} and {span.rated_premium} from {span.start} until {span.end or 'ever'}"
        f" by edition {span.edition}"
    )
