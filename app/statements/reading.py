"""A file as a table: found out what it is by what it holds, not by its name, and where its header is.

A workbook may have several sheets; the one with the header of a statement is read. When several have one, nobody but a
person knows which is meant.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO

from app.statements.columns import Header, find_header
from app.statements.sheets import Row, SheetError, Source, listed, quoted
from app.statements.text import text_source
from app.statements.workbook import Workbook, open_workbook

_ARCHIVE = b"PK\x03\x04"
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_GZIP = b"\x1f\x8b"
_PDF = b"%PDF"
_MARKUP = (b"<html", b"<!doctype", b"<table", b"<?xml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A sheet below its header."""

    source: Source
    header: Header
    rows: Iterator[Row]


@contextmanager
def open_table(stream: IO[bytes], *, sheet: str | None = None) -> Iterator[Table]:
    """Open a file that can be read at any place; `sheet` names one of a workbook. Raises SheetError.

    The rows come in their order, once, as they are read: what is wrong further down is raised there.
    """
    stream.seek(0)
    start = stream.read(1024)
    if start.startswith(_ARCHIVE):
        with open_workbook(stream) as workbook:
            yield _table(_chosen(workbook, sheet))
        return
    _refuse_other_kinds(start)
    if sheet is not None:
        raise SheetError("只有 Excel 工作簿才有工作表名", "only a workbook has sheets with names")
    yield _table(text_source(stream))


def _table(source: Source) -> Table:
    header, rows = find_header(source.rows)
    return Table(source=source, header=header, rows=rows)


def _chosen(workbook: Workbook, wanted: str | None) -> Source:
    names = list(workbook.parts)
    shown_zh, shown_en = listed(map(quoted, names)), listed(map(quoted, names), separator=", ")
    if not names:
        raise SheetError("工作簿里没有可见的工作表", "the workbook has no visible sheet")
    if wanted is not None:
        if wanted not in workbook.parts:
            raise SheetError(
                f"没有名为「{quoted(wanted)}」的可见工作表；有：{shown_zh}",
                f"there is no visible sheet {quoted(wanted)}; there are: {shown_en}",
            )
        return workbook.sheet(wanted)
    if len(names) == 1:
        return workbook.sheet(names[0])
    with_header = [name for name in names if _has_header(workbook.sheet(name))]
    if len(with_header) > 1:
        raise SheetError(
            f"有几张工作表像对账单：{listed(map(quoted, with_header))}；请指明工作表",
            f"several sheets look like a statement: {listed(map(quoted, with_header), separator=', ')}; "
            "say which sheet is meant",
        )
    # With none, the first one's own words tell what is missing.
    return workbook.sheet((with_header or names)[0])


def _has_header(source: Source) -> bool:
    with suppress(SheetError):
        find_header(source.rows)
        return True
    return False


def _refuse_other_kinds(start: bytes) -> None:
    text = start.lstrip().lower()
    if start.startswith(_OLD_OFFICE):
        raise SheetError(
            "这是旧版 Excel（.xls）或加密的工作簿；请另存为不加密的 .xlsx",
            "an old Excel file (.xls) or an encrypted one: save it as .xlsx without a password",
        )
    if start.startswith(_GZIP):
        raise SheetError("文件是压缩包；请先解压", "the file is compressed: unpack it first")
    if start.startswith(_PDF) or text.startswith(_MARKUP):
        raise SheetError(
            "文件不是表格，而是网页、XML 或 PDF；请另存为 .xlsx 或 CSV",
            "no sheet but a web page, XML or PDF: save it as .xlsx or CSV",
        )
