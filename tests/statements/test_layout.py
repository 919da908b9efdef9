"""Merged cells are one cell, hidden rows and columns are refused: a sheet is read as a person sees it."""

from datetime import date

import pytest
from openpyxl import Workbook

from app.statements import layout
from app.statements.sheets import SheetError
from tests.statements.sheets import GOOD, HEADER, MAIN, raw_xlsx, read, saved

FIFTH = date(2026, 10, 5)
LINE = ("M1", "健康体检", 1, FIFTH, 680, "A-1")
HIDDEN = "该行已隐藏或被筛选掉；请取消隐藏和筛选，或删除该行"


def merged_over(rows: str) -> str:
    return f"单元格合并了第 {rows} 行：不知道每行各是多少；请取消合并，逐行填写"


def book_of(*rows, merged=()):
    """A workbook with merged cells; openpyxl empties what they cover."""
    book = Workbook()
    for row in rows:
        book.active.append(row)
    for cells in merged:
        book.active.merge_cells(cells)
    return book


async def test_texts_and_days_that_are_merged_downwards_are_those_of_every_row():
    rows = [(*LINE[:4], amount, None) for amount in (1, 2, 3)]
    found = await read(saved(book_of(HEADER, *rows, merged=("A2:A4", "B2:B3", "D2:D4"))))
    assert [(line.line_no, line.member_no, line.occurred_on, line.amount) for line in found.lines] == [
        (2, "M1", FIFTH, 1),
        (3, "M1", FIFTH, 2),
        (4, "M1", FIFTH, 3),
    ]
    assert not found.problems


async def test_a_reference_that_is_merged_downwards_is_that_of_every_row_and_of_none_below():
    found = await read(saved(book_of(HEADER, LINE, LINE, (*LINE[:5], None), merged=("F2:F3",))))
    assert [line.reference for line in found.lines] == ["A-1", "A-1", None]


@pytest.mark.parametrize(("cells", "column"), [("E2:E4", "金额"), ("C2:C4", "次数")])
async def test_a_number_that_is_merged_beside_several_lines_is_refused_in_each(cells, column):
    found = await read(saved(book_of(HEADER, LINE, LINE, LINE, LINE, merged=(cells, "A2:A4"))))
    assert found.said == [f"第 {row} 行，{column}：{merged_over('2 至 4')}" for row in (2, 3, 4)]
    assert [line.line_no for line in found.lines] == [5]


async def test_a_price_that_is_merged_beside_several_lines_is_refused_too():
    header = ("会员号", "项目", "次数", "日期", "单价")
    found = await read(saved(book_of(header, LINE[:5], LINE[:5], merged=("E2:E3",))))
    assert found.said == [f"第 {row} 行，单价：{merged_over('2 至 3')}" for row in (2, 3)]


async def test_a_line_of_which_all_cells_are_merged_over_the_same_rows_is_one_line():
    book = book_of(
        (*HEADER, "备注"), (*LINE, "一"), (), (*LINE, None), merged=[f"{at}2:{at}3" for at in "ABCDEF"]
    )
    book.active["G3"] = "二"
    found = await read(saved(book))
    assert [line.line_no for line in found.lines] == [2, 4]
    assert [(each.row, each.words) for each in found.checked.skipped] == [(3, "二")]
    del book.active["G3"]
    assert not (await read(saved(book))).checked.skipped


async def test_a_total_beside_a_merged_member_is_no_line():
    total = (None, "小计", 2, None, 1360, None)
    found = await read(saved(book_of(HEADER, LINE, LINE, total, merged=("A2:A4",))))
    assert [line.line_no for line in found.lines] == [2, 3]
    assert [each.words for each in found.checked.skipped] == ["小计"]


async def test_headings_over_two_rows_are_found():
    book = book_of(
        ("十月对账单",),
        ("会员号", "服务项目", "服务日期", "结算", None),
        (None, None, None, "次数", "金额"),
        ("M1", "健康体检", FIFTH, 1, 680),
        merged=("A1:E1", "A2:A3", "B2:B3", "C2:C3", "D2:E2"),
    )
    (line,) = (await read(saved(book))).lines
    assert (line.member_no, line.units, line.amount) == ("M1", 1, 680)


def sheet_of(*rows: str, behind: str = "", before: str = "") -> bytes:
    written = "".join(rows)
    return raw_xlsx(f'<worksheet xmlns="{MAIN}">{before}<sheetData>{written}</sheetData>{behind}</worksheet>')


