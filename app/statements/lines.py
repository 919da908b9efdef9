"""Converting a row of a sheet to a statement line, or to all its problems, with the sheet's own column names.

Rows that are no lines (empty ones, totals, a repeated header, signatures) are recognised by what they lack: a row that
could be a line is never skipped.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeVar

from app.statements.benefits import Benefits
from app.statements.cells import (
    UnreadableError,
    amount_of,
    checked_amount,
    day_of,
    is_blank,
    text_of,
    units_of,
)
from app.statements.columns import Field, Header
from app.statements.sheets import Cell, Row, plain, quoted, shown
from handbook import Handbook
from ledger.reconciliation.values import LineProblem, StatementLine, problems_of

_TOTALS = (
    "合计",
    "总计",
    "小计",
    "共计",
    "累计",
    "总额",
    "总数",
    "总金额",
    "金额大写",
    "大写",
    "本页",
    "total",
    "subtotal",
    "grandtotal",
    "sum",
)
_REMARKS = (
    "制表",
    "审核",
    "复核",
    "盖章",
    "经办",
    "备注",
    "说明",
    "注",
    "打印",
    "签字",
    "负责人",
    "财务",
    "会计",
    "出纳",
    "日期",
    "开户行",
    "账号",
    "联系电话",
    "preparedby",
    "note",
    "signature",
)
_FIELDS = {field.value: field for field in Field}
_NAMING = (Field.MEMBER_NO, Field.BENEFIT, Field.OCCURRED_ON)
_COUNTING = (Field.UNITS, Field.AMOUNT, Field.UNIT_PRICE)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A skipped row, with its text."""

    row: int
    words: str


class LineReader:
    """Reads the rows below a header. `day_zero` is the date of serial number 0."""

    def __init__(self, header: Header, handbook: Handbook, day_zero: date) -> None:
        self._header = header
        self._handbook = handbook
        self._day_zero = day_zero
        self._code_of = Benefits(handbook).code_of
        self._units = {each.code: each.unit for edition in handbook.editions for each in edition.benefits}
        self._titles = tuple(title.casefold() for title in header.titles if title)

    def read(self, row: Row) -> StatementLine | list[LineProblem] | Skipped | None:
        """The line of a row; else its problems; Skipped for a row that is no line; None for an empty one."""
        if all(is_blank(cell) for cell in row.cells):
            return None
        reading = _Reading(self._header, row)
        member_no = reading.field(Field.MEMBER_NO, text_of)
        benefit = reading.field(Field.BENEFIT, lambda cell: self._code_of(text_of(cell)))
        units = reading.field(Field.UNITS, lambda cell: units_of(cell, self._units.get(benefit or "")))
        occurred_on = reading.field(Field.OCCURRED_ON, lambda cell: day_of(cell, self._day_zero))
        amount = self._amount(reading, units)
        reference = None
        if not is_blank(reading.cell(Field.REFERENCE)):
            reference = reading.field(Field.REFERENCE, text_of)
        if member_no is None or benefit is None or units is None or occurred_on is None or amount is None:
            return self._skipped(row) or reading.problems  # what is None has its problem
        if reading.problems:  # of the reference
            return self._skipped(row) or reading.problems
        line = StatementLine(
            line_no=row.number,
            reference=reference,
            member_no=member_no,
            benefit=benefit,
            units=units,
            occurred_on=occurred_on,
            amount=amount,
        )
        return [self._in_words_of_the_sheet(each) for each in problems_of(line, self._handbook)] or line

    @staticmethod
    def _amount(reading: "_Reading", units: int | None) -> Decimal | None:
        """The claimed amount: the amount column, or else units times unit price."""
        priced = Field.UNIT_PRICE in reading.header.places
        if Field.AMOUNT in reading.header.places and not (priced and is_blank(reading.cell(Field.AMOUNT))):
            return reading.field(Field.AMOUNT, lambda cell: checked_amount(amount_of(cell), computed=False))
        price = reading.field(Field.UNIT_PRICE, amount_of)
        if price is None or units is None:
            return None
        return reading.field(Field.UNIT_PRICE, lambda _: checked_amount(units * price, computed=True))

    def _skipped(self, row: Row) -> Skipped | None:
        written = [shown(cell) for cell in row.cells if not is_blank(cell)]
        if tuple(text.casefold() for text in written) == self._titles:
            return Skipped(row=row.number, words=quoted(written[0]))
        first = plain(written[0])
        # A number of a member, a service and a day make a line, whatever else a row says; one of the three is the word
        # itself, where it stands in the column of one of them. A signature may have a date, but no units or amounts.
        named = self._filled(row, _NAMING)
        total = named <= 1 and first.startswith(_TOTALS)
        remark = named < len(_NAMING) and first.startswith(_REMARKS) and not self._filled(row, _COUNTING)
        return Skipped(row=row.number, words=quoted(written[0])) if total or remark else None

    def _filled(self, row: Row, fields: tuple[Field, ...]) -> int:
        places = self._header.places
        return sum(field in places and not is_blank(_at(row, places[field])) for field in fields)

    def _in_words_of_the_sheet(self, problem: LineProblem) -> LineProblem:
        return LineProblem(
            row=problem.row,
            column=_title(self._header, problem.column),
            words_zh=problem.words_zh,
            words_en=problem.words_en,
        )


def _title(header: Header, column: str) -> str:
    field = _FIELDS.get(column)
    return column if field is None else header.title(field)


def _at(row: Row, place: int) -> Cell:
    return row.cells[place] if place < len(row.cells) else None


class _Reading:
    """One row while it is read: its problems so far."""

    def __init__(self, header: Header, row: Row) -> None:
        self.header = header
        self.problems: list[LineProblem] = []
        self._row = row

    def cell(self, field: Field) -> Cell:
        """The cell in a field's column; empty when there is no such column."""
        place = self.header.places.get(field)
        return None if place is None else _at(self._row, place)

    def field(self, field: Field, read: Callable[[Cell], T]) -> T | None:
        """The value of a field; None, and one more problem, when it cannot be read."""
        try:
            return read(self.cell(field))
        except UnreadableError as error:
            self.problems.append(
                LineProblem(
                    row=self._row.number,
                    column=self.header.title(field),
                    words_zh=error.words_zh,
                    words_en=error.words_en,
                )
            )
            return None
