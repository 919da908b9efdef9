"""Amounts in capitals, as invoices have them: 壹仟肆佰肆拾元整, 叁元叁角叁分. Pure."""

import re
import unicodedata
from decimal import Decimal

_DIGITS = {
    sign: value
    for signs in ("零壹贰叁肆伍陆柒捌玖", "〇一二三四五六七八九")
    for value, sign in enumerate(signs)
}
_DIGITS |= {"两": 2, "弍": 2, "貳": 2, "參": 3, "陸": 6}
_TENS = {"拾": 10, "十": 10, "佰": 100, "百": 100, "仟": 1000, "千": 1000}
_MYRIADS = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}
_NUMBER = f"[{''.join((*_DIGITS, *_TENS, *_MYRIADS))}]+"
_DIGIT = f"[{''.join(_DIGITS)}]"
_AMOUNT = re.compile(
    rf"(?:人民币|¥|:|\s|\(大写\)|大写|金额)*(?P<minus>负?)(?:(?P<yuan>{_NUMBER})[元圆])?"
    rf"零?(?:(?P<jiao>{_DIGIT})角)?零?(?:(?P<fen>{_DIGIT})分)?[整正]?"
)


def amount_in_capitals(text: str) -> Decimal | None:
    """The amount in CNY; None where the text is no amount in capitals."""
    found = _AMOUNT.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if found is None or not any(found[part] for part in ("yuan", "jiao", "fen")):
        return None
    cents = 10 * _DIGITS.get(found["jiao"] or "", 0) + _DIGITS.get(found["fen"] or "", 0)
    amount = _whole(found["yuan"] or "") + Decimal(cents) / 100
    return -amount if found["minus"] else amount


def _whole(text: str) -> int:
    """The whole number: each group of four digits times its 万 or 亿."""
    done = group = digit = 0
    for sign in text:
        if sign in _DIGITS:
            digit = _DIGITS[sign]
        elif sign in _TENS:
            group += (digit or 1) * _TENS[sign]
            digit = 0
        elif _MYRIADS[sign] == 10**8:
            done, group, digit = (done + group + digit) * 10**8, 0, 0
        else:
            done, group, digit = done + (group + digit) * 10**4, 0, 0
    return done + group + digit
