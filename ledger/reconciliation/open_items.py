"""What the match works on: the lines and deliveries of one member and benefit that are still free. Pure."""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from ledger.ids import RedemptionId
from ledger.reconciliation.match_values import Delivery, Found, History, Line, Pair
from ledger.reconciliation.payments import Payments
from ledger.reconciliation.values import Pass

_Alike: TypeAlias = tuple[bool, int, Decimal | None, date]
"""In what deliveries are alike: reversed, units, amount, day."""


class OpenItems:
    """Free lines and free deliveries, and the pairs and findings made of them.

    Lines are in the order of what they say, so that their place in a statement decides nothing; deliveries are in the
    ledger's order. `reserved`: day and units of deliveries that are candidates of an AMBIGUOUS line. `claimed`:
    deliveries that are free only because the line that claimed them was credited.
    """

    def __init__(
        self, lines: Iterable[Line], deliveries: Iterable[Delivery], pairs: Sequence[Pair], history: History
    ) -> None:
        self.history = history
        self.payments = Payments(pairs, history)
        self._pairs = pairs
        self._parts: dict[RedemptionId, int] = defaultdict(int)
        """How many parts each delivery has already."""
        for pair in pairs:
            self._count_parts(pair)
        self.lines = {each.id: each for each in sorted(lines, key=order)}
        self.claimed: set[RedemptionId] = set()
        self.deliveries = {each.id: each for each in sorted(deliveries, key=lambda each: each.id)}
        self._free_again()
        self.paired: list[Pair] = []
        self.findings: list[Found] = []
        self.reserved: set[tuple[date, int]] = set()

    def pairs(self) -> Iterator[Pair]:
        """All pairs of this member and benefit, in the ledger's order."""
        yield from sorted([*self._pairs, *self.paired], key=lambda each: each.delivery.id)

    def standing(self) -> list[Delivery]:
        """The free deliveries that were not reversed."""
        return [each for each in self.deliveries.values() if not each.reversed]

    def reversed(self) -> list[Delivery]:
        """The free deliveries that were reversed."""
        return [each for each in self.deliveries.values() if each.reversed]

    def pair(self, line: Line, delivery: Delivery, found_by: Pass) -> None:
        """Pair a free line with a free delivery."""
        self._add(Pair(line=line, deliveries=(delivery,), found_by=found_by))
        del self.deliveries[delivery.id]

    def group(self, lines: Sequence[Line], deliveries: tuple[Delivery, ...]) -> None:
        """Pair a free line with several free deliveries, or several lines with one."""
        for line in lines:
            self._add(Pair(line=line, deliveries=deliveries, found_by=Pass.GROUP))
        for each in deliveries:
            del self.deliveries[each.id]

    def take_back(self, credit: Line, paid: Pair) -> None:
        """Pair a free credit line with the deliveries of a line whose payment it takes back.

        A delivery of which all is taken back is free: another line may bill it anew.
        """
        pair = Pair(line=credit, deliveries=paid.deliveries, found_by=Pass.CREDIT)
        self._add(pair)
        self.payments.add(pair.paid_as_stated())
        self._free_again()

    def _free_again(self) -> None:
        """Free the deliveries of whose payment credit lines have taken all back."""
        claimed = [each for each in self.payments.taken_back() if each.id not in self.claimed]
        if claimed:
            self.claimed.update(each.id for each in claimed)
            free = sorted([*self.deliveries.values(), *claimed], key=lambda each: each.id)
            self.deliveries = {each.id: each for each in free}

    def _add(self, pair: Pair) -> None:
        del self.lines[pair.line.id]
        part = max(self._parts[each.id] for each in pair.deliveries)
        self.paired.append(replace(pair, kind=pair.difference(), delivery_part=part))
        self._count_parts(self.paired[-1])

    def _count_parts(self, pair: Pair) -> None:
        for each in pair.deliveries:
            self._parts[each.id] = max(self._parts[each.id], pair.delivery_part + 1)

    def set_aside(self, line: Line, found: Found) -> None:
        """Record a finding of a free line, which is free no longer."""
        del self.lines[line.id]
        self.findings.append(found)

    def pair_nearest(
        self,
        lines: Iterable[Line],
        deliveries: Iterable[Delivery],
        found_by: Pass,
        fits: Callable[[Line, Delivery], bool] = lambda _line, _delivery: True,
    ) -> None:
        """Pair what fits, the nearest of all first, then the nearest of what is left.

        Deliveries that are alike go one after the other, in the ledger's order.
        """
        alike: dict[_Alike, deque[Delivery]] = defaultdict(deque)
        for each in deliveries:
            alike[each.reversed, each.units, each.amount, each.day].append(each)
        choices = [
            (distance(line, queue[0]), line, queue)
            for line in lines
            for queue in alike.values()
            if fits(line, queue[0])
        ]
        choices.sort(key=lambda choice: choice[0])
        for _, line, queue in choices:
            if queue and line.id in self.lines:
                self.pair(line, queue.popleft(), found_by)


def order(line: Line) -> tuple[object, ...]:
    """The order among lines: by what they say, and by where they stand only if they say the same."""
    return line.units, line.amount, line.day, line.reference is None, line.reference or "", line.id


def distance(line: Line, delivery: Delivery) -> tuple[object, ...]:
    """How far apart they are: deliveries that stand before reversed ones, then by units, amount and day.

    What alike deliveries differ in, their id, comes last.
    """
    return (
        delivery.reversed,
        line.units != delivery.units,
        delivery.amount is None,
        abs(line.amount - delivery.amount) if delivery.amount is not None else 0,
        abs((line.day - delivery.day).days),
        order(line),
        (delivery.day, delivery.units, delivery.amount or 0),
        delivery.id,
    )


def ids(deliveries: Iterable[Delivery]) -> list[RedemptionId]:
    """The ids of deliveries."""
    return [each.id for each in deliveries]
