"""CSV in every encoding and with every separator of spreadsheet programs; never a part of a file."""

from pathlib import Path

import pytest

from app.statements.sheets import SheetError
from tests.statements.sheets import GOOD, HEADER, csv_of, read

FILES = Path(__file__).with_name("files")


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "utf-16-le", "utf-16-be"]
)
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
async def test_a_file_is_read_in_its_encoding_and_with_its_separator(encoding, separator):
    rows = (("瑞康，十月",), HEADER, (*GOOD[:4], "1,680.00", "订单;1|2"))
    found = await read(csv_of(*rows, encoding=encoding, separator=separator))
    (line,) = found.lines
    assert (line.line_no, str(line.amount), line.reference) == (3, "1680.00", "订单;1|2")


async def test_a_csv_as_excel_writes_it_in_china_is_read_right():
    content = (FILES / "excel-gbk.csv").read_bytes()
    assert content.decode("gbk").count("\r\n") == 7
    found = await read(content)
    assert [
        (line.line_no, line.member_no, line.benefit, line.units, str(line.amount)) for line in found.lines
    ] == [
        (3, "M0000001", "physical-exam", 1, "1680.00"),
        (4, "M0000002", "dental-care", 2, "500.00"),
        (5, "M0000003", "second-opinion", 1, "12345.6"),
    ]
    assert {line.occurred_on.isoformat() for line in found.lines} == {
        "2026-10-05",
        "2026-10-06",
        "2026-10-31",
    }
    assert [line.reference for line in found.lines] == ["YY20261005001", "00042", None]
    assert [skipped.words for skipped in found.checked.skipped] == ["合计", "制表：李娜"]


async def test_gbk_far_down_in_a_file_that_began_as_plain_ascii_is_seen():
    rows = [("member no", "benefit", "units", "date", "amount", "ref")]
    rows += [("M1", "physical-exam", "1", "2026-10-05", "1", f"R{number}") for number in range(3000)]
    rows += [("M2", "健康体检", "1", "2026-10-05", "1", "最后")]
    found = await read(csv_of(*rows, encoding="gbk"))
    assert len(found.lines) == 3001
    assert found.lines[-1].reference == "最后"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
async def test_rows_are_numbered_as_a_spreadsheet_program_shows_them(end):
    found = await read(csv_of(("十月",), (), HEADER, GOOD, (), ("", "", ""), GOOD, end=end))
    assert [line.line_no for line in found.lines] == [4, 7]


async def test_a_cell_of_several_lines_is_one_row():
    found = await read(csv_of((*HEADER, "备注"), (*GOOD, "多\n行"), (*GOOD, "")))
    assert [line.line_no for line in found.lines] == [2, 3]


@pytest.mark.parametrize(
    "row",
    [
        'M1,健康体检,1,2026-10-05,680,"A-1',
        'M1,健康体检,1,2026-10-05,680,"5" 显示器',
        'M1,"健康体检",1,2026-10-05,680,"A"1',
    ],
)
async def test_a_quotation_mark_that_is_not_closed_swallows_no_rows(row):
    end = ',"A-9"\r\n'.join(",".join(GOOD[:5]) for _ in range(3))
    with pytest.raises(SheetError, match="row 3 cannot be read"):
        await read(csv_of(HEADER, GOOD) + f"{row}\r\n{end},A-9\r\n".encode())


async def test_a_quotation_mark_closed_by_one_far_below_swallows_no_rows():
    rows = [",".join((*GOOD, remark)) for remark in ('"好', "", '好"')]
    with pytest.raises(SheetError, match=r"row 2 cannot be read.*a cell holds whole rows"):
        await read(csv_of((*HEADER, "备注")) + "\r\n".join(rows).encode())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "文件是空的"),
        (bytes(range(128, 256)) * 50, "没有找到表头"),
        (csv_of(HEADER) + b'"' + b"x" * 200_000, "第 2 行过长或引号没有配对"),
        (csv_of(HEADER) + b"x" * 2_000_000, "第 2 行过长"),
        (csv_of(HEADER) + b'"a\n",' * 1_500_000, "第 2 行过长"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, ".xls"),
        (b"\x1f\x8b\x08", "先解压"),
        (b"%PDF-1.7", "PDF"),
        (b"  <html><table>", "网页"),
    ],
    ids=[
        "empty",
        "noise",
        "open quote",
        "long row",
        "endless record",
        "xls",
        "gzip",
        "pdf",
        "html",
    ],
)
async def test_a_file_that_cannot_be_read_is_refused_with_the_reason(content, words):
    with pytest.raises(SheetError) as refused:
        await read(content)
    assert words in refused.value.message("zh")
    assert refused.value.message("en")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
async def test_a_damaged_sign_matters_only_where_it_is_read(encoding):
    content = csv_of((*HEADER, "备注"), (*GOOD, "好#"), GOOD, ("M#", *GOOD[1:]), encoding=encoding)
    found = await read(content.replace(b"#", b"\xff"))
    assert [line.line_no for line in found.lines] == [2, 3]
    assert [(problem.row, problem.column) for problem in found.problems] == [(4, "会员号")]
    assert "无法解码" in found.said[0]
