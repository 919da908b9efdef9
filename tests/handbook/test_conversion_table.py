"""The conversion table (定级保费折算标准): which row takes a component, at what rate, for how long."""

from decimal import Decimal, localcontext

import pytest

from handbook import Category, Coverage, Design, Mode, load_handbook

EDITION = load_handbook().latest

PRINTED = [
    # coverage, design, category, mode, payment term → base, rate, valid years
    ("long", "traditional", "whole_life", "annual", 10, "ANNUALISED_PREMIUM", "1", 10),
    ("long", "traditional", "whole_life", "annual", 30, "ANNUALISED_PREMIUM", "1", 30),
    ("long", "traditional", "whole_life", "annual", 9, "ANNUALISED_PREMIUM", "0.9", 9),
    ("long", "participating", "endowment", "annual", 3, "ANNUALISED_PREMIUM", "0.3", 3),
    ("long", "universal", "annuity", "annual", 1, "ANNUALISED_PREMIUM", "0.1", 1),
    ("long", "traditional", "medical", "monthly", 20, "ANNUALISED_PREMIUM", "1", 20),
    ("long", "traditional", "medical", "monthly", 5, "ANNUALISED_PREMIUM", "0.5", 5),
    ("long", "traditional", "annuity", "quarterly", 10, "ANNUALISED_PREMIUM", "1", 10),
    ("long", "traditional", "annuity", "quarterly", 7, "ANNUALISED_PREMIUM", "0.7", 7),
    ("long", "traditional", "accident", "semi_annual", 15, "ANNUALISED_PREMIUM", "1", 15),
    ("long", "traditional", "accident", "semi_annual", 2, "ANNUALISED_PREMIUM", "0.2", 2),
    ("long", "traditional", "whole_life", "single", None, "SINGLE_PREMIUM", "0.1", 2),
    ("long", "traditional", "term_life", "single", None, "SINGLE_PREMIUM", "0.1", 2),
    ("long", "traditional", "annuity", "single", None, "SINGLE_PREMIUM", "0.1", 2),
    ("long", "traditional", "critical_illness", "single", None, "SINGLE_PREMIUM", "0.1", 2),
    ("long", "traditional", "medical", "single", None, "SINGLE_PREMIUM", "0.1", 2),
    ("long", "traditional", "other", "single", None, "SINGLE_PREMIUM", "0.1", 2),
    ("long", "traditional", "endowment", "single", None, "SINGLE_PREMIUM", "0.03", 2),
    ("long", "participating", "annuity", "single", None, "SINGLE_PREMIUM", "0.03", 2),
    ("long", "participating", "endowment", "single", None, "SINGLE_PREMIUM", "0.03", 2),
    ("long", "universal", "whole_life", "single", None, "SINGLE_PREMIUM", "0.02", 2),
    ("long", "universal", "endowment", "single", None, "SINGLE_PREMIUM", "0.02", 2),
    ("one_year", "traditional", "accident", "annual", 1, "ANNUALISED_PREMIUM", "1", 1),
    ("one_year", "traditional", "medical", "monthly", 1, "ANNUALISED_PREMIUM", "1", 1),
    ("one_year", "traditional", "medical", "annual", None, "ANNUALISED_PREMIUM", "1", 1),
    ("one_year", "universal", "medical", "single", None, "SINGLE_PREMIUM", "1", 1),
]


@pytest.mark.parametrize(
    ("coverage", "design", "category", "mode", "term_years", "base", "rate", "valid_years"), PRINTED
)
def test_a_component_takes_its_printed_row(
    coverage, design, category, mode, term_years, base, rate, valid_years
):
    row = EDITION.coefficient_for(coverage, design, category, mode, term_years)
    assert row.base == base
    assert row.rate(term_years) == Decimal(rate)
    assert row.validity_years(term_years) == valid_years


@pytest.mark.parametrize("design", Design)
@pytest.mark.parametrize("category", Category)
@pytest.mark.parametrize("mode", Mode)
def test_a_policy_of_less_than_a_year_has_no_row_and_every_other_kind_has_one(design, category, mode):
    for term in (None,) if mode is Mode.SINGLE else range(1, 101):
        assert EDITION.coefficient_for(Coverage.UNDER_ONE_YEAR, design, category, mode, term) is None
        for coverage in (Coverage.LONG, Coverage.ONE_YEAR):
            row = EDITION.coefficient_for(coverage, design, category, mode, term)
            assert 0 < row.rate(term) <= 1
            assert 1 <= row.validity_years(term) <= 100


def test_the_table_is_shown_row_by_row_as_printed():
    rows = [(row.coefficient, row.validity) for row in EDITION.coefficients]
    regular = [("1", "PAYMENT_TERM"), ("Y/10", "PAYMENT_TERM")]
    single = [("0.02", "P2Y"), ("0.03", "P2Y"), ("0.03", "P2Y"), ("0.1", "P2Y")]
    assert rows == [*regular * 4, *single, ("1", "P1Y"), ("1", "P1Y")]


def test_a_payment_term_is_divided_exactly_in_any_context():
    row = EDITION.coefficient_for("long", "traditional", "annuity", "annual", 7)
    with localcontext() as context:
        context.prec = 3
        assert row.rate(7) == Decimal("0.7")


def test_a_row_that_needs_the_payment_term_refuses_a_component_without_one():
    row = next(row for row in EDITION.coefficients if row.coefficient == "Y/10")
    with pytest.raises(ValueError, match="needs a payment term"):
        row.rate(None)
    with pytest.raises(ValueError, match="needs a payment term"):
        row.validity_years(None)


@pytest.mark.parametrize(
    ("mode", "instalments"),
    [("annual", 1), ("semi_annual", 2), ("quarterly", 4), ("monthly", 12), ("single", 1)],
)
def test_instalments_make_the_annualised_premium(mode, instalments):
    assert Mode(mode).instalments_per_year == instalments
