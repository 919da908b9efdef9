"""The passes of the match: each pairs what the ones before have left, or says what is found of it. Pure.

All have one shape: they take what is free from the desk and put it to the pairs or the findings. What each begins with
is its rule, as the guide for finance tells it.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import TypeVar

from base.months import next_month
from ledger.ids import RedemptionId
from ledger.reconciliation.desk import Desk, distance, ids
from ledger.reconciliation.match_values import Delivery, Found, Line, Pair, Repeats, Rule
from ledger.reconciliation.values import FindingKind, Pass

_Of = TypeVar("_Of")
_Key = TypeVar("_Key")

_MOST_CANDIDATES = 20


def paid_by_exception(desk: Desk, rule: Rule) -> None:
    """A line that says again what was paid by exception is a duplicate: that is paid once.

    It says so by the same reference within the backdating days, or, where one of them has none, by day and units.
    """

    def says_again(line: Line, excepted: Line) -> bool:
        if line.place == excepted.place:
            return False
        if line.reference is None or excepted.reference is None:
            return (line.day, line.units) == (excepted.day, excepted.units)
        return line.reference == excepted.reference and _near(line, excepted, rule.backdating_days)

    excepted = sorted(desk.history.excepted, key=lambda each: each.place)
    for line in list(desk.lines.values()) if excepted else ():
        first = next((each for each in excepted if says_again(line, each)), None)
        if first is not None:
            _is_duplicate(desk, line, Repeats(line=first, excepted=True))


def after_the_month(desk: Desk, rule: Rule) -> None:
    """A line whose day lies after the month is OUTSIDE_PERIOD: the statement of its own month can still claim it."""
    for line in list(desk.lines.values()):
        if line.day >= next_month(rule.month):
            desk.set_aside(line, Found(kind=FindingKind.OUTSIDE_PERIOD, line=line))


def by_reference(desk: Desk, rule: Rule) -> None:
    """REFERENCE: reference, member and benefit agree, the day within the backdating days of the line's own.

    Where a reference leads several to each other, the nearest first: in amount, then in day.
    """
    named = _by(desk.deliveries.values(), lambda each: each.reference)
    for reference, lines in _by(desk.lines.values(), lambda each: each.reference).items():
        if reference in named:
            desk.pair_nearest(
                lines,
                named[reference],
                Pass.REFERENCE,
                lambda line, delivery: _near(line, delivery, rule.backdating_days),
            )


def named_again(desk: Desk, rule: Rule) -> None:
    """A line whose reference names a delivery that another line has is a duplicate, and means no other delivery.

    Within the backdating days: a vendor that uses a number again months later means something else by it.
    """
    if not any(line.reference is not None for line in desk.lines.values()):
        return
    named = _by(desk.pairs(), lambda each: each.delivery.reference)
    for line in list(desk.lines.values()):
        for pair in named.get(line.reference, ()) if line.reference is not None else ():
            if _near(line, pair.delivery, rule.backdating_days):
                _is_duplicate(desk, line, Repeats(line=pair.line), [pair.delivery])
                break


def exactly(desk: Desk, _rule: Rule) -> None:
    """EXACT: member, benefit, day and units agree, and there are at least as many lines as deliveries.

    Of fewer lines nothing tells which delivery each means.
    """
    deliveries = _by(desk.standing(), lambda each: (each.day, each.units))
    for said, lines in _by(desk.lines.values(), lambda each: (each.day, each.units)).items():
        delivered = deliveries.get(said)
        if delivered is not None and len(lines) >= len(delivered):
            desk.pair_nearest(lines, delivered, Pass.EXACT)


def within_tolerance(desk: Desk, rule: Rule) -> None:
    """TOLERANCE: member, benefit and units agree, the day within the vendor's tolerance, and only one delivery fits.

    Each pair may leave another line with one choice. Where several fit in the end, a person must choose: AMBIGUOUS.
    """
    reach = [timedelta(days=off) for off in range(-rule.tolerance_days, rule.tolerance_days + 1)]
    deliveries = _by(desk.standing(), lambda each: (each.day, each.units))
    if not deliveries:
        return
    lines = _by(desk.lines.values(), lambda each: (each.day, each.units))

    def choices(line: Line) -> Iterator[Delivery]:
        for off in reach:
            for each in deliveries.get((line.day + off, line.units), ()):
                if each.id in desk.deliveries:
                    yield each

    looked_at = list(desk.lines.values())
    while looked_at:
        taken = _only_choices(looked_at, choices)
        for line, delivery in taken:
            desk.pair(line, delivery, Pass.TOLERANCE)
        near = {(delivery.day + off, delivery.units) for _, delivery in taken for off in reach}
        looked_at = [line for said in near for line in lines.get(said, ()) if line.place in desk.lines]
    for line in list(desk.lines.values()):
        if fitting := list(choices(line)):
            _is_ambiguous(desk, line, fitting)


def of_other_units(desk: Desk, _rule: Rule) -> None:
    """UNITS: member, benefit and day agree, where one line and one delivery have nobody but each other.

    A delivery that an AMBIGUOUS line may mean is left to that line.
    """
    deliveries = _by(desk.standing(), lambda each: each.day)
    for day, lines in _by(desk.lines.values(), lambda each: each.day).items():
        delivered = deliveries.get(day, ())
        units_delivered = Counter(each.units for each in delivered)
        units_stated = Counter(line.units for line in lines)
        for line in lines:
            if len(delivered) - units_delivered[line.units] != 1:
                continue
            only = next(each for each in delivered if each.units != line.units)
            rivals = len(lines) - units_stated[only.units]
            if rivals == 1 and (only.day, only.units) not in desk.meant:
                desk.pair(line, only, Pass.UNITS)


def reversed_exactly(desk: Desk, _rule: Rule) -> None:
    """EXACT, of what was reversed: nothing is paid for it, so which of several it was makes no difference."""
    deliveries = _by(desk.reversed(), lambda each: (each.day, each.units))
    for said, lines in _by(desk.lines.values(), lambda each: (each.day, each.units)).items():
        if said in deliveries:
            desk.pair_nearest(lines, deliveries[said], Pass.EXACT)


def reversed_within_tolerance(desk: Desk, rule: Rule) -> None:
    """TOLERANCE, of what was reversed: the nearest in amount, then in day."""
    desk.pair_nearest(
        desk.lines.values(),
        desk.reversed(),
        Pass.TOLERANCE,
        lambda line, delivery: line.units == delivery.units and _near(line, delivery, rule.tolerance_days),
    )


def said_again(desk: Desk, _rule: Rule) -> None:
    """A line that says what a line with a delivery says is a duplicate: same day and units, and no other reference."""
    pairs = sorted(desk.pairs(), key=lambda each: each.line.place) if desk.lines else []
    said: dict[tuple[date, int, str | None], Pair] = {}
    for pair in pairs:
        said.setdefault((pair.line.day, pair.line.units, pair.line.reference), pair)
        said.setdefault((pair.line.day, pair.line.units, None), pair)
    for line in list(desk.lines.values()):
        twin = said.get((line.day, line.units, line.reference))
        if twin is not None:
            _is_duplicate(desk, line, Repeats(line=twin.line), [twin.delivery])


def stated_twice(desk: Desk, _rule: Rule) -> None:
    """A line that says what another line without a delivery says, with the same reference, is a duplicate of it."""
    firsts: dict[tuple[str, date, int], Line] = {}
    for line in list(desk.lines.values()):  # in the order of what they say
        if line.reference is not None:
            first = firsts.setdefault((line.reference, line.day, line.units), line)
            if first is not line:
                _is_duplicate(desk, line, Repeats(line=first))


def not_in_ledger(desk: Desk, _rule: Rule) -> None:
    """A line for which there is no delivery is NOT_IN_LEDGER; what else its reference leads to is told."""
    for line in list(desk.lines.values()):
        other = line.elsewhere
        candidates = [other.id] if other is not None and other.delivered else []
        desk.set_aside(
            line, Found(kind=FindingKind.NOT_IN_LEDGER, line=line, because=other, candidates=candidates)
        )


def not_in_statement(desk: Desk, rule: Rule) -> None:
    """A delivery of this month that no line speaks of is NOT_IN_STATEMENT; so is, late, one of a month that feeds this.

    Not so while a line may mean it of which a person must choose, here or in dispute.
    """
    for each in desk.standing():
        month = each.day.replace(day=1)
        late = month in rule.feeding and not each.found_before
        if not (month == rule.month or each.carried_from is not None or late):
            continue
        if (each.day, each.units) not in desk.meant and each.id not in desk.history.disputed:
            desk.findings.append(
                Found(kind=FindingKind.NOT_IN_STATEMENT, delivery=each, units=each.units, amount=each.amount)
            )


def paid_and_reversed(desk: Desk, _rule: Rule) -> None:
    """A delivery that was paid and reversed since is REVERSED, without a line: what was paid is to be taken back."""
    for pair in desk.history.pairs:
        if pair.delivery.reversed and pair.paid is not None and pair.paid.amount > 0 and not pair.corrected:
            desk.findings.append(
                Found(
                    kind=FindingKind.REVERSED,
                    delivery=pair.delivery,
                    units=-pair.paid.units,
                    amount=-pair.paid.amount,
                )
            )


PASSES: tuple[Callable[[Desk, Rule], None], ...] = (
    after_the_month,
    paid_by_exception,
    by_reference,
    named_again,
    exactly,
    within_tolerance,
    of_other_units,
    reversed_exactly,
    reversed_within_tolerance,
    said_again,
    stated_twice,
    not_in_ledger,
)
"""What is done with the lines, in this order, as long as any are free."""

DELIVERIES_LEFT: tuple[Callable[[Desk, Rule], None], ...] = (not_in_statement, paid_and_reversed)
"""What is done with the deliveries then."""


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


def _is_duplicate(desk: Desk, line: Line, because: Repeats, of: Iterable[Delivery] = ()) -> None:
    found = Found(kind=FindingKind.DUPLICATE_LINE, line=line, because=because, candidates=ids(of))
    desk.set_aside(line, found)


def _is_ambiguous(desk: Desk, line: Line, fitting: Sequence[Delivery]) -> None:
    """Of many that fit, the nearest in day are the candidates."""

    def off(delivery: Delivery) -> tuple[int, int, RedemptionId]:
        days = (delivery.day - line.day).days
        return abs(days), days, delivery.id

    candidates = sorted(ids(sorted(fitting, key=off)[:_MOST_CANDIDATES]))
    desk.meant |= {(each.day, each.units) for each in fitting}
    desk.set_aside(line, Found(kind=FindingKind.AMBIGUOUS, line=line, candidates=candidates))


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
