"""The bulk import: a history stream of any size in one transaction.

Lines are read one by one and staged in temporary tables by COPY; then customers are taken in batches, each customer's
events in the order of the file, and judged, rated and written set-based. So memory is bounded by the batch, and an
import is atomic and idempotent. A line that is refused is reported with its number and the reason: then nothing is
imported, unless the caller asks to keep going.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Literal, TypeAlias

from base.database import Connection, affected_rows
from base.sql import Queries
from base.words import Words
from rating.activations import AnyHandbook
from rating.event_refusals import EventRefusal, changed_words
from rating.events import PolicyEvent, SentEvent, differing_fields, parse_line, stored_event
from rating.recording import append_events
from rating.unreadable import EventError
from rating.writing import Row

SQL = Queries(Path(__file__).with_name("importing.sql"))

LONGEST_LINE_BYTES = 1 << 20
MOST_REJECTIONS_KEPT = 1000

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_STAGED_AT_ONCE_LINES, _STAGED_AT_ONCE_BYTES = 10_000, 8 << 20
_CUSTOMERS_A_BATCH, _EVENTS_A_BATCH = 2_000, 10_000
_FETCHED_AT_ONCE = 2_000
_STAGED = ("line_no", "member_no", "event_id", "content_hash", "content", "line")
_REJECTED = ("line_no", "event_id", "reason_zh", "reason_en", "line")

Stage: TypeAlias = Literal["read", "rated"]
Progress: TypeAlias = Callable[[Stage, int, int | None], None]
"""Called with the progress of a stage: bytes "read" (total unknown: None), then customers "rated" and their total."""
AfterBatch: TypeAlias = Callable[[Connection, Sequence[int]], Awaitable[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """A refused line: its number (from 1), the reason, and the line itself (cut when longer than 1 MiB)."""

    line_no: int
    event_id: str | None
    reason: Words
    line: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The result of an import: customers and policies added, events recorded, repeated and refused (rejected lines).

    Unless `written`, nothing was changed. `rejections` are the first ones in the order of the file.
    """

    customers: int
    policies: int
    taken: int
    repeated: int
    refused: int
    rejections: tuple[Rejection, ...]
    written: bool


@dataclass(slots=True, kw_only=True)
class _Count:
    customers: int = 0
    policies: int = 0
    taken: int = 0
    repeated: int = 0
    refused: int = 0
    rejections: list[Rejection] = field(default_factory=list)

    def report(self, *, written: bool) -> Report:
        """Return the counts so far; those of unwritten lines are 0."""
        return Report(
            customers=self.customers if written else 0,
            policies=self.policies if written else 0,
            taken=self.taken if written else 0,
            repeated=self.repeated,
            refused=self.refused,
            rejections=tuple(self.rejections),
            written=written,
        )


async def import_history(
    conn: Connection,
    lines: IO[bytes],
    *,
    now: datetime,
    handbook: AnyHandbook,
    subject: str | None = None,
    keep_going: bool = False,
    progress: Progress | None = None,
    after_batch: AfterBatch | None = None,
    on_rejection: Callable[[Rejection], None] | None = None,
) -> Report:
    """Import a history stream inside the caller's transaction (or in one of its own).

    `now` is when events are recorded that do not say so; one that says a later moment is rejected. `subject` is who
    imports. Without `keep_going`
    a line that cannot be taken undoes everything; of events that cannot be, or that a life cycle does not allow, the
    first batch with one is reported then. `after_batch` is given the customers that changed, inside the transaction.
    `on_rejection` sees every rejected line, in order.
    """
    count = _Count()
    savepoint = conn.transaction()
    await savepoint.start()
    try:
        await conn.execute(SQL["create_staging"])
        await _stage(conn, lines, count, progress)
        if keep_going or not count.refused:
            await _append_staged(
                conn,
                count,
                now,
                handbook,
                subject=subject,
                keep_going=keep_going,
                progress=progress,
                after_batch=after_batch,
            )
        async for rejection in _rejections(conn):
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


async def _stage(conn: Connection, lines: IO[bytes], count: _Count, progress: Progress | None) -> None:
    """Read every line, stage the readable ones, and separate repeated and refused ones."""
    staged: list[Row] = []
    rejected: list[Row] = []
    staged_bytes = read_bytes = 0
    for line_no, line, size in _numbered(lines):
        read_bytes += size
        if line:
            try:
                event = _read(line, size)
            except EventError as error:
                rejected.append(_unreadable(line_no, line, error))
            else:
                sent = SentEvent.of(event)
                staged.append((line_no, event.member_no, event.event_id, sent.hash, sent.text, line))
            staged_bytes += len(line)
        if len(staged) + len(rejected) >= _STAGED_AT_ONCE_LINES or staged_bytes >= _STAGED_AT_ONCE_BYTES:
            await _flush(conn, staged, rejected, count)
            staged_bytes = 0
            if progress is not None:
                progress("read", read_bytes, None)
    await _flush(conn, staged, rejected, count)
    if progress is not None:
        progress("read", read_bytes, None)
    await conn.execute(SQL["index_staging"])
    count.repeated += affected_rows(await conn.execute(SQL["drop_repeated"]))
    await _reject_clashes(conn, count)


