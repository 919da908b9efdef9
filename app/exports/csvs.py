"""CSV for spreadsheets: UTF-8 with a byte order mark (else Excel assumes another encoding), CRLF, quoted as needed.

Texts come from vendors and members, and a spreadsheet evaluates what looks like a formula. So a text that begins like
one gets an apostrophe before it, which marks it as text. Numbers are our own and stay unchanged.
"""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from io import StringIO

from app.exports.columns import Cell, Column, Language, Named, Row
from handbook import BUSINESS_ZONE

BYTE_ORDER_MARK = b"\xef\xbb\xbf"

# The full-width forms too: Excel treats them like the others where both are in use.
_FORMULAS = frozenset("=+-@＝＋－＠")
_BREAKS = ("\t", "\r", "\n")


def csv_head(columns: Sequence[Column[Row]], language: Language) -> bytes:
    """The beginning of a CSV file: byte order mark and headings."""
    return BYTE_ORDER_MARK + csv_lines([[column.heading(language) for column in columns]])


def csv_rows(columns: Sequence[Column[Row]], rows: Iterable[Row]) -> bytes:
    """Rows of a table as lines of a CSV file."""
    return csv_lines([column.cell(row) for column in columns] for row in rows)


def csv_lines(rows: Iterable[Iterable[Cell]]) -> bytes:
    """Rows as lines of a CSV file."""
    text = StringIO(newline="")
    csv.writer(text).writerows([plain(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def plain(cell: Cell) -> str:
    """A cell as text: dates and moments in ISO form (moments in business time, with their offset), nothing as ""."""
    match cell:
        case None:
            return ""
        case str():
            return harmless(cell)
        case Named():
            return cell.code
        case Decimal():
            return f"{cell:f}"
        case datetime():
            return moment_text(cell)
        case date():
            return cell.isoformat()
        case Mapping():
            return json.dumps(cell, ensure_ascii=False, sort_keys=True) if cell else ""
        case _:
            return str(cell)


def moment_text(moment: datetime) -> str:
    """A moment in business time, exact: 2026-10-05T09:30:00.000000+08:00."""
    return moment.astimezone(BUSINESS_ZONE).isoformat(timespec="microseconds")


def is_formula(text: str) -> bool:
    """Whether a spreadsheet might evaluate a text as a formula."""
    return text.startswith(_BREAKS) or text.lstrip()[:1] in _FORMULAS


def harmless(text: str) -> str:
    """The text, with an apostrophe before it if a spreadsheet might evaluate it."""
    return f"'{text}" if is_formula(text) else text
