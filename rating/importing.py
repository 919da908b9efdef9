"""The bulk import: a history stream of any size in one transaction.

Lines are read one by one and staged in temporary tables by COPY; then customers are taken in batches, each customer's
events in the order of the file, and judged, rated and written set-based. So memory is bounded by the batch, and an
import is atomic and idempotent. A line that is refused is reported with its number and the reason: then nothing is
imported, unless the caller asks to keep going.
"""

import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import IO, Literal, NamedTuple, TypeAlias

from asyncpg import Record, UniqueViolationError

from base.database import Connection, affected_rows
from base.parallel import workers
from rating.activations import AnyHandbook, handbook_now, superseded_handbooks
from rating.batch_intake import Asked, Rules
from rating.change_rows import Row
from rating.event_refusals import EventRefusal, changed_words
from rating.events import SentEvent, differing_fields
from rating.import_report import SQL, Count, Rejection, Report, copy_rows, reject, stored_rejections
from rating.import_work import Following, Line, Rated, Rater, Reader, numbered_lines
from rating.recording import Looked, Result, append_events, look, results_of
from rating.writing import write_rows

MOST_REJECTIONS_KEPT = 1000

_STAGED_AT_ONCE_LINES, _STAGED_AT_ONCE_BYTES = 2_000, 2 << 20
_CUSTOMERS_A_BATCH, _EVENTS_A_BATCH = 500, 5_000
_FETCHED_AT_ONCE = 2_000
_WORK = Rater.__module__
_STAGED = ("line_no", "member_no", "event_id", "registers", "recorded_at", "content_hash", "content", "line")

Stage: TypeAlias = Literal["read", "rated"]
Progress: TypeAlias = Callable[[Stage, int, int | None], None]
"""Called with the progress of a stage: bytes "read" (total unknown: None), then customers "rated" and their total."""


class _StagedLine(NamedTuple):
    number: int
    sent: SentEvent
    text: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """Lines of some customers, and what was looked up for them."""

    lines: Sequence[_StagedLine]
    looked: Looked


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    """What became of a batch: results in the order of its lines."""

    results: Sequence[Result]
    customers: int
    policies: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rating:
    """By what customers are judged and rated, and by how many processes; `handbook` is for what is looked up anew."""

    rater: Rater
    handbook: AnyHandbook
    processes: int


async def import_history(
    conn: Connection,
    lines: IO[bytes],
    *,
    now: datetime,
    handbook: AnyHandbook,
    subject: str | None = None,
    keep_going: bool = False,
    progress: Progress | None = None,
    on_rejection: Callable[[Rejection], None] | None = None,
    following: Following | None = None,
    processes: int = 1,
) -> Report:
    """Import a history stream inside the caller's transaction (or in one of its own).

    `now` is when events are recorded that do not say so; one that says a later moment is rejected. `subject` is who
    imports. Without `keep_going` a line that cannot be taken undoes everything; of events that cannot be, or that a
    life cycle does not allow, the first batch with one is reported then. `on_rejection` sees every rejected line, in
    order. So many `processes` read, judge and rate, besides this one; they work out what is `following` too, which is
    written inside the transaction. Raises WorkerDiedError.
    """
    count = Count()
    savepoint = conn.transaction()
    await savepoint.start()
    try:
        await conn.execute(SQL["create_staging"])
        await _stage(conn, lines, count, progress, processes)
        if keep_going or not count.refused:
            since = await conn.fetchval(SQL["recorded_since"], now)
            rules = Rules(
                now=now,
                handbook=handbook_now(handbook),
                superseded=await superseded_handbooks(conn, handbook, since),
            )
            rater = Rater(rules=rules, subject=subject, following=following)
            await _append_staged(
                conn,
                count,
                _Rating(rater=rater, handbook=handbook, processes=processes),
                keep_going=keep_going,
                progress=progress,
            )
        async for rejection in stored_rejections(conn):
            if len(count.rejections) < MOST_REJECTIONS_KEPT:
                count.rejections.append(rejection)
            if on_rejection is not None:
                on_rejection(rejection)
        written = keep_going or not count.refused
        if written:
            await conn.execute(SQL["drop_staging"])
    except BaseException:
        await savepoint.rollback()
        raise
    await (savepoint.commit() if written else savepoint.rollback())
    return count.report(written=written)


async def _stage(
    conn: Connection, lines: IO[bytes], count: Count, progress: Progress | None, processes: int
) -> None:
    """Read every line, stage the readable ones, and separate repeated and refused ones."""
    read_bytes, given = 0, _chunks(lines)
    first = await anext(given)
    if sum(line.size for line in first) < _STAGED_AT_ONCE_BYTES and len(first) < _STAGED_AT_ONCE_LINES:
        processes = 1  # a few lines are read sooner than a process has begun
    with workers(Reader, processes=processes, preload=_WORK) as pool:
        async with aclosing(pool.each(Reader.read, _all(first, given))) as chunks:
            async for chunk in chunks:
                await copy_rows(conn, "staged_lines", _STAGED, chunk.staged)
                await reject(conn, chunk.rejected, count)
                read_bytes += chunk.size
                if progress is not None:
                    progress("read", read_bytes, None)
    await conn.execute(SQL["index_staging"])
    count.repeated += affected_rows(await conn.execute(SQL["drop_repeated"]))
    await _reject_clashes(conn, count)


