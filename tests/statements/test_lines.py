"""Every row is a line, or is reported with row, column and reason, or is recognised as no line."""

import pytest

from tests.statements.sheets import GOOD, HEADER, csv_of, read


async def test_everything_that_is_wrong_with_a_line_is_told_at_once_in_the_words_of_the_sheet():
    header = ("Member No", "项目", "Qty", "日期", "金额（元）", "流水号")
    found = await read(csv_of(header, GOOD, ("", "体检", "0", "5/10/2026", "--1", "R\x01")))
    assert len(found.lines) == 1
    assert [(problem.row, problem.column) for problem in found.problems] == [
        (3, "Member No"),
        (3, "项目"),
        (3, "Qty"),
        (3, "日期"),
        (3, "金额（元）"),
        (3, "流水号"),
    ]
    assert found.said[0] == "第 3 行，Member No：不能为空"
    assert (
        found.problems[2].message("en")
        == "row 3, Qty: expected a whole number from 1 to 1000000, or below 0 in a credit line; got 0"
    )


async def test_what_only_the_ledger_would_refuse_is_told_in_the_words_of_the_sheet_too():
    found = await read(
        csv_of(
            HEADER,
            (*GOOD[:5], "R\x01"),
            ("M" * 201, *GOOD[1:]),
            (*GOOD[:2], "1000001", *GOOD[3:]),
            (*GOOD[:3], "1999-12-31", *GOOD[4:]),
            (*GOOD[:4], "1000000000000", GOOD[5]),
        )
    )
    assert [(problem.row, problem.column) for problem in found.problems] == [
        (2, "预约号"),
        (3, "会员号"),
        (4, "次数"),
        (5, "服务日期"),
        (6, "金额"),
    ]
    assert not found.lines


async def test_credit_lines_are_read_from_amounts_and_from_prices():
    header = ("会员号", "项目", "次数", "单价", "金额", "日期")
    day = "2026-10-05"
    found = await read(
        csv_of(
            header,
            ("M1", "健康体检", "-1", "", "-680.00", day),
            ("M1", "健康体检", "1", "", "(680.00)", day),
            ("M1", "健康体检", "-2", "680", "", day),
            ("M1", "健康体检", "2", "-680", "", day),
            ("M1", "健康体检", "-1", "", "680.00", day),
            ("M1", "健康体检", "-2", "-680", "", day),
            ("M1", "健康体检", "", "", "-680", day),
        )
    )
    assert [(line.units, line.amount) for line in found.lines] == [(-1, -680)] * 2 + [(-2, -1360)] * 2
    assert found.said == [
        "第 6 行，金额：数量为负数（-1）时，金额须为负数或 0：「680.00」",
        "第 7 行，单价：次数 × 单价：数量为负数（-2）时，金额须为负数或 0：「1360」",
        "第 8 行，次数：不能为空",
    ]


async def test_what_is_wrong_with_a_computed_amount_is_told_of_the_unit_price():
    header = ("会员号", "项目", "单价", "次数", "日期")
    found = await read(csv_of(header, ("M1", "健康体检", "33.3333", "1", "2026-10-05")))
    assert found.said == ["第 2 行，单价：次数 × 单价：金额最多两位小数：「33.3333」"]
    assert "units × unit price: expected at most 2 places; got 33.3333" in found.problems[0].message("en")


async def test_totals_remarks_and_a_repeated_header_are_no_lines_and_named():
    found = await read(
        csv_of(
            HEADER,
            GOOD,
            ("小计", "", "1", "", "680.00", ""),
            HEADER,
            GOOD,
            ("", "本页合计：", "1", "", "680.00", ""),
            ("总计（元）", "", "2", "", "1,360.00", ""),
            ("Total", "", "2", "", "1,360.00", ""),
            ("制表人：王芳", "", "", "2026-11-01", "", ""),
            ("", "审核：", "", "", "", ""),
        )
    )
    assert [line.line_no for line in found.lines] == [2, 5]
    assert [(skipped.row, skipped.words) for skipped in found.checked.skipped] == [
        (3, "小计"),
        (4, "会员号"),
        (6, "本页合计："),
        (7, "总计（元）"),
        (8, "Total"),
        (9, "制表人：王芳"),
        (10, "审核："),
    ]
    assert not found.problems


@pytest.mark.parametrize(
    "footer",
    [
        ("大写金额：叁元叁角叁分",),
        ("总金额（大写）", "", "", "", "叁元叁角叁分"),
        ("金额大写：叁元",),
        ("负责人：王芳", "财务：李娜"),
        ("日期：2026-12-01",),
        ("开户行：招商银行上海分行", "账号：6225"),
        ("联系电话：021-12345678",),
    ],
)
async def test_what_stands_below_the_lines_of_an_invoice_is_no_line(footer):
    found = await read(csv_of(HEADER, GOOD, footer))
    assert [line.line_no for line in found.lines] == [2]
    assert [skipped.row for skipped in found.checked.skipped] == [3]


async def test_a_row_that_could_be_a_line_is_never_left_out():
    found = await read(
        csv_of(
            HEADER,
            ("", "健康体检", "1", "2026-10-05", "680", ""),
            ("合计001", "健康体检", "1", "2026-10-05", "680", ""),
            ("注册7", "", "1", "", "680", ""),
            ("", "", "", "", "680", ""),
            ("M1",),
        )
    )
    assert not found.lines
    assert sorted({problem.row for problem in found.problems}) == [2, 3, 4, 5, 6]
    assert not found.checked.skipped
