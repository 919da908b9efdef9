"""What was paid for deliveries in the vendor's months so far, and what is left of it to take back. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal

from ledger.ids import RedemptionId
from ledger.reconciliation.match_values import Delivery, History, Paid, Pair
from ledger.reconciliation.values import Pass

_NOTHING = Paid(units=0, amount=Decimal())


class Payments:
    """What was paid for each delivery by `pairs`, less what was taken back: by credit lines, or as it was reversed."""

    def __init__(self, pairs: Sequence[Pair], history: History) -> None:
        self._pairs = [each for each in pairs if each.paid is not None]
        self._deliveries = {each.id: each for pair in pairs for each in pair.deliveries}
        self._unpaid = {each.id for pair in pairs if pair.paid is None for each in pair.deliveries}
        self._credited: set[RedemptionId] = set()
        self._paid: dict[RedemptionId, Paid] = defaultdict(lambda: _NOTHING)
        for pair in self._pairs:
            self.add(pair)
        self.unfounded = self._unfounded(history)
        """Corrections of a payment that is no more: what paid it was reopened, or the statement withdrawn."""
        for each in self._deliveries.values():
            if each.corrected and each.id not in self.unfounded:
                taken = history.corrections.get(each.id, self._paid[each.id])
                self._paid[each.id] += -taken

    def _unfounded(self, history: History) -> list[RedemptionId]:
        credited: dict[RedemptionId, Paid] = defaultdict(lambda: _NOTHING)
        # What open credit lines take back is found anew, but was there when the corrections were decided.
        for pair in history.pairs:
            if pair.open and pair.found_by is Pass.CREDIT:
                for which, taken in pair.paid_as_stated().paid_for_each().items():
                    credited[which] += taken
        return [
            which
            for which, taken in history.corrections.items()
            if taken not in {self._paid[which], self._paid[which] + credited[which]}
        ]

    def add(self, pair: Pair) -> None:
        """Count what was paid for a pair, or what a credit line takes back."""
        if pair.line.credit:
            self._credited.update(each.id for each in pair.deliveries)
        for which, paid in pair.paid_for_each().items():
            self._paid[which] += paid

    def left(self, deliveries: Iterable[Delivery]) -> Paid:
        """What is left of what was paid for these deliveries."""
        return sum((self._paid[each.id] for each in deliveries), _NOTHING)

    def of_lines(self) -> list[Pair]:
        """The pairs for which something was paid."""
        return [each for each in self._pairs if not each.line.credit]

    def of_reversed(self) -> list[tuple[Delivery, Paid]]:
        """The deliveries that were reversed although something is still paid for them, with what that is."""
        return [
            (each, self._paid[each.id])
            for each in self._deliveries.values()
            if each.reversed and self._paid[each.id].amount > 0
        ]

    def taken_back(self) -> list[Delivery]:
        """The deliveries of whose payment credit lines took all back: another line may claim them."""
        if not self._credited:
            return []
        return [
            each
            for each in self._deliveries.values()
            if each.id in self._credited and each.id not in self._unpaid and self._paid[each.id] == _NOTHING
        ]
