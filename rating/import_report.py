"""What an import tells: its counts, and the lines that were refused, which a temporary table keeps in their order."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from base.database import Connection
from base.sql import Queries
from base.words import Words
from rating.change_rows import Row

SQL = Queries(Path(__file__).with_name("importing.sql"))

_FETCHED_AT_ONCE = 2_000
_REJECTED = ("line_no", "event_id", "reason_zh", "reason_en", "line")


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
class Count:
    """What was counted so far; `rejections` are the first ones."""

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


async def stored_rejections(conn: Connection) -> AsyncIterator[Rejection]:
    """Yield the refused lines, in the order of the file."""
    line_no = 0
    while rows := await conn.fetch(SQL["rejections"], line_no, _FETCHED_AT_ONCE):
        for row in rows:
            line_no = row["line_no"]
            reason = Words(row["reason_zh"], row["reason_en"])
            yield Rejection(line_no=line_no, event_id=row["event_id"], reason=reason, line=row["line"])


async def reject(conn: Connection, rejected: Sequence[Row], count: Count) -> None:
    """Note lines that are refused."""
    await copy_rows(conn, "rejected_lines", _REJECTED, rejected)
    count.refused += len(rejected)


async def copy_rows(conn: Connection, table: str, names: Sequence[str], rows: Sequence[Row]) -> None:
    """Copy rows into a table, if there are any."""
    if rows:
        await conn.copy_records_to_table(table, records=rows, columns=names)
