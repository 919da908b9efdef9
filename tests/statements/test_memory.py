"""Fifty thousand lines more take no more memory: what is read is not kept."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.served import REPOSITORY
from tests.statements.sheets import BOOK, HEADER, MAIN, RELATIONS, ods_of, ods_row

FEW, MANY = 5_000, 55_000
MOST_GROWTH_KIB = 12 * 1024

# The peak of the process that reads, after a small file and then after a large one.
READ = """
import resource, sys
from app.statements.checking import Spool, check
from handbook import load_handbook
for name in sys.argv[1:]:
    with open(name, "rb") as stream, Spool() as spool:
        checked = check(stream, spool, handbook=load_handbook(), on_problems=lambda *_: None)
    print(checked.lines, checked.refused, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def rows(count: int):
    """Rows of which every other text is one that comes once only."""
    for number in range(count):
        yield (
            f"M{number:09d}",
            "健康体检",
            "1",
            f"2026-10-{1 + number % 28:02d}",
            "680.50",
            f"预约{number:09d}",
        )


def write_csv(path: Path, count: int) -> None:
    with path.open("w", encoding="gbk") as stream:
        stream.write(",".join(HEADER) + "\n")
        stream.writelines(",".join(row) + "\n" for row in rows(count))


def write_xlsx(path: Path, count: int) -> None:
    """A workbook as spreadsheet programs write it: the texts apart from the cells, which number them."""
    texts: dict[str, int] = {}

    def cell(text: str) -> str:
        return f'<c t="s"><v>{texts.setdefault(text, len(texts))}</v></c>'

    def row(cells: tuple[str, ...]) -> bytes:
        return f"<row>{''.join(map(cell, cells))}</row>".encode()

    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("xl/workbook.xml", BOOK)
        archive.writestr("xl/_rels/workbook.xml.rels", RELATIONS)
        with archive.open("xl/worksheets/sheet1.xml", "w") as part:
            part.write(f'<worksheet xmlns="{MAIN}"><sheetData>'.encode() + row(HEADER))
            part.writelines(map(row, rows(count)))
            part.write(b"</sheetData></worksheet>")
        with archive.open("xl/sharedStrings.xml", "w") as part:
            part.write(f'<sst xmlns="{MAIN}">'.encode())
            part.writelines(f"<si><t>{text}</t></si>".encode() for text in texts)
            part.write(b"</sst>")


def write_ods(path: Path, count: int) -> None:
    path.write_bytes(ods_of(ods_row(*HEADER) + "".join(ods_row(*row) for row in rows(count))))


@pytest.mark.slow
@pytest.mark.parametrize(
    "write",
    [
        pytest.param(write_csv, id="csv", marks=pytest.mark.chaos),
        pytest.param(write_xlsx, id="xlsx", marks=pytest.mark.chaos),
        pytest.param(write_ods, id="ods", marks=pytest.mark.chaos),
    ],
)
def test_memory_does_not_grow_with_the_lines(write, tmp_path):
    files = [tmp_path / "few", tmp_path / "many"]
    for file, count in zip(files, (FEW, MANY), strict=True):
        write(file, count)
    done = subprocess.run(
        [sys.executable, "-c", READ, *map(str, files)],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
        cwd=REPOSITORY,
    )
    (few, none, before), (many, nothing, after) = (
        map(int, line.split()) for line in done.stdout.splitlines()
    )
    assert (few, many, none, nothing) == (FEW, MANY, 0, 0)
    assert after - before < MOST_GROWTH_KIB
