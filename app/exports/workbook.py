"""Writing workbooks (XLSX) for people: a fixed heading, widths, formats, filters, and how they print.

Rows go to disk as they come; a table that is too long for a sheet continues in a further one. Texts are always stored
as texts: our workbooks contain no formulas.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import IO, Any, Generic

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.cell.cell import Cell as ReadWriteCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

from app.exports.columns import Cell, Column, Language, Named, Row
from app.exports.csvs import is_formula, plain
from app.exports.paper import POINTS_A_LINE, Paper, lines_needed, print_columns, repeat_heading, set_up
from handbook import BUSINESS_ZONE

LONGEST_SHEET = 1_048_576
"""How many rows a sheet may have, by the format."""

_LONGEST_TEXT = 32_767
_THOUSAND = 1000  # below, a whole number looks the same without a format
_MONEY = "#,##0.00"
_WHOLE = "#,##0"
_DAY = "yyyy-mm-dd"
_MOMENT = "yyyy-mm-dd hh:mm:ss"
_BOLD = Font(bold=True)
_SHADE = PatternFill("solid", fgColor="E7EDF5")
_MIDDLE = Alignment(horizontal="center", vertical="center", wrap_text=True)
_TOP = Alignment(vertical="top", wrap_text=True)
_LEFT = Alignment(horizontal="left")
_LARGE = Font(bold=True, size=16)
_RULED = Border(bottom=Side("thin"))


class Look(Enum):
    """How a row of facts looks."""

    FACT = "a bold label, and its value"
    STRONG = "a bold label, and its value in bold too"
    TITLE = "in large letters"
    HEADINGS = "headings of a list: bold, shaded, ruled"
    ENTRY = "a row of a list: long texts take several lines"
    TOTAL = "the last row of a list, in bold"


@dataclass(frozen=True, slots=True)
class Line:
    """A row of facts with a look of its own."""

    cells: Sequence[Cell]
    look: Look


class Book:
    """An open workbook. `save` or `discard` it: until then its rows are in temporary files."""

    def __init__(self, paper: Paper) -> None:
        self._book = Workbook(write_only=True)
        self._paper = paper

    def facts(
        self,
        title: str,
        rows: Iterable[Sequence[Cell] | Line],
        widths: Sequence[int],
        *,
        one_page: bool = False,
    ) -> None:
        """A sheet of short lists: the first cell of each row is its label; an empty row separates lists."""
        sheet = self._book.create_sheet(title)
        set_up(sheet, self._paper, one_page=one_page)
        _set_widths(sheet, widths)
        for number, row in enumerate(rows, 1):
            line = row if isinstance(row, Line) else Line(row, Look.FACT)
            if line.look is Look.ENTRY:
                _append(sheet, number, line.cells, widths)
            else:
                sheet.append(_fact(sheet, line))

    def table(self, title: str, columns: Sequence[Column[Row]], language: Language) -> "Table[Row]":
        """A sheet for a table of these columns; columns that are not printed stand behind those that are."""
        return Table(self._book, title, columns, language, self._paper)

    def save(self, file: IO[bytes]) -> None:
        """Write the workbook; `discard` is not needed afterwards."""
        self._book.save(file)

    def discard(self) -> None:
        """Remove the temporary files of a workbook that will not be saved."""
        for sheet in self._book.worksheets:
            writer: Any = getattr(sheet, "_writer", None)  # openpyxl removes them only when the process ends
            if writer is not None:
                sheet.close()
                writer.cleanup()


class Table(Generic[Row]):
    """A table on as many sheets as it needs, each with the heading."""

    def __init__(
        self, book: Workbook, title: str, columns: Sequence[Column[Row]], language: Language, paper: Paper
    ) -> None:
        self._book = book
        self._title = title
        self._columns = columns
        self._printed = sum(column.printed for column in columns)
        self._wraps = [column.width if column.wraps else None for column in columns]
        self._paper = paper
        self._language: Language = language
        self._sheets = 0
        self._sheet = self._begin()

    def extend(self, rows: Iterable[Row]) -> None:
        """Write rows."""
        for row in rows:
            if self._length == LONGEST_SHEET:
                self._complete()
                self._sheet = self._begin()
            sheet = self._sheet
            self._length += 1
            _append(sheet, self._length, [column.cell(row) for column in self._columns], self._wraps)
        self._complete()

    def _complete(self) -> None:
        """Filter and print the rows so far."""
        self._sheet.auto_filter.ref = f"A1:{get_column_letter(len(self._columns))}{self._length}"
        print_columns(self._sheet, self._printed, self._length)

    def _begin(self) -> Any:
        self._sheets += 1
        sheet: Any = self._book.create_sheet(
            self._title if self._sheets == 1 else f"{self._title} {self._sheets}"
        )
        set_up(sheet, self._paper)
        repeat_heading(sheet)
        sheet.freeze_panes = "A2"
        _set_widths(sheet, [column.width for column in self._columns])
        headings = [column.heading(self._language) for column in self._columns]
        widths = [column.width for column in self._columns]
        sheet.row_dimensions[1].height = max(map(lines_needed, headings, widths)) * POINTS_A_LINE
        sheet.append([_heading(sheet, text) for text in headings])
        self._length = 1
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(self._columns))}1"
        print_columns(sheet, self._printed, 1)
        return sheet


def _set_widths(sheet: Any, widths: Sequence[int]) -> None:
    for number, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(number)].width = width


def _heading(sheet: Any, text: str) -> Any:
    cell = WriteOnlyCell(sheet, value=text)
    cell.font, cell.fill, cell.alignment, cell.border = _BOLD, _SHADE, _MIDDLE, _RULED
    return cell


def _fact(sheet: Any, line: Line) -> list[Any]:
    """The cells of a row of facts."""
    match line.look:
        case Look.HEADINGS:
            return [_heading(sheet, plain(text)) for text in line.cells]
        case Look.TITLE:
            return [_styled(sheet, _cell(sheet, each), font=_LARGE) for each in line.cells]
        case Look.TOTAL:
            return [_styled(sheet, _cell(sheet, each), font=_BOLD) for each in line.cells]
        case _:
            first, *others = line.cells or (None,)
            font = _BOLD if line.look is Look.STRONG else None
            values = [
                each if each is None else _styled(sheet, each, font=font, alignment=_LEFT)
                for each in (_cell(sheet, value) for value in others)
            ]
            return [_cell(sheet, first, bold=True), *values]


def _append(sheet: Any, number: int, values: Sequence[Cell], wraps: Sequence[int | None]) -> None:
    """Add a row; a text that is longer than its column (`wraps`: its width, None: one line) makes the row taller."""
    cells = [_cell(sheet, value) for value in values]
    texts = [each.name if isinstance(each, Named) else each for each in values]
    lines = max(map(lines_needed, texts, wraps), default=1)
    if lines == 1:
        sheet.append(cells)
        return
    sheet.row_dimensions[number].height = lines * POINTS_A_LINE
    sheet.append([each if each is None else _styled(sheet, each, alignment=_TOP) for each in cells])
    del sheet.row_dimensions[number]  # written already: memory does not grow with the rows


def _styled(sheet: Any, cell: Any, *, font: Font | None = None, alignment: Alignment | None = None) -> Any:
    """A cell, or a bare value, in a font and with an alignment."""
    styled = cell if isinstance(cell, ReadWriteCell) else WriteOnlyCell(sheet, value=cell)
    if font is not None:
        styled.font = font
    if alignment is not None:
        styled.alignment = alignment
    return styled


def _cell(sheet: Any, value: Cell, *, bold: bool = False) -> Any:
    """A cell for the sheet: the bare value where it needs no format, which is much faster."""
    match value:
        case None | "":
            return None
        case str():
            return _text(sheet, value, bold=bold)
        case Named():
            return _text(sheet, value.name, bold=bold)
        case Decimal():
            return _formatted(sheet, value, _MONEY)
        case int():
            return _formatted(sheet, value, _WHOLE) if abs(value) >= _THOUSAND else value
        case datetime():
            return _formatted(sheet, value.astimezone(BUSINESS_ZONE).replace(tzinfo=None), _MOMENT)
        case date():
            return _formatted(sheet, value, _DAY)
        case _:
            return _text(sheet, plain(value), bold=bold)


def _formatted(sheet: Any, value: Any, number_format: str) -> Any:
    cell = WriteOnlyCell(sheet, value=value)
    cell.number_format = number_format
    return cell


def _text(sheet: Any, text: str, *, bold: bool) -> Any:
    written = ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", text)[:_LONGEST_TEXT]
    looks_otherwise = written[:1] in "=#" or is_formula(written)
    if not bold and not looks_otherwise:
        return written
    cell = WriteOnlyCell(sheet, value=written)
    cell.data_type = "s"  # neither a formula nor an error, as openpyxl would assume
    if looks_otherwise:
        cell.quotePrefix = True  # not even after editing
    if bold:
        cell.font = _BOLD
    return cell
