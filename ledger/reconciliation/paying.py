"""What a finding pays: a pure function of its two sides and of the decision.

Paid is what both the statement and the ledger support, never more than either; what was paid and is reversed later is
taken back. Anything else is an exception under a person's name.
"""

from dataclasses import dataclass
from decimal import Decimal

from ledger.reconciliation.values import FindingKind

_PAIRS = frozenset(
    {FindingKind.MATCHED, FindingKind.UNITS_DIFFER, FindingKind.AMOUNT_DIFFERS, FindingKind.DATE_DIFFERS}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """The two sides of a finding, in units and CNY; None where there is no line or no delivery.

    For a correction (paid, then reversed) the ledger's side is negative.
    """

    kind: FindingKind
    stated_units: int | None
    stated_amount: Decimal | None
    ledger_units: int | None
    ledger_amount: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Payable:
    """The units paid for, and the amount in CNY."""

    units: int
    amount: Decimal


NOTHING = Payable(units=0, amount=Decimal(0))


def payable_when_accepted(sides: Sides) -> Payable:
    """What ACCEPT pays: what both sides support; a correction takes back what was paid."""
    if sides.stated_units is None or sides.stated_amount is None:
        if sides.kind is FindingKind.REVERSED:
            return Payable(units=sides.ledger_units or 0, amount=sides.ledger_amount or Decimal(0))
        return NOTHING
    if sides.kind not in _PAIRS or sides.ledger_units is None or sides.ledger_amount is None:
        return NOTHING
    return Payable(
        units=min(sides.stated_units, sides.ledger_units),
        amount=min(sides.stated_amount, sides.ledger_amount),
    )


def payable_as_said(sides: Sides, pay: Decimal) -> Payable:
    """What is paid when the decision names an amount."""
    if not pay or sides.stated_units is None:
        return Payable(units=0, amount=pay)
    paired = sides.kind in _PAIRS and sides.ledger_units is not None
    return Payable(
        units=min(sides.stated_units, sides.ledger_units or 0) if paired else sides.stated_units, amount=pay
    )
