"""The values of a reconciliation: months, statement lines, kinds of findings, and their ids.

Pure. A line is checked here, field by field, before anything is stored: each problem names row and column, so that a
vendor can correct all of them at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Protocol, Self
from unicodedata import category

from base.months import FIRST_YEAR, LAST_YEAR
from handbook import Handbook
from ledger.ids import opaque_id, parse_numbers

_LONGEST_TEXT = 200
_MOST_UNITS = 1_000_000
_LARGEST = 2**31 - 1
_HIGHEST_AMOUNT = Decimal(10) ** 12
_PLACES = 2


class FindingKind(StrEnum):
    """The kinds of findings: of a line, a redemption, or a pair of both."""

    MATCHED = "MATCHED"
    UNITS_DIFFER = "UNITS_DIFFER"
    AMOUNT_DIFFERS = "AMOUNT_DIFFERS"
    DATE_DIFFERS = "DATE_DIFFERS"
    REVERSED = "REVERSED"
    DUPLICATE_LINE = "DUPLICATE_LINE"
    NOT_IN_LEDGER = "NOT_IN_LEDGER"
    NOT_IN_STATEMENT = "NOT_IN_STATEMENT"
    AMBIGUOUS = "AMBIGUOUS"
    OUTSIDE_PERIOD = "OUTSIDE_PERIOD"


class Action(StrEnum):
    """The decisions on a finding."""

    MATCH = "MATCH"
    ACCEPT = "ACCEPT"
    DISPUTE = "DISPUTE"
    REOPEN = "REOPEN"


class Pass(StrEnum):
    """The passes of the match, in their order; HAND is a match by a person."""

    REFERENCE = "REFERENCE"
    EXACT = "EXACT"
    TOLERANCE = "TOLERANCE"
    UNITS = "UNITS"
    HAND = "HAND"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """One line of a vendor's statement: `units` of a benefit for a member on a day, for `amount` in CNY in all.

    `line_no` is the vendor's number of the line (in a spreadsheet: its row); `reference` the vendor's own, if any.
    """

    line_no: int
    reference: str | None
    member_no: str
    benefit: str
    units: int
    occurred_on: date
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What one side says: units on a day, for an amount in CNY (None: no price was in force that day)."""

    units: int
    amount: Decimal | None
    day: date


class Figures(Protocol):
    """What a line and a delivery are compared in."""

    @property
    def units(self) -> int:
        """How many units."""

    @property
    def amount(self) -> Decimal | None:
        """For how much, in CNY; None: no price was in force that day."""

    @property
    def day(self) -> date:
        """On which business day."""


def differences(stated: Figures, delivered: Figures, *, reversed_: bool) -> tuple[FindingKind, ...]:
    """What a line and its delivery differ in, the weightiest first; `reversed_`: the delivery was reversed."""
    differing = (
        (FindingKind.REVERSED, reversed_),
        (FindingKind.UNITS_DIFFER, stated.units != delivered.units),
        (FindingKind.AMOUNT_DIFFERS, stated.amount != delivered.amount),
        (FindingKind.DATE_DIFFERS, stated.day != delivered.day),
    )
    return tuple(kind for kind, differs in differing if differs)


def kind_of_pair(stated: Figures, delivered: Figures, *, reversed_: bool) -> FindingKind:
    """The weightiest difference of a pair; MATCHED where nothing differs."""
    return next(iter(differences(stated, delivered, reversed_=reversed_)), FindingKind.MATCHED)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineProblem:
    """Why a line is refused: the place, and in words what would be right."""

    row: int
    column: str
    words_zh: str
    words_en: str

    def message(self, language: str = "zh") -> str:
        """The problem in `zh` or `en`, with its place."""
        if language == "en":
            return f"row {self.row}, {self.column}: {self.words_en}"
        return f"第 {self.row} 行，{self.column}：{self.words_zh}"


def problems_of(line: StatementLine, handbook: Handbook) -> list[LineProblem]:
    """All problems of a line by itself; columns are named as in the API."""
    return [
        LineProblem(row=line.line_no, column=column, words_zh=words_zh, words_en=words_en)
        for column, words_zh, words_en in _wrong(line, handbook)
    ]


