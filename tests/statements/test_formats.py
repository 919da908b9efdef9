"""Numbers are read with the words that their format adds, and not at all where it shows another number."""

from datetime import date, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some
from openpyxl import Workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font

from app.statements.number_formats import number_format
from app.statements.sheets import Doubtful, SheetError
from tests.statements.sheets import HEADER, read, saved, xlsx_of

FIFTH = date(2026, 10, 5)
ACCOUNTING = '_ ¥* #,##0.00_ ;_ ¥* \\-#,##0.00_ ;_ ¥* "-"??_ ;_ @_ '


@pytest.mark.parametrize(
    "code",
    [
        *(
            "General",
            "@",
            "0",
            "0.00",
            "#,##0.00",
            "# ?/?",
            "0.00E+00",
            "[Red]0.00",
            "[DBNum1][$-804]General",
            "0_ ",
            "",
        ),
        *(
            "0.00_);[Red](0.00)",
            "0.00;[Red]0.00",
            "0.00;[Red]-0.00",
            '0;-0;"-"',
            "G/通用格式",
            "_ * #,##0_ ;_ * \\-#,##0_ ",
        ),
        "[>100][Red]0;0",
    ],
)
def test_a_format_of_signs_and_colours_leaves_the_number_as_it_is(code):
    for number in (Decimal(1234), Decimal(-3), Decimal(0)):
        assert number_format(code).shown(number) is number


@pytest.mark.parametrize(
    ("code", "number", "shown"),
    [
        *(('0.00"元"', "1.5", "1.5元"), ("¥#,##0.00", "1234.5", "¥1234.5"), ("[$¥-804]0.00", "2", "¥2")),
        *((ACCOUNTING, "2", "¥2"), (ACCOUNTING, "-2", "-¥2"), (ACCOUNTING, "0", "0")),
        *(
            ('0.00"万"', "1.5", "1.5万"),
            ("0\\万", "3", "3万"),
            ('0.0"小时"', "1.5", "1.5小时"),
            ("0次", "2", "2次"),
        ),
        *(("[$$-409]#,##0.00", "180", "$180"), ("[$USD] 0.00", "180", "USD 180"), ('"US$"0.00', "7", "US$7")),
        *(('"M"0000000', "12", "M0000012"), ("00000000", "42", "00000042"), ("0000.0", "1.5", "1.5")),
        *(
            ("(¥0.00);[Red](¥0.00)", "-3", "-¥3"),
            ('0;0"借"', "1", "1"),
            ('0;-0;"免费"', "0", "免费"),
            ('"有"', "1", "有"),
        ),
        ('G/通用格式"次"', "2", "2次"),
    ],
)
def test_a_number_is_shown_with_the_words_of_its_format(code, number, shown):
    assert str(number_format(code).shown(Decimal(number))) == shown


@pytest.mark.parametrize(
    ("code", "number", "word"),
    [
        *(("0%", "1", "percentage"), ("0.00,", "1500", "thousands"), ('0!.0,"万"', "15000", "thousands")),
        *(
            ("#,##0,,", "3", "thousands"),
            ("0,.00", "3", "thousands"),
            ("h:mm", "1", "time"),
            ("[h]:mm", "1", "time"),
        ),
        *(
            ("aaaa", "46300", "weekday"),
            (";;;", "1", "not show"),
            ("0;-0;;@", "0", "not show"),
            ("0;0", "-1", "opposite"),
        ),
        *(
            ("-0", "1", "opposite"),
            ("¥-0", "1", "opposite"),
            ("(0)", "1", "opposite"),
            ("000-0000", "1", "between"),
        ),
        *(("0", "680.5", "rounded"), ("0.00", "0.005", "rounded"), ('0"小时"', "1.5", "rounded")),
        *(('0"00"', "12", "between"), ('[>=10000]0"万";0', "1", "size")),
    ],
)
def test_a_number_that_is_shown_as_another_one_is_doubtful(code, number, word):
    found = number_format(code).shown(Decimal(number))
    assert isinstance(found, Doubtful)
    assert (found.value, word in found.words.en) == (Decimal(number), True)


@given(some.text(max_size=30), some.decimals(-1000, 1000, places=2))
def test_any_format_shows_any_number_somehow(code, number):
    found = number_format(code)
    assert found.is_day or isinstance(found.shown(number), Decimal | str | Doubtful)


def test_text_is_read_with_the_words_of_its_format():
    assert number_format('0;0;0;"M"@').shown_text("12") == "M12"
    assert number_format("@").shown_text("12") == "12"
    assert isinstance(number_format(";;;").shown_text("12"), Doubtful)


@pytest.mark.parametrize(
    ("column", "code", "value", "said"),
    [
        ("E", '0.00"万"', 1.5, "第 2 行，金额：不是金额：「1.5万」；请写成 1234.50"),
        ("E", "[$$-409]#,##0.00", 680, "第 2 行，金额：不是金额：「$680」；请写成 1234.50"),
        ("E", "[$USD] 0.00", 680, "第 2 行，金额：不是金额：「USD 680」；请写成 1234.50"),
        ("E", "0.00,", 680, "第 2 行，金额：单元格的格式把数缩小后显示，例如以千或万为单位；"),
        ("C", '0"小时"', 1, "第 2 行，次数：该项目按次计，单元格写的是「1小时」；请写次数"),
        ("C", "0%", 1, "第 2 行，次数：单元格的格式把数显示为百分比；"),
        ("C", "h:mm", time(1, 30), "第 2 行，次数：单元格的格式把数显示为时间或星期；"),
        ("D", "h:mm", 46300.5, "第 2 行，服务日期：单元格的格式把数显示为时间或星期；"),
    ],
)
async def test_a_format_with_a_unit_is_refused_by_row_and_column(column, code, value, said):
    row = ["M1", "健康体检", 1, FIFTH, 680, "A-1"]
    row["ABCDEF".index(column)] = value
    found = await read(xlsx_of(HEADER, row, formats={f"{column}2": code}))
    assert not found.lines
    assert len(found.said) == 1
    assert found.said[0].startswith(said)


async def test_a_format_with_a_unit_that_is_known_is_taken_into_account():
    found = await read(
        xlsx_of(
            HEADER,
            ("M1", "legal-consultation", 1.5, FIFTH, 680, 17),
            formats={"C2": '0.0"小时"', "E2": ACCOUNTING, "F2": '"RK-"000'},
        )
    )
    assert [(line.units, line.amount, line.reference) for line in found.lines] == [(90, 680, "RK-017")]


async def test_what_is_crossed_out_is_refused_and_a_row_told_once():
    book = Workbook()
    sheet = book.active
    for row in (HEADER, *[("M1", "健康体检", 1, FIFTH, 680, "A-1")] * 3):
        sheet.append(row)
    for cell in sheet[2]:
        cell.font = Font(strike=True)
    sheet["E3"].font = Font(strike=True)
    sheet["A4"] = CellRichText(TextBlock(InlineFont(strike=True), "M1"), TextBlock(InlineFont(), "M2"))
    found = await read(saved(book))
    reason = "内容已划掉；请去掉删除线，或删除这一行"
    assert found.said == [f"第 2 行：{reason}", f"第 3 行，金额：{reason}", f"第 4 行，会员号：{reason}"]
    sheet["E1"].font = Font(strike=True)
    with pytest.raises(SheetError, match="row 1, 金额: the content is struck through"):
        await read(saved(book))
