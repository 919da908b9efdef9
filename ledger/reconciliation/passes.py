"""The passes of the match: each pairs free lines with free deliveries, or records what is found of them. Pure.

All have the same signature. The first sentence of each is its rule, in the words of the guide for finance.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from itertools import islice
from typing import TypeVar

from base.months import next_month
from ledger.ids import RedemptionId
from ledger.reconciliation.credits import cancelled, credited, paid_and_reversed
from ledger.reconciliation.groups import groups
from ledger.reconciliation.match_values import Delivery, Found, Line, Pair, Repeats, Rule
from ledger.reconciliation.open_items import OpenItems, distance, ids
from ledger.reconciliation.values import FindingKind, Pass

_Of = TypeVar("_Of")
_Key = TypeVar("_Key")

_MOST_CANDIDATES = 20


def paid_by_exception(items: OpenItems, rule: Rule) -> None:
    """A line that says again what was paid by exception is a duplicate: that is paid once.

    It says so by the same reference within the backdating days, or, where one of them has none, by day and units.
    """

    def says_again(line: Line, excepted: Line) -> bool:
        if line.id == excepted.id:
            return False
        if line.reference is None or excepted.reference is None:
            return (line.day, line.units) == (excepted.day, excepted.units)
        return line.reference == excepted.reference and _near(line, excepted, rule.backdating_days)

    excepted = sorted(items.history.excepted, key=lambda each: each.id)
    for line in list(items.lines.values()) if excepted else ():
        first = next((each for each in excepted if says_again(line, each)), None)
        if first is not None:
            _is_duplicate(items, line, Repeats(line=first, excepted=True))


def after_the_month(items: OpenItems, rule: Rule) -> None:
    """A line whose day lies after the month is OUTSIDE_PERIOD: the statement of its own month can still claim it."""
    for line in list(items.lines.values()):
        if line.day >= next_month(rule.month):
            items.set_aside(line, Found(kind=FindingKind.OUTSIDE_PERIOD, line=line))


def agreeing_by_reference(items: OpenItems, _rule: Rule) -> None:
    """REFERENCE, first where all agree: day, units and amount too."""

    def agree(line: Line, delivery: Delivery) -> bool:
        said = (line.day, line.units, line.amount)
        return said == (delivery.day, delivery.units, delivery.amount) and not delivery.reversed

    for lines, deliveries in _sharing_a_reference(items):
        items.pair_nearest(lines, deliveries, Pass.REFERENCE, agree)


def groups_by_reference(items: OpenItems, rule: Rule) -> None:
    """GROUP: one line for several deliveries or several lines for one, of one reference, which add up in one way only.

    Reference, member and benefit agree, the days within the backdating days, and the whole group in units and amount.
    """
    for lines, deliveries in _sharing_a_reference(items):
        standing = [each for each in deliveries if not each.reversed]
        for group in groups(lines, standing, lambda one, other: _near(one, other, rule.backdating_days)):
            items.group(group.lines, group.deliveries)


def by_reference(items: OpenItems, rule: Rule) -> None:
    """REFERENCE: reference, member and benefit agree, the day within the backdating days of the line's own.

    Where a reference leads several to each other, the nearest first: in amount, then in day.
    """
    for lines, deliveries in _sharing_a_reference(items):
        items.pair_nearest(
            lines,
            deliveries,
            Pass.REFERENCE,
            lambda line, delivery: _near(line, delivery, rule.backdating_days),
        )


def named_again(items: OpenItems, rule: Rule) -> None:
    """A line whose reference names a delivery that another line has is a duplicate, and means no other delivery.

    Within the backdating days: a vendor that uses a number again months later means something else by it.
    """
    if not any(line.reference is not None for line in items.lines.values()):
        return
    named: dict[str | None, list[tuple[Pair, Delivery]]] = defaultdict(list)
    for pair in items.pairs():
        for each in pair.deliveries:
            named[each.reference].append((pair, each))
    for line in list(items.lines.values()):
        for pair, delivery in named.get(line.reference, ()) if line.reference is not None else ():
            if _near(line, delivery, rule.backdating_days):
                _is_duplicate(items, line, Repeats(line=pair.line), [delivery])
                break


def exactly(items: OpenItems, _rule: Rule) -> None:
    """EXACT: member, benefit, day and units agree, and there are at least as many lines as deliveries.

    Of fewer lines nothing tells which delivery each means.
    """
    deliveries = _by(items.standing(), lambda each: (each.day, each.units))
    for said, lines in _by(items.lines.values(), lambda each: (each.day, each.units)).items():
        delivered = deliveries.get(said)
        if delivered is not None and len(lines) >= len(delivered):
            items.pair_nearest(lines, delivered, Pass.EXACT)


def groups_by_day(items: OpenItems, _rule: Rule) -> None:
    """GROUP: one line for several deliveries or several lines for one, of one day, which add up in one way only.

    Member, benefit and day agree, and the whole group in units and amount.
    """
    deliveries = _by(items.standing(), lambda each: each.day)
    for day, lines in _by(items.lines.values(), lambda each: each.day).items():
        for group in groups(lines, deliveries.get(day, ()), lambda _line, _delivery: True):
            items.group(group.lines, group.deliveries)


def within_tolerance(items: OpenItems, rule: Rule) -> None:
    """TOLERANCE: member, benefit and units agree, the day within the vendor's tolerance, and only one delivery fits.

    Each pair may leave another line with one choice. Where several fit in the end, a person must choose: AMBIGUOUS.
    """
    days = range(-rule.tolerance_days, rule.tolerance_days + 1)
    reach = [timedelta(days=off) for off in sorted(days, key=lambda off: (abs(off), off))]
    deliveries = _by(items.standing(), lambda each: (each.day, each.units))
    if not deliveries:
        return
    lines = _by(items.lines.values(), lambda each: (each.day, each.units))

    def choices(line: Line) -> Iterator[Delivery]:
        """What fits a line, the nearest in day first."""
        for off in reach:
            yield from deliveries.get((line.day + off, line.units), ())

    looked_at = list(items.lines.values())
    while looked_at:
        taken = _only_choices(looked_at, choices)
        for line, delivery in taken:
            items.pair(line, delivery, Pass.TOLERANCE)
            deliveries[delivery.day, delivery.units].remove(delivery)
        near = {(delivery.day + off, delivery.units) for _, delivery in taken for off in reach}
        looked_at = [line for said in near for line in lines.get(said, ()) if line.id in items.lines]
    for line in list(items.lines.values()):
        if candidates := list(islice(choices(line), _MOST_CANDIDATES)):
            said = ((line.day + off, line.units) for off in reach)
            items.reserved.update(each for each in said if deliveries.get(each))
            found = Found(kind=FindingKind.AMBIGUOUS, line=line, candidates=sorted(ids(candidates)))
            items.set_aside(line, found)


def of_other_units(items: OpenItems, _rule: Rule) -> None:
    """UNITS: member, benefit and day agree, where the line fits no other delivery and the delivery no other line.

    A delivery that is a candidate of an AMBIGUOUS line is left to that line.
    """
    deliveries = _by(items.standing(), lambda each: each.day)
    for day, lines in _by(items.lines.values(), lambda each: each.day).items():
        delivered = deliveries.get(day, ())
        units_delivered = Counter(each.units for each in delivered)
        units_stated = Counter(line.units for line in lines)
        for line in lines:
            if len(delivered) - units_delivered[line.units] != 1:
                continue
            only = next(each for each in delivered if each.units != line.units)
            rivals = len(lines) - units_stated[only.units]
            if rivals == 1 and (only.day, only.units) not in items.reserved:
                items.pair(line, only, Pass.UNITS)


def reversed_exactly(items: OpenItems, _rule: Rule) -> None:
    """EXACT, of what was reversed: nothing is paid for it, so which of several it was makes no difference."""
    deliveries = _by(items.reversed(), lambda each: (each.day, each.units))
    for said, lines in _by(items.lines.values(), lambda each: (each.day, each.units)).items():
        if said in deliveries:
            items.pair_nearest(lines, deliveries[said], Pass.EXACT)


def reversed_within_tolerance(items: OpenItems, rule: Rule) -> None:
    """TOLERANCE, of what was reversed: the nearest in amount, then in day."""
    items.pair_nearest(
        items.lines.values(),
        items.reversed(),
        Pass.TOLERANCE,
        lambda line, delivery: line.units == delivery.units and _near(line, delivery, rule.tolerance_days),
    )


def said_again(items: OpenItems, _rule: Rule) -> None:
    """A line that says what a line with a delivery says is a duplicate: same day and units, and no other reference."""
    pairs = sorted(items.pairs(), key=lambda each: each.line.id) if items.lines else []
    said: dict[tuple[date, int, str | None], Pair] = {}
    for pair in pairs:
        said.setdefault((pair.line.day, pair.line.units, pair.line.reference), pair)
        said.setdefault((pair.line.day, pair.line.units, None), pair)
    for line in list(items.lines.values()):
        twin = said.get((line.day, line.units, line.reference))
        if twin is not None:
            _is_duplicate(items, line, Repeats(line=twin.line), [twin.delivery])


def stated_twice(items: OpenItems, _rule: Rule) -> None:
    """A line that says what another line without a delivery says, with the same reference, is a duplicate of it."""
    firsts: dict[tuple[str, date, int], Line] = {}
    for line in list(items.lines.values()):  # in the order of what they say
        if line.reference is not None:
            first = firsts.setdefault((line.reference, line.day, line.units), line)
            if first is not line:
                _is_duplicate(items, line, Repeats(line=first))


def not_in_ledger(items: OpenItems, _rule: Rule) -> None:
    """A line for which there is no delivery is NOT_IN_LEDGER; what else its reference leads to is told."""
    for line in list(items.lines.values()):
        other = line.referenced
        candidates = [other.id] if other is not None and other.delivered else []
        items.set_aside(
            line, Found(kind=FindingKind.NOT_IN_LEDGER, line=line, because=other, candidates=candidates)
        )


def not_in_statement(items: OpenItems, rule: Rule) -> None:
    """A delivery of this month that no line speaks of is NOT_IN_STATEMENT; so is, late, one of a month that feeds this.

    Not so while it is a candidate of an AMBIGUOUS line, in this month or in dispute.
    """
    for each in items.standing():
        month = each.day.replace(day=1)
        late = month in rule.feeding and not each.found_before
        if each.id in items.claimed or not (month == rule.month or each.carried_from is not None or late):
            continue
        if (each.day, each.units) not in items.reserved and each.id not in items.history.disputed:
            items.findings.append(
                Found(kind=FindingKind.NOT_IN_STATEMENT, delivery=each, units=each.units, amount=each.amount)
            )


PASSES: tuple[Callable[[OpenItems, Rule], None], ...] = (
    after_the_month,
    cancelled,
    credited,
    paid_by_exception,
    agreeing_by_reference,
    groups_by_reference,
    by_reference,
    named_again,
    exactly,
    groups_by_day,
    within_tolerance,
    of_other_units,
    reversed_exactly,
    reversed_within_tolerance,
    said_again,
    stated_twice,
    not_in_ledger,
)
"""Run on the lines, in this order, as long as any are free."""

DELIVERIES_LEFT: tuple[Callable[[OpenItems, Rule], None], ...] = (not_in_statement, paid_and_reversed)
"""Run on the deliveries afterwards."""


def _only_choices(
    lines: Iterable[Line], choices: Callable[[Line], Iterator[Delivery]]
) -> list[tuple[Line, Delivery]]:
    """Lines that only one delivery fits, with it; of several such lines the nearest."""
    sure: dict[RedemptionId, tuple[Line, Delivery]] = {}
    for line in lines:
        fitting = choices(line)
        only = next(fitting, None)
        if only is not None and next(fitting, None) is None:
            rival, _ = sure.get(only.id, (line, only))
            sure[only.id] = (rival if distance(rival, only) < distance(line, only) else line), only
    return list(sure.values())


def _sharing_a_reference(items: OpenItems) -> list[tuple[list[Line], list[Delivery]]]:
    """The free lines and the free deliveries that bear the same reference."""
    if not items.lines or not items.deliveries:
        return []
    named = _by(items.deliveries.values(), lambda each: each.reference)
    stated = _by(items.lines.values(), lambda each: each.reference)
    return [(lines, named[reference]) for reference, lines in stated.items() if reference in named]


def _is_duplicate(items: OpenItems, line: Line, because: Repeats, of: Iterable[Delivery] = ()) -> None:
    found = Found(kind=FindingKind.DUPLICATE_LINE, line=line, because=because, candidates=ids(of))
    items.set_aside(line, found)


def _near(one: Line | Delivery, other: Line | Delivery, days: int) -> bool:
    return abs((one.day - other.day).days) <= days


def _by(items: Iterable[_Of], key: Callable[[_Of], _Key | None]) -> dict[_Key, list[_Of]]:
    """What has the same key, in its order; what has none is left out."""
    found: dict[_Key, list[_Of]] = defaultdict(list)
    for each in items:
        name = key(each)
        if name is not None:
            found[name].append(each)
    return found