async def _reject_clashes(conn: Connection, count: _Count) -> None:
    """Reject lines that give the event id of an earlier line to another event."""
    rejected: list[Row] = []
    async for row in conn.cursor(SQL["clashing_lines"], prefetch=_FETCHED_AT_ONCE):
        differing = differing_fields(json.loads(row["first_content"]), json.loads(row["content"]))
        words = changed_words(row["event_id"], differing)
        rejected.append((row["line_no"], row["event_id"], words.zh, words.en, row["line"]))
    if rejected:
        await _flush(conn, [], rejected, count)
        await conn.execute(SQL["drop_rejected"])


async def _append_staged(
    conn: Connection,
    count: _Count,
    now: datetime,
    handbook: AnyHandbook,
    *,
    subject: str | None,
    keep_going: bool,
    progress: Progress | None,
    after_batch: AfterBatch | None,
) -> None:
    """Append what is staged, customers in batches."""
    total, done = await conn.fetchval(SQL["customers_staged"]), 0
    async for batch in _batches(conn):
        sent = [each for _, each, _ in batch]
        appended = await append_events(conn, sent, now=now, handbook=handbook, subject=subject)
        rejected: list[Row] = []
        for (line_no, each, line), result in zip(batch, appended.results, strict=True):
            if isinstance(result, EventRefusal):
                rejected.append((line_no, each.event.event_id, result.reason.zh, result.reason.en, line))
            elif result.repeated:
                count.repeated += 1
            else:
                count.taken += 1
        count.customers += appended.customers_created
        count.policies += sum(len(change.intake.added_policies) for change in appended.changes)
        await _flush(conn, [], rejected, count)
        if count.refused and not keep_going:
            return
        if after_batch is not None and appended.changes:
            await after_batch(conn, sorted(change.customer_id for change in appended.changes))
        done += len({each.event.member_no for each in sent})
        if progress is not None:
            progress("rated", done, total)


async def _batches(conn: Connection) -> AsyncIterator[list[tuple[int, SentEvent, bytes]]]:
    """Yield the staged lines by customer, whole customers only, some thousand events at a time."""
    batch: list[tuple[int, SentEvent, bytes]] = []
    customers, member_no, line_no = 0, "", 0
    while rows := await conn.fetch(SQL["lines_by_customer"], member_no, line_no, _FETCHED_AT_ONCE):
        for row in rows:
            if row["member_no"] != member_no:
                if customers >= _CUSTOMERS_A_BATCH or len(batch) >= _EVENTS_A_BATCH:
                    yield batch
                    batch, customers = [], 0
                customers += 1
            member_no, line_no = row["member_no"], row["line_no"]
            text = row["content"]
            sent = SentEvent(event=stored_event(text), text=text, hash=row["content_hash"])
            batch.append((line_no, sent, row["line"]))
    if batch:
        yield batch


async def _rejections(conn: Connection) -> AsyncIterator[Rejection]:
    line_no = 0
    while rows := await conn.fetch(SQL["rejections"], line_no, _FETCHED_AT_ONCE):
        for row in rows:
            line_no = row["line_no"]
            reason = Words(row["reason_zh"], row["reason_en"])
            yield Rejection(line_no=line_no, event_id=row["event_id"], reason=reason, line=row["line"])


async def _flush(conn: Connection, staged: list[Row], rejected: list[Row], count: _Count) -> None:
    """Write and clear what was gathered."""
    for table, names, rows in (("staged_lines", _STAGED, staged), ("rejected_lines", _REJECTED, rejected)):
        if rows:
            await conn.copy_records_to_table(table, records=rows, columns=names)
    count.refused += len(rejected)
    staged.clear()
    rejected.clear()


def _numbered(lines: IO[bytes]) -> Iterator[tuple[int, bytes, int]]:
    """Yield each line with its number and its size in bytes; a blank line is empty, a long one is cut."""
    line_no = 0
    while line := lines.readline(LONGEST_LINE_BYTES + 1):
        line_no += 1
        size, rest = len(line), line
        while size > LONGEST_LINE_BYTES and rest and not rest.endswith(b"\n"):
            rest = lines.readline(LONGEST_LINE_BYTES)
            size += len(rest)
        if line_no == 1:
            line = line.removeprefix(_BYTE_ORDER_MARK)
        yield line_no, line[:LONGEST_LINE_BYTES] if size > LONGEST_LINE_BYTES else line.strip(), size


def _read(line: bytes, size: int) -> PolicyEvent:
    if size > LONGEST_LINE_BYTES:
        most = LONGEST_LINE_BYTES
        raise EventError("event", Words(f"长度不得超过 {most} 字节", f"must not be longer than {most} bytes"))
    return parse_line(line)


def _unreadable(line_no: int, line: bytes, error: EventError) -> Row:
    return line_no, None, f"{error.place}：{error.words.zh}", f"{error.place}: {error.words.en}", line
