"""Text sheets: CSV and similar, in the encodings and with the separators of spreadsheet programs.

The encoding is found by reading the whole file once: valid UTF-8 is UTF-8, and anything else is what Excel in China
writes (GBK, read as its superset GB 18030), or damaged. The separator, and the encoding where there is a choice, is the
one with which a row has the columns of a statement. A character that cannot be decoded is a problem of its cell: the
row is refused only if the cell is used.
"""

import codecs
import csv
import io
from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from itertools import islice
from typing import IO

from app.statements.columns import known_columns
from app.statements.sheets import DAY_ZERO, MOST_COLUMNS, Row, SheetError, Source

_CHUNK_BYTES = 1 << 20
_LONGEST_LINE = 1 << 20
_LONGEST_RECORD = 4 << 20
_SEPARATORS = (",", "\t", ";", "|", "，")
_ROWS_TRIED = 50
_SEPARATORS_OF_A_ROW = 2
"""So many in one line of a cell, and the cell holds a row. A remark of several lines has hardly that many."""
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def text_source(stream: IO[bytes]) -> Source:
    """Read a file of text as a sheet. Raises SheetError, here or from the rows."""
    tried = [(encoding, separator) for encoding in _encodings(stream) for separator in _SEPARATORS]
    encoding, separator = max(tried, key=lambda each: _columns_under(stream, *each))
    size = stream.seek(0, io.SEEK_END)
    return Source(
        name="",
        rows=_rows(stream, encoding, separator),
        size=size,
        done=stream.tell,
        day_zero=DAY_ZERO,
    )


def _encodings(stream: IO[bytes]) -> tuple[str, ...]:
    stream.seek(0)
    start = stream.read(4096)
    for bom, encoding in _BOMS:
        if start.startswith(bom):
            return (encoding,)
    if len(start) > 1 and start.count(0) > len(start) // 8:
        return ("utf-16-le",) if start[1::2].count(0) >= start[::2].count(0) else ("utf-16-be",)
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while start:
            decoder.decode(start)
            start = stream.read(_CHUNK_BYTES)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return ("gb18030", "utf-8")
    return ("utf-8",)


def _columns_under(stream: IO[bytes], encoding: str, separator: str) -> int:
    """How many columns of a statement the best of the first rows names under a separator."""
    best = 0
    # Errors are reported when the rows are actually read.
    with suppress(SheetError), closing(_rows(stream, encoding, separator)) as rows:
        for row in islice(rows, _ROWS_TRIED):
            best = max(best, known_columns(row))
    return best


class _Lines:
    """The lines of a text, with limits on the length of a line and on the lines of a record."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self.pending = 0

    def __iter__(self) -> Iterator[str]:
        while line := self._text.readline(_LONGEST_LINE):
            self.pending += len(line)
            if len(line) == _LONGEST_LINE or self.pending > _LONGEST_RECORD:
                raise csv.Error("the row is too long")
            yield line


def _must_be_one_row(cells: list[str], separator: str) -> None:
    if any(_holds_rows(cell, separator) for cell in cells):
        raise csv.Error("a cell holds whole rows")


def _holds_rows(cell: str, separator: str) -> bool:
    """Whether a quotation mark that was not closed has made a cell of whole rows."""
    if "\n" not in cell and "\r" not in cell:
        return False
    return any(line.count(separator) >= _SEPARATORS_OF_A_ROW for line in cell.splitlines()[1:])


def _rows(stream: IO[bytes], encoding: str, separator: str) -> Generator[Row]:
    stream.seek(0)
    text = io.TextIOWrapper(stream, encoding, errors="replace", newline="")
    lines = _Lines(text)
    number = 0
    try:
        for cells in csv.reader(lines, delimiter=separator, strict=True):
            _must_be_one_row(cells, separator)
            number += 1
            lines.pending = 0
            yield Row(number, tuple(cells[:MOST_COLUMNS]))
    except csv.Error as error:
        raise SheetError(
            f"第 {number + 1} 行过长或引号没有配对，无法读取；单元格里的引号须写成两个，整格用引号括起",
            f"row {number + 1} cannot be read: it is too long, or a quotation mark is not closed ({error}); "
            "within a cell, a quotation mark is written twice, and the cell is put in quotation marks",
        ) from error
    finally:
        text.detach()
