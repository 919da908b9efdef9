"""Amounts in Chinese capitals: by the rules for vouchers, and readable back to the same amount."""

import re
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.exports.capitals import MOST, capitals


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("0.00", "零元整"),
        ("-0.00", "零元整"),
        ("0.05", "伍分"),
        ("0.50", "伍角整"),
        ("0.55", "伍角伍分"),
        ("1", "壹元整"),
        ("10", "壹拾元整"),
        ("15.00", "壹拾伍元整"),
        ("1234.50", "壹仟贰佰叁拾肆元伍角整"),
        ("1409.50", "壹仟肆佰零玖元伍角整"),
        ("6007.14", "陆仟零柒元壹角肆分"),
        ("16409.02", "壹万陆仟肆佰零玖元零贰分"),
        ("325.04", "叁佰贰拾伍元零肆分"),
        ("1680.32", "壹仟陆佰捌拾元叁角贰分"),
        ("107000.53", "壹拾万柒仟元伍角叁分"),
        ("13583.00", "壹万叁仟伍佰捌拾叁元整"),
        ("100000.00", "壹拾万元整"),
        ("100001.00", "壹拾万零壹元整"),
        ("100000001.00", "壹亿零壹元整"),
        ("100010000.00", "壹亿零壹万元整"),
        ("1001000000.00", "壹拾亿零壹佰万元整"),
        ("1234567890123.45", "壹万贰仟叁佰肆拾伍亿陆仟柒佰捌拾玖万零壹佰贰拾叁元肆角伍分"),
        ("1000000000000.00", "壹万亿元整"),
        ("1000000000001.01", "壹万亿零壹元零壹分"),
        ("-180.00", "负壹佰捌拾元整"),
        ("-0.01", "负壹分"),
    ],
)
def test_an_amount_is_written_as_vouchers_have_it(amount, words):
    assert capitals(Decimal(amount)) == words


def read_back(words: str) -> Decimal:
    """The amount, read digit by digit; each unit counts for what stands before it."""
    total = section = digit = Decimal()
    for sign in words.removeprefix("负"):
        if sign in "零壹贰叁肆伍陆柒捌玖":
            digit = Decimal("零壹贰叁肆伍陆柒捌玖".index(sign))
        elif sign in "拾佰仟":
            section += digit * 10 ** ("拾佰仟".index(sign) + 1)
            digit = Decimal()
        elif sign in "万亿":
            total = (total + section + digit) * 10**8 if sign == "亿" else total + (section + digit) * 10**4
            section = digit = Decimal()
        elif sign == "元":
            total, section, digit = total + section + digit, Decimal(), Decimal()
        elif sign in "角分":
            total, digit = total + digit / (10 if sign == "角" else 100), Decimal()
    return -total if words.startswith("负") else total


AMOUNTS = st.one_of(
    st.decimals(min_value=-MOST + 1, max_value=MOST - 1, places=2),
    # Many zeros: digits of 0 and 1 only.
    st.text("01", min_size=3, max_size=18).map(lambda digits: Decimal(digits) / 100),
)


@given(AMOUNTS)
@example(MOST - Decimal("0.01"))
def test_the_words_say_exactly_the_amount(amount):
    words = capitals(amount)
    assert read_back(words) == amount
    assert words.endswith(("整", "分"))
    assert words.startswith("负") == (amount < 0)


@given(AMOUNTS)
def test_zeros_are_one_and_stand_before_a_digit(amount):
    misplaced = re.search("零[零拾佰仟万亿元角分整]|^负?零", capitals(amount))
    assert (misplaced is not None) == (amount == 0)


@given(AMOUNTS, AMOUNTS)
def test_two_amounts_never_have_the_same_words(one, other):
    assert (capitals(one) == capitals(other)) == (one == other)


@pytest.mark.parametrize("amount", ["1e16", "-1e16", "0.001", "NaN", "Infinity"])
def test_what_is_no_amount_is_refused(amount):
    with pytest.raises((ValueError, ArithmeticError)):
        capitals(Decimal(amount))
