"""Verifying ratings: every history is rated again and compared with what is stored.

The events are the source of truth; the content of each must fit the hash stored under its id. A stored rating is a
cache, also that of a moment in the past: computed again from the events known at that moment, by the handbook then in
force, it must come out the same. Every customer's current rating must be what the handbook in force gives. Nothing is
repaired here. A rating that is older than activations, or was computed by an earlier method, cannot be computed again
and is not judged.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from asyncpg import Record

from base.database import Connection, Pool
from base.sql import Queries
from base.words import counted
from handbook.handbook import Handbook
from rating.activations import ActiveHandbook, AnyHandbook, handbook_now
from rating.customers import count_customers, span_of
from rating.events import PolicyEvent, content_hash, content_text, parse_event
from rating.folding import Arrived, fold
from rating.timeline import METHOD, StarSpan, timeline

SQL = Queries(Path(__file__).with_name("verifying.sql"))

Problem: TypeAlias = tuple[str, str]
"""The place, and what is wrong there."""

_CUSTOMERS_A_BATCH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault in what is stored of a customer: the place (an event, an entry, …), and what is wrong."""

    customer_id: int
    member_no: str
    place: str
    problem: str

    def __str__(self) -> str:
        """One line, exact."""
        return f"customer {self.member_no} (id {self.customer_id}), {self.place}: {self.problem}"


@dataclass(slots=True, kw_only=True)
class Checked:
    """How much was looked at, counted as it was."""

    customers: int = 0
    events: int = 0
    ratings: int = 0
    entries: int = 0
    settlements: int = 0

    def words(self) -> str:
        """What was checked, in English."""
        parts = (
            counted(self.customers, "customer", form=","),
            counted(self.events, "event", form=","),
            counted(self.entries, "entry", "entries", form=","),
            counted(self.ratings, "rating", form=","),
            counted(self.settlements, "settled month", form=","),
        )
        return f"checked {', '.join(parts)}"


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
    progress: Callable[[int, int], None] | None = None,
    checked: Checked | None = None,
) -> list[Fault]:
    """Check every customer's events and ratings in one consistent snapshot; what is wrong, in order of customers.

    `progress` gets the number of customers done, and of all; `checked` counts what was checked. Memory is bounded
    by a batch of customers.
    """
    found: list[Fault] = []
    async with pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        if isinstance(handbook, ActiveHandbook):
            await handbook.look(conn)
        total = await count_customers(conn)
        last = done = 0
        while heads := await conn.fetch(SQL["customers_to_verify"], last, _CUSTOMERS_A_BATCH):
            found += await _verify_batch(conn, heads, handbook, checked or Checked())
            last, done = heads[-1]["id"], done + len(heads)
            if progress is not None:
                progress(done, total)
    return found


async def _verify_batch(
    conn: Connection, heads: Sequence[Record], handbook: AnyHandbook, checked: Checked
) -> list[Fault]:
    ids = [head["id"] for head in heads]
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
    checked.customers += len(ids)
    checked.events += sum(len(of_customer) for of_customer in events.values())
    checked.ratings += sum(len(of_customer) for of_customer in versions.values())
    now = handbook_now(handbook)
    return [
        Fault(customer_id=head["id"], member_no=head["member_no"], place=place, problem=problem)
        for head in heads
        for place, problem in _problems(head, events[head["id"]], versions[head["id"]], now)
    ]


async def _computed_by(conn: Connection, row: Record, handbook: AnyHandbook) -> Handbook | None:
    if row["method"] != METHOD:
        return None
    if isinstance(handbook, ActiveHandbook):
        return await handbook.stored(conn, row["handbook"])
    return handbook if row["handbook"] == handbook.fingerprint else None


def _problems(
    head: Record, rows: Sequence[Record], versions: Sequence[_Rated], handbook: Handbook
) -> list[Problem]:
    if head["arrivals"] is None:
        return [("rating head", "it is missing")]
    problems = [
        *_numbering("event", [row["arrival"] for row in rows], head["arrivals"]),
        *_numbering("rating version", [each.version for each in versions], head["version"]),
    ]
    events: list[Arrived] = []
    for row in rows:
        try:
            event = parse_event(row["body"])
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
        if index == len(versions) - 1:
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
