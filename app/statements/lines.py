"""Converting a row of a sheet to a statement line, or to all its problems, with the sheet's own column names.

What a person does not see as it is read (hidden rows, crossed out text, a number merged over several lines) is refused.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from operator import itemgetter
from typing import TypeVar

from app.statements.benefits import Benefits
from app.statements.cells import (
    UnreadableError,
    is_blank,
    text_of,
)
from app.statements.columns import Field, Header
from app.statements.contradictions import contradictions, of_price
from app.statements.days import day_of
from app.statements.figures import Figures
from app.statements.sheets import Cell, Doubtful, Row, Span, Value, quoted, shown
from app.statements.skipping import Skipped, Skipping
from app.statements.total_rows import names_a_total
from base.words import Words
from handbook import Handbook
from ledger.reconciliation.lines import LineProblem, checked
from ledger.reconciliation.values import StatementLine

_NUMBERS = frozenset({Field.UNITS, Field.AMOUNT, Field.UNIT_PRICE})
_HIDDEN = Words(
    "该行已隐藏或被筛选掉；请取消隐藏和筛选，或删除该行",
    "the row is hidden or filtered out: show it, or delete it",
)

T = TypeVar("T")


class LineReader:
    """Reads the rows below a header. `day_zero` is the date of serial number 0, `month` the period of the statement."""

    def __init__(self, header: Header, handbook: Handbook, day_zero: date, month: date | None = None) -> None:
        self._header = header
        self._handbook = handbook
        self._day_zero = day_zero
        self._month = month
        self._figures = Figures(header)
        self._code_of = Benefits(handbook).code_of
        self._units = {each.code: each.unit for edition in handbook.editions for each in edition.benefits}
        self._skipped = Skipping(header).skipped

    def read(self, row: Row) -> StatementLine | list[LineProblem] | Skipped | None:
        """The line of a row; else its problems; Skipped for a row that is no line; None for an empty one."""
        own = row.without_those_above()
        written = next((shown(cell) for cell in own.cells if not is_blank(cell)), None)
        if written is None:
            return None
        reading = _Reading(self._header, row)
        if reading.continues_a_line:
            return Skipped(row=row.number, words=quoted(written))
        wrong = _HIDDEN if row.hidden else reading.doubt
        if wrong is not None:
            return self._skipped(own) or [LineProblem(row=row.number, column=None, words=wrong)]
        line = self._line(reading, row.number)
        if line is not None and not names_a_total(line.member_no):
            return line
        return self._skipped(own) or line or reading.problems

    def figures(self, row: Row) -> tuple[int | None, Decimal | None]:
        """The units and the amount of a row with problems, as totals have them: nothing is 0, None cannot be read."""
        reading = _Reading(self._header, row)
        if reading.doubt is not None:
            return None, None
        units = (
            0
            if is_blank(reading.cell(Field.UNITS))
            else reading.field(Field.UNITS, lambda cell: self._figures.units(cell, row))
        )
        priced = Field.UNIT_PRICE if reading.is_priced_only else Field.AMOUNT
        blank = is_blank(reading.cell(priced))
        amount = Decimal() if blank else reading.field(priced, lambda cell: self._figures.money(cell, priced))
        if priced is Field.UNIT_PRICE and amount is not None:
            amount = None if units is None else units * amount
        return units, amount

    def _line(self, reading: "_Reading", number: int) -> StatementLine | None:
        """The line; None when it has problems."""
        member_no = reading.field(Field.MEMBER_NO, text_of)
        benefit = reading.field(Field.BENEFIT, lambda cell: self._code_of(text_of(cell)))
        units = reading.field(
            Field.UNITS, lambda cell: self._figures.units(cell, reading.row, self._units.get(benefit or ""))
        )
        occurred_on = reading.field(Field.OCCURRED_ON, lambda cell: day_of(cell, self._day_zero, self._month))
        computed = reading.is_priced_only
        priced = Field.UNIT_PRICE if computed else Field.AMOUNT
        amount = reading.field(priced, lambda cell: self._figures.money(cell, priced))
        price = self._price_beside(reading)
        if computed and amount is not None:
            amount = None if units is None else units * amount
        given = _Given(
            line_no=number,
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
            return None
        if price is not None and (words := of_price(units or 0, price, found.amount)) is not None:
            reading.refuse(Field.AMOUNT, words)
        for column, words in contradictions(reading.row, self._header, found, self._month):
            reading.refuse(column, words)
        return None if reading.problems else found

    def _price_beside(self, reading: "_Reading") -> Decimal | None:
        """The unit price beside an amount; None where there is none, or a word in its place, such as 面议."""
        cell = reading.cell(Field.UNIT_PRICE)
        if reading.is_priced_only or is_blank(cell) or not any(sign.isdigit() for sign in shown(cell)):
            return None
        return reading.field(Field.UNIT_PRICE, lambda value: self._figures.money(value, Field.UNIT_PRICE))


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


def _in_words_of_the_sheet(problem: LineProblem, *, computed: bool) -> tuple[str | None, Words]:
    """The column that is to be corrected, by its name in the API, and what is wrong."""
    if computed and problem.column == Field.AMOUNT:
        words = problem.words
        return Field.UNIT_PRICE, Words(f"次数 × 单价：{words.zh}", f"units × unit price: {words.en}")
    return problem.column, problem.words


def _shared(span: Span) -> Words:
    return Words(
        f"单元格合并了第 {span.first} 至 {span.last} 行：不知道每行各是多少；请取消合并，逐行填写",
        f"the cell is merged over the rows {span.first} to {span.last}, and nobody knows how much of it each row has: "
        "unmerge it, and fill in each row",
    )


class _Reading:
    """One row while it is read: its problems so far."""

    def __init__(self, header: Header, row: Row) -> None:
        self.header = header
        self.row = row
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
        return None if place is None else self.row.cell(place)

    @property
    def continues_a_line(self) -> bool:
        """Whether it is the lower part of a line that is merged over several rows."""
        span = self._span_of_line()
        return span is not None and span.first < self.row.number

    @property
    def doubt(self) -> Words | None:
        """What is doubtful about all that is filled in: the whole row is crossed out."""
        if not any(isinstance(cell, Doubtful) for cell in self.row.cells):
            return None
        doubts = {cell.words if isinstance(cell, Doubtful) else None for _, cell in self._filled()}
        return doubts.pop() if len(doubts) == 1 else None

    def field(self, field: Field, read: Callable[[Value], T]) -> T | None:
        """The value of a field; None, and one more problem, when it cannot be read."""
        cell = self.cell(field)
        if isinstance(cell, Doubtful):
            self.refuse(field, cell.words)
            return None
        if field in _NUMBERS and self.row.merged and self._is_shared(field):
            return None
        try:
            return read(cell)
        except UnreadableError as error:
            self.refuse(field, error.words)
            return None

    def _is_shared(self, field: Field) -> bool:
        """Whether the cell of a number is merged over several lines; if so, add the problem."""
        span = self.row.merged.get(self.header.places.get(field, -1))
        if span is None or span == self._span_of_line():
            return False
        self.refuse(field, _shared(span))
        return True

    def _span_of_line(self) -> Span | None:
        """The rows of a line of which all cells are merged over the same rows; None for any other."""
        if not self.row.merged:
            return None
        spans = {self.row.merged.get(place) for place, _ in self._filled()}
        return spans.pop() if len(spans) == 1 else None

    def _filled(self) -> Iterator[tuple[int, Cell]]:
        """The cells of fields that are not empty, with their columns."""
        for place in self.header.places.values():
            cell = self.row.cell(place)
            if not is_blank(cell):
                yield place, cell

    def refuse(self, column: str | None, words: Words) -> None:
        """Add a problem of a column, by its name in the API."""
        field = next((each for each in Field if each == column), None)
        title, place = (
            (column, -1) if field is None else (self.header.title(field), self.header.places.get(field, -1))
        )
        self._problems.append((place, LineProblem(row=self.row.number, column=title, words=words)))
