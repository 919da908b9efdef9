"""CSV for spreadsheets: UTF-8 with a byte order mark (else Excel assumes another encoding), CRLF, quoted as needed.

Texts come from vendors and members, and a spreadsheet evaluates what looks like a formula. So a text that begins like
one gets an apostrophe before it, which marks it as text. Numbers are our own and stay unchanged.

Chinese files are for people who open them in Excel, which takes 00123 for the number 123, 2026-10 for a day and
138001380001234567 for 1.38E+17. There a text that looks like a value ends with a tab, as in the bills of Alipay: it
stays a text, and the tab is not seen. English files are for programs, and exact.
"""

import csv
import json
import re
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
_LIKE_A_VALUE = re.compile(r"(?=.*\d)[\d\s.,:/()%$¥￥eE+\-年月日时分秒]+|true|false", re.IGNORECASE)


def csv_head(columns: Sequence[Column[Row]], language: Language) -> bytes:
    """The beginning of a CSV file: byte order mark and headings."""
    return BYTE_ORDER_MARK + csv_lines([[column.heading(language) for column in columns]])


def csv_rows(columns: Sequence[Column[Row]], rows: Iterable[Row], language: Language) -> bytes:
    """Rows of a table as lines of a CSV file."""
    return csv_lines(([column.cell(row) for column in columns] for row in rows), language)


def csv_lines(rows: Iterable[Iterable[Cell]], language: Language = Language.EN) -> bytes:
    """Rows as lines of a CSV file."""
    text = StringIO(newline="")
    form = plain if language is Language.EN else as_seen
    csv.writer(text).writerows([form(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def as_seen(cell: Cell) -> str:
    """A cell as text that Excel shows unchanged: with a tab behind a text that it would take for a number or a day."""
    text = plain(cell)
    return f"{text}\t" if isinstance(cell, str) and _LIKE_A_VALUE.fullmatch(text) else text


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
