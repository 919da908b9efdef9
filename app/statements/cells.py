"""Parsing cells as people write them: texts, numbers with separators and signs, quantities; days are in `days`.

Ambiguous values are refused: 1.234 in a column of amounts is no amount. The error says what would be right.
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from app.statements.sheets import Cell, Value, quoted, shown, value_of
from base.words import Words
from handbook import Unit

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
LONGEST_NUMBER = 20
"""Longer numbers would be rounded silently when they are multiplied."""
LONGEST_WRITTEN = 200
"""Characters of a cell that could be a number or a day, with all that people write around it."""


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
    text = written_text(cell).translate(_FULL_WIDTH)
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
    lasting = _minutes_of(cell) if isinstance(cell, str) and len(cell) <= LONGEST_WRITTEN else None
    if isinstance(cell, str) and lasting is not None:
        _must_count(counted_in, "minutes", cell)
        return lasting
    number = cell if isinstance(cell, Decimal) else _number(cell, _without_unit, _not_units)
    if isinstance(cell, str) and not cell.isdecimal():
        word = _UNIT_WORDS.search(_plainly(written_text(cell)))
        counted = word.lastgroup if word is not None else None
        if counted is not None:
            _must_count(counted_in, counted, cell)
            number *= _MINUTES.get(counted, 1)
    if not number.is_finite() or number.adjusted() >= LONGEST_NUMBER or number != number.to_integral_value():
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


def written_text(cell: str | None) -> str:
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
    if isinstance(cell, str) and len(cell) > LONGEST_WRITTEN:
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
    written = written_text(cell)
    if any(unicodedata.category(sign) == "No" for sign in written):
        raise complaint(written)  # a mark of a footnote, as in 720¹, would become a digit
    if _APART.search(_SPACED.sub("0", unicodedata.normalize("NFKC", written))):
        raise _several_numbers(written)
    sign, text = _signed(without_words(_plainly(written)))
    if _DOTTED.fullmatch(text):
        raise _two_readings(written, text)
    if _GROUPED.fullmatch(text):
        text = text.replace(",", "")
    if len(text) > LONGEST_NUMBER or not _NUMBER.fullmatch(text):
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
