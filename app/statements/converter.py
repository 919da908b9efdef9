"""A program that reads a workbook which is no XLSX (.xls, .ods, .xlsb), in a process of its own with little memory.

The library for these kinds holds a whole workbook in memory, and a small file can claim billions of cells. So the
process has limits of memory and time; beyond them only it dies.

It reads the file from standard input and writes an archive of text to standard output, a file: `sheets` holds the names
of the visible sheets, and the part `0` the rows of the first one, a JSON array of cells a line, from row 1 on. Numbers
are written as the workbook holds them, days as `{"day": "2026-10-05"}`, empty cells as null. `merged` holds the merged
cells of each sheet, where the library knows them: the first and the last one, by row and column. The exit code is an
`Ending`.
"""

import errno
import json
import resource
import signal
import sys
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from enum import IntEnum
from typing import IO, TYPE_CHECKING

from app.statements.sheets import LONGEST_CELL, MOST_COLUMNS

if TYPE_CHECKING:
    from python_calamine import CalamineSheet

MOST_MEMORY_BYTES = 512 << 20
MOST_SECONDS = 30
"""Of a processor."""
MOST_OUTPUT_BYTES = 2 << 30
_LARGEST_WHOLE = 10**15
_PANICS = "pyo3_runtime"

_Value = str | int | float | bool | date | time | timedelta
_Written = str | int | float | dict[str, str] | None


class Ending(IntEnum):
    """The results of the process, as exit codes."""

    DONE = 0
    UNREADABLE = 3
    TOO_LARGE = 4
    NO_PLACE = 5


_ENDINGS = {
    None: Ending.UNREADABLE,
    errno.EFBIG: Ending.TOO_LARGE,
    errno.ENOSPC: Ending.NO_PLACE,
    errno.EDQUOT: Ending.NO_PLACE,
}


class _UnreadableError(Exception):
    """A cell has an impossible value."""


def main() -> Ending:
    """Convert standard input to standard output."""
    _limit_this_process()
    from python_calamine import CalamineError

    try:
        # Not `sys.stdout`: Python would flush it again at exit, and exit with a code of its own if that fails.
        with open(sys.stdout.fileno(), "wb", closefd=False) as target:
            _convert(sys.stdin.buffer, target)
    except (CalamineError, _UnreadableError, ValueError, ArithmeticError):
        return Ending.UNREADABLE
    except MemoryError:
        return Ending.TOO_LARGE
    except OSError as error:
        # Without an errno it is the library's: the file ends within a record.
        if error.errno not in _ENDINGS:
            raise
        return _ENDINGS[error.errno]
    except BaseException as error:
        # A panic of the library: caused by the file.
        if type(error).__module__ == _PANICS:
            return Ending.UNREADABLE
        raise
    return Ending.DONE


def _limit_this_process() -> None:
    limits = {
        resource.RLIMIT_AS: MOST_MEMORY_BYTES,
        resource.RLIMIT_CPU: MOST_SECONDS,
        resource.RLIMIT_FSIZE: MOST_OUTPUT_BYTES,
        resource.RLIMIT_CORE: 0,
    }
    for kind, most in limits.items():
        # macOS has no memory limit; servers run Linux.
        with suppress(ValueError, OSError):
            resource.setrlimit(kind, (most, most))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def _convert(source: IO[bytes], target: IO[bytes]) -> None:
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    book = CalamineWorkbook.from_filelike(source)
    names = [
        sheet.name
        for sheet in book.sheets_metadata
        if sheet.visible == SheetVisibleEnum.Visible and sheet.typ == SheetTypeEnum.WorkSheet
    ]
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("sheets", json.dumps(names))
        merged = []
        for number, name in enumerate(names):
            sheet = book.get_sheet_by_name(name)
            merged.append(sheet.merged_cell_ranges or [])
            with archive.open(str(number), "w", force_zip64=True) as part:
                for cells in _rows(sheet):
                    part.write(json.dumps(cells, separators=(",", ":")).encode() + b"\n")
        archive.writestr("merged", json.dumps(merged))


def _rows(sheet: "CalamineSheet") -> Iterator[Sequence[_Written]]:
    if sheet.start is None:
        return
    before: list[_Written] = [None] * sheet.start[1]
    for cells in sheet.iter_rows():
        yield (before + [_written(cell) for cell in cells[:MOST_COLUMNS]])[:MOST_COLUMNS]


def _written(cell: _Value) -> _Written:
    """A cell as a JSON value."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, str):
        if len(cell) > LONGEST_CELL:
            raise _UnreadableError
        return cell or None
    if isinstance(cell, float):
        # 680.0 is written as 680, like in other kinds of files.
        return int(cell) if cell.is_integer() and abs(cell) < _LARGEST_WHOLE else cell
    if isinstance(cell, datetime):
        cell = cell.date()
    if isinstance(cell, date):
        return {"day": cell.isoformat()}
    return cell if isinstance(cell, int) else str(cell)


if __name__ == "__main__":
    sys.exit(main())
