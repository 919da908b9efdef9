"""What a reason is made of: values. Pure."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from ledger.ids import RedemptionId
from ledger.posting.entries import RedemptionStatus
from ledger.reconciliation.values import FindingKind, Pass, Side


@dataclass(frozen=True, slots=True, kw_only=True)
class LineName:
    """A line of a statement as the vendor calls it; `paired`: it has a delivery; `excepted`: it is paid without one.

    `key` is the statement's in the database; None: it was not asked for.
    """

    statement: str
    line_no: int
    key: int | None = None
    paired: bool = False
    excepted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What the ledger has under a line's reference, that the line cannot be matched with.

    `reversed_no_show`: what was reversed is a no-show that was told by mistake, not a delivery.
    """

    member_no: str
    benefit: str
    status: RedemptionStatus
    reversed_no_show: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """To whom, and of which benefit, a delivery was."""

    member_no: str
    benefit: str


class RelatedKind(StrEnum):
    """What else there is: a delivery by another vendor, a line paid by exception, a line matched by hand."""

    DELIVERED = "DELIVERED"
    EXCEPTION = "EXCEPTION"
    HAND = "HAND"


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """What else there is of the same member, benefit and day: a delivery, a line, or a pair. No vendor is told of it.

    `vendor` is the code and `vendor_name` the name of whose it is; `month` is the first day of the line's period, or of
    the month of the delivery.
    """

    how: RelatedKind
    vendor: str
    vendor_name: str
    month: date
    units: int
    redemption: RedemptionId | None = None
    line: LineName | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What a reason is made of. `stated` or `ledger` None: that side has nothing.

    `ledger` of a delivery that was paid and then reversed has units and amount below zero; of a pair whose delivery
    was reversed, it is what had been delivered. `reference` is the line's, without a line the delivery's;
    `ledger_reference` is what the delivery of a pair bears. `month` is the first day of the period. `delivered` is
    what a pair's delivery was where its line names another member or benefit, as only by hand. `duplicate_of` is
    the line that a duplicate repeats, `named` what the reference of a line without a delivery leads to, where they
    are known. `deliveries` is how many the line has, `other_lines` those that share its delivery, or that a credit line
    takes back. `accepting_pays` is what ACCEPT would pay in CNY; None when nothing waits for a decision.
    """

    kind: FindingKind
    month: date
    pass_: Pass | None = None
    stated: Side | None = None
    ledger: Side | None = None
    member_no: str = ""
    delivered: Delivered | None = None
    reference: str | None = None
    ledger_reference: str | None = None
    unknown_member: bool = False
    duplicate_of: LineName | None = None
    named: Named | None = None
    deliveries: int = 1
    other_lines: tuple[LineName, ...] = ()
    candidates: int = 0
    tolerance_days: int = 0
    carried_from: date | None = None
    accepting_pays: Decimal | None = None
    related: tuple[Related, ...] = ()
