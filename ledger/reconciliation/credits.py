"""The passes about what is taken back: by a credit line of the vendor's, or because a delivery was reversed. Pure."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from ledger.reconciliation.match_values import Cancels, Found, Line, Paid, Pair, Rule
from ledger.reconciliation.open_items import OpenItems, order
from ledger.reconciliation.values import FindingKind, Pass


def cancelled(items: OpenItems, rule: Rule) -> None:
    """CREDIT: a credit line and a line of the month that says the opposite cancel each other.

    By the same reference within the backdating days, or, where one of them has none, on the same day. Neither needs a
    delivery, and nothing is paid.
    """
    credits_ = [each for each in items.lines.values() if each.credit]
    lines: dict[tuple[int, Decimal], list[Line]] = defaultdict(list)
    for each in items.lines.values() if credits_ else ():
        lines[each.units, each.amount].append(each)
    for credit in credits_:
        same = lines[-credit.units, -credit.amount]
        opposite = [each for each in same if cancels(credit, each, rule)]
        if opposite:
            line = min(opposite, key=lambda each: (abs((credit.day - each.day).days), order(each)))
            same.remove(line)
            items.set_aside(credit, _cancelling(credit, line))
            items.set_aside(line, _cancelling(line, credit))


def credited(items: OpenItems, _rule: Rule) -> None:
    """CREDIT: a credit line takes back what was paid for a line, up to what is left of that.

    By the same reference; or, where none leads to a payment, all that was paid for a line or a delivery of its day. So
    it takes back a reversed delivery too, which is no finding then. Without either the line is NOT_IN_LEDGER.
    """
    for credit in [each for each in items.lines.values() if each.credit]:
        payments = [*_by_reference(items, credit)] or [*_by_day(items, credit)]
        if payments:
            nearest = min(payments, key=lambda each: _distance(credit, each, items))
            items.take_back(credit, nearest)
        else:
            items.set_aside(credit, Found(kind=FindingKind.NOT_IN_LEDGER, line=credit))


def paid_and_reversed(items: OpenItems, _rule: Rule) -> None:
    """A delivery that was paid and reversed since is REVERSED, without a line: what was paid is to be taken back."""
    for delivery, paid in items.payments.of_reversed():
        items.findings.append(
            Found(kind=FindingKind.REVERSED, delivery=delivery, units=-paid.units, amount=-paid.amount)
        )


def cancels(credit: Line, line: Line, rule: Rule) -> bool:
    """Whether a credit line says the opposite of a line, of the same reference or day."""
    if (credit.units, credit.amount) != (-line.units, -line.amount):
        return False
    if credit.reference is None or line.reference is None:
        return credit.day == line.day
    return credit.reference == line.reference and abs((credit.day - line.day).days) <= rule.backdating_days


def _cancelling(line: Line, other: Line) -> Found:
    return Found(kind=FindingKind.MATCHED, line=line, found_by=Pass.CREDIT, because=Cancels(line=other))


def _by_reference(items: OpenItems, credit: Line) -> Iterable[Pair]:
    asked = Paid(units=-credit.units, amount=-credit.amount)
    for each in items.payments.of_lines():
        references = {each.line.reference, *(delivery.reference for delivery in each.deliveries)}
        if credit.reference is not None and credit.reference in references:
            left = items.payments.left(each.deliveries)
            if asked.at_most(left) == asked:
                yield each


def _by_day(items: OpenItems, credit: Line) -> Iterable[Pair]:
    asked = Paid(units=-credit.units, amount=-credit.amount)
    for each in items.payments.of_lines():
        days = {each.line.day, *(delivery.day for delivery in each.deliveries)}
        if credit.day in days and items.payments.left(each.deliveries) == asked:
            yield each


def _distance(credit: Line, payment: Pair, items: OpenItems) -> tuple[object, ...]:
    left = items.payments.left(payment.deliveries)
    return left.amount + credit.amount, abs((credit.day - payment.line.day).days), order(payment.line)
