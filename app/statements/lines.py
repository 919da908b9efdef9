"""Converting a row of a sheet to a statement line, or to all its problems, with the sheet's own column names.

Rows that are no lines (empty ones, totals, a repeated header, signatures) are recognised by what they lack: a row that
could be a line is never skipped.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from operator import itemgetter
from typing import TypeVar

from app.statements.benefits import Benefits
from app.statements.cells import (
    UnreadableError,
    amount_of,
    day_of,
    is_blank,
    text_of,
    units_of,
)
from app.statements.columns import Field, Header
from app.statements.sheets import Cell, Row, plain, quoted, shown
from base.words import Words
from handbook import Handbook
from ledger.reconciliation.lines import LineProblem, checked
from ledger.reconciliation.values import StatementLine

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
        computed = reading.is_priced_only
        amount = reading.field(Field.UNIT_PRICE if computed else Field.AMOUNT, amount_of)
        if computed and amount is not None:
            amount = None if units is None else units * amount
        given = _Given(
            line_no=row.number,
            reference=reading.field(Field.REFERENCE, lambda cell: None if is_blank(cell) else text_of(cell)),
            member_no=member_no,
            benefit=benefit,
            units=units,
            occurred_on=occurred_on,
            amount=amount,
        )
        found = checked(given, self._handbook)
        if isinstance(found, list):
            for each in found:
                reading.refuse(*_in_words_of_the_sheet(each, computed=computed))
        elif not reading.problems:
            return found
        return self._skipped(row) or reading.problems

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


def _at(row: Row, place: int) -> Cell:
    return row.cells[place] if place < len(row.cells) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    """The values of a row, as far as they could be read: a GivenLine."""

    line_no: int
    reference: str | None
    member_no: str | None
    benefit: str | None
    units: int | None
    occurred_on: date | None
    amount: Decimal | None


def _in_words_of_the_sheet(problem: LineProblem, *, computed: bool) -> tuple[str, Words]:
    """The column that is to be corrected, by its name in the API, and what is wrong."""
    if computed and problem.column == Field.AMOUNT:
        words = problem.words
        return Field.UNIT_PRICE, Words(f"次数 × 单价：{words.zh}", f"units × unit price: {words.en}")
    return problem.column, problem.words


class _Reading:
    """One row while it is read: its problems so far."""

    def __init__(self, header: Header, row: Row) -> None:
        self.header = header
        self._row = row
        self._problems: list[tuple[int, LineProblem]] = []

    @property
    def problems(self) -> list[LineProblem]:
        """The problems, from left to right."""
        return [problem for _, problem in sorted(self._problems, key=itemgetter(0))]

    @property
    def is_priced_only(self) -> bool:
        """Whether the claimed amount is units times unit price: there is no amount column, or the cell is empty."""
        return Field.UNIT_PRICE in self.header.places and is_blank(self.cell(Field.AMOUNT))

    def cell(self, field: Field) -> Cell:
        """The cell in a field's column; empty when there is no such column."""
        place = self.header.places.get(field)
        return None if place is None else _at(self._row, place)

    def field(self, field: Field, read: Callable[[Cell], T]) -> T | None:
        """The value of a field; None, and one more problem, when it cannot be read."""
        try:
            return read(self.cell(field))
        except UnreadableError as error:
            self.refuse(field, error.words)
            return None

    def refuse(self, column: str, words: Words) -> None:
        """Add a problem of a column, by its name in the API."""
        field = _FIELDS.get(column)
        title, place = (
            (column, -1) if field is None else (self.header.title(field), self.header.places.get(field, -1))
        )
        self._problems.append((place, LineProblem(row=self._row.number, column=title, words=words)))
