"""Parsing cells as people write them: numbers with separators and signs, days in many forms, quantities.

Ambiguous values are refused: 5/10/2026 may be May or October, and 1.234 in a column of amounts is no amount. The error
says what would be right.
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from app.statements.sheets import Cell, Value, quoted, shown, value_of
from base.words import Words
from handbook import BUSINESS_ZONE, Unit

_FAULT = re.compile(r"#N/A|#[A-Z][A-Z0-9/_]*[!?]|#{3,}|(?:Err|错误)[:：][0-9]{3}")
"""What spreadsheet programs show in place of a result, or of a number that the column is too narrow for."""
_TRUTH_VALUES = frozenset({"TRUE", "FALSE"})
_GROUPED = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+")
_DOTTED = re.compile(r"[1-9][0-9]{0,2}(?:\.[0-9]{3})+")
"""1180 where a comma marks decimals, 1.18 where a point does."""
_SPACED = re.compile(r"(?<![0-9.,])[0-9]{1,3}(?: [0-9]{3})+\.[0-9]{2}(?![0-9])")
"""Thousands apart from each other. Without decimals, 180 180 might as well be two numbers."""
_APART = re.compile(r"[0-9.,]\s+[0-9.,]")
_CURRENCY = re.compile(r"^([-+(]?)(?:cny|cn¥|rmb|人民币|¥)|(?:cny|rmb|人民币|元整|元|圆|¥)([-)]?)$")
_UNIT_WORDS = re.compile(
    r"(?:(?P<times>次数|人次|次|times?)|(?P<minutes>分钟|minutes?|mins?)|(?P<hours>小时|hours?|hrs?|h)|份|个|项|套|units?|x)(?=[-)]?$)"
)
_MINUTES = {"minutes": 1, "hours": 60}
_DURATION = re.compile(
    r"(?P<hours>[0-9]{1,3})(?:个?小时)(?P<minutes>[0-5]?[0-9])分钟?|(?P<only>[0-9]{1,4})分"
)
_HALF_AN_HOUR = frozenset({"半小时", "半个小时"})
_SCIENTIFIC = re.compile(r"[0-9](?:\.[0-9]+)?e\+?[0-9]+")
_MINUS = str.maketrans("\u2212\u2013", "--")
"""Signs that programs write for a minus: − and –."""
_FULL_WIDTH = {ord("！") + place: ord("!") + place for place in range(ord("~") - ord("!") + 1)}
_AS_TEXT = re.compile(r'="(.*)"', re.DOTALL)
_EXACT_DIGITS = 15
"""A spreadsheet program keeps so many digits of a number; further digits are lost."""
_LONGEST_NUMBER = 20
"""Longer numbers would be rounded silently when they are multiplied."""
_LONGEST_WRITTEN = 200
"""Characters of a cell that could be a number or a day, with all that people write around it."""

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
_CLOCK = re.compile(
    r"(?:[t,]?\s*(?:[上下]午)?\s*[0-9]{1,2}(?::|时|点)[0-9]{1,2}"
    r"(?:(?::|分)[0-9]{1,2}(?:\.[0-9]+)?)?[秒分]?\s*(?:[ap]m)?)?"
)
_WEEKDAY = re.compile(r"\s*[(]?(?:星期|周)[一二三四五六日天][)]?\s*")
_FIRST_SERIAL, _LAST_SERIAL = 36_526, 110_000
"""Days from 2000 to 2200 as a spreadsheet program numbers them; anything else in a column of days is no day."""
_ISO_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}t[0-9:.]+(?:z|[+-][0-9]{2}:?[0-9]{2})")


class UnreadableError(ValueError):
    """A cell does not fit its column; the words say what would be right."""

    def __init__(self, words_zh: str, words_en: str) -> None:
        super().__init__(words_en)
        self.words = Words(words_zh, words_en)


def is_blank(cell: Cell) -> bool:
    """Whether the cell looks empty."""
    cell = value_of(cell)
    return cell is None or (isinstance(cell, str) and not cell.strip("\ufeff \t\r\n\u3000\xa0'"))


def text_of(cell: Value) -> str:
    """A member number or reference, as written, with full-width characters normalised. Raises UnreadableError."""
    if isinstance(cell, Decimal):
        return _digits_of(cell)
    if isinstance(cell, date):
        raise UnreadableError(
            f"须为文本，但单元格是日期（{cell}）；请把该列设为文本格式",
            f"expected text, the cell holds a day ({cell}); format the column as text",
        )
    text = _written(cell).translate(_FULL_WIDTH)
    if _SCIENTIFIC.fullmatch(text.casefold()):
        raise UnreadableError(
            f"「{quoted(text)}」是科学计数法，号码的后几位已丢失；请把该列设为文本格式后重新填写",
            f"{quoted(text)} is a number in scientific notation, its last digits are lost: "
            "format the column as text and fill it in again",
        )
    return text


def units_of(cell: Value, counted_in: Unit | None = None) -> int:
    """A whole number, perhaps with a unit (2 次, 30 minutes, 1.5 小时), with a sign as in `amount_of`.

    Raises UnreadableError.

    `counted_in` is the benefit's unit, where known: a word for another unit is refused.
    """
    lasting = _minutes_of(cell) if isinstance(cell, str) and len(cell) <= _LONGEST_WRITTEN else None
    if isinstance(cell, str) and lasting is not None:
        _must_count(counted_in, "minutes", cell)
        return lasting
    number = cell if isinstance(cell, Decimal) else _number(cell, _without_unit, _not_units)
    if isinstance(cell, str) and not cell.isdecimal():
        word = _UNIT_WORDS.search(_plainly(_written(cell)))
        counted = word.lastgroup if word is not None else None
        if counted is not None:
            _must_count(counted_in, counted, cell)
            number *= _MINUTES.get(counted, 1)
    if not number.is_finite() or number.adjusted() >= _LONGEST_NUMBER or number != number.to_integral_value():
        raise _not_units(shown(cell))
    return int(number)


def _minutes_of(cell: str) -> int | None:
    """The minutes of half an hour (半小时), of 1小时30分 or of 30分; None for any other text."""
    text = _plainly(cell)
    if text in _HALF_AN_HOUR:
        return 30
    found = _DURATION.fullmatch(text) if "\n" not in cell.strip() and not _APART.search(cell) else None
    if found is None:
        return None
    return int(found["only"] or 0) or int(found["hours"] or 0) * 60 + int(found["minutes"] or 0)


def _must_count(unit: Unit | None, counted: str, cell: str) -> None:
    if unit is Unit.MINUTES and counted not in _MINUTES:
        raise UnreadableError(
            f"该项目按分钟计，单元格写的是「{quoted(cell)}」；请写分钟数",
            f"the benefit is counted in minutes, the cell says {quoted(cell)}: write how many minutes",
        )
    if unit is Unit.TIMES and counted in _MINUTES:
        raise UnreadableError(
            f"该项目按次计，单元格写的是「{quoted(cell)}」；请写次数",
            f"the benefit is counted in times, the cell says {quoted(cell)}: write how often",
        )


def amount_of(cell: Value) -> Decimal:
    """An amount in CNY, perhaps with sign of currency and separators (¥1,234.50, 300元).

    Below 0 are -180, 180- and (180), as accountants write them. Raises UnreadableError.
    """
    return cell if isinstance(cell, Decimal) else _number(cell, _without_currency, _not_an_amount)


def day_of(cell: Value, day_zero: date) -> date:
    """A day, without its time. `day_zero` is the date of serial number 0. Raises UnreadableError."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    if isinstance(cell, Decimal):
        found = _numbered_day(f"{cell:f}", day_zero)
    else:
        written = _written(cell)
        found = _written_day(written, day_zero) if len(written) <= _LONGEST_WRITTEN else None
    if found is None:
        raise UnreadableError(
            f"不是日期：「{quoted(shown(cell))}」；请写成 2026-10-05",
            f"not a day: {quoted(shown(cell))}; write it like 2026-10-05",
        )
    return found


