"""Workbooks other than XLSX (.xls, .ods, .xlsb): converted by another process, then read row by row from its file.

A cell has the value that a person sees, as far as the library gives it: the result of a formula, a number with
the digits that programs show, a day where the format says so. The library gives neither other formats nor hidden rows,
and an error such as #N/A is an empty cell: `UNSEEN` says so to the user.
"""

import errno
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import IO, Any

from app.statements.converter import Ending
from app.statements.layout import Merged, with_merged
from app.statements.numbers import exact
from app.statements.sheets import DAY_ZERO, Cell, Row, SheetError, Source, Span
from base.words import Words

_PROGRAM = (sys.executable, "-I", "-m", "app.statements.converter")
_ASKED_EVERY_S = 0.1
_LAST_COMPLAINT_BYTES = 2000


def _unseen(zh: str, en: str) -> Words:
    return Words(
        f"这种文件里看不到{zh}：请核对，或另存为 .xlsx 后再导入",
        f"{en} cannot be seen in files of this kind: look at the sheet, or save it as .xlsx",
    )


UNSEEN = {
    ".xls": _unseen(
        "隐藏的行和列、删除线、格式中的单位和前导零",
        "hidden rows and columns, crossed out text, units and zeros that formats add",
    ),
    ".ods": _unseen("删除线、格式中的单位和前导零", "crossed out text, and units and zeros that formats add"),
    ".xlsb": _unseen(
        "合并的单元格、隐藏的行和列、删除线、格式中的单位和前导零",
        "merged cells, hidden rows and columns, crossed out text, units and zeros that formats add",
    ),
}
"""What the library does not tell of files of a kind, so that nobody relies on it."""
_NOT_SHOWN = Words(
    "工作表有隐藏的行或列，或向下合并的单元格；请另存为 .xlsx 后再导入",
    "the sheet has hidden rows or columns, or cells that are merged downwards: save it as .xlsx",
)

StillWanted = Callable[[], None]
"""Called from time to time; its exceptions end the work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvertedWorkbook:
    """A workbook that has been converted: the visible sheets, in order, with their merged cells."""

    archive: zipfile.ZipFile
    names: Sequence[str]
    merged: Sequence[Sequence[Merged]]
    unseen: Words
    not_shown: frozenset[str]

    def sheet(self, name: str) -> Source:
        """A sheet to read."""
        number = self.names.index(name)
        part = str(number)
        reading = _Reading(self.archive, part)
        return Source(
            name=name,
            rows=with_merged(reading.rows(), self.merged[number]),
            size=self.archive.getinfo(part).file_size,
            done=lambda: reading.done,
            day_zero=DAY_ZERO,
            unseen=self.unseen,
            refused=_NOT_SHOWN if name in self.not_shown else None,
        )


@contextmanager
def open_converted(
    stream: IO[bytes], kind: str, still_wanted: StillWanted, not_shown: frozenset[str] = frozenset()
) -> Iterator[ConvertedWorkbook]:
    """Convert a workbook of a kind, such as `.xls`, and open the result. Raises SheetError.

    `not_shown` are the names of sheets that hold something else than they show.
    """
    with tempfile.TemporaryFile() as content, tempfile.TemporaryFile() as result:
        stream.seek(0)
        shutil.copyfileobj(stream, content)
        content.seek(0)
        _convert(content, result, kind, still_wanted)
        with zipfile.ZipFile(result) as archive:
            yield ConvertedWorkbook(
                archive=archive,
                names=json.loads(archive.read("sheets")),
                merged=[sorted(map(_merged, each)) for each in json.loads(archive.read("merged"))],
                unseen=UNSEEN[kind],
                not_shown=not_shown,
            )


def _convert(content: IO[bytes], result: IO[bytes], kind: str, still_wanted: StillWanted) -> None:
    with (
        tempfile.TemporaryFile() as complaints,
        # No settings for a process that reads untrusted files.
        subprocess.Popen(  # noqa: S603 - our own program
            _PROGRAM, stdin=content, stdout=result, stderr=complaints, env={}
        ) as process,
    ):
        try:
            while True:
                still_wanted()
                try:
                    code = process.wait(_ASKED_EVERY_S)
                    break
                except subprocess.TimeoutExpired:
                    continue
        except BaseException:
            process.kill()
            raise
        if code == Ending.DONE:
            return
        if code == Ending.NO_PLACE:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if code < 0 or code == Ending.TOO_LARGE:
            raise _too_large(kind)
        if code == Ending.UNREADABLE:
            raise unreadable(kind)
        complaints.seek(0)
        told = complaints.read()[-_LAST_COMPLAINT_BYTES:].decode(errors="replace")
        raise RuntimeError(f"the process that reads workbooks ended with {code}: {told}")


def _too_large(kind: str) -> SheetError:
    return SheetError(
        f"{kind} 工作簿太大（这类文件约可读 50 万行，且不能有离数据很远的单元格）；请另存为 .xlsx 或 CSV",
        f"the {kind} workbook is too large (about 500,000 rows can be read, and no cells far from the others): "
        "save it as .xlsx or CSV",
    )


def unreadable(kind: str) -> SheetError:
    """The error for a file that is no workbook of its kind."""
    return SheetError(
        f"文件已损坏、已加密，或不是 {kind} 工作簿；请用表格软件打开后另存为不加密的 .xlsx",
        f"the file is damaged, encrypted, or no {kind} workbook: open it in a spreadsheet program and save it as .xlsx "
        "without a password",
    )


class _Reading:
    """Reads the rows of one sheet; `done` bytes of it are read."""

    def __init__(self, archive: zipfile.ZipFile, part: str) -> None:
        self.done = 0
        self._archive = archive
        self._part = part

    def rows(self) -> Iterator[Row]:
        with self._archive.open(self._part) as part:
            for number, line in enumerate(part, 1):
                self.done += len(line)
                cells: list[Cell] = json.loads(
                    line, parse_float=exact, parse_int=exact, parse_constant=exact, object_hook=_day
                )
                yield Row(number, tuple(cells))


def _merged(corners: tuple[tuple[int, int], tuple[int, int]]) -> Merged:
    (top, left), (bottom, right) = corners
    return Merged(Span(top + 1, bottom + 1), Span(left, right))


def _day(written: dict[str, Any]) -> date:
    return date.fromisoformat(written["day"])
