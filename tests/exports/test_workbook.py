"""Workbooks as they are opened: the heading is fixed, numbers are numbers, and no text is a formula."""

import tempfile
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest

from app.exports.columns import Column, Language
from app.exports.paper import Paper
from app.exports.workbook import Book, Line, Look

CELLS = [
    Column(name=name, title=title, width=width, cell=lambda row, place=place: row[place])
    for place, (name, title, width) in enumerate(
        [
            ("text", "文本", 30),
            ("units", "数量", 8),
            ("amount", "金额", 12),
            ("day", "日期", 11),
            ("at", "时间", 20),
        ]
    )
]
PAPER = Paper(subject="体检 & 牙科 2026-10", pages="第 &P 页，共 &N 页")
MOMENT = datetime(2026, 9, 30, 16, 30, tzinfo=UTC)
MIDNIGHT = datetime.fromisoformat("2026-10-01")  # a sheet knows no zones
ROW = ("预约-1", 1234, Decimal("-1234567.80"), date(2026, 10, 1), MOMENT)


def opened(book: Book) -> openpyxl.Workbook:
    file = BytesIO()
    book.save(file)
    return openpyxl.load_workbook(BytesIO(file.getvalue()))


def a_table(*rows, language=Language.ZH):
    book = Book(PAPER)
    book.table("明细", CELLS, language).extend(rows)
    return opened(book)["明细"]


def test_the_heading_stays_is_bold_and_filters():
    sheet = a_table(ROW, ROW)
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:E3"
    assert [cell.value for cell in sheet[1]] == ["文本", "数量", "金额", "日期", "时间"]
    assert all(cell.font.bold for cell in sheet[1])
    assert [sheet.column_dimensions[letter].width for letter in "ABC"] == [30, 8, 12]


def test_english_headings_are_the_names():
    assert [cell.value for cell in a_table(language=Language.EN)[1]] == [
        "text",
        "units",
        "amount",
        "day",
        "at",
    ]


def test_a_table_without_rows_has_its_heading_and_filter():
    assert a_table().auto_filter.ref == "A1:E1"


def test_numbers_and_days_are_such_with_formats_for_people():
    text, units, amount, day, moment = a_table(ROW)[2]
    assert text.value == "预约-1"
    assert (units.value, units.number_format) == (1234, "#,##0")
    assert (amount.value, amount.number_format) == (-1234567.8, "#,##0.00")
    assert (day.value, day.number_format) == (MIDNIGHT, "yyyy-mm-dd")
    assert (moment.value, moment.number_format) == (MIDNIGHT.replace(minute=30), "yyyy-mm-dd hh:mm:ss")


@pytest.mark.parametrize(
    "text", ["=1+1", "=cmd|'/c calc'!A0", "+1", "-1", "@x", "#N/A", "#REF!", "00123", "1E5", "TRUE"]
)
def test_a_text_is_a_text_whatever_it_looks_like(text):
    cell = a_table((text, *ROW[1:]))["A2"]
    assert (cell.value, cell.data_type) == (text, "s")


def test_a_text_like_a_formula_stays_one_when_it_is_edited():
    assert a_table(("=1+1", *ROW[1:]))["A2"].quotePrefix
    assert not a_table(("预约", *ROW[1:]))["A2"].quotePrefix


def test_a_text_that_no_sheet_takes_is_made_to_fit():
    assert (
        a_table(("a\x00b\x1fc", *ROW[1:]))["A2"].value
        == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}c"
    )
    assert len(a_table(("x" * 40_000, *ROW[1:]))["A2"].value) == 32_767


def test_nothing_is_an_empty_cell():
    assert [cell.value for cell in a_table(("", None, None, None, 5))[2]] == [None, None, None, None, 5]


