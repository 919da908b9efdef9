"""Reading workbooks (XLSX), sheet by sheet and row by row, as LibreOffice, Excel, WPS and libraries write them.

A cell has the value that a person sees: the result of a formula, not the formula; a number with the 15 digits
that spreadsheet programs show, not with the noise of its binary form, and the words that its format adds; a day where
the format says so. A merged cell is one cell. Rows and columns that are hidden are read as such. A workbook's stated
dimensions are ignored: some programs write wrong ones.
"""

import posixpath
import re
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache

from app.statements.archive import Parsing, damaged, pairs, small_part
from app.statements.comments import comments_of
from app.statements.formats import PLAIN, Format, formats_of, is_on, struck
from app.statements.layout import Layout, column_place, layout_of, with_merged
from app.statements.numbers import exact
from app.statements.sheets import DAY_ZERO, LONGEST_CELL, MOST_COLUMNS, Cell, Doubtful, Row, Source, value_of
from app.statements.strings import SharedStrings
from base.words import Words

WORKBOOK_PART = "xl/workbook.xml"
"""The part by which XLSX is recognised."""
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_FORMULA = "="
_NEVER_CALCULATED = Words(
    "公式的结果是 0，可能从未计算过；请用表格软件打开并保存，仍是 0 的请直接写出数",
    "the result of the formula is 0, perhaps because it was never calculated: "
    "open the file in a spreadsheet program and save it; where it remains 0, write the number itself",
)
"""Programs that write formulas without calculating them write 0 as the result."""
_LONGEST_NUMBER = 40
"""In characters: programs write 17 digits, a sign, a point and an exponent."""
_LONGEST_COLUMN = 3
"""Letters of the last column that spreadsheet programs know, XFD."""
_LAST_DAY = 2_958_465
"""31 December 9999, the last day that spreadsheet programs know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workbook:
    """An open workbook: the visible sheets by name, in order."""

    archive: zipfile.ZipFile
    parts: dict[str, str]
    strings: SharedStrings
    formats: tuple[Format, ...]
    day_zero: date
    layouts: dict[str, Layout] = field(default_factory=dict)
    """Of the sheets that were looked at."""

    @property
    def names(self) -> Sequence[str]:
        """The names of the visible sheets."""
        return list(self.parts)

    def sheet(self, name: str) -> Source:
        """A sheet to read. Raises SheetError, here or from the rows."""
        part = self.parts[name]
        if name not in self.layouts:
            self.layouts[name] = layout_of(self.archive, part)
        layout = self.layouts[name]
        parsing = Parsing(self.archive, part)
        return Source(
            name=name,
            rows=with_merged(_rows(parsing, self), layout.merged),
            size=parsing.size,
            done=lambda: parsing.done,
            day_zero=self.day_zero,
            hidden_columns=frozenset(layout.hidden_columns),
            comments=comments_of(self.archive, part),
        )


@contextmanager
def open_workbook(archive: zipfile.ZipFile) -> Iterator[Workbook]:
    """Open the workbook that an archive is. Raises SheetError."""
    with ExitStack() as stack:
        names = set(archive.namelist())
        book = small_part(archive, WORKBOOK_PART)
        targets = _targets(archive)
        if book is None:
            raise damaged()
        strings = stack.enter_context(SharedStrings())
        shared = targets.get("sharedStrings", ["xl/sharedStrings.xml"])[0]
        if shared in names:
            strings.load(archive, shared)
        since_1904 = any(is_on(each.get("date1904", "0")) for each in book.iterfind("{*}workbookPr"))
        styles = small_part(archive, targets.get("styles", ["xl/styles.xml"])[0])
        yield Workbook(
            archive=archive,
            parts={
                sheet.get("name", ""): targets["#" + relation][0]
                for sheet in book.iterfind("{*}sheets/{*}sheet")
                for relation in [_relation(sheet.attrib)]
                if sheet.get("state", "visible") == "visible"
                and targets.get("#" + relation, [""])[0] in names
                and targets["#" + relation][1] == "worksheet"
            },
            strings=strings,
            formats=formats_of(styles),
            day_zero=date(1904, 1, 1) if since_1904 else DAY_ZERO,
        )


def _relation(attributes: dict[str, str]) -> str:
    return next((value for name, value in attributes.items() if name.endswith("}id")), "")


def _targets(archive: zipfile.ZipFile) -> dict[str, list[str]]:
    """The parts of the workbook: by `#` and relation, with their kind; and by kind."""
    relations = small_part(archive, "xl/_rels/workbook.xml.rels")
    found: dict[str, list[str]] = {}
    for relation in () if relations is None else relations:
        kind = relation.get("Type", "").rpartition("/")[2]
        part = posixpath.normpath(posixpath.join("/xl", relation.get("Target", ""))).lstrip("/")
        found["#" + relation.get("Id", "")] = [part, kind]
        found.setdefault(kind, [part])
    return found


def _rows(parsing: Parsing, workbook: Workbook) -> Iterator[Row]:
    gathered = _Rows(workbook)
    parsing.parser.StartElementHandler = gathered.start
    parsing.parser.EndElementHandler = gathered.end
    parsing.parser.CharacterDataHandler = gathered.data
    for _ in parsing.steps():
        yield from gathered.rows
        gathered.rows.clear()


class _Rows:
    """Gathers the rows of a sheet from parser events."""

    def __init__(self, workbook: Workbook) -> None:
        self.rows: list[Row] = []
        self._workbook = workbook
        self._number = 0
        self._cells: list[Cell] = []
        self._place = -1
        self._kind = "n"
        self._format = PLAIN
        self._parts: list[str] = []
        self._length = 0
        self._taking = False
        self._pronounced = False
        self._computed = False
        self._struck = False
        self._hidden = False
        self._rows_are_hidden = False
        """Whether rows are hidden that have no height of their own."""

    def start(self, name: str, attributes: list[str]) -> None:
        local = name.rpartition(":")[2]
        if local == "c":
            self._start_cell(attributes)
        elif local in {"v", "t"}:
            self._taking = not self._pronounced
        elif local == "f":
            self._computed = True
        elif local == "row":
            self._start_row(dict(pairs(attributes)))
        elif local == "rPh":
            self._pronounced = True
        elif local == "strike":
            self._struck = self._struck or not attributes or is_on(attributes[1])
        elif local == "sheetFormatPr":
            self._rows_are_hidden = is_on(dict(pairs(attributes)).get("zeroHeight", ""))

    def _start_row(self, attributes: dict[str, str]) -> None:
        number = _whole(attributes["r"]) if "r" in attributes else self._number + 1
        if number <= self._number:
            raise damaged()
        self._number = number
        without_height = self._rows_are_hidden and "ht" not in attributes
        self._hidden = (
            is_on(attributes.get("hidden", "")) or float(attributes.get("ht", "1")) == 0 or without_height
        )
        self._cells = []
        self._place = -1

    def _start_cell(self, attributes: list[str]) -> None:
        self._place += 1
        self._kind = "n"
        self._format = PLAIN
        self._parts.clear()
        self._length = 0
        self._computed = False
        self._struck = False
        for name, value in pairs(attributes):
            if name == "r":
                self._place = _place(value.rstrip("0123456789"))
            elif name == "t":
                self._kind = value
            elif name == "s":
                place = _whole(value)
                self._format = self._workbook.formats[place] if place < len(self._workbook.formats) else PLAIN

    def data(self, text: str) -> None:
        if self._taking:
            self._length += len(text)
            if self._length > LONGEST_CELL:
                raise damaged()
            self._parts.append(text)

    def end(self, name: str) -> None:
        local = name.rpartition(":")[2]
        if local == "c":
            if self._place < MOST_COLUMNS:
                self._end_cell()
        elif local in {"v", "t"}:
            self._taking = False
        elif local == "rPh":
            self._pronounced = False
        elif local == "row":
            self.rows.append(Row(self._number, tuple(self._cells), self._hidden))

    def _end_cell(self) -> None:
        value = self._value("".join(self._parts))
        if value is not None:
            missing = self._place - len(self._cells)
            if missing < 0:
                raise damaged()
            self._cells.extend([None] * missing)
            self._cells.append(struck(value) if self._struck or self._format.struck else value)

    def _value(self, text: str) -> Cell:
        if self._kind == "s":
            return self._shared(_whole(text)) if text else None
        if self._kind in {"inlineStr", "str", "e"}:
            return self._format.numbers.shown_text(_unescaped(text)) if text else None
        if not text:
            return _FORMULA if self._computed else None
        if self._kind == "b":
            return "TRUE" if text == "1" else "FALSE"
        if self._kind == "d":
            return datetime.fromisoformat(text).date()
        number = self._number_of(text)
        never_calculated = self._computed and not float(text)
        return Doubtful(value_of(number), _NEVER_CALCULATED) if never_calculated else number

    def _shared(self, number: int) -> Cell:
        strings = self._workbook.strings
        self._struck = self._struck or strings.is_struck(number)
        return self._format.numbers.shown_text(_unescaped(strings.text(number)))

    def _number_of(self, text: str) -> Cell:
        if len(text) > _LONGEST_NUMBER:
            raise damaged()
        if self._format.numbers.is_day:
            days = int(float(text))
            if not 0 <= days <= _LAST_DAY:
                return text
            return self._workbook.day_zero + timedelta(days=days)
        return self._format.numbers.shown(exact(text))


def _whole(text: str) -> int:
    """A number in the workbook's structure: of a row, a format, a string."""
    if len(text) > _LONGEST_NUMBER:
        raise damaged()
    return int(text)


def _place(letters: str) -> int:
    """The index of a column, from 0, from its letters."""
    if len(letters) > _LONGEST_COLUMN:
        raise damaged()
    return _known_place(letters)


_known_place = lru_cache(maxsize=1024)(column_place)


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text
