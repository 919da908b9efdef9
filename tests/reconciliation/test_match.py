"""The match by itself, without a database: each rule by an example, and all of them against a second opinion."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.ids import RedemptionId
from ledger.reconciliation.match import match
from ledger.reconciliation.match_values import Delivery, History, Line, Matched, Paid, Pair, Repeats, Rule
from ledger.reconciliation.values import FindingKind, Pass, StatementLine
from tests.examples import examples
from tests.reconciliation import naive
from tests.reconciliation.month import OCTOBER, PRICES, october
from tests.reconciliation.test_properties import deliveries_made, numbered, stated_lines

RULE = Rule(month=OCTOBER, tolerance_days=3, backdating_days=31)
PRICE = Decimal(12)


def line(line_no: int, day: int, reference: str | None = None, *, units: int = 1, statement: int = 1) -> Line:
    return Line(
        statement=statement,
        line_no=line_no,
        reference=reference,
        member_no="M1",
        benefit="b",
        units=units,
        amount=units * PRICE,
        day=october(day),
    )


def delivery(
    sequence: int, day: int, reference: str | None = None, *, units: int = 1, reversed_: bool = False
) -> Delivery:
    return Delivery(
        id=RedemptionId(1, sequence),
        reference=reference,
        benefit="b",
        units=units,
        amount=units * PRICE,
        day=october(day),
        reversed=reversed_,
    )


def pairs(matched: Matched) -> dict[int, tuple[int, Pass]]:
    return {each.line.line_no: (each.delivery.id.sequence, each.found_by) for each in matched.paired}


def found(matched: Matched) -> list[tuple[int | None, FindingKind]]:
    """What was found of each line, and of deliveries that no line speaks of (None), by line."""
    kinds = [(each.line.line_no if each.line is not None else None, each.kind) for each in matched.findings]
    return sorted(kinds, key=lambda each: (each[0] is None, each[0] or 0, each[1]))


def paired(stated: Line, delivered: Delivery, kind: FindingKind, *, open_: bool = True) -> History:
    pair = Pair(line=stated, deliveries=(delivered,), found_by=Pass.REFERENCE, kind=kind, open=open_)
    return History(pairs=[pair])


def opinion(lines: Iterable[StatementLine], made: Iterable[naive.Delivery], rule: Rule) -> naive.Found:
    """What the match finds of a month, member by member and benefit by benefit, as the second opinion tells it."""
    stated, delivered = list(lines), list(made)
    about = {(each.member_no, each.benefit) for each in [*stated, *delivered]}
    told = naive.Found(pairs={}, lines={}, unstated=frozenset())
    for member_no, benefit in sorted(about):
        matched = match(
            [
                Line(
                    statement=1,
                    line_no=each.line_no,
                    reference=each.reference,
                    member_no=member_no,
                    benefit=benefit,
                    units=each.units,
                    amount=each.amount,
                    day=each.occurred_on,
                )
                for each in stated
                if (each.member_no, each.benefit) == (member_no, benefit)
            ],
            [
                Delivery(
                    id=RedemptionId(1, each.place),
                    reference=each.reference,
                    benefit=benefit,
                    units=each.units,
                    amount=each.amount,
                    day=each.day,
                    reversed=each.reversed,
                )
                for each in delivered
                if (each.member_no, each.benefit) == (member_no, benefit)
            ],
            History(),
            rule,
        )
        for each in matched.paired:
            places = tuple(sorted(delivery.id.sequence for delivery in each.deliveries))
            told.pairs[each.line.line_no] = places, each.found_by, each.kind
        of_lines = [each for each in matched.findings if each.delivery is None]
        told.lines.update({each.line.line_no: each.kind for each in of_lines if each.line is not None})
        unstated = {
            each.delivery.id.sequence
            for each in matched.findings
            if each.line is None and each.delivery is not None
        }
        told = naive.Found(pairs=told.pairs, lines=told.lines, unstated=told.unstated | unstated)
    return told


@settings(max_examples=examples(300))
@given(made=deliveries_made, stated=stated_lines, backdating_days=st.sampled_from([0, 2, 31]))
def test_the_passes_find_what_a_person_with_two_piles_of_paper_finds(made, stated, backdating_days):
    deliveries = [
        naive.Delivery(
            place=place,
            reference=each.reference,
            member_no=each.member_no,
            benefit=each.benefit,
            units=each.units,
            day=each.day,
            amount=each.units * PRICES[each.benefit],
            reversed=each.reversed,
        )
        for place, each in enumerate(made)
    ]
    lines = numbered(stated, deliveries)
    rule = Rule(month=OCTOBER, tolerance_days=3, backdating_days=backdating_days)
    assert opinion(lines, deliveries, rule) == naive.naive_match(lines, deliveries, 3, backdating_days)


def test_a_reference_counts_within_the_backdating_days_around_the_lines_own_day():
    rule = Rule(month=OCTOBER, tolerance_days=3, backdating_days=10)
    for off, sees in ((-11, False), (-10, True), (10, True), (11, False)):
        matched = match([line(1, 15, "A")], [delivery(1, 15 + off, "A")], History(), rule)
        assert bool(matched.paired) is sees, off


def test_a_number_that_is_used_again_months_later_is_no_duplicate_and_the_line_goes_on_to_the_next_passes():
    months_ago = Line(
        statement=9,
        line_no=1,
        reference="A",
        member_no="M1",
        benefit="b",
        units=1,
        amount=PRICE,
        day=october(3) - timedelta(days=90),
    )
    then = Delivery(
        id=RedemptionId(1, 1), reference="A", benefit="b", units=1, amount=PRICE, day=months_ago.day
    )
    history = paired(months_ago, then, FindingKind.MATCHED, open_=False)
    matched = match([line(1, 3, "A")], [delivery(2, 3)], history, RULE)
    assert pairs(matched) == {1: (2, Pass.EXACT)}
    assert found(matched) == []
    near = paired(line(1, 1, "A", statement=9), delivery(1, 1, "A"), FindingKind.MATCHED, open_=False)
    assert found(match([line(1, 3, "A")], [delivery(2, 3)], near, RULE)) == [
        (1, FindingKind.DUPLICATE_LINE),
        (None, FindingKind.NOT_IN_STATEMENT),
    ]


def test_a_delivery_that_a_person_must_choose_is_left_to_its_line():
    """The line of 10 October fits two deliveries; the one of 9 October agrees with one of these in the day alone."""
    matched = match([line(1, 10), line(2, 9, units=2)], [delivery(1, 9), delivery(2, 11)], History(), RULE)
    assert matched.paired == []
    assert found(matched) == [(1, FindingKind.AMBIGUOUS), (2, FindingKind.NOT_IN_LEDGER)]


def test_one_choice_after_the_other_is_taken_however_many_there_are():
    """Line n fits deliveries n and n + 1, the last line only one: each pair leaves the line before it one choice."""
    rule = Rule(month=OCTOBER, tolerance_days=1, backdating_days=31)
    lines = [line(number, 2 * number + 1) for number in range(1, 14)]
    matched = match(lines, [delivery(number, 2 * number) for number in range(1, 14)], History(), rule)
    assert pairs(matched) == {number: (number, Pass.TOLERANCE) for number in range(1, 14)}


def test_what_is_alike_goes_in_the_ledgers_order_however_much_there_is():
    lines = [line(number, 5) for number in range(1, 801)]
    matched = match(lines, [delivery(number, 5) for number in range(1, 801)], History(), RULE)
    assert pairs(matched) == {number: (number, Pass.EXACT) for number in range(1, 801)}


def test_a_pair_whose_delivery_was_reversed_parts_and_takes_what_was_posted_anew():
    before = paired(line(1, 3, "A"), delivery(1, 3, "A", reversed_=True), FindingKind.MATCHED)
    matched = match([], [delivery(2, 3, "A")], before, RULE)
    assert [each.delivery.id.sequence for each in matched.unmatched] == [1]
    assert pairs(matched) == {1: (2, Pass.REFERENCE)}
    assert found(matched) == []


def test_what_was_reversed_of_several_deliveries_by_hand_no_longer_counts():
    """The line was carried on after a dispute: it is open, and paired by hand."""
    stated = line(1, 3, units=2)
    two = (delivery(1, 3, reversed_=True), delivery(2, 3))
    pair = Pair(line=stated, deliveries=two, found_by=Pass.HAND)
    [finding] = match([], [], History(pairs=[pair]), RULE).findings
    assert (finding.kind, finding.units, finding.amount) == (FindingKind.UNITS_DIFFER, 1, PRICE)


def test_what_is_decided_or_of_another_month_is_left_as_it_is():
    before = paired(line(1, 3), delivery(1, 3, reversed_=True), FindingKind.MATCHED, open_=False)
    assert match([], [], before, RULE) == Matched()


def test_a_line_that_says_what_a_paid_exception_says_is_its_duplicate():
    excepted = line(7, 3, "A", statement=9)
    matched = match([line(1, 5, "A"), line(2, 3)], [delivery(1, 5, "A")], History(excepted=[excepted]), RULE)
    assert [each.because for each in matched.findings[:2]] == [Repeats(line=excepted, excepted=True)] * 2
    assert found(matched) == [
        (1, FindingKind.DUPLICATE_LINE),
        (2, FindingKind.DUPLICATE_LINE),
        (None, FindingKind.NOT_IN_STATEMENT),
    ]


def test_a_credit_cancels_a_line_of_its_reference_within_the_backdating_days_or_of_its_day():
    rule = Rule(month=OCTOBER, tolerance_days=3, backdating_days=10)
    for credited, stated, does in (
        ((15, "A"), (5, "A"), True),
        ((15, "A"), (4, "A"), False),
        ((15, "A"), (15, "B"), False),
        ((15, None), (15, "A"), True),
        ((15, "A"), (15, None), True),
        ((15, None), (14, None), False),
    ):
        credit = replace(line(1, *credited), units=-1, amount=-PRICE)
        kinds = found(match([credit, line(2, *stated)], [], History(), rule))
        expected = FindingKind.MATCHED if does else FindingKind.NOT_IN_LEDGER
        assert kinds == [(1, expected), (2, expected)], (credited, stated)


def test_a_delivery_whose_payment_is_credited_is_not_missing_from_the_statement():
    rule = replace(RULE, feeding=frozenset([OCTOBER]))
    paid = Pair(
        line=line(1, 3, "A", statement=9),
        deliveries=(delivery(1, 3, "A"),),
        found_by=Pass.REFERENCE,
        open=False,
        paid=Paid(units=1, amount=PRICE),
    )
    credit = replace(line(1, 20, "A"), units=-1, amount=-PRICE)
    assert found(match([credit], [], History(pairs=[paid]), rule)) == [(1, FindingKind.MATCHED)]
