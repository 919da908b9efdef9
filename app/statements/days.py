"""Days as people and programs write them: with and without a year, with times behind them, as serial numbers.

Ambiguous ones are refused: 5/10/2026 may be in May or in October.
"""

import re
import unicodedata
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from app.statements.cells import LONGEST_NUMBER, LONGEST_WRITTEN, UnreadableError, written_text
from app.statements.sheets import Value, quoted, shown
from handbook import BUSINESS_ZONE

_YEAR_FIRST = re.compile(
    r"([0-9]{4})\s*(?:[-/.]\s*([0-9]{1,2})\s*[-/.]\s*([0-9]{1,2})|年\s*([0-9]{1,2})\s*月\s*([0-9]{1,2})\s*[日号]?)"
)
_COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_SERIAL = re.compile(r"[0-9]{5}(?:\.[0-9]+)?")
_NAMED_MONTH = re.compile(
    r"([0-9]{1,2})[-\s]*(?:of\s+)?([a-z]{3,9})\.?[-,\s]+([0-9]{4})|([a-z]{3,9})\.?[-\s]*([0-9]{1,2})[,\s]+([0-9]{4})"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_NAMES = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_YEARLESS = re.compile(r"([0-9]{1,2})\s*月\s*([0-9]{1,2})\s*[日号]?")
_YEARLESS_NUMBERS = re.compile(r"([0-9]{1,2})[-/]([0-9]{1,2})")
_TIME = (
    r"[t,]?\s*(?:[上下]午)?\s*[0-9]{1,2}(?::|时|点)[0-9]{1,2}"
    r"(?:(?::|分)[0-9]{1,2}(?:\.[0-9]+)?)?[秒分]?\s*(?:[ap]m)?"
)
_CLOCK = re.compile(rf"(?:{_TIME}(?:\s*(?:-|~|–|—|至|到)\s*{_TIME})?)?")
"""What may stand behind a day: nothing, a time, or from when to when."""
_WEEKDAY = re.compile(r"\s*[(]?(?:星期|周)[一二三四五六日天][)]?\s*")
_FIRST_SERIAL, _LAST_SERIAL = 36_526, 110_000
"""Days from 2000 to 2200 as a spreadsheet program numbers them; anything else in a column of days is no day."""
_ISO_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}t[0-9:.]+(?:z|[+-][0-9]{2}:?[0-9]{2})")


def day_of(cell: Value, day_zero: date, month: date | None = None) -> date:
    """A day, without its time. `day_zero` is the date of serial number 0. Raises UnreadableError.

    `month`, the first day of the statement's month, tells the year of a day that is written without one.
    """
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    if isinstance(cell, Decimal):
        found = _numbered_day(f"{cell:f}", day_zero)
    else:
        written = written_text(cell)
        found = _written_day(written, day_zero, month) if len(written) <= LONGEST_WRITTEN else None
    if found is None:
        raise UnreadableError(
            f"不是日期：「{quoted(shown(cell))}」；请写成 2026-10-05",
            f"not a day: {quoted(shown(cell))}; write it like 2026-10-05",
        )
    return found


def _numbered_day(digits: str, day_zero: date) -> date | None:
    compact = _COMPACT.fullmatch(digits)
    if compact is not None:
        return _day(compact[1], compact[2], compact[3])
    whole = digits.partition(".")[0]
    if len(whole) > LONGEST_NUMBER:
        return None
    if not _FIRST_SERIAL - 1_500 <= int(whole or 0) <= _LAST_SERIAL:
        return None
    return day_zero + timedelta(days=int(whole))


@lru_cache(maxsize=4096)
def _written_day(written: str, day_zero: date, month: date | None) -> date | None:
    text = unicodedata.normalize("NFKC", written).casefold().strip()
    if _ISO_MOMENT.fullmatch(text):
        try:
            return datetime.fromisoformat(text.upper()).astimezone(BUSINESS_ZONE).date()
        except ValueError:
            return None
    text = _WEEKDAY.sub(" ", text).strip()
    if _COMPACT.fullmatch(text) or _SERIAL.fullmatch(text):
        return _numbered_day(text, day_zero)
    year_first = _YEAR_FIRST.match(text)
    if year_first is not None:
        year, *rest = year_first.groups()
        month_text, day = (part for part in rest if part is not None)
        return _day(year, month_text, day) if _CLOCK.fullmatch(text[year_first.end() :].strip()) else None
    compact = _COMPACT.match(text)
    if compact is not None and text[compact.end()] in " t":
        rest_of = text[compact.end() :].strip()
        return _day(compact[1], compact[2], compact[3]) if _CLOCK.fullmatch(rest_of) else None
    yearless = _yearless_day(text, month)
    if yearless is not None:
        return yearless
    named = _NAMED_MONTH.match(text)
    if named is None or not _CLOCK.fullmatch(text[named.end() :].strip()):
        return None
    day_text, name, year_text = named.groups()[:3] if named[1] else (named[5], named[4], named[6])
    month_number = _month(name)
    return _day(year_text, str(month_number), day_text) if month_number else None


def _month(name: str) -> int | None:
    if name == "sept":
        name = "sep"
    known = name in _MONTHS or name in _MONTH_NAMES
    return _MONTHS.index(name[:3]) + 1 if known else None


def _day(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _yearless_day(text: str, month: date | None) -> date | None:
    """10月3日 in the year that is nearest to the statement's month; 10-3 and 10/3 in that month only."""
    if month is None:
        return None
    found = _YEARLESS.match(text)
    if found is None:
        found = _YEARLESS_NUMBERS.match(text)
        if found is None or int(found[1]) != month.month:
            return None
    if not _CLOCK.fullmatch(text[found.end() :].strip()):
        return None
    days = [_day(str(month.year + more), found[1], found[2]) for more in (-1, 0, 1)]
    return min(
        (day for day in days if day is not None),
        key=lambda day: abs(day - month.replace(day=15)),
        default=None,
    )
