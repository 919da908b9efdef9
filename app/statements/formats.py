"""Formats of a workbook's cells, as far as they affect what is read: see `number_formats`, and crossed out text.

Some formats are built in and known by number, among them those of Chinese editions of spreadsheet programs; others are
defined in the workbook.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from xml.etree.ElementTree import Element

from app.statements.number_formats import CLOCK, PERCENT, NumberFormat, doubtful, number_format
from app.statements.sheets import Cell, Doubtful
from base.words import Words

_DAYS = frozenset({*range(14, 18), 22, *range(27, 32), 36, *range(50, 55), 57, 58})
_CLOCKS = frozenset({*range(18, 22), *range(32, 36), *range(45, 48), 55, 56})
_PERCENT = frozenset({9, 10})
_BUILT_IN = {
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    37: "0;-0",
    38: "0;-0",
    39: "0.00;-0.00",
    40: "0.00;-0.00",
}
"""Built-in formats by the decimals that they show."""
_STRUCK = Words(
    "内容已划掉；请去掉删除线，或删除这一行",
    "the content is struck through: remove the line through it, or delete the row",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """The format of a cell; `struck`: its content is crossed out."""

    numbers: NumberFormat
    struck: bool


PLAIN = Format(numbers=NumberFormat(), struck=False)


def struck(cell: Cell) -> Cell:
    """A cell that is crossed out."""
    return cell if cell is None or isinstance(cell, Doubtful) else Doubtful(cell, _STRUCK)


def is_on(value: str) -> bool:
    """Whether a switch in a workbook is on."""
    return value.casefold() in {"1", "true"}


def formats_of(styles: Element | None) -> tuple[Format, ...]:
    """The formats of the styles, which cells refer to by index."""
    if styles is None:
        return ()
    written = {
        number.get("numFmtId", ""): number.get("formatCode", "") for number in styles.iterfind(".//{*}numFmt")
    }
    crossed_out = {
        str(place)
        for place, font in enumerate(styles.iterfind("{*}fonts/{*}font"))
        if any(is_on(strike.get("val", "1")) for strike in font.iterfind("{*}strike"))
    }
    numbers = lru_cache(maxsize=None)(lambda number: _numbers(number, written))
    return tuple(
        Format(numbers=numbers(each.get("numFmtId", "0")), struck=each.get("fontId", "0") in crossed_out)
        for each in styles.iterfind("{*}cellXfs/{*}xf")
    )


def _numbers(number: str, written: Mapping[str, str]) -> NumberFormat:
    code = written.get(number)
    if code is not None:
        return number_format(code)
    known = int(number) if number.isdecimal() else 0
    if known in _CLOCKS:
        return doubtful(CLOCK)
    if known in _PERCENT:
        return doubtful(PERCENT)
    return number_format(_BUILT_IN[known]) if known in _BUILT_IN else NumberFormat(is_day=known in _DAYS)