def _wrong(line: StatementLine, handbook: Handbook) -> Iterator[tuple[str, str, str]]:
    if not 1 <= line.line_no <= _LARGEST:
        yield "lineNo", "须为正整数", f"expected a whole number from 1; got {line.line_no}"
    if line.reference is not None and not is_text(line.reference):
        yield (
            "reference",
            f"须为 1 至 {_LONGEST_TEXT} 个可见字符",
            f"expected 1 to {_LONGEST_TEXT} visible characters",
        )
    if not is_text(line.member_no):
        yield (
            "memberNo",
            f"须为 1 至 {_LONGEST_TEXT} 个可见字符",
            f"expected 1 to {_LONGEST_TEXT} visible characters",
        )
    if line.benefit not in handbook.benefit_codes:
        known = ", ".join(sorted(handbook.benefit_codes))
        shown = line.benefit[:64]
        yield (
            "benefit",
            f"没有代码为「{shown}」的服务项目；可用的代码：{known}",
            f"there is no benefit {shown}; the codes are: {known}",
        )
    if not 1 <= line.units <= _MOST_UNITS:
        yield "units", f"须为 1 至 {_MOST_UNITS} 的整数", f"expected a whole number from 1 to {_MOST_UNITS}"
    if not FIRST_YEAR <= line.occurred_on.year <= LAST_YEAR:
        yield (
            "occurredOn",
            f"年份须在 {FIRST_YEAR} 至 {LAST_YEAR} 之间",
            f"expected a day of the years {FIRST_YEAR} to {LAST_YEAR}",
        )
    if not _is_amount(line.amount):
        yield (
            "amount",
            "须为不小于 0、小于 10^12 的金额，最多两位小数",
            f"expected an amount from 0 and below 10^12, with at most {_PLACES} places",
        )


def is_text(value: str) -> bool:
    """Whether a text is usable as an identifier: not empty, not too long, without invisible characters."""
    return (
        bool(value.strip())
        and len(value) <= _LONGEST_TEXT
        and (value.isprintable() or not any(category(character).startswith("C") for character in value))
    )


def _is_amount(amount: Decimal) -> bool:
    if not amount.is_finite() or not 0 <= amount < _HIGHEST_AMOUNT:
        return False
    exponent = amount.normalize().as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -_PLACES


@dataclass(frozen=True, slots=True, order=True)
class StatementId:
    """A statement's id."""

    number: int

    @property
    def opaque(self) -> str:
        """The id as clients see it."""
        return opaque_id("Statement", self.number)

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The statement that a client's id names; None when the text is no such id."""
        numbers = parse_numbers(text, "Statement", 1)
        return cls(*numbers) if numbers and numbers[0] <= _LARGEST else None


@dataclass(frozen=True, slots=True, order=True)
class LineFindingId:
    """The id of a line's finding: its period (a disputed line is found again in a later one) and its line."""

    period: int
    statement: int
    line_no: int

    @property
    def opaque(self) -> str:
        """The id as clients see it."""
        return opaque_id("LineFinding", self.period, self.statement, self.line_no)


@dataclass(frozen=True, slots=True, order=True)
class LedgerFindingId:
    """The id of the finding of a redemption without a line in the period."""

    period: int
    customer_id: int
    sequence: int

    @property
    def opaque(self) -> str:
        """The id as clients see it."""
        return opaque_id("LedgerFinding", self.period, self.customer_id, self.sequence)


FindingId = LineFindingId | LedgerFindingId


def parse_finding_id(text: str) -> FindingId | None:
    """The finding that a client's id names; None when the text is no such id."""
    numbers = parse_numbers(text, "LineFinding", 3)
    if numbers is not None:
        return LineFindingId(*numbers) if max(numbers) <= _LARGEST else None
    numbers = parse_numbers(text, "LedgerFinding", 3)
    return LedgerFindingId(*numbers) if numbers is not None and numbers[0] <= _LARGEST else None
