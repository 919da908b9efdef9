"""Workbooks of any program are read as a person sees them, and no crafted file exhausts memory."""

import io
import zipfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some
from openpyxl import Workbook, load_workbook

from app.statements.archive import open_archive
from app.statements.sheets import SheetError
from app.statements.tables import open_table
from app.statements.workbook import open_workbook
from tests.statements.sheets import GOOD, HEADER, MAIN, raw_xlsx, read, saved, xlsx_of

FILES = Path(__file__).with_name("files")
FIFTH = date(2026, 10, 5)


def cells_of(content: bytes, sheet: str | None = None) -> list[tuple[object, ...]]:
    with open_archive(io.BytesIO(content)) as archive, open_workbook(archive) as workbook:
        source = workbook.sheet(sheet or workbook.names[0])
        return [row.cells for row in source.rows]


async def test_a_workbook_saved_by_libreoffice_is_read_right():
    found = await read((FILES / "libreoffice.xlsx").read_bytes())
    assert [
        (
            line.line_no,
            line.reference,
            line.member_no,
            line.benefit,
            line.units,
            line.occurred_on,
            str(line.amount),
        )
        for line in found.lines
    ] == [
        (5, "00012345", "M0000001", "physical-exam", 1, FIFTH, "680.5"),
        (6, "RK-2", "M0000002", "dental-care", 2, date(2026, 10, 6), "2468.2"),
        (7, "20261031003", "M0000003", "outpatient-escort", 3, date(2026, 10, 31), "0.3"),
    ]
    assert not found.problems
    assert found.checked.ignored == ("序号", "备注")
    assert [skipped.words for skipped in found.checked.skipped] == ["合计", "制表人：王芳"]


async def test_a_workbook_made_by_openpyxl_is_read_right():
    found = await read(
        xlsx_of(
            HEADER,
            ("M1", "健康体检", 1, FIFTH, 680.5, "A-1"),
            ("M2", "dental-care", 2, datetime(2026, 10, 6, 14, 30), 1234.1, 20261005001),  # noqa: DTZ001
            (1000123, "Life bank", 3, "2026年10月7日", "¥1,000.00", 42),
            ("M4", "vip-line", 1, 46300, 0.1 + 0.2, None),
            formats={"F4": "00000000", "D5": "General"},
        )
    )
    assert [
        (line.line_no, line.reference, line.member_no, line.units, line.occurred_on.day, str(line.amount))
        for line in found.lines
    ] == [
        (2, "A-1", "M1", 1, 5, "680.5"),
        (3, "20261005001", "M2", 2, 6, "1234.1"),
        (4, "00000042", "1000123", 3, 7, "1000.00"),
        (5, None, "M4", 1, 5, "0.3"),
    ]


