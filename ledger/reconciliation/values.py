"""The values of a reconciliation: months, statement lines, kinds of findings, and their ids.

Pure. What a line must be is in `lines`.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Protocol, Self
from unicodedata import category

from ledger.ids import opaque_id, parse_numbers

LONGEST_TEXT = 200
"""Characters of an identifier."""
LARGEST = 2**31 - 1
"""The largest number of a statement, a line or a period."""


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
    """How a line and its delivery came together; HAND is a match by a person.

    GROUP: several lines and one delivery, or one line and several deliveries. CREDIT: a credit line, and what it takes
    back.
    """

    REFERENCE = "REFERENCE"
    EXACT = "EXACT"
    GROUP = "GROUP"
    TOLERANCE = "TOLERANCE"
    UNITS = "UNITS"
    CREDIT = "CREDIT"
    HAND = "HAND"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """One line of a vendor's statement: `units` of a benefit for a member on a day, for `amount` in CNY in all.

    A credit line has units below zero, and an amount of zero or below: it takes back what another line stated.
    Whatever comes from outside becomes one by `lines.checked` only, and is stored as it is.
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
class StatedTotal:
    """What a whole statement is said to come to, as the invoice has it: units, and CNY; None: not stated."""

    units: int | None = None
    amount: Decimal | None = None


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


def is_text(value: str) -> bool:
    """Whether a text is usable as an identifier: not empty, not too long, without invisible characters."""
    return (
        bool(value.strip())
        and len(value) <= LONGEST_TEXT
        and (value.isprintable() or not any(category(character).startswith("C") for character in value))
    )


def is_message(value: str, longest: int) -> bool:
    """Whether a text may be what a person wrote, in one line or several: not empty, at most `longest` characters."""
    invisible = (each for each in value if category(each).startswith("C") and each not in "\r\n")
    return bool(value.strip()) and len(value) <= longest and next(invisible, None) is None


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
        return cls(*numbers) if numbers and numbers[0] <= LARGEST else None


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
        return LineFindingId(*numbers) if max(numbers) <= LARGEST else None
    numbers = parse_numbers(text, "LedgerFinding", 3)
    return LedgerFindingId(*numbers) if numbers is not None and numbers[0] <= LARGEST else None
