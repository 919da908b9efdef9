"""Totals of a sheet are compared with the lines that they stand for; where one differs, nothing is taken."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.statements.capitals import amount_in_capitals
from app.statements.control_totals import ControlTotals
from app.statements.total_rows import Figure, Kind, Rank, Total, names_a_total
from tests.examples import examples
from tests.statements.sheets import HEADER, Read, csv_of, read, xlsx_of

ROW = ("M0000001", "健康体检", "1", "2026-10-05", "680.00", "")
TWO = ("M0000002", "健康体检", "2", "2026-10-06", "1360.00", "")


def total(word: str, units: str = "", amount: str = "") -> tuple[str, ...]:
    return (word, "", units, "", amount, "")


async def taken(*rows: tuple[str, ...]) -> Read:
    return await read(csv_of(HEADER, *rows))


@pytest.mark.parametrize(
    "below",
    [
        [total("合计", "3", "2,040.00")],
        [total("合计", "3次", "¥2040")],
        [total("本月合计", "", "2040")],
        [total("2026年10月合计（元）", "3")],
        [("", "", "3", "", "2040.00", "Total")],
        [("合计：2040.00元",)],
        [("合计：2笔，3次，2040.00元",)],
        [("合计", "2 笔", "3", "", "2040.00")],
        [total("合计", "3", "2040"), ("大写：贰仟零肆拾元整",)],
        [total("合计", "3", "2040"), total("总金额（大写）", "", "贰仟零肆拾元整")],
        [total("本年累计", "300", "204000")],
        [total("小计", "3", "2040"), total("总计", "3", "2040")],
        [total("合计")],
    ],
)
async def test_a_total_that_its_lines_add_up_to_is_no_line(below):
    found = await taken(ROW, TWO, *below)
    assert (found.said, len(found.lines), found.checked.differing) == ([], 2, 0)


@pytest.mark.parametrize(
    ("below", "told"),
    [
        (total("合计", "4"), "次数：合计写的是 4，第 2 至 3 行的 2 条明细加起来是 3"),
        (total("Total", "", "2041"), "金额：合计写的是 2041，第 2 至 3 行的 2 条明细加起来是 2040.00"),
        (total("成人洁牙小计", "", "2050"), "金额：合计写的是 2050，第 2 至 3 行的 2 条明细加起来是 2040.00"),
        (
            ("合计：2041元",),
            "合计写的是 2041，第 2 至 3 行的 2 条明细共 3 个单位、2040.00 元，两者都不是",
        ),
        (("大写：贰仟零肆拾壹元整",), "合计写的是 2041，第 2 至 3 行的 2 条明细加起来是 2040.00"),
        (total("合计", "", "见附件"), "金额：不是金额：「见附件」；请写成 1234.50"),
        (("合计", "9999"), "合计写的是 9999，第 2 至 3 行的 2 条明细共 3 个单位、2040.00 元，两者都不是"),
    ],
)
async def test_a_total_that_differs_is_told_with_both_figures(below, told):
    found = await taken(ROW, TWO, below)
    assert [line.split("行", 1)[1].lstrip("，：") for line in found.said] == [told]
    assert found.said[0].startswith("第 4 行")
    assert found.checked.differing == 1


async def test_a_total_that_differs_is_told_in_english():
    found = await taken(ROW, TWO, total("合计", "4"))
    assert found.problems[0].message("en") == (
        "row 4, 次数: the total says 4; the 2 lines in rows 2 to 3 add up to 3"
    )


async def test_subtotals_stand_for_their_block_and_totals_for_all():
    blocks = (ROW, total("小计", "1", "680"), TWO, TWO, total("健康体检小计", "4", "2720"))
    assert not (await taken(*blocks, total("合计", "5", "3400"))).said
    assert not (await taken(*blocks, ROW, total("李四 汇总", "1", "680"), total("总计", "6", "4080"))).said
    # A block that lacks a line is told although another range of lines would come to its total.
    found = await taken(ROW, total("小计", "1", "680"), TWO, total("小计", "3", "2040"))
    assert len(found.said) == 2


async def test_blocks_of_blocks_and_totals_of_blocks_below_a_grand_total():
    nested = (
        ROW,
        total("张三小计", "1", "680"),
        TWO,
        total("李四小计", "2", "1360"),
        total("洁牙小计", "3", "2040"),
    )
    assert not (await taken(*nested, total("总计", "3", "2040"))).said
    assert (
        len((await taken(*nested)).said) == 2
    )  # nothing says that 洁牙 has no lines of its own that are missing
    blocks = (ROW, total("合计", "1"), TWO, total("合计", "2"))
    assert not (await taken(*blocks, total("总计", "3"))).said
    assert len((await taken(*blocks)).said) == 1  # 合计 is that of all lines above


async def test_totals_above_their_lines():
    assert not (await taken(total("合计", "3", "2040"), ROW, TWO)).said
    above = (total("合计", "3"), total("小计", "1"), ROW, total("小计", "2"), TWO)
    assert not (await taken(*above)).said
    assert len((await taken(*above, ROW)).said) == 2


async def test_the_name_of_a_total_is_never_a_member():
    found = await taken(ROW, ("合计", "健康体检", "1", "2026-10-31", "680", ""))
    assert (len(found.lines), found.said) == (1, [])
    found = await taken(ROW, ("小计", "健康体检", "2", "", "680", ""))
    assert (len(found.lines), len(found.said)) == (1, 1)
    assert not any(map(names_a_total, ("合计001", "M1", "健康体检", "总计划", "张三")))


async def test_a_total_stands_for_rows_with_problems_too_and_is_not_compared_where_they_cannot_be_read():
    nobody = ("", *ROW[1:])
    found = await taken(ROW, nobody, total("合计", "2", "1360"))
    assert (found.checked.refused, found.checked.differing, found.checked.not_compared) == (1, 0, ())
    found = await taken(ROW, nobody, total("合计", "3", "1360"))
    assert (found.checked.refused, found.checked.differing) == (1, 1)
    found = await taken(ROW, (*ROW[:4], "面议", ""), total("合计", "3", "1400"))
    assert [each.column for each in found.problems] == ["金额", "次数"]
    found = await taken(ROW, (*ROW[:4], "面议", ""), total("合计", "2", "1400"))
    assert (found.checked.refused, found.checked.differing, found.checked.not_compared) == (1, 0, (4,))
    assert "4" in found.checked.notes[0].en


async def test_a_total_of_computed_amounts():
    header = ("会员号", "项目", "次数", "日期", "单价")
    rows = [(*TWO[:4], "680"), (*ROW[:4], "680")]
    assert not (await read(csv_of(header, *rows, ("合计", "", "3", "", "2040")))).said
    assert (await read(csv_of(header, *rows, ("合计", "", "3", "", "680")))).said


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("壹仟肆佰肆拾元整", "1440"),
        ("人民币叁元叁角叁分", "3.33"),
        ("壹拾贰万叁仟肆佰伍拾陆圆零柒分", "123456.07"),
        ("壹亿零壹万元", "100010000"),
        ("伍角", "0.5"),
        ("元", None),
        ("三次", None),
        ("", None),
    ],
)
def test_amounts_in_capitals(text, amount):
    assert amount_in_capitals(text) == (None if amount is None else Decimal(amount))


units, prices = st.integers(1, 3), st.sampled_from([180, 180, 680, 12])
sheets = st.lists(st.lists(st.tuples(units, prices), min_size=1, max_size=4), min_size=1, max_size=4)


def made(
    blocks: list[list[tuple[int, int]]], *, subtotals: bool, whole: bool = True
) -> list[tuple[object, ...]]:
    """A sheet with subtotals of its blocks, a total of the `whole`, or both."""
    rows: list[tuple[object, ...]] = []
    for block in blocks:
        rows += [("M1", "健康体检", n, date(2026, 10, 5), n * price, None) for n, price in block]
        if subtotals:
            rows.append(
                ("小计", None, sum(n for n, _ in block), None, sum(n * price for n, price in block), None)
            )
    every = [line for block in blocks for line in block]
    if whole:
        rows.append(
            ("合计", None, sum(n for n, _ in every), None, sum(n * price for n, price in every), None)
        )
    return rows


def compared(rows: list[tuple[object, ...]]) -> bool:
    """Whether all totals of a sheet are right, by the comparison alone."""
    totals = ControlTotals(1)
    for number, (word, _, n, _, amount, _) in enumerate(rows, start=2):
        figures = tuple(
            Figure(kind=kind, column="", number=Decimal(str(value)))
            for kind, value in ((Kind.UNITS, n), (Kind.AMOUNT, amount))
            if value is not None
        )
        rank = {"小计": Rank.BLOCK, "合计": Rank.ALL}.get(str(word))
        if rank is None:
            totals.add(number, n, Decimal(amount))  # type: ignore[arg-type]
        else:
            totals.state(Total(row=number, rank=rank, figures=figures))
    return not list(totals.compared())


@given(blocks=sheets, totals=st.sampled_from([(True, True), (True, False), (False, True)]), change=st.data())
@settings(max_examples=examples(200))
def test_whatever_is_changed_in_a_sheet_with_totals_is_noticed(blocks, totals, change):
    rows = made(blocks, subtotals=totals[0], whole=totals[1])
    assert compared(rows)
    at = change.draw(st.integers(0, len(rows) - 1))
    removable = rows[at][0] == "M1"
    what = change.draw(st.sampled_from(["cell", "digit", *(["row", "twice"] if removable else [])]))
    if what == "row":
        rows.pop(at)
    elif what == "twice":
        rows.insert(at, rows[at])
    else:
        column = change.draw(st.sampled_from([2, 4]))
        row = list(rows[at])
        before = int(str(row[column]))
        row[column] = (
            int(str(before)[:-1] or 0) if what == "digit" else before + change.draw(st.integers(1, 99))
        )
        rows[at] = tuple(row)
    assert not compared(rows)


async def test_a_row_that_is_missing_in_a_workbook_is_noticed():
    rows = made([[(1, 180), (2, 180)], [(1, 680)]], subtotals=True)
    assert not (await read(xlsx_of(HEADER, *rows))).said
    for at in (0, 1, 3):
        assert (await read(xlsx_of(HEADER, *rows[:at], *rows[at + 1 :]))).said
