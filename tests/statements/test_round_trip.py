"""From lines to a sheet in any layout, encoding and kind of file, and back to the same lines."""

import asyncio
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as some

from app.statements.columns import NAMES, Field
from tests.statements.sheets import csv_of, read, xlsx_of

OCTOBER = date(2026, 10, 1)
EXAMPLES = 60
FIELDS = (Field.MEMBER_NO, Field.BENEFIT, Field.UNITS, Field.OCCURRED_ON, Field.AMOUNT, Field.REFERENCE)
CODES = ("physical-exam", "dental-care", "legal-consultation")
PRINTED = {"physical-exam": "健康体检", "dental-care": "成人洁牙"}
EXTRA = ("备注", "序号", "客户姓名", "Remark")
ENCODINGS = ("utf-8", "utf-8-sig", "gb18030", "utf-16")
SEPARATORS = (",", ";", "\t", "|")

Line = tuple[str, str, int, date, Decimal, str]


def lines() -> some.SearchStrategy[list[Line]]:
    """Lines and credit lines."""

    def line(member: int, code: str, units: int, day: date, cents: int, number: int, is_credit: bool) -> Line:
        sign = -1 if is_credit else 1
        return (f"M{member:07d}", code, sign * units, day, sign * Decimal(cents).scaleb(-2), f"R-{number}")

    each = some.builds(
        line,
        some.integers(1, 9_999_999),
        some.sampled_from(CODES),
        some.integers(1, 500),
        some.dates(date(2026, 9, 1), date(2026, 10, 31)),
        some.integers(1, 99_999_999),
        some.integers(1, 10**6),
        some.booleans(),
    )
    return some.lists(each, min_size=1, max_size=6)


def _for_any_benefit(field: Field) -> list[str]:
    """The names of a column, without the one that counts minutes only."""
    return [name for name in NAMES[field] if name != "分钟数"]


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How a sheet is made."""

    order: list[int]
    names: tuple[str, ...]
    extra: str | None
    titles: int
    total: bool
    amounts: str
    days: str
    typed: bool
    encoding: str
    separator: str


LAYOUTS = some.builds(
    Layout,
    order=some.permutations(range(len(FIELDS))),
    names=some.tuples(*[some.sampled_from(_for_any_benefit(field)) for field in FIELDS]),
    extra=some.none() | some.sampled_from(EXTRA),
    titles=some.integers(0, 3),
    total=some.booleans(),
    amounts=some.sampled_from(("{:.2f}", "{:,.2f}", "{:,.2f}元", "¥{:,.2f}")),
    days=some.sampled_from(("%Y-%m-%d", "%Y/%m/%d", "%Y年%m月%d日", "%Y%m%d")),
    typed=some.booleans(),
    encoding=some.sampled_from(ENCODINGS),
    separator=some.sampled_from(SEPARATORS),
)


def cells(line: Line, layout: Layout, *, as_text: bool) -> tuple[object, ...]:
    """The cells of a line, in the order of FIELDS."""
    member, code, units, day, amount, reference = line
    name = PRINTED.get(code, code)
    if not as_text:
        return member, name, units, day, float(amount), reference
    return member, name, str(units), day.strftime(layout.days), layout.amounts.format(amount), reference


def sheet(made: list[Line], layout: Layout) -> bytes:
    """The lines as a file."""

    def arranged(row: tuple[object, ...], extra: object) -> tuple[object, ...]:
        return (*[row[place] for place in layout.order], *([] if layout.extra is None else [extra]))

    rows = [("瑞康健康 十月对账单",), ("制表日期 2026-11-01",), ()][: layout.titles]
    rows.append(arranged(layout.names, layout.extra))
    rows += [arranged(cells(line, layout, as_text=not layout.typed), "好") for line in made]
    if layout.total:
        total = ("合计", "", sum(line[2] for line in made), "", sum(line[4] for line in made), "")
        rows.append(arranged(total if layout.typed else tuple(map(str, total)), ""))
    if layout.typed:
        return xlsx_of(
            *[tuple(float(cell) if isinstance(cell, Decimal) else cell for cell in row) for row in rows]
        )
    return csv_of(*rows, encoding=layout.encoding, separator=layout.separator)


@settings(max_examples=EXAMPLES)
@given(lines(), LAYOUTS)
def test_lines_are_the_same_after_any_sheet(made, layout):
    found = asyncio.run(read(sheet(made, layout), month=OCTOBER))
    assert not found.problems, found.said
    assert [
        (each.member_no, each.benefit, each.units, each.occurred_on, each.amount, each.reference)
        for each in found.lines
    ] == made