@given(
    some.lists(
        some.tuples(
            # openpyxl takes a text that begins with = for a formula
            some.text(some.characters(codec="utf-8", exclude_categories=("C",)), max_size=20).filter(
                lambda text: not text.startswith("=")
            ),
            some.integers(-(10**14), 10**14),
            some.decimals(0, 10**9, places=2),
            some.dates(date(1900, 3, 1), date(2199, 12, 31)),
            some.booleans(),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_cells_are_read_as_openpyxl_wrote_them(rows):
    found = cells_of(xlsx_of(*[(*row, ".") for row in rows]))
    for row, cells in zip(rows, found, strict=True):
        text, whole, money, day, flag = row
        assert cells == (
            None if not text else cells[0],
            Decimal(whole),
            money,
            day,
            "TRUE" if flag else "FALSE",
            ".",
        )
        assert (cells[0] or "") == text


def test_it_sees_what_openpyxl_sees_in_the_workbook_of_libreoffice():
    content = (FILES / "libreoffice.xlsx").read_bytes()
    theirs = load_workbook(io.BytesIO(content), data_only=True)["10月对账单"]
    with open_archive(io.BytesIO(content)) as archive, open_workbook(archive) as workbook:
        ours = list(workbook.sheet("10月对账单").rows)
    assert len(ours) == 8
    for row in ours:
        for place, cell in enumerate(row.cells, 1):
            value = theirs.cell(row.number, place).value
            if isinstance(cell, Decimal):
                assert float(cell) == pytest.approx(value, rel=1e-14)
            elif isinstance(cell, date):
                assert cell == value.date()
            else:
                assert cell == value


@pytest.mark.parametrize(
    ("code", "is_day"),
    [
        *(
            ("yyyy-mm-dd", True),
            ('yyyy"年"m"月"d"日"', True),
            ("[$-804]yyyy/m/d;@", True),
            ("dd-mmm-yy", True),
        ),
        *(
            ("General", False),
            ("#,##0.00", False),
            ("[Red]0.00", False),
            ("0.00_);[Red](0.00)", False),
        ),
        ("@", False),
    ],
)
def test_a_number_is_a_day_where_its_format_shows_one(code, is_day):
    ((cell,),) = cells_of(xlsx_of((46300,), formats={"A1": code}))
    assert cell == (FIFTH if is_day else Decimal(46300))


def test_days_of_a_workbook_that_counts_from_1904_are_the_same_days():
    book = Workbook()
    book.epoch = datetime(1904, 1, 1)  # noqa: DTZ001
    book.active.append([FIFTH])
    assert cells_of(saved(book)) == [(FIFTH,)]


async def test_a_formula_without_its_result_is_told():
    found = await read(xlsx_of(HEADER, ("M1", "健康体检", 1, FIFTH, "=C2*680", "A-1")))
    assert found.said == ["第 2 行，金额：单元格是公式，文件里没有保存结果；请用表格软件打开并保存后再导入"]


async def test_the_zero_of_a_program_that_does_not_calculate_is_told():
    cells = "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in GOOD[:4])
    found = await read(raw_xlsx(of_cells(_row(HEADER) + f"<row>{cells}<c><f>C2*680</f><v>0</v></c></row>")))
    assert not found.lines
    assert found.said[0].startswith("第 2 行，金额：公式的结果是 0，可能从未计算过；")


async def test_rows_without_a_height_are_hidden_where_the_sheet_says_so():
    sheet = of_cells(_row(HEADER).replace("<row>", '<row ht="15">') + _row(GOOD))
    sheet = sheet.replace("<sheetData>", '<sheetFormatPr zeroHeight="1"/><sheetData>')
    assert "已隐藏" in (await read(raw_xlsx(sheet))).said[0]


async def test_the_sheet_with_a_header_is_found_among_others_and_hidden_ones_are_not_looked_at():
    book = Workbook()
    book.active.title = "说明"
    book.active.append(["本表由系统导出"])
    for title, state in (("明细", "visible"), ("旧", "hidden")):
        sheet = book.create_sheet(title)
        sheet.sheet_state = state
        sheet.append(HEADER)
        sheet.append(GOOD)
    assert len((await read(saved(book))).lines) == 1


async def test_between_two_statements_in_one_workbook_a_person_decides():
    book = Workbook()
    for title in ("上半月", "下半月"):
        sheet = book.create_sheet(title)
        sheet.append(HEADER)
        sheet.append(("M-" + title, *GOOD[1:]))
    content = saved(book)
    with pytest.raises(SheetError, match="several sheets look like a statement: 上半月, 下半月"):
        await read(content)
    (line,) = (await read(content, sheet="下半月")).lines
    assert line.member_no == "M-下半月"
    with pytest.raises(SheetError, match="no visible sheet 全月; there are: Sheet, 上半月, 下半月"):
        await read(content, sheet="全月")


async def test_what_a_workbook_says_of_its_size_is_not_believed():
    rows = "".join(
        f'<row r="{number}">'
        + "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in cells)
        + "</row>"
        for number, cells in ((1, HEADER), (2, GOOD), (9, GOOD))
    )
    sheet = f'<worksheet xmlns="{MAIN}"><dimension ref="A1"/><sheetData>{rows}</sheetData></worksheet>'
    assert [line.line_no for line in (await read(raw_xlsx(sheet))).lines] == [2, 9]


def test_texts_are_those_that_a_person_sees():
    strings = (
        f'<x:sst xmlns:x="{MAIN}"><x:si><x:r><x:t>会</x:t></x:r><x:r><x:t>员</x:t></x:r>'
        "<x:rPh><x:t>huiyuan</x:t></x:rPh></x:si><x:si><x:t>a_x000D_b</x:t></x:si><x:si/></x:sst>"
    )
    sheet = (
        f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData><x:row r="1"><x:c r="B1" t="s"><x:v>0</x:v></x:c>'
        '<x:c r="C1" t="s"><x:v>1</x:v></x:c><x:c r="D1" t="s"><x:v>2</x:v></x:c>'
        '<x:c r="F1" t="e"><x:v>#N/A</x:v></x:c><x:c r="G1" t="d"><x:v>2026-10-05</x:v></x:c>'
        '<x:c r="H1" t="str"><x:f>1</x:f><x:v>x</x:v></x:c></x:row></x:sheetData></x:worksheet>'
    )
    assert cells_of(raw_xlsx(sheet, strings)) == [(None, "会员", "a\rb", "", None, "#N/A", FIFTH, "x")]


def of_cells(inner: str) -> str:
    return f'<worksheet xmlns="{MAIN}"><sheetData>{inner}</sheetData></worksheet>'


def archive_of(**parts: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream.getvalue()


def many_parts(count: int) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for number in range(count):
            archive.writestr(f"{number:0100d}", "")
    return stream.getvalue()


LAUGHS = '<!DOCTYPE worksheet [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>' + of_cells(
    "<row><c><v>&b;</v></c></row>"
)
WRONG = {
    "cut off": xlsx_of(HEADER, GOOD)[:-100],
    "damaged": xlsx_of(HEADER, GOOD).replace(b"PK\x01\x02", b"PK\x01\x03"),
    "no archive": b"PK\x03\x04" + b"\0" * 200,
    "many parts": many_parts(8_000),
    "document type": raw_xlsx(LAUGHS),
    "document type in texts": raw_xlsx(of_cells(""), LAUGHS),
    "document type in styles": raw_xlsx(of_cells(""), **{"xl/styles.xml": LAUGHS}),
    "no XML": raw_xlsx("<worksheet><sheetData><row>"),
    "unknown text": raw_xlsx(of_cells('<row><c t="s"><v>7</v></c></row>')),
    "no number": raw_xlsx(of_cells("<row><c><v>x</v></c></row>")),
    "endless number": raw_xlsx(of_cells("<row><c><v>1E999999999</v></c></row>")),
    "encoding of nobody": raw_xlsx('<?xml version="1.0" encoding="UT5"?>' + of_cells("")),
    "styles in an encoding of nobody": raw_xlsx(
        of_cells(""), **{"xl/styles.xml": '<?xml version="1.0" encoding="UT5"?><a/>'}
    ),
    "number of many digits": raw_xlsx(of_cells(f"<row><c><v>{'1' * 5_000}</v></c></row>")),
    "row of many digits": raw_xlsx(of_cells(f'<row r="{"1" * 5_000}"><c><v>1</v></c></row>')),
    "format of many digits": raw_xlsx(of_cells(f'<row><c s="{"1" * 5_000}"><v>1</v></c></row>')),
    "text of many digits": raw_xlsx(of_cells(f'<row><c t="s"><v>{"1" * 5_000}</v></c></row>')),
    "column of many letters": raw_xlsx(of_cells(f'<row><c r="{"A" * 500_000}1"><v>1</v></c></row>')),
    "no finite number": raw_xlsx(of_cells("<row><c><v>NaN</v></c></row>")),
    "no place": raw_xlsx(of_cells('<row><c r="7"><v>1</v></c></row>')),
    "places back": raw_xlsx(of_cells('<row><c r="B1"><v>1</v></c><c r="A1"><v>1</v></c></row>')),
    "no row number": raw_xlsx(of_cells('<row r="x"/>')),
    "endless text": raw_xlsx(of_cells(f"<row><c><v>{'1' * 40_000}</v></c></row>")),
    "endless shared text": raw_xlsx(
        of_cells(""), f'<sst xmlns="{MAIN}"><si><t>{"a" * 40_000}</t></si></sst>'
    ),
    "endless tag": raw_xlsx(of_cells(f'<row a="{"a" * 3_000_000}"/>')),
    "xlsb": archive_of(**{"xl/workbook.bin": ""}),
    "ods": archive_of(mimetype="", **{"content.xml": ""}),
    "csv in an archive": archive_of(**{"十月.csv": "会员号"}),
}


@pytest.mark.parametrize("name", WRONG)
async def test_a_file_that_is_no_sound_workbook_is_refused_in_words(name):
    with pytest.raises(SheetError) as refused:
        await read(WRONG[name])
    assert refused.value.message("zh")
    assert refused.value.message("en")


@pytest.mark.parametrize(
    ("name", "words"), [("xlsb", ".xlsb"), ("ods", ".ods"), ("csv in an archive", "十月.csv")]
)
async def test_a_file_of_another_kind_is_called_by_its_kind(name, words):
    with pytest.raises(SheetError, match=words):
        await read(WRONG[name])


async def test_a_row_of_endless_cells_takes_no_memory_to_speak_of():
    cells = '<c t="inlineStr"><is><t>x</t></is></c>' * 200_000
    with open_table(io.BytesIO(raw_xlsx(of_cells(_row(HEADER) + f"<row>{cells}</row>")))) as table:
        (row,) = table.rows
    assert len(row.cells) == 200


def _row(cells: tuple[str, ...]) -> str:
    return "<row>" + "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in cells) + "</row>"
