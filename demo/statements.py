"""The vendors' statements: their deliveries of a month, each with some of every kind of difference.

Pure. A statement is made from the ledger as of its date; then differences are planted, each in the next line that it
fits, in the order of the deliveries. So it is deterministic for the same ledger.

| vendor | what goes wrong | found as |
|---|---|---|
| all | a line forgotten | NOT_IN_STATEMENT |
| health centres | the price of before; a day off, without the booking number; a member number mistyped; a missed appointment billed | AMOUNT_DIFFERS, DATE_DIFFERS, NOT_IN_LEDGER |
| dentists | a line sent twice; a day off | DUPLICATE_LINE, DATE_DIFFERS |
| call centre | minutes rounded up, once on another day too; a reversed delivery billed; one of two calls that nothing tells apart; a line sent twice without its number; a line of the month after | UNITS_DIFFER, REVERSED, AMBIGUOUS, DUPLICATE_LINE, OUTSIDE_PERIOD |
"""  # noqa: E501 - a table

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from base.months import next_month
from demo.contracts import ASSIST, DENTAL, EXAM, PRICES
from demo.diaries import TICKETS
from ledger.posting.entries import RedemptionStatus
from ledger.reconciliation.values import StatementLine

_FIRST_ROW = 2
"""Lines are numbered as the rows of a sheet with one row of headings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """A redemption in its vendor's own records; `amount` in CNY."""

    member_no: str
    benefit: str
    units: int
    day: date
    amount: Decimal
    reference: str | None
    status: RedemptionStatus


_BILLED_IN_ERROR = {EXAM: RedemptionStatus.NO_SHOW, ASSIST: RedemptionStatus.REVERSED}

Line = Delivered
Mishap = Callable[[Line], tuple[Line, ...]]
"""The lines that are stated instead of one."""


def number_of(vendor: str, month: date) -> str:
    """The vendor's number of its statement for a month."""
    return f"{TICKETS[vendor]}-{month:%Y%m}"


def statement_of(vendor: str, delivered: Sequence[Delivered]) -> list[StatementLine]:
    """The lines of a vendor's statement for its deliveries of a month, given in their order."""
    stated: list[Line] = []
    billed_in_error = _BILLED_IN_ERROR.get(vendor)
    waiting = list(_MISHAPS[vendor])
    alike = Counter(_content(each) for each in delivered if each.status is RedemptionStatus.REDEEMED)
    confused = vendor == ASSIST
    for each in delivered:
        if each.status is not RedemptionStatus.REDEEMED:
            if each.status is billed_in_error:
                billed_in_error = None
                stated.append(each)
        elif confused and alike[_content(each)] > 1:
            confused = False
            alike[_content(each)] = -1
            stated.append(replace(each, reference=None))
        elif alike[_content(each)] < 0:
            continue  # the other one of the two
        else:
            stated += _befall(waiting, each)
    return [_line(number, each) for number, each in enumerate(stated, start=_FIRST_ROW)]


def _befall(waiting: list[tuple[Callable[[Line], bool], Mishap]], line: Line) -> tuple[Line, ...]:
    """Apply to a line the first pending difference that fits it, if any."""
    for index, (fits, mishap) in enumerate(waiting):
        if fits(line):
            del waiting[index]
            return mishap(line)
    return (line,)


def _content(each: Delivered) -> tuple[str, str, date, int]:
    return each.member_no, each.benefit, each.day, each.units


def _line(number: int, each: Delivered) -> StatementLine:
    return StatementLine(
        line_no=number,
        reference=each.reference,
        member_no=each.member_no,
        benefit=each.benefit,
        units=each.units,
        occurred_on=each.day,
        amount=each.amount,
    )


def _forgotten(_: Line) -> tuple[Line, ...]:
    return ()


def _old_price(line: Line) -> tuple[Line, ...]:
    return (replace(line, amount=line.units * Decimal(PRICES[EXAM][line.benefit])),)


def _mistyped(line: Line) -> tuple[Line, ...]:
    return line, replace(line, member_no=f"{line.member_no}7", reference=f"{line.reference}7")


def _day_off(line: Line) -> tuple[Line, ...]:
    return (replace(line, day=line.day + timedelta(days=1 if line.day.day == 1 else -1)),)


def _day_off_without_number(line: Line) -> tuple[Line, ...]:
    return (replace(_day_off(line)[0], reference=None),)


def _twice(line: Line) -> tuple[Line, ...]:
    return line, line


def _twice_without_number(line: Line) -> tuple[Line, ...]:
    return line, replace(line, reference=None)


def _month_after_too(line: Line) -> tuple[Line, ...]:
    return line, replace(line, reference=None, day=next_month(line.day))


def _without_number(line: Line) -> tuple[Line, ...]:
    return (replace(line, reference=None),)


def _rounded_up(line: Line) -> tuple[Line, ...]:
    more = 5
    return (replace(line, units=line.units + more, amount=line.amount + more * line.amount / line.units),)


def _rounded_up_on_another_day(line: Line) -> tuple[Line, ...]:
    return _day_off(_rounded_up(line)[0])


def _any(_: Line) -> bool:
    return True


def _of(*benefits: str) -> Callable[[Line], bool]:
    return lambda line: line.benefit in benefits


def _not_at_the_old_price(line: Line) -> bool:
    return line.amount != line.units * Decimal(PRICES[EXAM][line.benefit])


_CALLS = _of("family-doctor-phone", "family-doctor-video", "medical-butler", "vip-line")
_MISHAPS: Mapping[str, Sequence[tuple[Callable[[Line], bool], Mishap]]] = {
    EXAM: (
        (_not_at_the_old_price, _old_price),
        (_of("health-assessment"), _forgotten),
        (_of("physical-exam"), _day_off_without_number),
        (_of("health-assessment"), _mistyped),
    ),
    DENTAL: ((_any, _forgotten), (_any, _twice), (_any, _forgotten), (_any, _day_off)),
    ASSIST: (
        (_of("legal-consultation"), _rounded_up),
        (_CALLS, _forgotten),
        (_CALLS, _twice_without_number),
        (_of("legal-consultation"), _rounded_up_on_another_day),
        (_CALLS, _forgotten),
        (_CALLS, _without_number),
        (_CALLS, _month_after_too),
    ),
}
"""For each vendor what befalls the next line that it fits."""
