"""Rating every history again and comparing: a star that is shown must be the one that the events give.

The events are the truth, and each is what was taken in under its id: its content fits the hash of then. A stored rating
is a cache, also that of a moment in the past; computed anew from what was known at that moment it comes out the same.
Nothing is repaired here. A rating by another handbook is not judged: whether that is meant, only `rerate` can tell.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from asyncpg import Record

from handbook.handbook import Handbook
from rating.database import Connection, Pool, Statements
from rating.events import content_hash, content_text
from rating.history import Arrived, fold
from rating.reading import period_of
from rating.recording import arrived_of
from rating.timeline import Period, timeline

SQL = Statements(Path(__file__).with_name("verifying.sql"))

Problem: TypeAlias = tuple[str, str]
"""The place, and what is wrong there."""

_CUSTOMERS_A_BATCH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that is wrong with what is stored of a customer: the place (an event, an entry, …), and what."""

    customer_id: int
    member_no: str
    place: str
    problem: str

    def __str__(self) -> str:
        """One line, exact."""
        return f"customer {self.member_no} (id {self.customer_id}), {self.place}: {self.problem}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rated:
    """A stored version of a rating. `by_this`: computed by the handbook of now, which must give the same.

    `left`: by an earlier one, but there when all were rated by the handbook of now, which left it as it was if it is
    the current one.
    """

    version: int
    known_from: datetime
    periods: tuple[Period, ...]
    by_this: bool
    left: bool


async def verify_ratings(
    pool: Pool, *, handbook: Handbook, progress: Callable[[int, int], None] | None = None
) -> list[Fault]:
    """Check every customer's events and ratings in one consistent snapshot; what is wrong, in order of customers.

    `progress` is told how many customers of how many are done. Memory is bounded by a batch of customers.
    """
    found: list[Fault] = []
    async with pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        total = await conn.fetchval("select count(*) from customers")
        rerated = await conn.fetchrow(SQL["last_rerating"])
        last = done = 0
        while heads := await conn.fetch(SQL["customers_to_verify"], last, _CUSTOMERS_A_BATCH):
            found += await _verify_batch(conn, heads, rerated, handbook)
            last, done = heads[-1]["id"], done + len(heads)
            if progress is not None:
                progress(done, total)
    return found


async def _verify_batch(
    conn: Connection, heads: Sequence[Record], rerated: Record | None, handbook: Handbook
) -> list[Fault]:
    ids = [head["id"] for head in heads]
    events: dict[int, list[Record]] = {each: [] for each in ids}
    for row in await conn.fetch(SQL["events_to_verify"], ids):
        events[row["customer_id"]].append(row)
    versions: dict[int, list[_Rated]] = {each: [] for each in ids}
    for row in await conn.fetch(SQL["versions_to_verify"], ids):
        versions[row["customer_id"]].append(_rated(row, rerated, handbook))
    return [
        Fault(customer_id=head["id"], member_no=head["member_no"], place=place, problem=problem)
        for head in heads
        for place, problem in _problems(head, events[head["id"]], versions[head["id"]], handbook)
    ]


def _rated(row: Record, rerated: Record | None, handbook: Handbook) -> _Rated:
    now = handbook.fingerprint
    return _Rated(
        version=row["version"],
        known_from=row["known_from"],
        periods=tuple(period_of(period) for period in row["periods"] or ()),
        by_this=row["handbook"] == now,
        left=rerated is not None
        and rerated["handbook"] == now
        and row["computed_at"] <= rerated["finished_at"],
    )


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
            event = arrived_of(row["arrival"], row["recorded_at"], row["body"])
        except ValueError as error:
            return [*problems, (f"event {row['event_id']}", f"it cannot be read: {error}")]
        problems += [(f"event {row['event_id']}", problem) for problem in _differences(row, event)]
        events.append(event)
    return [*problems, *_misrated(events, versions, handbook)]


def _numbering(name: str, numbers: Sequence[int], last: int) -> Iterator[Problem]:
    """Numbers are 1, 2, 3, … up to what the head says."""
    missing = sorted(set(range(1, last + 1)) - set(numbers))
    if missing:
        yield f"{name} number {missing[0]}", "it is missing"
    beyond = [number for number in numbers if not 1 <= number <= last]
    if beyond:
        yield f"{name} number {beyond[0]}", f"the head knows of {last}"


def _differences(row: Record, arrived: Arrived) -> Iterator[str]:
    """An event is what it was when it came."""
    event = arrived.event
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


def _misrated(events: Sequence[Arrived], versions: Sequence[_Rated], handbook: Handbook) -> Iterator[Problem]:
    """The current version is what all events give; each that can still be read, what those until then gave."""
    for place, each in enumerate(versions):
        current = place == len(versions) - 1
        overtaken = any(later.known_from <= each.known_from for later in versions[place + 1 :])
        then = [event for event in events if event.recorded_at <= each.known_from]
        judged = []
        if each.by_this and not overtaken:
            judged.append(then)
        if current and (each.by_this or each.left) and (len(then) < len(events) or not judged):
            judged.append(list(events))
        for known in judged:
            fresh = timeline(fold(known), handbook)
            if fresh != each.periods:
                yield f"rating version {each.version}", _first_difference(each.periods, fresh)
                break
    if events and not versions:
        yield "rating", "there are events but no version of a rating"


def _first_difference(stored: Sequence[Period], fresh: Sequence[Period]) -> str:
    for one, other in zip(stored, fresh, strict=False):
        if one != other:
            return f"it has {_told(one)}, the events give {_told(other)}"
    if len(stored) > len(fresh):
        return f"it has {_told(stored[len(fresh)])}, the events give nothing there"
    return f"it lacks {_told(fresh[len(stored)])}"


def _told(period: Period) -> str:
    return (
        f"star {period.star} and {period.rated_premium} from {period.start} until {period.end or 'ever'}"
        f" by edition {period.edition}"
    )