async def _reject_clashes(conn: Connection, count: Count) -> None:
    """Reject lines that give the event id of an earlier line to another event."""
    rejected: list[Row] = []
    async for row in conn.cursor(SQL["clashing_lines"], prefetch=_FETCHED_AT_ONCE):
        differing = differing_fields(json.loads(row["first_content"]), json.loads(row["content"]))
        words = changed_words(row["event_id"], differing)
        rejected.append((row["line_no"], row["event_id"], words.zh, words.en, row["line"]))
    if rejected:
        await reject(conn, rejected, count)
        await conn.execute(SQL["drop_rejected"])


async def _append_staged(
    conn: Connection,
    count: Count,
    rating: _Rating,
    *,
    keep_going: bool,
    progress: Progress | None,
) -> None:
    """Append what is staged, customers in batches: this process looks up and writes, others judge and rate."""
    total, done = await conn.fetchval(SQL["customers_staged"]), 0
    under_way: deque[_Batch] = deque()

    async def asked() -> AsyncIterator[Sequence[Asked]]:
        async for lines in _batches(conn):
            looked = await look(conn, [each.sent for each in lines], rating.rater.rules.now)
            under_way.append(_Batch(lines=lines, looked=looked))
            yield looked.asked

    processes = min(rating.processes, total // _CUSTOMERS_A_BATCH)
    with workers(partial(_itself, rating.rater), processes=processes, preload=_WORK) as pool:
        async with aclosing(pool.each(Rater.rate, asked())) as results:
            async for rated in results:
                batch = under_way.popleft()
                written = await _write(conn, batch, rated, rating)
                await _take(conn, batch.lines, written, count)
                if count.refused and not keep_going:
                    return
                done += len({each.sent.member_no for each in batch.lines})
                if progress is not None:
                    progress("rated", done, total)


def _itself(rater: Rater) -> Rater:
    return rater


async def _write(conn: Connection, batch: _Batch, rated: Rated | None, rating: _Rating) -> _Written:
    """Write a batch. If another transaction has recorded one of its events meanwhile, it is looked up anew."""
    sent, rater = [each.sent for each in batch.lines], rating.rater
    if rated is not None:
        try:
            async with conn.transaction():  # a savepoint
                await write_rows(conn, rated.rows)
                if rater.following is not None:
                    await rater.following.write(conn, rated.followed, rated.others)
        except UniqueViolationError:
            pass
        else:
            return _Written(
                results=results_of(batch.looked, sent, rated.refusals),
                customers=batch.looked.customers_created,
                policies=rated.policies,
            )
    appended = await append_events(
        conn, sent, now=rater.rules.now, handbook=rating.handbook, subject=rater.subject
    )
    if rater.following is not None:
        changed = sorted(each.customer_id for each in appended.changes)
        await rater.following.write(conn, None, changed)
    return _Written(
        results=appended.results,
        customers=batch.looked.customers_created + appended.customers_created,
        policies=sum(len(each.intake.added_policies) for each in appended.changes),
    )


async def _take(conn: Connection, lines: Sequence[_StagedLine], written: _Written, count: Count) -> None:
    """Count what became of a batch, and note the lines that were refused."""
    rejected: list[Row] = []
    for line, result in zip(lines, written.results, strict=True):
        if isinstance(result, EventRefusal):
            rejected.append((line.number, line.sent.event_id, result.reason.zh, result.reason.en, line.text))
        elif result.repeated:
            count.repeated += 1
        else:
            count.taken += 1
    count.customers += written.customers
    count.policies += written.policies
    await reject(conn, rejected, count)


async def _batches(conn: Connection) -> AsyncIterator[list[_StagedLine]]:
    """Yield the staged lines by customer, whole customers only, some thousand events at a time."""
    batch: list[_StagedLine] = []
    customers, member_no, line_no = 0, "", 0
    while rows := await conn.fetch(SQL["lines_by_customer"], member_no, line_no, _FETCHED_AT_ONCE):
        for row in rows:
            if row["member_no"] != member_no:
                if customers >= _CUSTOMERS_A_BATCH or len(batch) >= _EVENTS_A_BATCH:
                    yield batch
                    batch, customers = [], 0
                customers += 1
            member_no, line_no = row["member_no"], row["line_no"]
            batch.append(_staged_line(row))
    if batch:
        yield batch


def _staged_line(row: Record) -> _StagedLine:
    sent = SentEvent(
        event_id=row["event_id"],
        member_no=row["member_no"],
        text=row["content"],
        hash=row["content_hash"],
        registers=row["registers"],
    )
    return _StagedLine(number=row["line_no"], sent=sent, text=row["line"])


async def _all(first: list[Line], others: AsyncIterator[list[Line]]) -> AsyncIterator[list[Line]]:
    yield first
    async for each in others:
        yield each


async def _chunks(lines: IO[bytes]) -> AsyncIterator[list[Line]]:
    """Yield some thousand lines at a time."""
    chunk: list[Line] = []
    chunk_bytes = 0
    for line in numbered_lines(lines):
        chunk.append(line)
        chunk_bytes += len(line.text)
        if len(chunk) >= _STAGED_AT_ONCE_LINES or chunk_bytes >= _STAGED_AT_ONCE_BYTES:
            yield chunk
            chunk, chunk_bytes = [], 0
    yield chunk
