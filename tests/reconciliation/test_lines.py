"""What a line of a statement must be: each field by itself, and all of its problems at once."""

from dataclasses import asdict, replace
from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import pytest

from ledger.reconciliation.lines import checked
from tests.reconciliation.month import line, october

GOOD = line(1, october(5), "A-1", units=2)


def test_a_good_line_is_stored_as_it_was_given(handbook):
    assert checked(GOOD, handbook) == GOOD


@pytest.mark.parametrize(
    ("field", "wrong", "column"),
    [
        ("line_no", 0, "lineNo"),
        ("line_no", 2**31, "lineNo"),
        ("reference", " ", "reference"),
        ("reference", "R\x01", "reference"),
        ("member_no", "", "memberNo"),
        ("member_no", "M" * 201, "memberNo"),
        ("benefit", "massage", "benefit"),
        ("units", 0, "units"),
        ("units", 1_000_001, "units"),
        ("units", -2, "amount"),
        ("occurred_on", date(1999, 12, 31), "occurredOn"),
        ("amount", Decimal("1.005"), "amount"),
        ("amount", Decimal(10) ** 12, "amount"),
        ("amount", -(Decimal(10) ** 12), "amount"),
        ("amount", Decimal("NaN"), "amount"),
    ],
)
def test_a_wrong_field_is_told_by_its_name_in_the_api(handbook, field, wrong, column):
    given = replace(GOOD, **{field: wrong})
    (problem,) = checked(given, handbook)
    assert (problem.row, problem.column) == (given.line_no, column)
    assert all(problem.words)
    assert len(problem.message("en")) < 1000


def test_all_problems_of_a_line_are_told_and_none_of_what_could_not_be_read(handbook):
    wrong = {**asdict(GOOD), "member_no": "", "units": None, "amount": Decimal("0.001")}
    assert [each.column for each in checked(SimpleNamespace(**wrong), handbook)] == ["memberNo", "amount"]
    unread = {**asdict(GOOD), "occurred_on": None}
    assert checked(SimpleNamespace(**unread), handbook) == []


@pytest.mark.parametrize(
    ("units", "amount", "stored"),
    [
        (-2, "-24.00", (-2, "-24.00")),
        (-2, "0", (-2, "0")),
        (2, "-24.00", (-2, "-24.00")),
        (2, "0", (2, "0")),
    ],
)
def test_a_line_below_0_is_a_credit_of_its_units(handbook, units, amount, stored):
    found = checked(replace(GOOD, units=units, amount=Decimal(amount)), handbook)
    assert (found.units, str(found.amount)) == stored


def test_units_below_0_for_an_amount_above_0_contradict_each_other(handbook):
    (problem,) = checked(replace(GOOD, units=-2, amount=Decimal("24.00")), handbook)
    assert problem.message() == "第 1 行，amount：数量为负数（-2）时，金额须为负数或 0：「24.00」"
    assert problem.words.en == "with units below 0 (-2), expected an amount of 0 or below; got 24.00"
