"""The match once more, slowly and in plain Python: a second opinion on what the passes pair and what they leave.

Written from the rules in words, not from the SQL: everything is a list that is searched from its beginning, as a person
with two piles of paper would. One run over an open month of which nobody has decided anything.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

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
    """Pairs by line number, with the pass and the kind; the other lines' kinds; the places that no line speaks of."""

    pairs: dict[int, tuple[int, Pass, FindingKind]]
    lines: dict[int, FindingKind]
    unstated: frozenset[int]


Fit = tuple[StatementLine, Delivery]


def naive_match(
    lines: Iterable[StatementLine], deliveries: Iterable[Delivery], tolerance: int, backdating: int
) -> Found:
    """What one run finds of the lines of a statement and the deliveries of its month."""
    match = _Match(list(lines), list(deliveries))
    by_reference = list(match.fits(lambda one, other: _by_number(one, other, backdating)))
    match.best(by_reference, Pass.REFERENCE)
    matched = [match.deliveries[place] for place, _ in match.pairs.values()]
    taken = [
        one
        for one in match.lines
        if any(_about_the_same(one, other) and _by_number(one, other, backdating) for other in matched)
    ]
    match.lines = [one for one in match.lines if one not in taken]
    match.exactly(over=False)
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
            number: (place, pass_, _kind(match.all_lines[number], match.deliveries[place]))
            for number, (place, pass_) in match.pairs.items()
        },
        lines=dict.fromkeys(unsure, FindingKind.AMBIGUOUS) | match.explained(taken),
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
        self.pairs: dict[int, tuple[int, Pass]] = {}

    def fits(self, agree: Callable[[StatementLine, Delivery], bool]) -> Iterator[Fit]:
        for one in self.lines:
            for other in self.free:
                if _about_the_same(one, other) and agree(one, other):
                    yield one, other

    def pair(self, one: StatementLine, other: Delivery, name: Pass) -> None:
        self.pairs[one.line_no] = (other.place, name)
        self.lines = [each for each in self.lines if each is not one]
        self.free = [each for each in self.free if each is not other]

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
