"""What a new price may change: never what a delivery cost, never a month that is closed."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.entitlement.terms import Term
from ledger.refusals import Refusal, RefusalCode
from ledger.vendors.contracts import Change, Delivery, change, malformed_term, price_spans, term_of

EXAM = "physical-exam"
DAY = date(2026, 10, 1)


def term(price, starts_on, ends_on=None, *, variant=None, benefit=EXAM):
    return Term(
        benefit=benefit,
        variant=variant,
        unit_price=Decimal(price),
        starts_on=date.fromisoformat(starts_on),
        ends_on=date.fromisoformat(ends_on) if ends_on else None,
    )


def delivery(day, variant=None, benefit=EXAM):
    return Delivery(benefit=benefit, variant=variant, day=date.fromisoformat(day))


def contract(stored, *terms, **known):
    """The prices after the new terms are registered, one after the other."""
    changed = change(terms, stored, **known)
    assert isinstance(changed, Change), changed
    return list(price_spans([*stored, *changed.adding]))


def refused(stored, *terms, **known):
    refusal = change(terms, stored, **known)
    assert isinstance(refusal, Refusal)
    return refusal


def prices(terms, variant=None, days=("2026-02-28", "2026-03-01", "2026-04-30", "2026-05-01")):
    found = (term_of(terms, delivery(day, variant)) for day in days)
    return [str(each.unit_price) if each else None for each in found]


def test_a_price_for_some_days_interrupts_the_open_one_which_goes_on_after_them():
    stored = [term("680", "2026-01-01")]
    special = term("500", "2026-03-01", "2026-05-01")
    assert contract(stored, special) == [
        term("680", "2026-01-01", "2026-03-01"),
        term("500", "2026-03-01", "2026-05-01"),
        term("680", "2026-05-01"),
    ]
    assert contract([], stored[0], special) == contract(stored, special)


def test_an_interruption_told_again_changes_nothing():
    stored = [term("680", "2026-01-01")]
    special = term("500", "2026-03-01", "2026-05-01")
    interrupted = contract(stored, special)
    for again in ([special], [*stored, special], [term("680", "2026-06-01")]):
        assert contract(interrupted, *again) == interrupted


def test_the_open_price_does_not_go_on_where_its_successor_begins():
    stored = [term("680", "2026-01-01")]
    successor = term("700", "2026-05-01")
    told = contract(stored, term("500", "2026-03-01", "2026-05-01"), successor)
    assert [str(each.unit_price) for each in told] == ["680", "500", "700"]
    assert contract(told, term("500", "2026-03-01", "2026-05-01"), successor) == told


def test_a_second_interruption_may_follow_the_first():
    told = contract(
        [term("680", "2026-01-01")],
        term("500", "2026-03-01", "2026-04-01"),
        term("400", "2026-04-01", "2026-05-01"),
    )
    assert [(str(each.unit_price), str(each.starts_on)) for each in told] == [
        ("680", "2026-01-01"),
        ("500", "2026-03-01"),
        ("400", "2026-04-01"),
        ("680", "2026-05-01"),
    ]


def test_a_price_that_comes_back_is_told_with_the_one_before():
    stored = [term("680", "2026-01-01")]
    told = contract(stored, term("680", "2026-05-01"), term("500", "2026-03-01"))
    assert [(str(each.unit_price), str(each.starts_on)) for each in told] == [
        ("680", "2026-01-01"),
        ("500", "2026-03-01"),
        ("680", "2026-05-01"),
    ]


def test_two_prices_from_one_day_contradict_each_other_also_where_one_is_in_force():
    stored = [term("680", "2026-01-01")]
    both = [term("680", "2026-03-01"), term("500", "2026-03-01")]
    assert refused(stored, *both).code is refused(stored, *both[::-1]).code is RefusalCode.INVALID
    twice = [both[1], both[1]]
    assert contract(stored, *twice) == contract(stored, both[1])


def test_a_variant_costs_its_own_price_while_it_has_one_else_the_price_of_the_benefit():
    terms = contract(
        [], term("680", "2026-01-01"), term("1200", "2026-03-01", "2026-05-01", variant="高端体检")
    )
    assert prices(terms) == ["680"] * 4
    assert prices(terms, "优质体检") == ["680"] * 4
    assert prices(terms, "高端体检") == ["680", "1200", "1200", "680"]
    assert prices([terms[1]], "优质体检") == [None] * 4


def test_prices_of_variants_do_not_overlap_with_each_other_nor_with_the_benefits():
    stored = [term("680", "2026-01-01"), term("1200", "2026-01-01", variant="高端体检")]
    assert contract(stored, term("900", "2026-01-01", variant="尊享体检"))
    overlapping = refused(stored, term("1300", "2025-01-01", "2026-02-01", variant="高端体检"))
    assert "physical-exam/高端体检" in overlapping.message("en")


@pytest.mark.parametrize(
    ("new", "variant", "changes"),
    [
        (term("700", "2026-09-30"), None, True),
        (term("700", "2026-10-02"), None, False),
        (term("680", "2026-09-30"), None, False),
        (term("700", "2026-09-01", "2026-09-15"), None, False),  # another day
        (term("700", "2026-09-01", "2026-10-02"), None, True),
        (term("1200", "2026-09-30", variant="高端体检"), "优质体检", False),  # another variant
        (term("1200", "2026-09-30", variant="高端体检"), "高端体检", True),
        (term("680", "2026-09-30", variant="高端体检"), "高端体检", False),  # it cost as much
    ],
)
def test_what_was_delivered_keeps_its_price(new, variant, changes):
    stored = [term("680", "2026-01-01")]
    delivered = [delivery("2026-10-01", variant), delivery("2026-08-01", variant)]
    if not changes:
        assert contract(stored, new, delivered=delivered)
        return
    refusal = refused(stored, new, delivered=delivered)
    assert refusal.code is RefusalCode.INVALID
    assert "2026-10-01" in refusal.message()


def test_a_price_of_the_benefit_changes_nothing_for_a_variant_with_its_own():
    stored = [term("680", "2026-01-01"), term("1200", "2026-01-01", variant="高端体检")]
    delivered = [delivery("2026-10-01", "高端体检")]
    assert contract(stored, term("700", "2026-09-01"), delivered=delivered)
    assert refused(stored, term("700", "2026-09-01"), delivered=[*delivered, delivery("2026-10-01")])


def test_what_was_delivered_without_a_price_may_be_given_one_until_its_month_is_closed():
    stored = [term("1200", "2026-01-01", variant="高端体检")]
    delivered = [delivery("2026-09-15", "优质体检")]
    late = term("680", "2026-01-01")
    assert contract(stored, late, delivered=delivered)
    refusal = refused(stored, late, delivered=delivered, closed=[date(2026, 9, 1)])
    assert refusal.code is RefusalCode.PERIOD_CLOSED


@pytest.mark.parametrize(
    ("new", "closed"),
    [
        (term("700", "2026-09-30"), True),  # begins in it
        (term("700", "2026-09-01"), True),
        (term("700", "2026-10-01"), False),
        (term("700", "2026-08-31"), True),  # begins before and reaches into it
        (term("700", "2026-08-01", "2026-09-01"), False),
        (term("680", "2026-09-10"), False),  # says nothing new
        (term("1200", "2026-08-01", variant="高端体检"), True),
        (term("680", "2026-08-01", variant="高端体检"), False),  # costs what it cost
        (term("180", "2026-09-30", benefit="dental-care"), True),
        (term("180", "2025-01-01", benefit="dental-care"), False),  # a first price, told without a day
    ],
)
def test_a_closed_month_keeps_its_prices(new, closed):
    stored = [term("680", "2026-01-01")]
    months = [date(2026, 9, 1), date(2026, 3, 1)]
    if not closed:
        assert contract(stored, new, closed=months)
        return
    refusal = refused(stored, new, closed=months)
    assert (refusal.code, refusal.facts["period"]) == (RefusalCode.PERIOD_CLOSED, "2026-09")
    assert "2026-09" in refusal.message()
    assert "2026-09" in refusal.message("en")


@pytest.mark.parametrize(
    ("benefit", "variant", "known"),
    [(EXAM, "豪华体检", "高端体检"), ("dental-care", "成人洁牙", "-"), (EXAM, "", "健康体检")],
)
def test_a_price_is_for_a_variant_that_some_edition_has(handbook, benefit, variant, known):
    refusal = malformed_term("terms[0]", term("1", "2026-01-01", variant=variant, benefit=benefit), handbook)
    assert refusal is not None
    assert "terms[0].variant" in refusal.message("en")
    assert known in refusal.message("en")


DAYS = st.integers(0, 40).map(lambda days: DAY + timedelta(days=days))


VARIANTS = (None, "优质体检", "高端体检")


@st.composite
def any_term(draw):
    starts_on = draw(DAYS)
    length = draw(st.one_of(st.none(), st.integers(1, 20)))
    return Term(
        benefit=EXAM,
        variant=draw(st.sampled_from([None, "优质体检", "高端体检"])),
        unit_price=Decimal(draw(st.integers(1, 3))),
        starts_on=starts_on,
        ends_on=starts_on + timedelta(days=length) if length else None,
    )


def told_in_calls(calls):
    """The terms that are stored after the calls, and how many of these were refused."""
    stored, refusals = [], 0
    for terms in calls:
        changed = change(terms, stored)
        refusals += isinstance(changed, Refusal)
        stored += changed.adding if isinstance(changed, Change) else ()
    return stored, refusals


def naive_price(terms, variant, day):
    """By the words of the contract: the variant's own price, of these that for some days, of these the latest."""
    for name in (variant, None):
        holding = [each for each in terms if each.variant == name and each.holds_on(day)]
        bounded = [each.unit_price for each in holding if each.ends_on is not None]
        if bounded:
            assert len(set(bounded)) == 1, "bounded terms that share a day agree"
            return bounded[0]
        if holding:
            (latest,) = {
                each.unit_price for each in holding if each.starts_on == max(x.starts_on for x in holding)
            }
            return latest
    return None


