"""Opening a file as a table: its kind is found by content, not by name; then its header is searched.

A workbook may have several sheets; the one with the header of a statement is read. When several have one, the caller
must name the sheet.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO
from zipfile import ZipFile

from app.statements.archive import open_archive
from app.statements.columns import Header, find_header
from app.statements.converted import StillWanted, open_converted
from app.statements.opendocument import sheets_not_shown
from app.statements.sheets import Book, Doubtful, Row, SheetError, Source, listed, quoted
from app.statements.text import text_source
from app.statements.workbook import WORKBOOK_PART, open_workbook

_ARCHIVE = b"PK\x03\x04"
# Parts by which other kinds of archives are recognised.
_CONVERTED = {".xlsb": {"xl/workbook.bin"}, ".ods": {"mimetype", "content.xml"}}
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
def open_table(
    stream: IO[bytes], *, sheet: str | None = None, still_wanted: StillWanted = lambda: None
) -> Iterator[Table]:
    """Open a seekable file; `sheet` names one of a workbook. Raises SheetError.

    The rows are read lazily, in order, once: errors further down are raised there.
    """
    stream.seek(0)
    start = stream.read(1024)
    _refuse_other_kinds(start)
    if start.startswith((_ARCHIVE, _OLD_OFFICE)):
        with _open_book(stream, start, still_wanted) as book:
            yield _table(_chosen(book, sheet))
        return
    if sheet is not None:
        raise SheetError("只有工作簿才有工作表名", "only a workbook has sheets with names")
    yield _table(text_source(stream))


@contextmanager
def open_sheets(stream: IO[bytes]) -> Iterator[list[Source]]:
    """Open all visible sheets of a seekable file, whatever they hold. Raises SheetError."""
    stream.seek(0)
    start = stream.read(1024)
    _refuse_other_kinds(start)
    if start.startswith((_ARCHIVE, _OLD_OFFICE)):
        with _open_book(stream, start, lambda: None) as book:
            yield [book.sheet(name) for name in book.names]
        return
    yield [text_source(stream)]


@contextmanager
def _open_book(stream: IO[bytes], start: bytes, still_wanted: StillWanted) -> Iterator[Book]:
    if start.startswith(_OLD_OFFICE):
        with open_converted(stream, ".xls", still_wanted) as converted:
            yield converted
        return
    with open_archive(stream) as archive:
        names = set(archive.namelist())
        if WORKBOOK_PART in names:
            with open_workbook(archive) as workbook:
                yield workbook
            return
        kind = next((kind for kind, parts in _CONVERTED.items() if parts <= names), None)
        if kind is None:
            raise _no_workbook(archive)
        not_shown = sheets_not_shown(archive, still_wanted) if kind == ".ods" else frozenset()
    with open_converted(stream, kind, still_wanted, not_shown) as converted:
        yield converted


def _no_workbook(archive: ZipFile) -> SheetError:
    shown = listed((quoted(name) for name in archive.namelist()[:3]), separator=", ")
    return SheetError(
        f"压缩包里没有工作簿（里面有：{shown}）；请直接给出 .xlsx 或 .csv 文件",
        f"an archive without a workbook (it holds: {shown}): give the .xlsx or .csv file itself",
    )


def _table(source: Source) -> Table:
    header, rows = find_header(source.rows)
    _must_be_visible(header, source)
    return Table(source=source, header=header, rows=rows)


def _must_be_visible(header: Header, source: Source) -> None:
    """Raise SheetError for a sheet or a header that a person does not see as it is read."""
    row = header.row
    if source.refused is not None:
        raise SheetError(*source.refused)
    if row.hidden:
        raise SheetError(
            f"第 {row.number} 行的表头已隐藏；请取消隐藏和筛选",
            f"row {row.number} with the names of the columns is hidden: show it",
        )
    hidden = [header.title(field) for field, place in header.places.items() if place in source.hidden_columns]
    if hidden:
        raise SheetError(
            f"这些列已隐藏：{listed(hidden)}；请取消隐藏，或删除",
            f"columns are hidden: {listed(hidden, separator=', ')}; show or delete them",
        )
    for field, place in header.places.items():
        cell = row.cell(place)
        if isinstance(cell, Doubtful):
            raise SheetError(
                f"第 {row.number} 行，{header.title(field)}：{cell.words.zh}",
                f"row {row.number}, {header.title(field)}: {cell.words.en}",
            )


def _chosen(workbook: Book, wanted: str | None) -> Source:
    names = workbook.names
    shown_zh, shown_en = listed(map(quoted, names)), listed(map(quoted, names), separator=", ")
    if not names:
        raise SheetError("工作簿里没有可见的工作表", "the workbook has no visible sheet")
    if wanted is not None:
        if wanted not in names:
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
    # With none, the error of the first one says what is missing.
    return workbook.sheet((with_header or names)[0])


def _has_header(source: Source) -> bool:
    with suppress(SheetError):
        find_header(source.rows)
        return True
    return False


def _refuse_other_kinds(start: bytes) -> None:
    text = start.lstrip().lower()
    if start.startswith(_GZIP):
        raise SheetError("文件是压缩包；请先解压", "the file is compressed: unpack it first")
    if start.startswith(_PDF) or text.startswith(_MARKUP):
        raise SheetError(
            "文件不是表格，而是网页、XML 或 PDF；请另存为 .xlsx 或 CSV",
            "no sheet but a web page, XML or PDF: save it as .xlsx or CSV",
        )