def _written(cell: str | None) -> str:
    """The text of a cell, without what spreadsheet programs put around it to keep it text."""
    text = (cell or "").strip("\ufeff \t\r\n\u3000\xa0")
    if text.startswith("="):
        kept = _AS_TEXT.fullmatch(text)
        if kept is None:
            raise UnreadableError(
                "单元格是公式，文件里没有保存结果；请用表格软件打开并保存后再导入",
                "a formula whose result is not stored: open the file in a spreadsheet program and save it",
            )
        text = kept[1].strip()
    text = text.removeprefix("'").strip()
    if not text:
        raise UnreadableError("不能为空", "is empty")
    if "\ufffd" in text:
        raise UnreadableError(
            f"有无法解码的字符：「{quoted(text)}」；请另存为 UTF-8 的 CSV 或 .xlsx",
            f"signs that cannot be decoded: {quoted(text)}; save the file as CSV in UTF-8, or as .xlsx",
        )
    if _FAULT.fullmatch(text):
        raise UnreadableError(f"单元格是错误值 {text}", f"the cell shows the error {text}")
    if text.upper() in _TRUTH_VALUES:
        raise UnreadableError(f"单元格是逻辑值 {text}", f"the cell shows the truth value {text}")
    return text


def _digits_of(number: Decimal) -> str:
    if not number.is_finite() or number < 0 or number != number.to_integral_value():
        raise UnreadableError(
            f"须为编号，不能是小数或负数：{number}", f"expected a number of a thing, not {number}"
        )
    digits = f"{number:f}".partition(".")[0]
    if len(digits) > _EXACT_DIGITS:
        raise _lost_digits(digits)
    return digits