def test_a_table_longer_than_a_sheet_goes_on_in_another(monkeypatch):
    monkeypatch.setattr("app.exports.workbook.LONGEST_SHEET", 3)
    book = Book(PAPER)
    table = book.table("明细", CELLS, Language.ZH)
    table.extend((f"r{number}", *ROW[1:]) for number in range(3))
    table.extend((f"r{number}", *ROW[1:]) for number in range(3, 5))
    sheets = opened(book)
    assert sheets.sheetnames == ["明细", "明细 2", "明细 3"]
    assert [[cell.value for cell in sheet["A"]] for sheet in sheets] == [
        ["文本", "r0", "r1"],
        ["文本", "r2", "r3"],
        ["文本", "r4"],
    ]
    assert [sheet.auto_filter.ref for sheet in sheets] == ["A1:E3", "A1:E3", "A1:E2"]
    assert {sheet.freeze_panes for sheet in sheets} == {"A2"}


def test_facts_are_named_in_bold_and_parted():
    book = Book(PAPER)
    book.facts("汇总", [("服务商", "=v"), (), ("应付", Decimal("1.50"))], (20, 10))
    sheet = opened(book)["汇总"]
    assert [[cell.value for cell in row] for row in sheet] == [["服务商", "=v"], [None, None], ["应付", 1.5]]
    assert sheet["A1"].font.bold
    assert sheet["B1"].data_type == "s"


def test_a_table_prints_on_landscape_pages_with_its_heading_and_the_printed_columns_only():
    book = Book(PAPER)
    columns = [*CELLS[:3], *(replace(each, printed=False) for each in CELLS[3:])]
    book.table("明细", columns, Language.ZH).extend([ROW, ROW])
    sheet = opened(book)["明细"]
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 0)
    assert sheet.print_title_rows == "$1:$1"
    assert sheet.print_area == "'明细'!$A$1:$C$3"
    assert sheet.auto_filter.ref == "A1:E3"
    footer = sheet.oddFooter
    said = (footer.left.text, footer.center.text, footer.right.text)
    assert said == ("&F", "体检 && 牙科 2026-10", "第 &P 页，共 &N 页")


def test_a_long_text_takes_several_lines_of_a_taller_row():
    book = Book(PAPER)
    columns = [replace(CELLS[0], width=11, wraps=True), *CELLS[1:]]
    long = "按预约号配对，与台账一致"  # 24 characters wide
    book.table("明细", columns, Language.ZH).extend(
        [("短", *ROW[1:]), (long, *ROW[1:]), (f"{long}\n短", *ROW[1:])]
    )
    sheet = opened(book)["明细"]
    assert [sheet.row_dimensions[row].height for row in (2, 3, 4)] == [None, 45, 60]
    assert all(cell.alignment.wrap_text and cell.alignment.vertical == "top" for cell in sheet[3])
    assert sheet["C3"].number_format == "#,##0.00"


def test_rows_of_facts_look_as_they_are():
    book = Book(PAPER)
    lines = [
        Line(("结算单",), Look.TITLE),
        Line(("应付", Decimal(5)), Look.STRONG),
        Line(("项目", "金额"), Look.HEADINGS),
        Line(("很长的服务项目名称", Decimal(5)), Look.ENTRY),
        Line(("合计", Decimal(5)), Look.TOTAL),
    ]
    book.facts("封面", lines, (10, 10), one_page=True)
    sheet = opened(book)["封面"]
    assert [sheet.cell(row=row, column=1).font.bold for row in range(1, 6)] == [True, True, True, False, True]
    assert (sheet["A1"].font.size, sheet["A3"].fill.fgColor.rgb) == (16, "00E7EDF5")
    assert [sheet[f"B{row}"].number_format for row in (2, 4, 5)] == ["#,##0.00"] * 3
    assert (sheet["B2"].alignment.horizontal, sheet.row_dimensions[4].height) == ("left", 30)
    assert (sheet.page_setup.fitToHeight, sheet.page_setup.fitToWidth) == (1, 1)


def test_a_workbook_that_is_given_up_leaves_no_file(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    book = Book(PAPER)
    book.facts("汇总", [("a", 1)], (10,))
    book.table("明细", CELLS, Language.ZH).extend([ROW])
    assert list(Path(tmp_path).iterdir())
    book.discard()
    assert not list(Path(tmp_path).iterdir())
    book = Book(PAPER)
    book.table("明细", CELLS, Language.ZH).extend([ROW])
    opened(book)
    assert not list(Path(tmp_path).iterdir())