def row_of(*cells: str, attributes: str = "") -> str:
    inner = "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in cells)
    return f"<row {attributes}>{inner}</row>"


async def test_what_a_merged_cell_covers_is_not_read_and_told():
    other = ("M2", *GOOD[1:])
    behind = '<mergeCells><mergeCell ref="A2:A3"/></mergeCells>'
    found = await read(sheet_of(row_of(*HEADER), row_of(*GOOD), row_of(*other), behind=behind))
    assert [line.line_no for line in found.lines] == [2]
    assert found.said == ["第 3 行，会员号：被合并的单元格盖住，里面另有内容；请取消合并，写出这一格的值"]
    same = await read(sheet_of(row_of(*HEADER), row_of(*GOOD), row_of(*GOOD), behind=behind))
    assert [line.member_no for line in same.lines] == [GOOD[0]] * 2


@pytest.mark.parametrize(
    "behind",
    [
        '<mergeCell ref="A2:A9"/><mergeCell ref="A3:B4"/>',
        '<mergeCell ref="A2:"/>',
        "<mergeCell/>",
        f'<mergeCell ref="A1:A{"9" * 5_000}"/>',
    ],
)
async def test_merged_cells_that_no_program_would_write_are_no_sound_workbook(behind):
    with pytest.raises(SheetError, match="damaged"):
        await read(sheet_of(*[row_of(*row) for row in (HEADER, GOOD, GOOD, GOOD)], behind=behind))


async def test_more_merged_cells_than_any_statement_has_are_no_sound_workbook(monkeypatch):
    monkeypatch.setattr(layout, "_MOST_MERGED", 1)
    one, two = (f'<mergeCell ref="A{row}:A{row}"/>' for row in (2, 3))
    assert len((await read(sheet_of(row_of(*HEADER), row_of(*GOOD), behind=one))).lines) == 1
    with pytest.raises(SheetError, match="damaged"):
        await read(sheet_of(row_of(*HEADER), row_of(*GOOD), behind=one + two))


async def test_rows_that_do_not_ascend_are_no_sound_workbook():
    with pytest.raises(SheetError, match="damaged"):
        await read(sheet_of(row_of(*HEADER, attributes='r="2"'), row_of(*GOOD, attributes='r="2"')))


async def test_hidden_and_filtered_rows_are_named_and_refused_and_empty_ones_are_not():
    book = book_of(HEADER, LINE, LINE, LINE, (), ("合计", None, 3, None, 2040))
    sheet = book.active
    for row in (3, 5, 6):
        sheet.row_dimensions[row].hidden = True
    sheet.auto_filter.ref = "A1:F4"
    sheet.auto_filter.add_filter_column(0, ["M1"])
    found = await read(saved(book))
    assert found.said == [f"第 3 行：{HIDDEN}"]
    assert (
        found.problems[0].message("en") == "row 3: the row is hidden or filtered out: show it, or delete it"
    )
    assert [line.line_no for line in found.lines] == [2, 4]
    assert [each.words for each in found.checked.skipped] == ["合计"]


@pytest.mark.parametrize("attributes", ['hidden="1"', 'hidden="true"', 'ht="0" customHeight="1"'])
async def test_a_row_is_hidden_however_programs_write_it(attributes):
    found = await read(
        sheet_of(row_of(*HEADER, attributes='hidden="0"'), row_of(*GOOD, attributes=attributes))
    )
    assert found.said == [f"第 2 行：{HIDDEN}"]


async def test_a_hidden_heading_is_refused():
    book = book_of(HEADER, LINE)
    book.active.row_dimensions[1].hidden = True
    with pytest.raises(SheetError, match="row 1 with the names of the columns is hidden"):
        await read(saved(book))


async def test_a_hidden_column_is_refused_where_it_is_read():
    book = book_of((*HEADER, "备注"), (*LINE, "好"))
    book.active.column_dimensions["G"].hidden = True
    assert len((await read(saved(book))).lines) == 1
    book.active.column_dimensions["E"].hidden = True
    with pytest.raises(SheetError, match="columns are hidden: 金额; show or delete them"):
        await read(saved(book))


async def test_a_column_without_width_is_hidden():
    before = '<cols><col min="1" max="2" width="0"/><col min="3" max="16384" width="9"/></cols>'
    with pytest.raises(SheetError) as refused:
        await read(sheet_of(row_of(*HEADER), row_of(*GOOD), before=before))
    assert refused.value.message() == "这些列已隐藏：会员号、服务项目；请取消隐藏，或删除"
