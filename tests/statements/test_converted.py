"""Workbooks that are no XLSX: the same lines and the same problems, and no file exhausts the service.

`files/libreoffice.xls` and `.ods` are `files/libreoffice.xlsx` as LibreOffice 7.4 saves it in those kinds,
`files/faulty.xls` and `.ods` a workbook of the rows `FAULTY`: `soffice --headless --convert-to xls faulty.xlsx`. In
`files/merged.xls` A2:A3 and E4:E5 are merged.
"""

import io
import struct
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import psutil
import pytest

from app.statements import converted
from app.statements.checking import Checked
from app.statements.converted import _PROGRAM, open_converted
from app.statements.converter import Ending
from app.statements.sheets import SheetError
from tests.statements.sheets import GOOD, HEADER, Read, ods_of, ods_row, read, xlsx_of
from tests.statements.xlsb import xlsb_of

FILES = Path(__file__).with_name("files")
FIFTH = date(2026, 10, 5)
FAULTY = (
    (None, "瑞康，十月"),
    (),
    (None, *HEADER),
    (None, "M0000001", "健康体检", 1.5, FIFTH, 680.5, "A-1"),
    (None, "M0000002", "健康体检", 1, "5/10/2026", 0.1 + 0.2, "A-2"),
    (None, None, "健身", 1, FIFTH, -1, 20261005001123456),
    (None, "M0000004", "健康体检", 0, FIFTH, 1.005, FIFTH),
    (None, 1000123, "健康体检", "2次", FIFTH, "¥1,680.00", 20261005001),
    (None, "合计", None, 5),
)


def seen(found: Read) -> Checked:
    """What came of a check, without what cannot be seen in a file of its kind."""
    assert found.checked is not None
    return replace(found.checked, unseen=None)


async def test_a_workbook_is_the_same_statement_in_every_kind():
    theirs = await read((FILES / "libreoffice.xlsx").read_bytes())
    assert len(theirs.lines) == 3
    for kind in ("xls", "ods"):
        found = await read((FILES / f"libreoffice.{kind}").read_bytes())
        assert (found.lines, found.said, seen(found)) == (theirs.lines, theirs.said, theirs.checked)


async def test_what_is_wrong_is_told_by_row_and_column_in_every_kind():
    theirs = await read(xlsx_of(*FAULTY))
    assert len(theirs.problems) == 8
    assert [(line.line_no, line.member_no, line.reference) for line in theirs.lines] == [
        (8, "1000123", "20261005001")
    ]
    for kind in ("xls", "ods"):
        found = await read((FILES / f"faulty.{kind}").read_bytes())
        assert (found.said, found.lines, seen(found)) == (theirs.said, theirs.lines, theirs.checked)


async def test_a_binary_workbook_is_the_same_statement():
    theirs, ours = await read(xlsx_of(*FAULTY)), await read(xlsb_of(*FAULTY))
    assert (ours.said, ours.lines, seen(ours)) == (theirs.said, theirs.lines, theirs.checked)


async def test_merged_cells_of_an_old_workbook_are_one_cell():
    found = await read((FILES / "merged.xls").read_bytes())
    assert [(line.line_no, line.member_no) for line in found.lines] == [(2, "M1"), (3, "M1")]
    reason = "单元格合并了第 4 至 5 行：不知道每行各是多少；请取消合并，逐行填写"
    assert found.said == [f"第 4 行，金额：{reason}", f"第 5 行，金额：{reason}"]


async def test_what_cannot_be_seen_in_a_kind_of_file_is_told(desk):
    answer = await desk.send((FILES / "libreoffice.xls").read_bytes(), "十月.xls", language="en")
    (note,) = answer.json()["notes"]
    assert note.startswith(
        "hidden rows and columns, crossed out text, units and zeros that formats add cannot be seen"
    )


GOOD_ROW = ods_row(*GOOD)
HIDING = {
    "hidden row": ods_row(*HEADER) + ods_row(*GOOD, attributes='table:visibility="collapse"'),
    "filtered row": ods_row(*HEADER) + ods_row(*GOOD, attributes='table:visibility="filter"'),
    "merged cell": ods_row(*HEADER)
    + GOOD_ROW.replace("<table:table-cell", '<table:table-cell table:number-rows-spanned="2"', 1),
    "hidden column": '<table:table-column table:number-columns-repeated="4"/>'
    '<table:table-column table:visibility="collapse"/>' + ods_row(*HEADER) + GOOD_ROW,
}


@pytest.mark.parametrize("name", HIDING)
async def test_an_opendocument_sheet_that_holds_what_it_does_not_show_is_refused(name):
    with pytest.raises(
        SheetError, match="hidden rows or columns, or cells that are merged downwards: save it"
    ):
        await read(ods_of(HIDING[name]))


async def test_hidden_rows_and_columns_without_anything_in_them_do_not_matter():
    rest = '<table:table-column table:number-columns-repeated="{}"{}/>'
    columns = rest.format(6, "") + rest.format(16378, ' table:visibility="collapse"')
    empty = '<table:table-row table:visibility="collapse"><table:table-cell/></table:table-row>'
    assert len((await read(ods_of(columns + ods_row(*HEADER) + GOOD_ROW + empty))).lines) == 1


async def test_a_hidden_sheet_is_not_looked_at():
    for kind in ("xls", "ods"):
        with pytest.raises(SheetError, match="no visible sheet 旧; there are: 10月对账单, 说明"):
            await read((FILES / f"libreoffice.{kind}").read_bytes(), sheet="旧")


