"""Formats of a workbook's cells, as far as they affect values: a day is a number with a date format.

Some formats are built in and known by number, among them those of Chinese editions of spreadsheet programs; others are
defined in the workbook.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element

_DAY_NUMBERS = frozenset({*range(14, 18), 22, *range(27, 32), 36, *range(50, 55), 57, 58})
_NO_FORMAT = frozenset({"general", "standard", "@"})
# Text in quotation marks, after a backslash, or in brackets is literal, a colour or a language: no part of the format.
_SHOWN_ONLY = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
_PADDED = re.compile(r"0{2,20}")


@dataclass(frozen=True, slots=True)
class Format:
    """`is_day`: numbers are days. `digits`: whole numbers are padded with zeros to so many digits."""

    is_day: bool = False
    digits: int = 0


PLAIN = Format()


def formats_of(styles: Element | None) -> tuple[Format, ...]:
    """The formats of the styles, which cells refer to by index."""
    if styles is None:
        return ()
    written = {
        number.get("numFmtId", ""): number.get("formatCode", "") for number in styles.iterfind(".//{*}numFmt")
    }
    styled = styles.find("{*}cellXfs")
    return tuple(_format(each.get("numFmtId", "0"), written) for each in (() if styled is None else styled))


def _format(number: str, written: Mapping[str, str]) -> Format:
    code = written.get(number)
    if code is None:
        return Format(is_day=number.isdecimal() and int(number) in _DAY_NUMBERS)
    if code.casefold() in _NO_FORMAT:
        return PLAIN
    digits = len(code) if _PADDED.fullmatch(code) else 0
    first = _SHOWN_ONLY.sub("", code).partition(";")[0].casefold()
    return Format(is_day="y" in first or "d" in first, digits=digits)
