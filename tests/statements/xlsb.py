"""A writer of .xlsb, as far as the tests need it: texts, numbers, booleans and days in one sheet.

A workbook of this kind is an archive of records (MS-XLSB, 2.1.4): a number and a length, each in groups of seven bits,
and so many bytes. LibreOffice 7.4 reads what is written here.
"""

import io
import struct
import zipfile
from collections.abc import Sequence
from datetime import date

_DAY_ZERO = date(1899, 12, 30)
_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="bin" ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"/>'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.bin" ContentType="application/vnd.ms-excel.worksheet"/>'
    '<Override PartName="/xl/styles.bin" ContentType="application/vnd.ms-excel.styles"/></Types>'
)
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELATION = '<Relationship Id="{}" Type="' + _OFFICE + '/{}" Target="{}"/>'
_RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
)


def xlsb_of(*rows: Sequence[object], name: str = "十月") -> bytes:
    """A workbook of one sheet: texts, numbers, days; None is an empty cell."""
    relations = _RELATION.format("rId1", "worksheet", "worksheets/sheet1.bin") + _RELATION.format(
        "rId2", "styles", "styles.bin"
    )
    sheet = b"".join(_row(number, row) for number, row in enumerate(rows))
    most = max(map(len, rows)) - 1
    bundle = struct.pack("<II", 0, 1) + _text("rId1") + _text(name)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        archive.writestr(
            "_rels/.rels", _RELATIONS.format(_RELATION.format("rId1", "officeDocument", "xl/workbook.bin"))
        )
        archive.writestr(
            "xl/workbook.bin",
            _record(131) + _record(143) + _record(156, bundle) + _record(144) + _record(132),
        )
        archive.writestr("xl/_rels/workbook.bin.rels", _RELATIONS.format(relations))
        archive.writestr("xl/styles.bin", _styles())
        archive.writestr(
            "xl/worksheets/sheet1.bin",
            _record(129)
            + _record(148, struct.pack("<4I", 0, len(rows) - 1, 0, most))
            + _record(145)
            + sheet
            + _record(146)
            + _record(130),
        )
    return stream.getvalue()


def _record(number: int, content: bytes = b"") -> bytes:
    head = bytes([number]) if number < 128 else bytes([number & 127 | 128, number >> 7])
    length = len(content)
    size = b""
    while True:
        more = length >> 7
        size += bytes([length & 127 | (128 if more else 0)])
        length = more
        if not more:
            return head + size + content


def _text(text: str) -> bytes:
    encoded = text.encode("utf-16-le")
    return struct.pack("<I", len(encoded) // 2) + encoded


def _row(number: int, cells: Sequence[object]) -> bytes:
    head = struct.pack("<IIHBBBI", number, 0, 300, 0, 0, 0, 0)
    return _record(0, head) + b"".join(_cell(place, cell) for place, cell in enumerate(cells))


def _cell(place: int, cell: object) -> bytes:
    if cell is None:
        return b""
    if isinstance(cell, str):
        return _record(6, struct.pack("<II", place, 0) + _text(cell))
    if isinstance(cell, bool):
        return _record(4, struct.pack("<IIB", place, 0, cell))
    is_day = isinstance(cell, date)
    number = (cell - _DAY_ZERO).days if is_day else cell
    return _record(5, struct.pack("<IId", place, 1 if is_day else 0, number))


def _styles() -> bytes:
    """Two formats of cells: the usual one, and number 14, which shows a day."""
    plain, day = (struct.pack("<HHHHHBBI", 0xFFFF, number, 0, 0, 0, 0, 0, 1 << 16) for number in (0, 14))
    formats = _record(617, struct.pack("<I", 2)) + _record(47, plain) + _record(47, day) + _record(618)
    return _record(278) + formats + _record(279)
