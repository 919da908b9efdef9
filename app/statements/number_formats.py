"""Formats of numbers: a number is read as a person sees it, with the words that its format adds.

A format such as `0.00"万"`, `0"小时"` or `[$$-409]0.00` says what a number counts. So the cell is read as the text that
is shown (`1.5小时`), and whoever reads the column knows the words or refuses them. What shows another number than the
cell holds (percent, thousands, a time) is doubtful.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from app.statements.sheets import Cell, Doubtful
from base.words import Words

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|[\\!](?P<escaped>.)|[_*].|\[(?P<bracket>[^\]]*)\]|(?P<end>;)'
    r"|(?P<general>general|g/通用格式|standard)|(?P<text>@)|(?P<digits>e[+-]|[0#?.][0-9#?.,/]*)"
    r"|(?P<day>[yd]+)|(?P<clock>am/pm|a/p|上午/下午|[hsmabeg]+)|(?P<percent>%)|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
"""The parts of a format: literal text, the width of a sign, what stands in brackets, placeholders."""
_RED = re.compile(r"red|红色?|color ?3", re.IGNORECASE)
_ELAPSED = re.compile(r"h+|m+|s+", re.IGNORECASE)
_PADDED = re.compile(r"0{2,20}")
_DECIMAL = re.compile(r"[0#?,]*(?:\.[0#?,]*)?")
"""Placeholders of a number that is neither a fraction nor in powers of ten."""
_SIGNS = "-\u2212()"
_CURRENCIES = " ¥￥$"


def _shown_otherwise(how_zh: str, how_en: str) -> Words:
    return Words(
        f"单元格的格式{how_zh}；请把格式改为「常规」，并写出要结算的数",
        f"the format of the cell {how_en}: use the format General, and write the number that counts",
    )


CLOCK = _shown_otherwise("把数显示为时间或星期", "shows a number as a time or a weekday")
PERCENT = _shown_otherwise("把数显示为百分比", "shows a number as a percentage")
_IN_THOUSANDS = _shown_otherwise(
    "把数缩小后显示，例如以千或万为单位", "shows a number divided, for example by thousands"
)
_INTERRUPTED = _shown_otherwise("在数字中间或旁边加了字符", "puts signs between or beside the digits")
_BY_SIZE = _shown_otherwise("按数的大小显示不同的文字", "shows other words by the size of the number")
_INVISIBLE = _shown_otherwise("不显示内容", "does not show the content")
_ROUNDED = _shown_otherwise("把数四舍五入后显示", "shows a number rounded")
_OTHER_SIGN = _shown_otherwise("把数显示成相反的正负号", "shows a number with the opposite sign")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Section:
    """How a number is shown: between two texts, a whole one padded with zeros to so many `digits`.

    `places` are its decimals, None: as many as it has.
    Without `numeric` only the text is shown. `signed` with a minus or brackets, or `red`: as below 0. `by_size`: for
    numbers of some size. `doubt`: why the number cannot be read so.
    """

    before: str = ""
    after: str = ""
    digits: int = 0
    places: int | None = None
    numeric: bool = True
    textual: bool = False
    signed: bool = False
    red: bool = False
    by_size: bool = False
    doubt: Words | None = None

    @property
    def adds_nothing(self) -> bool:
        """Whether a number is shown as it is."""
        return self.numeric and not (self.before or self.after or self.digits or self.doubt)


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberFormat:
    """The sections of a format, for numbers above 0, below 0, and 0; the last one also serves for those that lack.

    `text`: how text is shown; None: as it is.
    """

    is_day: bool = False
    sections: tuple[_Section, ...] = ()
    text: _Section | None = None

    def shown(self, number: Decimal) -> Cell:
        """A number as a person sees it: itself, or a text with the words of the format."""
        if not self.sections:
            return number
        section, doubt = self._section(number)
        if doubt is None and _is_rounded(number, section.places):
            doubt = _ROUNDED
        if doubt is not None:
            return Doubtful(number, doubt)
        if section.adds_nothing:
            return number
        sign = "-" if number < 0 and section.numeric else ""
        digits = _padded(abs(number), section.digits) if section.numeric else ""
        return f"{sign}{section.before}{digits}{section.after}"

    def shown_text(self, text: str) -> Cell:
        """A text as a person sees it."""
        if self.text is None:
            return text
        if not self.text.textual:
            return Doubtful(text, _INVISIBLE)
        return f"{self.text.before}{text}{self.text.after}"

    def _section(self, number: Decimal) -> tuple[_Section, Words | None]:
        """The section that shows a number, without signs that say what the number says; and why it is doubtful."""
        above, below, zero = (*self.sections, *[None] * 2)[:3]
        if number < 0 and below is not None:
            return _without_signs(below), below.doubt or (None if below.signed or below.red else _OTHER_SIGN)
        if number == 0 and zero is not None:
            dash = not zero.doubt and not (zero.before + zero.after).strip(_SIGNS + _CURRENCIES)
            return (_Section(), None) if dash else (zero, zero.doubt)
        if above is None:
            raise AssertionError
        return above, above.doubt or (_OTHER_SIGN if number and _shows_minus(above.before) else None)


def _is_rounded(number: Decimal, places: int | None) -> bool:
    exponent = number.as_tuple().exponent
    if places is None or not isinstance(exponent, int) or -exponent <= places:
        return False
    return number != round(number, places)


def _without_signs(section: _Section) -> _Section:
    return replace(section, before=section.before.strip(_SIGNS), after=section.after.strip(_SIGNS))


def _shows_minus(before: str) -> bool:
    return before.strip(_CURRENCIES).startswith(("-", "\u2212")) or before.count("(") > before.count(")")


def _padded(number: Decimal, digits: int) -> str:
    whole = digits and number == number.to_integral_value()
    return f"{number:f}".partition(".")[0].zfill(digits) if whole else f"{number:f}"


def doubtful(doubt: Words) -> NumberFormat:
    """A format of which no number can be read."""
    return NumberFormat(sections=(_Section(doubt=doubt),))


def number_format(code: str) -> NumberFormat:
    """The format that a code describes."""
    if not code.strip():
        return NumberFormat()
    parts = list(_parts(code))
    kinds = {found.lastgroup for found in parts[0]}
    if "day" in kinds:
        return NumberFormat(is_day=True)
    sections = [_section(part) for part in parts]
    numbers = tuple(each for each in sections[:3] if not each.textual or len(parts) == 1)
    if any(each.by_size for each in numbers):
        numbers = () if all(each.adds_nothing for each in numbers) else doubtful(_BY_SIZE).sections
    texts = [each for each in sections if each.textual and (each.before or each.after)] or [
        each for each in sections[3:] if not each.textual
    ]
    exact = all(each.places is None for each in numbers)
    return NumberFormat(
        sections=() if exact and _add_nothing(numbers) else numbers, text=texts[-1] if texts else None
    )


def _add_nothing(sections: tuple[_Section, ...]) -> bool:
    """Whether all numbers are shown as they are, those below 0 as such."""
    below = sections[1:2]
    return all(_without_signs(each).adds_nothing for each in sections[1:]) and (
        all(each.adds_nothing for each in sections[:1]) and all(each.signed or each.red for each in below)
    )


def _parts(code: str) -> Iterator[list[re.Match[str]]]:
    part: list[re.Match[str]] = []
    for found in _TOKEN.finditer(code):
        if found.lastgroup == "end":
            yield part
            part = []
        else:
            part.append(found)
    yield part


def _section(tokens: list[re.Match[str]]) -> _Section:
    before, after, core = "", "", ""
    kinds = {token.lastgroup for token in tokens}
    brackets = [token["bracket"] for token in tokens if token.lastgroup == "bracket"]
    doubt = CLOCK if "clock" in kinds or any(map(_ELAPSED.fullmatch, brackets)) else None
    for token in tokens:
        kind, text = token.lastgroup, token[token.lastgroup or 0]
        if kind in {"general", "text"} or (kind == "digits" and not after.strip()):
            core, after = core + text, ""
        elif kind == "digits":
            core, doubt = core + text, doubt or _INTERRUPTED
        elif kind in {"quoted", "escaped", "other", "bracket"}:
            literal = _currency(text) if kind == "bracket" else text
            before, after = (before, after + literal) if core else (before + literal, after)
    whole, _, places = core.partition(".")
    if whole.endswith(",") or places.endswith(","):
        doubt = _IN_THOUSANDS
    elif "percent" in kinds:
        doubt = PERCENT
    elif before[-1:].isdigit() or after[:1].isdigit():
        doubt = doubt or _INTERRUPTED
    elif not core and not before and not after:
        doubt = doubt or _INVISIBLE
    return _Section(
        before=before if before.strip() else "",
        after=after if after.strip() else "",
        digits=len(core) if _PADDED.fullmatch(core) else 0,
        places=sum(map(places.count, "0#?")) if _DECIMAL.fullmatch(core) else None,
        numeric=bool(core),
        textual="text" in kinds,
        signed=any(sign in before + after for sign in "-\u2212("),
        red=any(map(_RED.fullmatch, brackets)),
        by_size=any(each.startswith(("<", ">", "=")) for each in brackets),
        doubt=doubt,
    )


def _currency(bracket: str) -> str:
    """The sign of currency in brackets, such as [$USD-409]; a colour or a language shows nothing."""
    return bracket[1:].partition("-")[0] if bracket.startswith("$") else ""
