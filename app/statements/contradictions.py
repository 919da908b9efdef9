"""What a row says that contradicts the line which is read from it.

Each rule takes a row and returns the column, by its name in the API or as the sheet calls it, and words; or nothing.
"""

import calendar
import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from app.statements.cells import is_blank
from app.statements.columns import Field, Header
from app.statements.figures import other_currency
from app.statements.sheets import Row, in_brackets, plain, quoted, shown, value_of
from app.statements.total_rows import names_a_total
from base.words import Words
from ledger.reconciliation.values import StatementLine

Contradiction = tuple[str | None, Words]

_BEGINNING = re.compile(r"[0-9]{1,3}")
_REST = re.compile(r"[0-9]{3}\.[0-9]{2}")
"""A number that begins in one cell and ends in the next: 1,180.00 without quotation marks in a file with commas."""
_CANCELLED = re.compile(
    r"已?(?:作废|取消|撤销|退款|退单|退费|冲销|红冲)|无效|未使用|未完成|未到场?|不结算|"
    r"void(?:ed)?|cancell?ed|refunded|noshow|invalid|unused|notpayable"
)
"""A row of which a cell says no more than this is not to be paid."""
_TIMES = re.compile(r"([0-9]{1,4})[次个份]")
_TOTAL = re.compile(r"[小合总共累]计")
_MOST_DAYS_BEFORE = 183
_MOST_DAYS_BEFORE_OF_A_CREDIT = 3 * 366
_MOST_DAYS_AFTER = 31
_ROUNDED_BY = Decimal("0.005")


def contradictions(
    row: Row, header: Header, line: StatementLine, month: date | None
) -> Iterator[Contradiction]:
    """All that a row says against its line."""
    yield from list(_beyond_the_headings(row, header)) or _split_number(row, header)
    yield from _in_other_currency(row, header)
    yield from _total(row, header, line)
    yield from _remark_on_the_benefit(row, header, line)
    if line.amount > 0:
        yield from _cancelled(row, header)
    if month is not None:
        yield from _far_from(month, line)


def of_price(units: int, price: Decimal, amount: Decimal) -> Words | None:
    """What is wrong where units times unit price is not the amount; the price may be rounded to two places."""
    product = abs(units * price)
    if abs(product - abs(amount)) <= _ROUNDED_BY * abs(units):
        return None
    return Words(
        f"与次数 × 单价不符：{units} × {price:f} = {units * price:f}，金额写的是 {amount:f}；请改正，或删除单价列",
        f"is not units × unit price: {units} × {price:f} = {units * price:f}, and the amount says {amount:f}: "
        "correct it, or delete the column of prices",
    )


def _beyond_the_headings(row: Row, header: Header) -> Iterator[Contradiction]:
    for cell in row.cells[header.width :]:
        if not is_blank(cell):
            told = quoted(shown(cell))
            yield (
                None,
                Words(
                    f"最后一个列名的右边还有内容：「{told}」；请加上列名或删除；"
                    "CSV 里带逗号的数（1,180.00）须加引号",
                    f"there is more to the right of the last heading: {told}; give it a heading or delete it; "
                    "in CSV, a number with a comma (1,180.00) must stand in quotation marks",
                ),
            )
            return


def _split_number(row: Row, header: Header) -> Iterator[Contradiction]:
    numbers = {header.places.get(field) for field in (Field.UNITS, Field.AMOUNT, Field.UNIT_PRICE)}
    for field in (Field.AMOUNT, Field.UNIT_PRICE):
        place = header.places.get(field)
        if place is None or place + 1 in numbers:
            continue
        here, right = shown(row.cell(place)), shown(row.cell(place + 1))
        if _BEGINNING.fullmatch(here) and _REST.fullmatch(right):
            yield (
                field,
                Words(
                    f"「{here}」和右边的「{right}」像是一个数 {here},{right}；带逗号的数在 CSV 里须加引号",
                    f"{here} and {right} beside it look like one number, {here},{right}: "
                    "in CSV, a number with a comma must stand in quotation marks",
                ),
            )


def _in_other_currency(row: Row, header: Header) -> Iterator[Contradiction]:
    other = other_currency(header, row)
    if header.currency is not None and other is not None:
        yield (
            quoted(header.titles[header.currency]),
            Words(
                f"须为人民币：「{quoted(shown(other))}」；请换算成元",
                f"expected CNY; got {quoted(shown(other))}: convert the amount",
            ),
        )


def _total(row: Row, header: Header, line: StatementLine) -> Iterator[Contradiction]:
    words = Words(
        "这一行像是合计，不是一笔服务；请删除该行", "looks like a total, and not like a line: delete the row"
    )
    if _TOTAL.search(line.member_no):
        yield Field.MEMBER_NO, words
    for place in header.unread:
        cell = value_of(row.cell(place))
        if isinstance(cell, str) and names_a_total(cell):
            yield quoted(header.titles[place]), words


def _cancelled(row: Row, header: Header) -> Iterator[Contradiction]:
    for place in header.unread:
        cell = value_of(row.cell(place))
        if isinstance(cell, str) and _CANCELLED.fullmatch(plain(cell)):
            yield (
                quoted(header.titles[place]),
                Words(
                    f"写着「{quoted(shown(cell))}」，金额却要结算；请删除该行，或改成红冲行，或清除这一格",
                    f"says {quoted(shown(cell))}, and yet there is an amount to be paid: "
                    "delete the row, make it a credit line, or empty this cell",
                ),
            )


def _remark_on_the_benefit(row: Row, header: Header, line: StatementLine) -> Iterator[Contradiction]:
    """What stands in brackets behind the name of a benefit: that it was cancelled, or another number of times."""
    remark = plain(in_brackets(shown(row.cell(header.places[Field.BENEFIT]))))
    if not remark:
        return
    times = _TIMES.fullmatch(remark)
    if (line.amount > 0 and _CANCELLED.fullmatch(remark)) or (times and int(times[1]) != abs(line.units)):
        yield (
            Field.BENEFIT,
            Words(
                f"括号里写着「{quoted(remark)}」，和次数或金额不符；请改正或删除",
                f"says {quoted(remark)} in brackets, against the units or the amount: correct or delete it",
            ),
        )


def _far_from(month: date, line: StatementLine) -> Iterator[Contradiction]:
    last = month.replace(day=calendar.monthrange(month.year, month.month)[1])
    before = _MOST_DAYS_BEFORE if line.amount >= 0 and line.units > 0 else _MOST_DAYS_BEFORE_OF_A_CREDIT
    if month - timedelta(before) <= line.occurred_on <= last + timedelta(_MOST_DAYS_AFTER):
        return
    yield (
        Field.OCCURRED_ON,
        Words(
            f"{line.occurred_on} 离账期 {month:%Y-%m} 太远；请核对年份，或核对该列是不是从 1904 年起算的日期",
            f"{line.occurred_on} is far from the period {month:%Y-%m}: look at the year, and whether the days of the "
            "column are counted from 1904",
        ),
    )
