"""The match once more, slowly and in plain Python: a second opinion on what the passes pair and what they leave.

Written from the rules in words, not from the SQL: everything is a list that is searched from its beginning, as a person
with two piles of paper would. One run over an open month of which nobody has decided anything.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import combinations
from typing import TypeVar

from ledger.reconciliation.values import FindingKind, Pass, StatementLine


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What the ledger has: `place` is its order in the ledger, `amount` what it costs by the contract."""

    place: int
    reference: str | None
    member_no: str
    benefit: str
    units: int
    day: date
    amount: Decimal
    reversed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Pairs by line number, with the pass and the kind; the other lines' kinds; the places that no line speaks of.

    A pair has the places of all deliveries that the line means. Lines that cancel each other are MATCHED without any.
    """

    pairs: dict[int, tuple[tuple[int, ...], Pass, FindingKind]]
    lines: dict[int, FindingKind]
    unstated: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """What may belong together: the numbers of lines, all that are alike where one of them is meant, and the places.

    `pairs`: what becomes of it as a group, each line number with its places; nothing, for one line and one delivery.
    """

    numbers: frozenset[int]
    places: frozenset[int]
    pairs: tuple[tuple[int, tuple[int, ...]], ...] = ()


Fit = tuple[StatementLine, Delivery]
_Of = TypeVar("_Of")
_Part = TypeVar("_Part", StatementLine, Delivery)


def naive_match(
    lines: Iterable[StatementLine], deliveries: Iterable[Delivery], tolerance: int, backdating: int
) -> Found:
    """What one run finds of the lines of a statement and the deliveries of its month."""
    match = _Match(list(lines), list(deliveries))
    match.cancel(backdating)
    by_reference = list(match.fits(lambda one, other: _by_number(one, other, backdating)))
    match.best([fit for fit in by_reference if _kind(*fit) is FindingKind.MATCHED], Pass.REFERENCE)
    match.groups_by_reference(backdating)
    match.best(by_reference, Pass.REFERENCE)
    matched = [match.deliveries[place] for places, _ in match.pairs.values() for place in places]
    taken = [
        one
        for one in match.lines
        if any(_about_the_same(one, other) and _by_number(one, other, backdating) for other in matched)
    ]
    match.lines = [one for one in match.lines if one not in taken]
    match.exactly(over=False)
    match.groups_by_day()
    undecidable = match.within(tolerance)
    unsure = {one.line_no for one, _ in undecidable}
    match.lines = [one for one in match.lines if one.line_no not in unsure]
    match.other_units({(other.member_no, other.benefit, other.units, other.day) for _, other in undecidable})
    match.exactly(over=True)
    match.best(
        [
            (one, other)
            for one, other in match.fits(lambda one, other: one.units == other.units)
            if other.reversed and abs(one.occurred_on - other.day).days <= tolerance
        ],
        Pass.TOLERANCE,
    )
    return Found(
        pairs={
            number: (places, pass_, match.kind(number)) for number, (places, pass_) in match.pairs.items()
        },
        lines=dict.fromkeys(match.cancelled, FindingKind.MATCHED)
        | dict.fromkeys(match.cancelling_nothing, FindingKind.NOT_IN_LEDGER)
        | dict.fromkeys(unsure, FindingKind.AMBIGUOUS)
        | match.explained(taken),
        unstated=frozenset(
            each.place
            for each in match.free
            if not each.reversed and each.place not in {other.place for _, other in undecidable}
        ),
    )


class _Match:
    """Two piles that get smaller: lines, and deliveries that are free."""

    def __init__(self, lines: list[StatementLine], deliveries: list[Delivery]) -> None:
        self.all_lines = {each.line_no: each for each in lines}
        self.lines = lines
        self.deliveries = {each.place: each for each in deliveries}
        self.free = deliveries
        self.pairs: dict[int, tuple[tuple[int, ...], Pass]] = {}
        self.cancelled: list[int] = []
        self.cancelling_nothing: list[int] = []

    def fits(self, agree: Callable[[StatementLine, Delivery], bool]) -> Iterator[Fit]:
        for one in self.lines:
            for other in self.free:
                if _about_the_same(one, other) and agree(one, other):
                    yield one, other

    def pair(self, one: StatementLine, other: Delivery, name: Pass) -> None:
        self.put_together(one.line_no, (other.place,), name)

    def put_together(self, number: int, places: tuple[int, ...], name: Pass) -> None:
        self.pairs[number] = (places, name)
        self.lines = [each for each in self.lines if each.line_no != number]
        self.free = [each for each in self.free if each.place not in places]

    def kind(self, number: int) -> FindingKind:
        """Units and amounts of a group add up: its day alone may differ, the last of its deliveries' days."""
        places, name = self.pairs[number]
        one, others = self.all_lines[number], [self.deliveries[place] for place in places]
        if name is Pass.GROUP:
            last = max(other.day for other in others)
            return FindingKind.MATCHED if one.occurred_on == last else FindingKind.DATE_DIFFERS
        return _kind(one, others[0])

    def cancel(self, backdating: int) -> None:
        """Each credit line takes back the nearest line of opposite units and amount, and neither means a delivery."""
        for credit in sorted(filter(_is_credit, self.lines), key=_order):
            taken_back = min(
                [each for each in self.lines if _takes_back(credit, each, backdating)],
                key=lambda each: (abs(each.occurred_on - credit.occurred_on), _order(each)),
                default=None,
            )
            if taken_back is None:
                self.cancelling_nothing += [credit.line_no]
                self.lines = [each for each in self.lines if each is not credit]
            else:
                self.cancelled += [credit.line_no, taken_back.line_no]
                self.lines = [each for each in self.lines if each not in (credit, taken_back)]

    def groups_by_reference(self, backdating: int) -> None:
        """Groups of what bears one reference, of each reference by itself."""
        for member_no, benefit, reference in _once(
            (one.member_no, one.benefit, one.reference) for one in self.lines if one.reference is not None
        ):
            said = member_no, benefit, reference
            self.group(
                [one for one in self.lines if (one.member_no, one.benefit, one.reference) == said],
                [other for other in self.free if (other.member_no, other.benefit, other.reference) == said],
                backdating,
            )

    def groups_by_day(self) -> None:
        """Groups of what is of one day, whatever the references, of each day by itself."""
        for said in _once((one.member_no, one.benefit, one.occurred_on) for one in self.lines):
            self.group(
                [one for one in self.lines if (one.member_no, one.benefit, one.occurred_on) == said],
                [other for other in self.free if (other.member_no, other.benefit, other.day) == said],
                0,
            )

    def group(self, lines: Sequence[StatementLine], deliveries: Sequence[Delivery], days: int) -> None:
        """Of all ways to put these together, those become groups that share nothing with another way."""
        ways = _once(_ways(lines, [other for other in deliveries if not other.reversed], days))
        for way in ways:
            others = [each for each in ways if each != way]
            if not any(way.numbers & each.numbers or way.places & each.places for each in others):
                for number, places in way.pairs:
                    self.put_together(number, places, Pass.GROUP)

    def best(self, fits: list[Fit], name: Pass) -> None:
        """The nearest of all first, then the nearest of what is left."""
        for one, other in sorted(fits, key=_distance):
            if one in self.lines and other in self.free:
                self.pair(one, other, name)

    def exactly(self, *, over: bool) -> None:
        """Same units, same day. Of what stands in the ledger, only where there are as many lines as deliveries."""

        def alike(one: StatementLine, other: Delivery) -> bool:
            return one.units == other.units and one.occurred_on == other.day and other.reversed == over

        fits = list(self.fits(alike))
        enough = [
            (one, other)
            for one, other in fits
            if over
            or len({each.line_no for each, delivery in fits if delivery is other})
            >= len({each.place for line, each in fits if line is one})
        ]
        self.best(enough, Pass.EXACT)

    def within(self, tolerance: int) -> list[Fit]:
        """Lines that only one delivery fits get it, the nearest first, until nothing more comes of it; the rest."""
        while True:
            fits = [
                (one, other)
                for one, other in self.fits(lambda one, other: one.units == other.units)
                if not other.reversed and abs(one.occurred_on - other.day).days <= tolerance
            ]
            sure = [fit for fit in fits if len([each for each in fits if each[0] is fit[0]]) == 1]
            if not sure:
                return fits
            self.best(sure, Pass.TOLERANCE)

    def other_units(self, unsure: set[tuple[str, str, int, date]]) -> None:
        """Same day, other units: only where one line and one delivery have nobody but each other.

        What a line may mean for which a person must choose is left to that line.
        """
        fits = [
            (one, other)
            for one, other in self.fits(lambda one, other: one.occurred_on == other.day)
            if not other.reversed and one.units != other.units
        ]
        for one, other in fits:
            alone = not any((each[0] is one) != (each[1] is other) for each in fits)
            if alone and (other.member_no, other.benefit, other.units, other.day) not in unsure:
                self.pair(one, other, Pass.UNITS)

    def explained(self, taken: list[StatementLine]) -> dict[int, FindingKind]:
        """Why the lines that are left have no delivery."""
        found = {each.line_no: FindingKind.DUPLICATE_LINE for each in taken}
        matched = [self.all_lines[number] for number in self.pairs]
        for one in self.lines:
            twin = any(
                _says_the_same(one, each) and one.reference in {None, each.reference} for each in matched
            )
            found[one.line_no] = FindingKind.DUPLICATE_LINE if twin else FindingKind.NOT_IN_LEDGER
        missing = [one for one in self.lines if found[one.line_no] is FindingKind.NOT_IN_LEDGER]
        for one in missing:
            if one.reference is not None and any(
                _says_the_same(one, each) and one.reference == each.reference and _order(each) < _order(one)
                for each in missing
            ):
                found[one.line_no] = FindingKind.DUPLICATE_LINE
        return found


