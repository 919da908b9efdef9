"""Workbooks as LibreOffice prints them: every sheet one page wide, on A4 landscape."""

import re
import shutil
import subprocess
from decimal import Decimal
from itertools import repeat

import pytest

from app.exports.columns import Column, Language
from app.exports.paper import Paper
from app.exports.workbook import Book

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed"),
]

LONG = (
    "台账有 2026-10-27 的服务（预约号「AY2610270000505」，数量 1，金额 12.00 元），本期对账单没有对应的行。"
)
WIDTH = 40


def pages(path) -> list[bytes]:
    """The sizes of the pages, in points."""
    subprocess.run(
        [
            "soffice",
            f"-env:UserInstallation=file://{path.parent}",
            "--headless",
            "--convert-to",
            "pdf",
            path.name,
        ],
        cwd=path.parent,
        check=True,
        capture_output=True,
        timeout=120,
    )
    content = path.with_suffix(".pdf").read_bytes()
    return re.findall(rb"/Type/Page/[^>]*/MediaBox\[([^]]*)\]", content)


def test_a_wide_table_is_one_page_wide_and_as_many_pages_long_as_it_needs(tmp_path):
    columns = [
        Column(
            name=f"c{place}",
            title=f"第{place}栏",
            cell=lambda _: LONG,
            width=WIDTH,
            wraps=True,
            printed=place < 6,
        )
        for place in range(9)
    ]
    book = Book(Paper(subject="安援 2026-10", pages="第 &P 页，共 &N 页"))
    book.facts("封面", repeat(("应付金额", Decimal("1.00")), 60), (20, 20), one_page=True)
    book.table("明细", columns, Language.ZH).extend(range(40))
    path = tmp_path / "paper.xlsx"
    with path.open("wb") as file:
        book.save(file)
    sizes = pages(path)
    lengths = {tuple(round(float(each)) for each in size.split()) for size in sizes}
    assert lengths == {(0, 0, 842, 595)}
    # The cover, and 40 rows of 3 lines each at the scale of six columns: two pages, not one for each group of columns.
    assert len(sizes) == 3
