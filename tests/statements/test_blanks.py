"""Files that are large, and empty, are refused at once, and hold up nobody."""

import asyncio
import io
import time
import zipfile

import pytest

from app.statements import archive, checking
from app.statements.checking import Spool, check
from app.statements.sheets import SheetError
from tests.statements.sheets import BOOK, GOOD, HANDBOOK, HEADER, MAIN, RELATIONS, csv_of, raw_xlsx, read

MOST_SECONDS = 20
MOST_LAG_SECONDS = 2
MIB = 1 << 20


def sheet_with(filling: str) -> bytes:
    rows = "".join(
        "<row>" + "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in cells) + "</row>"
        for cells in (HEADER, GOOD)
    )
    return raw_xlsx(f'<worksheet xmlns="{MAIN}"><sheetData>{rows}{filling}</sheetData></worksheet>')


async def test_more_empty_rows_than_any_table_has_are_refused(monkeypatch):
    monkeypatch.setattr(checking, "_MOST_EMPTY_ROWS", 100)
    assert len((await read(csv_of(HEADER, GOOD, *[()] * 100, GOOD, *[()] * 100))).lines) == 2
    with pytest.raises(SheetError, match="above row 103 there are more than 100 empty rows"):
        await read(csv_of(HEADER, GOOD, *[("", " ")] * 101, GOOD))
    with pytest.raises(SheetError, match="above row 103 there are more than 100 empty rows"):
        await read(sheet_with("<row/>" * 101))


@pytest.mark.parametrize("filling", [" " * 2 * MIB, "<row/>" * 300_000])
async def test_a_small_archive_of_blanks_is_refused_before_it_is_unpacked(monkeypatch, filling):
    monkeypatch.setattr(archive, "_LARGEST_DENSE_PART", MIB)
    with pytest.raises(SheetError, match="nearly all blank"):
        await read(sheet_with(filling))


async def test_what_is_blank_and_small_is_read():
    assert len((await read(sheet_with(" " * MIB))).lines) == 1


def spaces_in_an_archive() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", BOOK)
        packed.writestr("xl/_rels/workbook.xml.rels", RELATIONS)
        with packed.open("xl/worksheets/sheet1.xml", "w") as part:
            part.write(f'<worksheet xmlns="{MAIN}"><sheetData>'.encode())
            for _ in range(200):
                part.write(b" " * MIB)
            part.write(b"</sheetData></worksheet>")
    return stream.getvalue()


@pytest.mark.chaos
@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: csv_of(HEADER, GOOD) + b"\r\n" * 3_000_000, id="empty lines"),
        pytest.param(lambda: csv_of(HEADER, GOOD) + b",,,,,\r\n" * 3_000_000, id="lines of commas"),
        pytest.param(lambda: sheet_with("<row/>" * 3_000_000), id="empty rows of a workbook"),
        pytest.param(spaces_in_an_archive, id="200 MiB of spaces"),
    ],
)
async def test_large_and_empty_files_are_refused_quickly_and_others_are_served_meanwhile(make):
    content = make()

    def work() -> None:
        with Spool() as spool, pytest.raises(SheetError):
            check(io.BytesIO(content), spool, handbook=HANDBOOK, on_problems=lambda *_: None)

    began = time.monotonic()
    reading = asyncio.ensure_future(asyncio.to_thread(work))
    lag = 0.0
    while not reading.done():
        before = time.monotonic()
        await asyncio.sleep(0.01)
        lag = max(lag, time.monotonic() - before)
    await reading
    assert time.monotonic() - began < MOST_SECONDS
    assert lag < MOST_LAG_SECONDS
