"""What the tests of sheets share: files made on the spot, and the whole way from a file to lines and problems."""

import io
import zipfile
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from openpyxl import Workbook

from app.statements.checking import Checked, Spool, check
from handbook import load_handbook
from ledger.reconciliation.lines import LineProblem
from ledger.reconciliation.values import StatementLine

HEADER = ("会员号", "服务项目", "次数", "服务日期", "金额", "预约号")
GOOD = ("M0000001", "健康体检", "1", "2026-10-05", "680.00", "A-1")
HANDBOOK = load_handbook()
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
BOOK = (
    f'<workbook xmlns="{MAIN}" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    '<sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>'
)
RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Type="http://x/worksheet" Target="worksheets/sheet1.xml"/>'
    '<Relationship Id="rId2" Type="http://x/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
)


@dataclass
class Read:
    """What came of a file."""

    lines: list[StatementLine]
    problems: list[LineProblem] = field(default_factory=list)
    checked: Checked | None = None

    @property
    def said(self) -> list[str]:
        return [problem.message("zh") for problem in self.problems]


async def read(content: bytes, sheet: str | None = None, month: date | None = None) -> Read:
    problems: list[LineProblem] = []
    with Spool() as spool:
        checked = check(
            io.BytesIO(content),
            spool,
            handbook=HANDBOOK,
            sheet=sheet,
            month=month,
            on_problems=lambda _table, _row, found: problems.extend(found),
        )
        return Read(lines=[line async for line in spool.lines()], problems=problems, checked=checked)


def csv_of(*rows: tuple[str, ...], encoding: str = "utf-8", separator: str = ",", end: str = "\r\n") -> bytes:
    """A file of text; cells with a separator, a quotation mark or a new line in them are quoted."""

    def cell(text: str) -> str:
        return (
            f'"{text.replace(chr(34), chr(34) * 2)}"'
            if any(sign in text for sign in f'{separator}"\n')
            else text
        )

    return "".join(separator.join(map(cell, row)) + end for row in rows).encode(encoding)


def xlsx_of(*rows: tuple[Any, ...], formats: dict[str, str] | None = None, title: str = "10月") -> bytes:
    """A workbook made by openpyxl; `formats` by cell (A1)."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(row)
    for place, code in (formats or {}).items():
        sheet[place].number_format = code
    return saved(book)


def saved(book: Workbook) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def raw_xlsx(sheet: str, strings: str = "", **parts: str) -> bytes:
    """A workbook of one sheet by its XML, for what no program would write, or only some."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", BOOK)
        archive.writestr("xl/_rels/workbook.xml.rels", RELATIONS)
        archive.writestr("xl/worksheets/sheet1.xml", sheet)
        archive.writestr("xl/sharedStrings.xml", strings or f'<sst xmlns="{MAIN}"/>')
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream.getvalue()


def ods_of(rows: str) -> bytes:
    """An OpenDocument sheet by the XML of its rows."""
    names = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr(
            "content.xml",
            f"<office:document-content {names}><office:body><office:spreadsheet>"
            f'<table:table table:name="S">{rows}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )
    return stream.getvalue()


def ods_row(*cells: str, attributes: str = "") -> str:
    written = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>'
        for cell in cells
    )
    return f"<table:table-row {attributes}>{written}</table:table-row>"