def _lost_digits(text: str) -> UnreadableError:
    return UnreadableError(
        f"「{quoted(text)}」超过 {_EXACT_DIGITS} 位数字，表格软件已丢失末尾几位；请把该列设为文本格式后重新填写",
        f"{quoted(text)} has more than {_EXACT_DIGITS} digits, the last of which a spreadsheet program does not keep: "
        "format the column as text and fill it in again",
    )


def _number(
    cell: str | date | None,
    without_words: Callable[[str], str],
    complaint: Callable[[str], UnreadableError],
) -> Decimal:
    if isinstance(cell, str) and len(cell) > _LONGEST_WRITTEN:
        raise complaint(cell)
    return _short_number(cell, without_words, complaint)


@lru_cache(maxsize=4096)
def _short_number(
    cell: str | date | None,
    without_words: Callable[[str], str],
    complaint: Callable[[str], UnreadableError],
) -> Decimal:
    if isinstance(cell, date):
        raise complaint(cell.isoformat())
    written = _written(cell)
    if any(unicodedata.category(sign) == "No" for sign in written):
        raise complaint(written)  # a mark of a footnote, as in 720¹, would become a digit
    if _APART.search(_SPACED.sub("0", unicodedata.normalize("NFKC", written))):
        raise _several_numbers(written)
    sign, text = _signed(without_words(_plainly(written)))
    if _DOTTED.fullmatch(text):
        raise _two_readings(written, text)
    if _GROUPED.fullmatch(text):
        text = text.replace(",", "")
    if len(text) > _LONGEST_NUMBER or not _NUMBER.fullmatch(text):
        raise complaint(written)
    try:
        return sign * Decimal(text)
    except InvalidOperation:
        raise complaint(written) from None


def _several_numbers(written: str) -> UnreadableError:
    return UnreadableError(
        f"单元格里不止一个数：「{quoted(written)}」；请只写一个数，中间不加空格或换行",
        f"the cell holds several numbers: {quoted(written)}; write one, without spaces or line breaks in it",
    )


def _two_readings(written: str, text: str) -> UnreadableError:
    whole, shortened = text.replace(".", ""), text.rstrip("0")
    return UnreadableError(
        f"「{quoted(written)}」可能是 {whole}，也可能是 {shortened}；请写成 1180.00 这样的数",
        f"{quoted(written)} may be {whole} or {shortened}: write it like 1180.00",
    )


def _plainly(text: str) -> str:
    """The text in lower case, without spaces, with full-width characters and minus signs normalised."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).casefold().translate(_MINUS)


def _signed(text: str) -> tuple[int, str]:
    """1 or -1, and the number without its sign. With two signs, as in (-180), the rest is no number."""
    if text.startswith("(") and text.endswith(")"):
        return -1, text[1:-1]
    if text.startswith("-"):
        return -1, text[1:]
    if text.endswith("-"):
        return -1, text[:-1]
    return 1, text.removeprefix("+")


def _without_unit(text: str) -> str:
    return _UNIT_WORDS.sub("", text)


def _without_currency(text: str) -> str:
    return _CURRENCY.sub(r"\1\2", _CURRENCY.sub(r"\1\2", text))


def _not_units(text: str) -> UnreadableError:
    return UnreadableError(f"须为整数：「{quoted(text)}」", f"expected a whole number; got {quoted(text)}")


def _not_an_amount(text: str) -> UnreadableError:
    return UnreadableError(
        f"不是金额：「{quoted(text)}」；请写成 1234.50",
        f"not an amount: {quoted(text)}; write it like 1234.50",
    )


def _numbered_day(digits: str, day_zero: date) -> date | None:
    compact = _COMPACT.fullmatch(digits)
    if compact is not None:
        return _day(compact[1], compact[2], compact[3])
    whole = digits.partition(".")[0]
    if len(whole) > _LONGEST_NUMBER:
        return None
    if not _FIRST_SERIAL - 1_500 <= int(whole or 0) <= _LAST_SERIAL:
        return None
    return day_zero + timedelta(days=int(whole))


@lru_cache(maxsize=4096)
def _written_day(written: str, day_zero: date) -> date | None:
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
        month, day = (part for part in rest if part is not None)
        return _day(year, month, day) if _CLOCK.fullmatch(text[year_first.end() :].strip()) else None
    compact = _COMPACT.match(text)
    if compact is not None and text[compact.end()] in " t":
        rest_of = text[compact.end() :].strip()
        return _day(compact[1], compact[2], compact[3]) if _CLOCK.fullmatch(rest_of) else None
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
