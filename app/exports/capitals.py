"""An amount of money in Chinese capitals (大写金额), as vouchers and invoices have it. Pure.

By the rules for settlement vouchers of the People's Bank of China (支付结算办法, annex 1): zeros inside the number are
one 零 however many they are, zeros at its end are not written, a missing 角 before 分 is 零, and an amount without 分
ends with 整.
"""

from decimal import Decimal

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("仟", "佰", "拾", "")
_MYRIAD = 10_000
_HUNDRED_MILLION = _MYRIAD * _MYRIAD
_CENTS = 100
MOST = Decimal(_HUNDRED_MILLION) * _HUNDRED_MILLION
"""Amounts are below this, 10^16 yuan: there is no common name for the number."""


def capitals(amount: Decimal) -> str:
    """The amount in CNY: 1234.50 is 壹仟贰佰叁拾肆元伍角整. Raises ValueError from 10^16 and for parts of a cent."""
    cents = abs(amount) * _CENTS
    if abs(amount) >= MOST or cents != int(cents):
        raise ValueError(f"no amount to write in capitals: {amount}")
    yuan, rest = divmod(int(cents), _CENTS)
    if not yuan and not rest:
        return "零元整"
    tenths, hundredths = divmod(rest, 10)
    words = ["负"] if amount < 0 else []
    if yuan:
        words += [_whole(yuan), "元"]
    if tenths:
        words += [_DIGITS[tenths], "角"]
    elif hundredths and yuan:
        words.append("零")
    words.append(f"{_DIGITS[hundredths]}分" if hundredths else "整")
    return "".join(words)


def _whole(number: int) -> str:
    """A number from 1 to below 10^16: parts of four digits, with 万 and 亿."""
    for size, name in ((_HUNDRED_MILLION, "亿"), (_MYRIAD, "万")):
        high, low = divmod(number, size)
        if high:
            gap = "零" if 0 < low < size // 10 else ""
            return f"{_whole(high)}{name}{gap}{_whole(low) if low else ''}"
    return _four_digits(number)


def _four_digits(number: int) -> str:
    """A number from 1 to 9999, without zeros at either end."""
    words, gap = "", False
    for digit, place in zip(f"{number:04d}", _PLACES, strict=True):
        if digit == "0":
            gap = bool(words)
            continue
        words += f"{'零' if gap else ''}{_DIGITS[int(digit)]}{place}"
        gap = False
    return words
