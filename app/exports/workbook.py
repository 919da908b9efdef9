"""Writing workbooks (XLSX) for people: a fixed heading, widths, formats, filters.

Rows go to disk as they come; a table that is too long for a sheet continues in a further one. Texts are always stored
as texts: our workbooks contain no formulas.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any, Generic

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from app.exports.columns import Cell, Column, Language, Named, Row
from app.exports.csvs import is_formula, plain
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
_MIDDLE = Alignment(vertical="center", wrap_text=True)


class Book:
    """An open workbook. `save` or `discard` it: until then its rows are in temporary files."""

    def __init__(self) -> None:
        self._book = Workbook(write_only=True)

    def facts(self, title: str, rows: Iterable[Sequence[Cell]], widths: Sequence[int]) -> None:
        """A sheet of short lists: the first cell of each row is its label; an empty row separates lists."""
        sheet = self._book.create_sheet(title)
        _set_widths(sheet, widths)
        for first, *others in (row or (None,) for row in rows):
            sheet.append([_cell(sheet, first, bold=True), *(_cell(sheet, each) for each in others)])

    def table(self, title: str, columns: Sequence[Column[Row]], language: Language) -> "Table[Row]":
        """A sheet for a table of these columns."""
        return Table(self._book, title, columns, language)

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
        self, book: Workbook, title: str, columns: Sequence[Column[Row]], language: Language
    ) -> None:
        self._book = book
        self._title = title
        self._columns = columns
        self._language: Language = language
        self._sheets = 0
        self._sheet = self._begin()

    def extend(self, rows: Iterable[Row]) -> None:
        """Write rows."""
        for row in rows:
            if self._length == LONGEST_SHEET:
                self._filter()
                self._sheet = self._begin()
            sheet = self._sheet
            sheet.append([_cell(sheet, column.cell(row)) for column in self._columns])
            self._length += 1
        self._filter()

    def _filter(self) -> None:
        """Let people filter by all columns and rows so far."""
        self._sheet.auto_filter.ref = f"A1:{get_column_letter(len(self._columns))}{self._length}"

    def _begin(self) -> Any:
        self._sheets += 1
        sheet: Any = self._book.create_sheet(
            self._title if self._sheets == 1 else f"{self._title} {self._sheets}"
        )
        sheet.freeze_panes = "A2"
        _set_widths(sheet, [column.width for column in self._columns])
        sheet.append([_heading(sheet, column.heading(self._language)) for column in self._columns])
        self._length = 1
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(self._columns))}1"
        return sheet


def _set_widths(sheet: Any, widths: Sequence[int]) -> None:
    for number, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(number)].width = width


def _heading(sheet: Any, text: str) -> Any:
    cell = WriteOnlyCell(sheet, value=text)
    cell.font, cell.fill, cell.alignment = _BOLD, _SHADE, _MIDDLE
    return cell


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