@given(st.lists(any_term(), max_size=7), st.randoms(use_true_random=False))
def test_terms_in_any_order_and_any_split_have_one_verdict_and_one_price_a_day(terms, random):
    accepted, refusals = told_in_calls([[each] for each in terms])
    shuffled = random.sample(terms, len(terms))
    cut = random.randint(0, len(terms))
    again, refused_again = told_in_calls([shuffled[:cut], shuffled[cut:]])
    assert (refusals > 0) == isinstance(change(shuffled, ()), Refusal) == (refused_again > 0)
    assert change(accepted, accepted) == Change(adding=())
    if not refusals:
        assert price_spans(again) == price_spans(terms)
    spans = price_spans(accepted)
    for variant in VARIANTS:
        for days in range(-1, 62):
            day = DAY + timedelta(days=days)
            at = Delivery(benefit=EXAM, variant=variant, day=day)
            priced = naive_price(accepted, variant, day)
            for each in (term_of(accepted, at), term_of(spans, at)):
                assert (each.unit_price if each else None) == priced
            assert sum(span.variant == variant and span.holds_on(day) for span in spans) <= 1


def test_a_price_that_is_in_force_anyway_is_kept_and_succeeds_a_lower_one_whenever_that_comes():
    first, back, between = term("680", "2026-01-01"), term("680", "2026-05-01"), term("500", "2026-03-01")
    for calls in ([[first], [back], [between]], [[between, back], [first]], [[back], [first, between]]):
        stored, refusals = told_in_calls(calls)
        assert refusals == 0
        assert prices(stored) == ["680", "500", "500", "680"]


@given(
    st.lists(any_term(), max_size=4),
    any_term(),
    st.lists(st.tuples(DAYS, st.sampled_from([None, "优质体检", "高端体检"])), max_size=5),
)
def test_no_registration_that_is_taken_changes_what_a_delivery_cost(before, new, delivered):
    deliveries = [Delivery(benefit=EXAM, variant=variant, day=day) for day, variant in delivered]
    stored = []
    for each in before:
        changed = change([each], stored)
        stored += changed.adding if isinstance(changed, Change) else ()
    if isinstance(change([new], stored, delivered=deliveries), Refusal):
        return
    after = contract(stored, new, delivered=deliveries)
    for each in deliveries:
        old = term_of(stored, each)
        if old is not None:
            now = term_of(after, each)
            assert now is not None
            assert now.unit_price == old.unit_price
