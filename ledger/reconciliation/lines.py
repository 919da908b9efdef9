"""A line of a statement as it comes in, from a sheet or from a program: each is checked here, once.

A credit line takes units back: both its units and its amount are below 0, or its amount is 0. Where only the amount is
below 0, as in a credit note, it is a credit of the units that it names.

Pure. What a line must be stands here and nowhere else: a reader of sheets only makes values of cells. All problems of a
line are told, so that a vendor can correct them at once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol

from base.months import FIRST_YEAR, LAST_YEAR
from base.words import Words
from handbook import Handbook
from ledger.reconciliation.values import LARGEST, LONGEST_TEXT, StatementLine, is_text

_MOST_UNITS = 1_000_000
_HIGHEST_AMOUNT = Decimal(10) ** 12
_PLACES = 2
_LONGEST_SHOWN = 64


class GivenLine(Protocol):
    """A line as it was given, in the fields of a StatementLine.

    None: whoever read the field could not make a value of it, and has told why; a reference may also be missing.
    """

    @property
    def line_no(self) -> int: ...  # noqa: D102 - as in StatementLine, like all that follow
    @property
    def reference(self) -> str | None: ...  # noqa: D102
    @property
    def member_no(self) -> str | None: ...  # noqa: D102
    @property
    def benefit(self) -> str | None: ...  # noqa: D102
    @property
    def units(self) -> int | None: ...  # noqa: D102
    @property
    def occurred_on(self) -> date | None: ...  # noqa: D102
    @property
    def amount(self) -> Decimal | None: ...  # noqa: D102


@dataclass(frozen=True, slots=True, kw_only=True)
class LineProblem:
    """Why a line is refused: the place, and in words what would be right.

    `row` is the number of the line, in a sheet its row; `column` as the sheet or the API calls it, None: all of them.
    """

    row: int
    column: str | None
    words: Words

    def message(self, language: str = "zh") -> str:
        """The problem in `zh` or `en`, with its place in a sheet."""
        if language == "en":
            column = "" if self.column is None else f", {self.column}"
            return f"row {self.row}{column}: {self.words.en}"
        column = "" if self.column is None else f"，{self.column}"
        return f"第 {self.row} 行{column}：{self.words.zh}"


def checked(given: GivenLine, handbook: Handbook) -> StatementLine | list[LineProblem]:
    """The line to be stored; else its problems, with columns named as in the API.

    The list is empty where a field could not be read and nothing else is wrong.
    """
    problems = [
        LineProblem(row=given.line_no, column=column, words=words)
        for column, rule in _RULES
        if (words := rule(given, handbook)) is not None
    ]
    if (
        problems
        or given.member_no is None
        or given.benefit is None
        or given.units is None
        or given.occurred_on is None
        or given.amount is None
    ):
        return problems
    return StatementLine(
        line_no=given.line_no,
        reference=given.reference,
        member_no=given.member_no,
        benefit=given.benefit,
        units=-abs(given.units) if given.amount < 0 else given.units,
        occurred_on=given.occurred_on,
        amount=given.amount,
    )


def _line_no(line: GivenLine, _: Handbook) -> Words | None:
    if 1 <= line.line_no <= LARGEST:
        return None
    return Words("须为正整数", f"expected a whole number from 1; got {line.line_no}")


def _reference(line: GivenLine, _: Handbook) -> Words | None:
    return _text(line.reference)


def _member_no(line: GivenLine, _: Handbook) -> Words | None:
    return _text(line.member_no)


def _text(text: str | None) -> Words | None:
    if text is None or is_text(text):
        return None
    return Words(f"须为 1 至 {LONGEST_TEXT} 个可见字符", f"expected 1 to {LONGEST_TEXT} visible characters")


def _benefit(line: GivenLine, handbook: Handbook) -> Words | None:
    if line.benefit is None or line.benefit in handbook.benefit_codes:
        return None
    shown, known = line.benefit[:_LONGEST_SHOWN], ", ".join(sorted(handbook.benefit_codes))
    return Words(
        f"没有代码为「{shown}」的服务项目；可用的代码：{known}",
        f"there is no benefit {shown}; the codes are: {known}",
    )


def _units(line: GivenLine, _: Handbook) -> Words | None:
    if line.units is None or 1 <= abs(line.units) <= _MOST_UNITS:
        return None
    return Words(
        f"须为 1 至 {_MOST_UNITS} 的整数（红冲行为负数）：「{_shown(line.units)}」",
        f"expected a whole number from 1 to {_MOST_UNITS}, or below 0 in a credit line; got {_shown(line.units)}",
    )


def _occurred_on(line: GivenLine, _: Handbook) -> Words | None:
    if line.occurred_on is None or FIRST_YEAR <= line.occurred_on.year <= LAST_YEAR:
        return None
    return Words(
        f"年份须在 {FIRST_YEAR} 至 {LAST_YEAR} 之间",
        f"expected a day of the years {FIRST_YEAR} to {LAST_YEAR}",
    )


def _amount(line: GivenLine, _: Handbook) -> Words | None:
    amount = line.amount
    if amount is None:
        return None
    if not amount.is_finite() or abs(amount) >= _HIGHEST_AMOUNT:
        return Words(
            f"金额须小于 10^12：「{_shown(amount)}」", f"expected an amount below 10^12; got {_shown(amount)}"
        )
    exponent = amount.normalize().as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -_PLACES:  # parts of a cent are never rounded
        return Words(
            f"金额最多两位小数：「{_shown(amount)}」",
            f"expected at most {_PLACES} places; got {_shown(amount)}",
        )
    if line.units is not None and line.units < 0 < amount:
        return Words(
            f"数量为负数（{_shown(line.units)}）时，金额须为负数或 0：「{_shown(amount)}」",
            f"with units below 0 ({_shown(line.units)}), expected an amount of 0 or below; got {_shown(amount)}",
        )
    return None


def _shown(number: int | Decimal) -> str:
    text = f"{number:f}" if isinstance(number, Decimal) else f"{number}"
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"


_RULES: tuple[tuple[str, Callable[[GivenLine, Handbook], Words | None]], ...] = (
    ("lineNo", _line_no),
    ("reference", _reference),
    ("memberNo", _member_no),
    ("benefit", _benefit),
    ("units", _units),
    ("occurredOn", _occurred_on),
    ("amount", _amount),
)
"""What each field must be, by its name in the API. A field that could not be read has its problem already."""
