"""A file is checked completely before any line is imported; the good lines are spooled to disk.

So a sheet is parsed once, all problems are known before the import begins, and no transaction is open while a
spreadsheet is read.
"""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from io import SEEK_END
from itertools import islice
from typing import IO, Self

from app.statements.control_totals import ControlTotals
from app.statements.lines import LineReader
from app.statements.sheets import Row, SheetError, listed
from app.statements.skipping import Skipped
from app.statements.tables import Table, open_table
from base.words import Words
from handbook import Handbook
from ledger.reconciliation.lines import LineProblem
from ledger.reconciliation.values import StatementLine

_LINES_A_BATCH = 2000
_ROWS_A_STEP = 1000
_MOST_SKIPPED_NAMED = 20
_MOST_EMPTY_ROWS = 200_000
"""In a row: below them, nothing is looked for."""

OnProblems = Callable[[Table, Row, Sequence[LineProblem]], None]
"""Called with each refused row and its problems."""
Progress = Callable[[int, int], None]
"""Called with the number of bytes read, and of all bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The result of a check: good `lines`, `refused` rows, what was ignored, and what cannot be seen in such a file.

    `differing`: how many totals are not what their lines come to; `not_compared`: the rows of totals that stand for
    rows whose figures cannot be read. `columns`: each field that is read, and its heading.
    """

    lines: int
    refused: int
    ignored: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    skipped_rows: int
    unseen: Words | None = None
    how_read: tuple[Words, ...] = ()
    differing: int = 0
    not_compared: tuple[int, ...] = ()
    columns: tuple[tuple[str, str], ...] = ()

    @property
    def notes(self) -> tuple[Words, ...]:
        """How columns were read, comments, and what could not be seen or compared in the file."""
        notes = self.how_read if self.unseen is None else (*self.how_read, self.unseen)
        if not self.not_compared:
            return notes
        rows = [str(row) for row in self.not_compared[:_MOST_SKIPPED_NAMED]]
        return (
            *notes,
            Words(
                f"以下各行的合计没有核对，因为其中有无法读取的行：{listed(rows)}",
                f"totals that were not compared, since they stand for rows that cannot be read, in rows: "
                f"{listed(rows, separator=', ')}",
            ),
        )


class Spool:
    """Lines on disk, written once and then read in order, as often as wanted. A context manager."""

    def __init__(self) -> None:
        self._file: IO[str] = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - closed by __exit__

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, line: StatementLine) -> None:
        """Write a line."""
        fields = (
            line.line_no,
            line.reference,
            line.member_no,
            line.benefit,
            line.units,
            line.occurred_on.toordinal(),
            str(line.amount),
        )
        self._file.write(json.dumps(fields, separators=(",", ":")) + "\n")

    async def lines(self) -> AsyncIterator[StatementLine]:
        """Read the lines, some at a time, off the event loop."""
        await asyncio.to_thread(self._file.seek, 0)
        while batch := await asyncio.to_thread(self._batch):
            for line in batch:
                yield line

    def _batch(self) -> list[StatementLine]:
        return [_line(text) for text in islice(iter(self._file.readline, ""), _LINES_A_BATCH)]


def _line(text: str) -> StatementLine:
    line_no, reference, member_no, benefit, units, day, amount = json.loads(text)
    return StatementLine(
        line_no=line_no,
        reference=reference,
        member_no=member_no,
        benefit=benefit,
        units=units,
        occurred_on=date.fromordinal(day),
        amount=Decimal(amount),
    )


def _too_many_empty_rows(last: int) -> SheetError:
    return SheetError(
        f"第 {last} 行以上有超过 {_MOST_EMPTY_ROWS} 个空行；请删除表格下方的空行",
        f"above row {last} there are more than {_MOST_EMPTY_ROWS} empty rows: delete the empty rows below the table",
    )


def check(
    stream: IO[bytes],
    spool: Spool,
    *,
    handbook: Handbook,
    sheet: str | None = None,
    on_problems: OnProblems,
    progress: Progress = lambda _done, _size: None,
    month: date | None = None,
) -> Checked:
    """Read a file to its end: the good lines go to `spool`, the others and totals that differ to `on_problems`.

    `month` is the period: days far from it are refused.

    Raises SheetError when the file as a whole cannot be read, or has no row below its header.
    """
    lines = refused = skipped_rows = empty = 0
    skipped: list[Skipped] = []
    size = stream.seek(0, SEEK_END)
    with open_table(stream, sheet=sheet, still_wanted=lambda: progress(0, size)) as table:
        reader = LineReader(table.header, handbook, table.source.day_zero, month)
        totals = ControlTotals(table.header.row.number)
        for done, row in enumerate(table.rows):
            if done % _ROWS_A_STEP == 0:
                progress(table.source.done(), table.source.size)
            found = reader.read(row)
            empty = empty + 1 if found is None else 0
            if empty > _MOST_EMPTY_ROWS:
                raise _too_many_empty_rows(row.number)
            if isinstance(found, StatementLine):
                lines += 1
                spool.add(found)
                totals.add(row.number, found.units, found.amount)
            elif isinstance(found, list):
                refused += 1
                on_problems(table, row, found)
                totals.add(row.number, *reader.figures(row))
            elif found is not None:
                skipped_rows += 1
                skipped += [found] if len(skipped) < _MOST_SKIPPED_NAMED else []
                totals.state(found.total)
        compared = list(totals.compared())
        for number, problems in compared:
            if problems:
                on_problems(table, Row(number, ()), problems)
        progress(table.source.size, table.source.size)
    if not lines + refused:
        raise SheetError("表头下面没有任何行", "there is no line below the header")
    comments = table.source.comments
    return Checked(
        lines=lines,
        refused=refused,
        ignored=table.header.ignored,
        skipped=tuple(skipped),
        skipped_rows=skipped_rows,
        unseen=table.source.unseen,
        how_read=(*table.header.notes, *(() if comments is None else (comments,))),
        differing=sum(bool(problems) for _, problems in compared),
        not_compared=tuple(number for number, problems in compared if not problems),
        columns=tuple((each.value, table.header.title(each)) for each in table.header.places),
    )