def _ways(lines: Sequence[StatementLine], deliveries: Sequence[Delivery], days: int) -> Iterator[Way]:
    """One line and one delivery of equal units; one line and several deliveries; one delivery and several lines."""
    for one in lines:
        alike = [each for each in lines if _is_alike(each, one)]
        numbers = frozenset(each.line_no for each in alike)
        first = min(alike, key=_order)
        near = [other for other in deliveries if abs(one.occurred_on - other.day).days <= days]
        for other in near:
            if other.units == one.units:
                yield Way(numbers=numbers, places=frozenset({other.place}))
        for some in _several(near):
            if _add_up(some, one):
                places = tuple(sorted(other.place for other in some))
                yield Way(numbers=numbers, places=frozenset(places), pairs=((first.line_no, places),))
    for other in deliveries:
        for several in _several([one for one in lines if abs(one.occurred_on - other.day).days <= days]):
            if _add_up(several, other):
                yield Way(
                    numbers=frozenset(one.line_no for one in several),
                    places=frozenset({other.place}),
                    pairs=tuple((one.line_no, (other.place,)) for one in several),
                )


def _several(items: Sequence[_Part]) -> Iterator[tuple[_Part, ...]]:
    """Every choice of two or more."""
    for size in range(2, len(items) + 1):
        yield from combinations(items, size)


