"""Groups: one line for several deliveries, or several lines for one, where units and amounts add up. Pure."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import chain
from math import prod
from typing import TypeAlias, TypeVar

from ledger.ids import RedemptionId
from ledger.reconciliation.match_values import Delivery, Line
from ledger.reconciliation.values import Figures

_FEWEST = 3
_MOST_SUMS = 5_000
_MOST_PAIRS = 100_000
"""Of so many items nobody sees that there is one way only: no group is sought."""

Part = TypeVar("Part", bound=Figures)
_Id: TypeAlias = tuple[int, int] | RedemptionId
"""Of a line or of a delivery."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One line and the deliveries that add up to it, or one delivery and the lines that do."""

    lines: tuple[Line, ...]
    deliveries: tuple[Delivery, ...]


def groups(
    lines: Sequence[Line], deliveries: Sequence[Delivery], near: Callable[[Line, Delivery], bool]
) -> list[Group]:
    """The groups among free lines and standing deliveries: units and amounts add up, in one way only.

    That is, no line and no delivery of the group has another one of its units, or is part of another sum. Of lines
    that say the same the first is meant, and the others repeat it; of deliveries that are alike nothing tells which is
    meant. `near`: whether a line and a delivery may belong together at all.
    """
    if len(lines) + len(deliveries) < _FEWEST or len(lines) * len(deliveries) > _MOST_PAIRS:
        return []
    found: list[Group] = []
    ways = Counter(_having_one_alone(lines, deliveries, near))
    """In how many ways a line or a delivery may belong to something."""
    for alike in _alike(lines):
        line = alike[0]
        sets = _sums(line, [each for each in deliveries if near(line, each)])
        found += [Group(lines=(line,), deliveries=each) for each in sets]
        for parts in sets:
            ways.update([*(each.id for each in alike), *(each.id for each in parts)])
    for same in _alike(deliveries):
        delivery = same[0]
        sums = _sums(delivery, [each for each in lines if near(each, delivery)])
        found += [Group(lines=each, deliveries=(delivery,)) for each in sums]
        for together in sums * len(same):
            ways.update([*(each.id for each in same), *(each.id for each in together)])
    return [
        group
        for group in found
        if all(ways[each.id] == 1 for each in group.lines)
        and all(ways[each.id] == 1 for each in group.deliveries)
    ]


def _having_one_alone(
    lines: Sequence[Line], deliveries: Sequence[Delivery], near: Callable[[Line, Delivery], bool]
) -> Iterator[_Id]:
    """The lines for which there is a delivery of the same units, and these deliveries."""
    stated: dict[int, list[Line]] = defaultdict(list)
    delivered: dict[int, list[Delivery]] = defaultdict(list)
    for line in lines:
        stated[line.units].append(line)
    for delivery in deliveries:
        delivered[delivery.units].append(delivery)
    yield from (line.id for line in lines if any(near(line, each) for each in delivered[line.units]))
    yield from (each.id for each in deliveries if any(near(line, each) for line in stated[each.units]))


def _alike(items: Iterable[Part]) -> list[list[Part]]:
    """The items by units, amount and day."""
    found: dict[tuple[int, Decimal | None, date], list[Part]] = defaultdict(list)
    for each in items:
        found[each.units, each.amount, each.day].append(each)
    return list(found.values())


def _sums(whole: Line | Delivery, parts: Iterable[Part]) -> list[tuple[Part, ...]]:
    """The sets of parts that add up to the whole, each once.

    Where only some of what is alike is in a set, nothing tells which: it is there twice, with all that is alike. So are
    all parts, where there are too many to try.
    """
    kinds: dict[tuple[int, Decimal], list[Part]] = defaultdict(list)
    for each in parts:
        if each.amount is not None and each.units < whole.units:
            kinds[each.units, each.amount].append(each)
    if whole.amount is None or not kinds:
        return []
    if prod(len(alike) + 1 for alike in kinds.values()) > _MOST_SUMS:
        return [tuple(chain.from_iterable(kinds.values()))] * 2
    sets: list[tuple[Part, ...]] = []
    sizes = [(*kind, len(alike)) for kind, alike in kinds.items()]
    for numbers in _adding_up(sizes, whole.units, whole.amount):
        taken = [(alike, number) for alike, number in zip(kinds.values(), numbers, strict=True) if number]
        together = tuple(chain.from_iterable(alike for alike, _ in taken))
        sets += [together] * (1 if all(number == len(alike) for alike, number in taken) else 2)
    return sets


def _adding_up(
    kinds: Sequence[tuple[int, Decimal, int]], units: int, amount: Decimal
) -> Iterator[tuple[int, ...]]:
    """How many to take of each kind, which has units, an amount, and how many there are, to add up."""
    if not kinds:
        if units == 0 and amount == 0:
            yield ()
        return
    of_one, for_one, most = kinds[0]
    for number in range(min(most, units // of_one) + 1):
        for others in _adding_up(kinds[1:], units - number * of_one, amount - number * for_one):
            yield (number, *others)
