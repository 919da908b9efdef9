"""Columns are found by the names that people use, at any position; ambiguous ones are refused."""

import pytest

from app.statements.columns import Field, field_of
from app.statements.sheets import SheetError
from tests.statements.sheets import GOOD, HEADER, csv_of, read

WRITTEN = {
    Field.MEMBER_NO: [
        "会员号",
        "会员编号",
        "客户号",
        "member_no",
        "member no",
        "memberNo",
        "Member Number",
        "MEMBER NO.",
    ],
    Field.BENEFIT: ["服务项目", "项目", "服务名称", "benefit", "Service"],
    Field.UNITS: ["次数", "数量", "单位数", "units", "Qty", "quantity", "数量（次）"],
    Field.OCCURRED_ON: [
        "服务日期",
        "日期",
        "使用日期",
        "发生日期",
        "occurred_on",
        "date",
        "service date",
        "occurredOn",
    ],
    Field.AMOUNT: [
        "金额",
        "总金额",
        "结算金额",
        "amount",
        "Total",
        "金额（元）",
        "金额(RMB)",
        "*金额",
        "金　额",
        "Amount [CNY]",
    ],
    Field.UNIT_PRICE: ["单价", "unit price", "Unit_Price", "单价（元/次）"],
    Field.REFERENCE: [
        "预约号",
        "单号",
        "订单号",
        "流水号",
        "参考号",
        "reference",
        "ref",
        "Order No",
        "ref. no",
    ],
}


@pytest.mark.parametrize(
    ("field", "title"), [(field, title) for field, titles in WRITTEN.items() for title in titles]
)
def test_a_column_is_known_by_each_of_its_names(field, title):
    assert field_of(title) is field


@pytest.mark.parametrize(
    "title", ["", "序号", "姓名", "备注", "手机号", "no", "name", "（元）", "金额大写", "星级"]
)
def test_other_columns_are_nobody_knows_what(title):
    assert field_of(title) is None


async def test_titles_above_the_header_and_columns_in_any_order_do_not_matter():
    found = await read(
        csv_of(
            ("瑞康健康 2026年10月对账单",),
            (),
            ("单位：元", "", "日期：2026-11-01"),
            ("备注", "金额", "预约号", "日期", "数量", "项目", "客户号", "手机号"),
            ("急", "680", "A-1", "2026/10/5", "1", "健康体检", "M1", "138"),
        )
    )
    (line,) = found.lines
    assert (line.line_no, line.member_no, line.reference, str(line.amount)) == (5, "M1", "A-1", "680")
    assert found.checked.ignored == ("备注", "手机号")


async def test_a_sheet_needs_no_references():
    assert [line.reference for line in (await read(csv_of(HEADER[:-1], GOOD[:-1]))).lines] == [None]


async def test_units_and_a_price_stand_for_an_amount():
    found = await read(
        csv_of(
            ("会员号", "服务项目", "次数", "服务日期", "单价"),
            ("M1", "健康体检", "3", "2026-10-05", "¥1,000.15"),
            ("M1", "健康体检", "3", "2026-10-05", "0.333"),
            ("M1", "健康体检", "x", "2026-10-05", "1"),
        )
    )
    assert [str(line.amount) for line in found.lines] == ["3000.45"]
    assert found.said == [
        "第 3 行，单价：次数 × 单价：金额最多两位小数：「0.999」",
        "第 4 行，次数：须为整数：「x」",
    ]


async def test_an_amount_goes_before_a_price_and_may_be_missing_beside_one():
    found = await read(
        csv_of(
            ("会员号", "服务项目", "次数", "服务日期", "单价", "金额"),
            ("M1", "健康体检", "3", "2026-10-05", "83.33", "250"),
            ("M1", "健康体检", "3", "2026-10-05", "100", ""),
            ("M1", "健康体检", "3", "2026-10-05", "面议", "250"),
        )
    )
    assert [str(line.amount) for line in found.lines] == ["250", "300", "250"]


async def test_an_amount_that_is_not_units_times_price_is_refused():
    header = ("会员号", "服务项目", "次数", "服务日期", "单价", "金额")
    found = await read(csv_of(header, ("M1", "健康体检", "3", "2026-10-05", "100", "250")))
    assert found.said == [
        "第 2 行，金额：与次数 × 单价不符：3 × 100 = 300，金额写的是 250；请改正，或删除单价列"
    ]


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (
            ("会员号", "客户号", "项目", "次数", "日期", "金额"),
            "含义相同（会员号 / member_no），请只保留一列：会员号、客户号",
        ),
        (
            ("会员号", "项目", "次数", "日期", "金额", "Amount"),
            "第 1 行的列有：会员号、项目、次数、日期、金额、Amount",
        ),
        (
            ("会员号", "项目", "次数", "日期"),
            "缺少列：金额 / amount；第 1 行的列有：会员号、项目、次数、日期",
        ),
        (("会员号", "备注"), "没有找到表头"),
        (("M1", "健康体检", "1", "2026-10-05", "1"), "第 1 行是：M1、健康体检、1、2026-10-05、1"),
        (("", " "), "文件是空的"),
        ((*HEADER,), "表头下面没有任何行"),
    ],
)
async def test_a_sheet_that_cannot_be_understood_is_refused_with_the_columns_found(header, words):
    with pytest.raises(SheetError) as refused:
        await read(csv_of(header))
    assert words in refused.value.message("zh")
    assert (
        refused.value.message("en").isascii()
        or "columns" in refused.value.message("en")
        or "/" in str(refused.value)
    )


@pytest.mark.parametrize(
    ("place", "title"),
    [
        *(
            (4, "金额（亿元）"),
            (4, "Amount (USD)"),
            (4, "金额【百万】"),
            (4, "总金额(美元)"),
            (4, "Total ($)"),
        ),
        *((2, "数量（天）"), (2, "Qty (days)"), (2, "次数（百次）")),
    ],
)
async def test_a_heading_that_names_another_unit_is_refused(place, title):
    header = [*HEADER]
    header[place] = title
    with pytest.raises(SheetError) as refused:
        await read(csv_of(tuple(header), GOOD))
    assert refused.value.message() == f"列「{title}」用的是别的单位；请换算成元、次数或分钟数，并改列名"


@pytest.mark.parametrize(
    ("place", "title"),
    [
        (4, "金额（元）"),
        (4, "Amount (CNY)"),
        (4, "金额（含税）"),
        (4, "金额（元角分）"),
        (2, "数量（次/分钟）"),
    ],
)
async def test_a_heading_may_name_the_unit_that_is_meant(place, title):
    header = [*HEADER]
    header[place] = title
    assert len((await read(csv_of(tuple(header), GOOD))).lines) == 1


async def test_a_price_of_an_hour_is_no_price_of_a_minute():
    header = ("会员号", "项目", "次数", "日期", "单价（元/小时）")
    with pytest.raises(SheetError, match="has another unit: convert it to CNY, times or minutes"):
        await read(csv_of(header, ("M1", "legal-consultation", "30", "2026-10-05", "120")))