async def test_an_upload_of_another_kind_with_the_same_lines_changes_nothing(desk):
    kinds = ("xlsx", "xls", "ods")
    answers = [
        await desk.send((FILES / f"libreoffice.{kind}").read_bytes(), f"十月.{kind}") for kind in kinds
    ]
    assert [answer.status_code for answer in answers] == [201, 200, 200], answers[-1].text
    assert len({answer.json()["statement"]["id"] for answer in answers}) == 1
    wrong = await desk.send((FILES / "faulty.xls").read_bytes(), "faulty.xls")
    assert wrong.status_code == 422
    assert wrong.json()["problems"][0] == {
        "row": 4,
        "column": "次数",
        "reason": "须为整数：「1.5」",
    }


def far_xls() -> bytes:
    """The .xls with its last text moved to the last cell that the kind knows: row 65,536, column 256."""
    content = bytearray((FILES / "libreoffice.xls").read_bytes())
    place = content.rindex(struct.pack("<HHHH", 0x00FD, 10, 8, 0))
    content[place + 4 : place + 8] = struct.pack("<HH", 65_535, 255)
    return bytes(content)


TOO_LARGE = {
    "rows": ods_of(ods_row(*HEADER) + ods_row(*GOOD, attributes='table:number-rows-repeated="2000000000"')),
    "spaces": ods_of(ods_row(*HEADER) + ods_row('<text:s text:c="900000000"/>')),
    "far cell of .xls": far_xls(),
}


# The latter two fill the memory that they may have, which takes a second.
@pytest.mark.parametrize(
    "name",
    ["far cell of .xls", *(pytest.param(name, marks=pytest.mark.chaos) for name in ("rows", "spaces"))],
)
async def test_a_small_file_that_says_it_is_endless_is_refused(name):
    with pytest.raises(SheetError, match=r"too large.*save it as \.xlsx or CSV"):
        await read(TOO_LARGE[name])


def test_cells_are_what_a_person_sees():
    written = {
        'boolean" office:boolean-value="true': "TRUE",
        'float" office:value="0.30000000000000004': Decimal("0.3"),
        'date" office:date-value="2026-10-05T14:30:00': FIFTH,
        'time" office:time-value="PT14H30M00S': "14:30:00",
        'string" office:string-value="': None,
        'string" office:string-value="好': "好",
    }
    cells = "".join(f'<table:table-cell office:value-type="{each}"/>' for each in written)
    content = ods_of(f"<table:table-row>{cells}</table:table-row>")
    with open_converted(io.BytesIO(content), ".ods", lambda: None) as book:
        (row,) = book.sheet("S").rows
    assert (row.number, row.cells) == (1, tuple(written.values()))


def broken_off(content: bytes, part: str) -> bytes:
    """An archive in which a part ends too early."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(stream, "w") as after:
        for name in before.namelist():
            whole = before.read(name)
            after.writestr(name, whole[:-20] if name == part else whole)
    return stream.getvalue()


UNREADABLE = {
    "cut off rows": broken_off(xlsb_of(HEADER, GOOD), "xl/worksheets/sheet1.bin"),
    "cut off .xls": (FILES / "libreoffice.xls").read_bytes()[:5_000],
    "no workbook": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
    "no XML": ods_of("<<"),
    "endless text": ods_of(ods_row(*HEADER) + ods_row("x" * 40_000)),
    "no number": ods_of('<table:table-row><table:table-cell office:value="x"/></table:table-row>'),
    "no finite number": ods_of(
        ods_row(*HEADER) + '<table:table-row><table:table-cell office:value="inf"/></table:table-row>'
    ),
    "no sheet": xlsb_of(HEADER, GOOD)[:-400],
}


@pytest.mark.parametrize("name", UNREADABLE)
async def test_a_file_that_is_no_sound_workbook_is_refused_in_words(name):
    with pytest.raises(SheetError) as refused:
        await read(UNREADABLE[name])
    assert "另存为" in refused.value.message("zh")
    assert "save it as .xlsx" in refused.value.message("en")


def test_the_process_ends_when_nobody_waits_for_it(monkeypatch):
    monkeypatch.setattr(converted, "_PROGRAM", (sys.executable, "-c", "import time; time.sleep(600)"))
    asked = []
    before = {child.pid for child in psutil.Process().children()}

    def still_wanted() -> None:
        asked.append({child.pid: child for child in psutil.Process().children()})
        if len(asked) == 2:
            raise KeyError

    with pytest.raises(KeyError), open_converted(io.BytesIO(b""), ".ods", still_wanted):
        pass
    (process,) = (child for pid, child in asked[1].items() if pid not in before)
    assert not process.is_running()


def test_a_full_disk_is_not_the_files_fault():
    with (FILES / "libreoffice.ods").open("rb") as content, Path("/dev/full").open("wb") as full:
        done = subprocess.run(_PROGRAM, stdin=content, stdout=full, env={}, timeout=60, check=False)
    assert done.returncode == Ending.NO_PLACE


def test_the_process_knows_nothing_of_our_settings(monkeypatch, tmp_path):
    seen = {}

    class Popen(subprocess.Popen):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            seen["environment"] = psutil.Process(self.pid).environ()

    monkeypatch.setattr(subprocess, "Popen", Popen)
    with open_converted(io.BytesIO((FILES / "libreoffice.xls").read_bytes()), ".xls", lambda: None) as book:
        assert book.names == ["10月对账单", "说明"]
    assert seen["environment"] == {}