def _add_up(parts: Sequence[StatementLine | Delivery], whole: StatementLine | Delivery) -> bool:
    return (
        all(part.units < whole.units for part in parts)
        and sum(part.units for part in parts) == whole.units
        and sum(part.amount for part in parts) == whole.amount
    )


def _once(items: Iterable[_Of]) -> list[_Of]:
    """Each of these once, in their order."""
    return list(dict.fromkeys(items))


def _is_alike(one: StatementLine, other: StatementLine) -> bool:
    return (one.units, one.amount, one.occurred_on) == (other.units, other.amount, other.occurred_on)


def _is_credit(one: StatementLine) -> bool:
    return one.units < 0 and one.amount <= 0


def _takes_back(credit: StatementLine, other: StatementLine, backdating: int) -> bool:
    if (credit.member_no, credit.benefit) != (other.member_no, other.benefit):
        return False
    if (credit.units, credit.amount) != (-other.units, -other.amount):
        return False
    days = abs(credit.occurred_on - other.occurred_on).days
    if credit.reference is None or other.reference is None:
        return days == 0
    return credit.reference == other.reference and days <= backdating


def _about_the_same(one: StatementLine, other: Delivery) -> bool:
    return (one.member_no, one.benefit) == (other.member_no, other.benefit)


def _by_number(one: StatementLine, other: Delivery, backdating: int) -> bool:
    near = abs(one.occurred_on - other.day).days <= backdating
    return one.reference is not None and one.reference == other.reference and near


def _says_the_same(one: StatementLine, other: StatementLine) -> bool:
    return (one.member_no, one.benefit, one.occurred_on, one.units) == (
        other.member_no,
        other.benefit,
        other.occurred_on,
        other.units,
    )


def _order(line: StatementLine) -> tuple[object, ...]:
    """The order among equals: by what a line says, and by its number only where two say the same."""
    said = (line.units, line.amount, line.occurred_on, line.reference is None, line.reference or "")
    return *said, line.line_no


def _distance(fit: Fit) -> tuple[object, ...]:
    one, other = fit
    return (
        other.reversed,
        one.units != other.units,
        abs(one.amount - other.amount),
        abs(one.occurred_on - other.day),
        _order(one),
        (other.day, other.units, other.amount),
        other.place,
    )


def _kind(one: StatementLine, other: Delivery) -> FindingKind:
    if other.reversed:
        return FindingKind.REVERSED
    if one.units != other.units:
        return FindingKind.UNITS_DIFFER
    if one.amount != other.amount:
        return FindingKind.AMOUNT_DIFFERS
    return FindingKind.DATE_DIFFERS if one.occurred_on != other.day else FindingKind.MATCHED
