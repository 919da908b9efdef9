"""The second opinion by itself: groups and credit lines, each by an example whose answer can be told by hand."""

from decimal import Decimal

from ledger.reconciliation.values import FindingKind, Pass, StatementLine
from tests.reconciliation.month import PHONE, line, october
from tests.reconciliation.naive import Delivery, Found, naive_match

MATCHED, NOT_IN_LEDGER = FindingKind.MATCHED, FindingKind.NOT_IN_LEDGER


def delivery(
    place: int,
    day: int,
    reference: str | None = None,
    *,
    units: int = 1,
    amount: int | None = None,
    reversed_: bool = False,
) -> Delivery:
    return Delivery(
        place=place,
        reference=reference,
        member_no="M1",
        benefit=PHONE,
        units=units,
        day=october(day),
        amount=Decimal(12 * units if amount is None else amount),
        reversed=reversed_,
    )


def found(lines: list[StatementLine], deliveries: list[Delivery], *, backdating: int = 31) -> Found:
    return naive_match(lines, deliveries, 3, backdating)


def test_a_line_that_adds_up_to_deliveries_of_its_day_has_them_all():
    lines = [line(1, october(8), units=3)]
    assert found(lines, [delivery(1, 8), delivery(2, 8, "B", units=2), delivery(3, 9, units=2)]) == Found(
        pairs={1: ((1, 2), Pass.GROUP, MATCHED)}, lines={}, unstated=frozenset({3})
    )
    # The same units for another amount are no group, and what was reversed is in none.
    for other in (delivery(2, 8, units=2, amount=20), delivery(2, 8, units=2, reversed_=True)):
        assert Pass.GROUP not in {pair[1] for pair in found(lines, [delivery(1, 8), other]).pairs.values()}


def test_several_lines_have_parts_of_one_delivery_and_differ_in_their_own_days():
    lines = [line(1, october(8), "A"), line(2, october(9), "A", units=2)]
    assert found(lines, [delivery(1, 8, "A", units=3)]).pairs == {
        1: ((1,), Pass.GROUP, MATCHED),
        2: ((1,), Pass.GROUP, FindingKind.DATE_DIFFERS),
    }


def test_a_reference_groups_within_the_backdating_days_by_the_last_day_of_the_deliveries():
    made = [delivery(1, 6, "A"), delivery(2, 8, "A")]
    for day, kind in ((8, MATCHED), (7, FindingKind.DATE_DIFFERS)):
        pair = found([line(1, october(day), "A", units=2)], made, backdating=2).pairs
        assert pair == {1: ((1, 2), Pass.GROUP, kind)}
    beyond = found([line(1, october(9), "A", units=2)], made, backdating=2)
    assert beyond.pairs == {1: ((2,), Pass.REFERENCE, FindingKind.UNITS_DIFFER)}


def test_a_line_whose_reference_names_any_delivery_of_a_group_is_a_duplicate():
    lines = [line(1, october(8), "A", units=2), line(2, october(12), "A", units=7)]
    assert found(lines, [delivery(1, 6, "A"), delivery(2, 10, "A")], backdating=2) == Found(
        pairs={1: ((1, 2), Pass.GROUP, FindingKind.DATE_DIFFERS)},
        lines={2: FindingKind.DUPLICATE_LINE},
        unstated=frozenset(),
    )


def test_where_there_are_two_ways_nobody_chooses():
    three = [delivery(place, 8) for place in (1, 2, 3)]
    assert found([line(1, october(8), units=2)], three) == Found(
        pairs={}, lines={1: NOT_IN_LEDGER}, unstated=frozenset({1, 2, 3})
    )
    # Two lines whose only ways share a delivery.
    shared = [delivery(place, 8, units=units) for place, units in ((1, 1), (2, 2), (3, 4))]
    assert found([line(1, october(8), units=3), line(2, october(8), units=5)], shared).pairs == {}
    # Of two deliveries a line may mean one or both: the one of its own units is a way too.
    either = [delivery(1, 8, "A", units=2, amount=20), delivery(2, 8, "A"), delivery(3, 8, "A")]
    pair = found([line(1, october(8), "A", units=2)], either).pairs
    assert pair == {1: ((1,), Pass.REFERENCE, FindingKind.AMOUNT_DIFFERS)}


def test_of_alike_lines_the_first_has_the_deliveries_and_the_other_repeats_it():
    for reference in (None, "A"):
        lines = [line(number, october(8), reference, units=2) for number in (1, 2)]
        assert found(lines, [delivery(1, 8, reference), delivery(2, 8, reference)]) == Found(
            pairs={1: ((1, 2), Pass.GROUP, MATCHED)},
            lines={2: FindingKind.DUPLICATE_LINE},
            unstated=frozenset(),
        )


def test_a_line_alike_to_one_with_a_way_of_its_own_has_two_ways():
    """Two lines of 2 mean two deliveries of 1, or together the delivery of 4."""
    lines = [line(number, october(8), units=2) for number in (1, 2)]
    made = [delivery(1, 8), delivery(2, 8), delivery(3, 8, units=4)]
    assert found(lines, made).pairs == {}
    assert found(lines, made[2:]).pairs == dict.fromkeys((1, 2), ((3,), Pass.GROUP, MATCHED))


def test_what_agrees_by_reference_comes_before_the_groups_and_these_before_the_rest():
    made = [delivery(1, 8, "A", units=2), delivery(2, 8, "A", units=3), delivery(3, 8, "A", units=2)]
    lines = [line(1, october(8), "A", units=2), line(2, october(9), "A", units=5)]
    assert found(lines, made).pairs == {
        1: ((1,), Pass.REFERENCE, MATCHED),
        2: ((2, 3), Pass.GROUP, FindingKind.DATE_DIFFERS),
    }


def test_a_credit_line_takes_back_the_nearest_line_of_its_reference_or_of_its_day():
    credit = line(1, october(11), "A", units=-1)
    lines = [credit, line(2, october(8), "A"), line(3, october(12), "A"), line(4, october(11), "B")]
    assert found(lines, [delivery(1, 8, "A")]) == Found(
        pairs={2: ((1,), Pass.REFERENCE, MATCHED)},
        lines={1: MATCHED, 3: MATCHED, 4: NOT_IN_LEDGER},
        unstated=frozenset(),
    )
    # Without a reference on one side the day must agree; a line that is cancelled makes no other a duplicate.
    lines = [line(1, october(9), units=-1), line(2, october(9), "A"), line(3, october(9), "A")]
    assert found(lines, []).lines == {1: MATCHED, 2: MATCHED, 3: NOT_IN_LEDGER}
    lines = [line(1, october(9), units=-1), line(2, october(10), "A")]
    assert found(lines, []).lines == {1: NOT_IN_LEDGER, 2: NOT_IN_LEDGER}


def test_a_credit_line_that_takes_nothing_back_is_not_in_the_ledger_however_often_it_is_stated():
    twice = [line(number, october(9), "A", units=-1, amount="-11.00") for number in (1, 2)]
    assert found([*twice, line(3, october(9), "A")], [delivery(1, 9, "A")]) == Found(
        pairs={3: ((1,), Pass.REFERENCE, MATCHED)},
        lines={1: NOT_IN_LEDGER, 2: NOT_IN_LEDGER},
        unstated=frozenset(),
    )
