"""What a heading says its numbers are counted in: `金额（万元）`, `Amount USD`, `数量（小时）`, `单位：千元` above it.

Known factors of CNY are applied and told. A remark that is not known is refused: currencies and scales are endless, and
a number that is read in another one is wrong by a factor.
"""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

_FACTORS = MappingProxyType(
    {
        "万元": Decimal(10_000),
        "万": Decimal(10_000),
        "千元": Decimal(1000),
        "千": Decimal(1000),
        "百元": Decimal(100),
        "角": Decimal("0.1"),
        "分": Decimal("0.01"),
    }
)
"""How much CNY one of a measure is."""
_CNY = frozenset({*"元圆¥", "人民币", "人民币元", "rmb", "cny", "cn¥", "yuan", "元角分"})
_TAX_INCLUDED = frozenset({"含税", "价税合计", "incltax", "inclusiveoftax", "taxincluded", "inclvat"})
_NEUTRAL = frozenset(
    {"必填", "选填", "required", "optional", "本期", "本月", "当月", "结算", "应付", "小写", "数字"}
)
_MINUTES = frozenset({"分钟", "分钟数", "minute", "minutes", "min", "mins"})
_HOURS = frozenset({"小时", "hour", "hours", "hr", "hrs", "h"})
_TIMES = frozenset({"次", "人次", "次数", "time", "times"})
_PIECES = frozenset({*"份个项套", "unit", "units"})
_OTHER_WORDS = (
    "亿元 百万元 百万 亿 天 日 百次 美元 美金 港币 港元 欧元 英镑 日元 澳门元 澳元 新加坡元 新台币 台币 泰铢 韩元 "
    "$ € £ us$ hk$ usd hkd eur gbp jpy mop aud sgd twd thb krw thousand thousands million millions"
)
_OTHERS = tuple(_OTHER_WORDS.split())
_WORDS = sorted((*_FACTORS, *_CNY, *_MINUTES, *_HOURS, *_TIMES, *_OTHERS), key=len, reverse=True)
_LATIN = re.compile(r"[a-z]")
_ENDING = re.compile(
    "(?P<name>.+?)(?:"
    rf"(?P<zh>{'|'.join(re.escape(word) for word in _WORDS if not _LATIN.match(word))})"
    rf"|[\s_:：/\-]+(?P<en>{'|'.join(re.escape(word) for word in _WORDS if _LATIN.match(word))}))"
)
_BEFORE = re.compile(r"^(?:金额单位|货币单位|单位|币种|货币|amountsin|unit|currency|以|in)[:：]?")
_BETWEEN = re.compile(r"[/,、，:：;；·+|]|以|计")
_STATED = re.compile(
    r"(?:单位|币种|货币|currency|amounts?\s+in|unit)\s*[:：]?\s*(?:人民币)?\s*([^\s,，;；。()（）\[\]【】]{1,12})"
)
_BESIDE_A_TITLE = re.compile(r"[(\[【]\s*([^\s()\[\]【】\d天日]{1,12})\s*[)\]】]|\bin\s+([a-z]{3,9})\b")
"""As in 对账单（万元） and Statement in USD."""
_NOT_PAYABLE = re.compile(
    r"大写|不含税|未税|税前|除税|优惠前|折前|折扣前|减免前|原价|原始|累计|预估|预计|估算|暂估|上期|上月|历史|已付|已结|"
    r"exclud|excl\.?\b|net\s+of\s+tax|before\s+(?:tax|discount)|cumulative|accumulated|estimate|year\s+to\s+date|\bytd\b"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What numbers are counted in: so much CNY each; or, for units, the `word` of each. `known`: it can be read."""

    factor: Decimal = Decimal(1)
    word: str = ""
    known: bool = True


PLAIN = Measure()
_UNKNOWN = Measure(known=False)


def is_payable(title: str) -> bool:
    """Whether a column of money may be what is owed: not without tax, before a discount, cumulative, or in words."""
    return not _NOT_PAYABLE.search(_folded(title))


def without_measure(title: str) -> tuple[str, str]:
    """A heading, and the measure at its end that no brackets mark, such as `金额万元`; empty where there is none."""
    found = _ENDING.fullmatch(_folded(title).strip())
    return (title, "") if found is None else (found["name"], found["zh"] or found["en"])


def money(remarks: str) -> Measure:
    """The measure that remarks on a column of money name."""
    words = _words(remarks) - _CNY - _TAX_INCLUDED - _NEUTRAL
    return _only_factor(words)


def price(remarks: str) -> Measure:
    """The measure that remarks on a column of unit prices name: money, of one unit."""
    return _only_factor(
        _words(remarks) - _CNY - _TAX_INCLUDED - _NEUTRAL - _TIMES - _PIECES - _MINUTES - {"每"}
    )


def _only_factor(words: set[str]) -> Measure:
    if not words:
        return PLAIN
    factor = _FACTORS.get(words.pop())
    return _UNKNOWN if words or factor is None else Measure(factor=factor)


def counted(remarks: str) -> Measure:
    """The measure that remarks on a column of units name: a word is as good as one in each cell."""
    words = _words(remarks) - _NEUTRAL - _PIECES
    kinds = [
        (word, known)
        for word, known in (("小时", _HOURS), ("分钟", _MINUTES), ("次", _TIMES))
        if words & known
    ]
    if words - _HOURS - _MINUTES - _TIMES:
        return _UNKNOWN
    if len(kinds) > 1 and kinds[0][0] == "小时":
        return _UNKNOWN
    # Times or minutes, as the benefit is counted: as without a remark.
    return Measure(word=kinds[0][0]) if len(kinds) == 1 else PLAIN


def is_cny(text: str) -> bool:
    """Whether a cell of a column of currencies says CNY, or nothing."""
    return not _words(text) - _CNY


def names_cny(text: str) -> bool:
    """Whether a cell names CNY beside its number."""
    return re.search(r"元|圆|¥|cny|rmb|人民币", _folded(text)) is not None


def stated(text: str) -> Measure:
    """The measure of money that a text beside the table states, such as `单位：万元`. A company's name states none."""
    found = _STATED.search(_folded(text)) or _BESIDE_A_TITLE.search(_folded(text))
    word = "" if found is None else found[found.lastindex or 0]
    if word in _FACTORS and word not in {"万", "千"}:
        return Measure(factor=_FACTORS[word])
    return _UNKNOWN if word in _OTHERS else PLAIN


def _words(remarks: str) -> set[str]:
    text = re.sub(r"[\s.*_\-]", "", _BEFORE.sub("", re.sub(r"[\s()\[\]【】<>]", "", _folded(remarks))))
    return {word.removeprefix("每") for word in _BETWEEN.split(text)} - {""}


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
