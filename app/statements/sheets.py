"""The common interface of all kinds of sheets: rows of cells, with numbers as a person sees them.

A problem of a sheet as a whole (it is no sheet, has no header, is damaged) is a `SheetError`, in both languages;
problems of rows are found where columns are interpreted.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple, Protocol

from base.words import Words

Value = str | Decimal | date | None
"""The value of a cell: text, a number with the digits that a person sees, a day, or nothing."""

MOST_COLUMNS = 200
"""Columns further right are not read."""
LONGEST_CELL = 32_767
"""As many characters as a cell of a spreadsheet program can hold."""
DAY_ZERO = date(1899, 12, 30)
"""The date of serial number 0, unless a workbook says otherwise."""

_BRACKETED = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】|<[^<>]*>")
_LONGEST_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A cell that does not show what it holds, or is crossed out; `words` say so, and what helps."""

    value: Value
    words: Words


Cell = Value | Doubtful


class Span(NamedTuple):
    """Rows, or columns, that a merged cell covers: the first and the last one."""

    first: int
    last: int


class Row(NamedTuple):
    """One row; `number` counts from 1, empty rows too, as a spreadsheet program shows it.

    `hidden`: a person does not see it. `merged`: the columns, from 0, of cells that are merged with others below or
    above; all of these rows then have the value.
    """

    number: int
    cells: tuple[Cell, ...]
    hidden: bool = False
    merged: Mapping[int, Span] = MappingProxyType({})

    def cell(self, place: int) -> Cell:
        """The cell in a column, from 0; empty beyond the last one."""
        return self.cells[place] if place < len(self.cells) else None

    def without_those_above(self) -> "Row":
        """The row without the cells that it only continues."""
        if not self.merged:
            return self
        above = {place for place, span in self.merged.items() if span.first < self.number}
        return self._replace(cells=tuple(None if at in above else cell for at, cell in enumerate(self.cells)))


class SheetError(Exception):
    """A file cannot be read as a statement; the words say what would help."""

    def __init__(self, words_zh: str, words_en: str) -> None:
        super().__init__(words_en)
        self.words_zh = words_zh
        self.words_en = words_en

    def message(self, language: str = "zh") -> str:
        """The reason in `zh` or `en`."""
        return self.words_en if language == "en" else self.words_zh


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A sheet that is being read: its rows, in order, once, and the progress.

    `day_zero` is the date of serial number 0, where days are numbers. `done` says how many of `size` bytes
    are read. `hidden_columns`, from 0, are those that a person does not see; `unseen` says what is not known of a file
    of this kind, `refused` why the sheet is not read, and `comments` what somebody wrote beside cells.
    """

    name: str
    rows: Iterator[Row]
    size: int
    done: Callable[[], int]
    day_zero: date
    hidden_columns: frozenset[int] = frozenset()
    unseen: Words | None = None
    refused: Words | None = None
    comments: Words | None = None


class Book(Protocol):
    """An open workbook: its visible sheets, in order."""

    @property
    def names(self) -> Sequence[str]:
        """The names of the sheets."""

    def sheet(self, name: str) -> Source:
        """A sheet to read, as often as wanted. Raises SheetError, here or from the rows."""


def value_of(cell: Cell) -> Value:
    """What a cell holds, whatever it shows."""
    return cell.value if isinstance(cell, Doubtful) else cell


def shown(cell: Cell) -> str:
    """A cell in one line of text, stripped."""
    cell = value_of(cell)
    if isinstance(cell, str):
        return cell.strip()
    if cell is None:
        return ""
    return f"{cell:f}" if isinstance(cell, Decimal) else cell.isoformat()


def quoted(text: str) -> str:
    """A text, shortened to one line."""
    line = "".join(sign if sign.isprintable() else " " for sign in text)
    return line if len(line) <= _LONGEST_SHOWN else line[:_LONGEST_SHOWN] + "…"


def plain(text: str) -> str:
    """A name reduced to its letters and digits, so that spelling habits do not matter: case, spaces, width, signs."""
    return "".join(
        sign for sign in unicodedata.normalize("NFKC", text).casefold() if sign.isalnum() or sign == "#"
    )


def without_brackets(text: str) -> str:
    """A name without text in brackets."""
    return _BRACKETED.sub("", unicodedata.normalize("NFKC", text))


def in_brackets(name: str) -> str:
    """The text in brackets of a name, in lower case."""
    return " ".join(_BRACKETED.findall(unicodedata.normalize("NFKC", name))).casefold()


def listed(names: Iterable[str], *, separator: str = "、") -> str:
    """Names in one line."""
    return separator.join(names)
