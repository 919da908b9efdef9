"""Values read from a reconciliation: statements, findings, periods and settlements as they are now.

A difference is what is stated less what the ledger counts: the ledger counts zero for a line without a delivery, for a
duplicate or ambiguous one, and for a reversed delivery; a negative value for the correction of a payment.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from ledger.ids import RedemptionId
from ledger.posting.redemptions import RedemptionView
from ledger.reconciliation.grounds import Delivered, Grounds, LineName, Named, Related
from ledger.reconciliation.paying import Sides, payable_when_accepted
from ledger.reconciliation.values import (
    Action,
    FindingId,
    FindingKind,
    LineFindingId,
    Pass,
    Side,
    StatedTotal,
    StatementLine,
    differences,
)
from ledger.reconciliation.words import reason
from ledger.reports.pages import VendorName

_NOTHING = Decimal()


class StatementStatus(StrEnum):
    """The status of a statement: that of its period, unless it was withdrawn."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"
    WITHDRAWN = "WITHDRAWN"


class PeriodStatus(StrEnum):
    """Whether a vendor's month may still change."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """The totals of a statement's or a period's findings; money in CNY.

    `matched` is what is stated on lines that simply agree. `payable` is what would be paid now: what agrees and what
    was decided. `open` findings wait for a decision; `counts` leaves out kinds that do not occur.
    """

    matched_units: int
    matched_amount: Decimal
    payable: Decimal
    open: int
    counts: tuple[tuple[FindingKind, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalView:
    """Why, by whom and when a statement was withdrawn."""

    note: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementView:
    """A vendor's statement as it is now. `month` is the first day of its period, `total` what was stated of it all."""

    id: int
    period: int
    number: str
    vendor: VendorName
    month: date
    status: StatementStatus
    lines: int
    stated_units: int
    stated_amount: Decimal
    tally: Tally
    submitted_by: str
    submitted_at: datetime
    withdrawal: WithdrawalView | None
    total: StatedTotal | None = None

    @property
    def matched_units(self) -> int:
        """Units stated on its lines that agree."""
        return self.tally.matched_units

    @property
    def matched_amount(self) -> Decimal:
        """What is stated on these, in CNY."""
        return self.tally.matched_amount

    @property
    def payable(self) -> Decimal:
        """What would be paid now, in CNY."""
        return self.tally.payable

    @property
    def open(self) -> int:
        """How many of its findings wait for a decision."""
        return self.tally.open

    @property
    def counts(self) -> tuple[tuple[FindingKind, int], ...]:
        """How many findings of each kind there are."""
        return self.tally.counts


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodView:
    """A vendor's month: its statements, latest first, and their totals. `id` None: it has no row yet."""

    id: int | None
    vendor: VendorName
    month: date
    reconciled_at: datetime | None
    closed_at: datetime | None
    lines: int
    stated_units: int
    stated_amount: Decimal
    tally: Tally

    @property
    def status(self) -> PeriodStatus:
        """Whether it may still change."""
        return PeriodStatus.OPEN if self.closed_at is None else PeriodStatus.CLOSED


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionView:
    """A decision on a finding, with note and moment. `payable` in CNY; None for REOPEN. MATCH names `redemptions`."""

    action: Action
    kind: FindingKind
    redemptions: tuple[RedemptionId, ...]
    payable: Decimal | None
    note: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyView:
    """What the vendor replied to a finding in dispute; `evidence` names documents."""

    message: str
    evidence: tuple[str, ...]
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingView:
    """One result of a reconciliation: of a line, a redemption, or a pair of both.

    `ledger_units` and `ledger_amount` are what the ledger counts (None: no delivery, or no price that day): zero for a
    reversed delivery, negative for one that was paid before. `delivered_units` and `delivered_amount` are the
    delivery's, also of a reversed one. `redemptions` are all deliveries of its line; the ledger's side is their sum.
    `other_lines` share its delivery; of a credit line: what it takes back, or of that line the credit. `resolution` is
    None while it waits, whatever `history` holds. `occurred_on` is the day of delivery, the last of several, else the
    line's. `waits`: it needs a decision before the period can close. `related`: what else
    there is of the same member, benefit and day.
    """

    id: FindingId
    vendor: str
    month: date
    kind: FindingKind
    pass_: Pass | None
    benefit: str
    occurred_on: date
    statement: int | None
    statement_number: str | None
    line: StatementLine | None
    unknown_member: bool
    redemptions: tuple[RedemptionView, ...]
    ledger_units: int | None
    ledger_amount: Decimal | None
    delivered_units: int | None
    delivered_amount: Decimal | None
    candidates: tuple[RedemptionView, ...]
    duplicate_of: LineName | None
    other_lines: tuple[LineName, ...]
    named: Named | None
    tolerance_days: int
    carried_from: date | None
    action: Action | None
    payable: Decimal | None
    waits: bool
    history: tuple[DecisionView, ...]
    related: tuple[Related, ...] = ()
    replies: tuple[ReplyView, ...] = ()

    @property
    def redemption(self) -> RedemptionView | None:
        """The delivery, or the first of several."""
        return next(iter(self.redemptions), None)

    @property
    def about_member(self) -> str | None:
        """The number of the member whom its line names, else of the delivery's."""
        if self.line is not None:
            return self.line.member_no
        return self.redemption.member_no if self.redemption is not None else None

    @property
    def late(self) -> bool:
        """Whether the service was delivered in an earlier month than the period's."""
        return self.occurred_on < self.month

    @property
    def resolution(self) -> DecisionView | None:
        """The current decision; None while it is open."""
        if self.action is None:
            return None
        return next((each for each in reversed(self.history) if each.action is self.action), None)

    @property
    def stated_units(self) -> int | None:
        """The units of its line."""
        return self.line.units if self.line is not None else None

    @property
    def stated_amount(self) -> Decimal | None:
        """The amount of its line, in CNY."""
        return self.line.amount if self.line is not None else None

    @property
    def units_difference(self) -> int:
        """Units stated less units that the ledger counts."""
        return (self.stated_units or 0) - (self.ledger_units or 0)

    @property
    def amount_difference(self) -> Decimal:
        """The amount stated less what the ledger counts, in CNY."""
        return (self.stated_amount or _NOTHING) - (self.ledger_amount or _NOTHING)

    @property
    def differences(self) -> tuple[FindingKind, ...]:
        """Everything in which its line and its delivery differ, `kind` first; of other findings just `kind`."""
        if self.kind is FindingKind.MATCHED:
            return ()
        if self.line is None or self.delivered_units is None:
            return (self.kind,)
        stated = Side(units=self.line.units, amount=self.line.amount, day=self.line.occurred_on)
        delivered = Side(units=self.delivered_units, amount=self.delivered_amount, day=self.occurred_on)
        return differences(stated, delivered, reversed_=self.kind is FindingKind.REVERSED)

    @property
    def accepting_pays(self) -> Decimal:
        """What ACCEPT pays, in CNY: what the statement and the ledger both bear out; below zero it takes back."""
        sides = Sides(
            kind=self.kind,
            stated_units=self.stated_units,
            stated_amount=self.stated_amount,
            ledger_units=self.ledger_units,
            ledger_amount=self.ledger_amount,
        )
        return payable_when_accepted(sides).amount

    @property
    def excepted(self) -> bool:
        """Whether a decision pays another amount than both sides support."""
        return self.action in {Action.ACCEPT, Action.MATCH} and self.payable != self.accepting_pays

    def reason(self, language: str = "zh", *, to_vendor: bool = False) -> str:
        """The finding explained in `zh` or `en`; a vendor is told of itself alone, not whose a member number is."""
        grounds = self._grounds()
        return reason(replace(grounds, unknown_member=False, related=()) if to_vendor else grounds).spoken(
            language
        )

    def _grounds(self) -> Grounds:
        line, redemption = self.line, self.redemption
        stated = Side(units=line.units, amount=line.amount, day=line.occurred_on) if line else None
        delivered = None
        if self.delivered_units is not None:
            delivered = Side(units=self.delivered_units, amount=self.delivered_amount, day=self.occurred_on)
        return Grounds(
            kind=self.kind,
            month=self.month,
            pass_=self.pass_,
            stated=stated,
            ledger=delivered,
            member_no=line.member_no if line else "",
            delivered=self._of_another(),
            reference=line.reference if line else redemption.reference if redemption else None,
            ledger_reference=self._ledger_reference(),
            unknown_member=self.unknown_member,
            duplicate_of=self.duplicate_of,
            deliveries=len(self.redemptions),
            other_lines=self.other_lines,
            named=self.named,
            candidates=len(self.candidates),
            tolerance_days=self.tolerance_days,
            carried_from=self.carried_from,
            accepting_pays=self.accepting_pays if self.waits else None,
            related=self.related,
        )

    def _ledger_reference(self) -> str | None:
        """What the deliveries of its line bear; one that is the line's own does not contradict it."""
        references = [each.reference for each in self.redemptions if each.reference is not None]
        if self.line is None or self.line.reference in references:
            return None
        return next(iter(references), None)

    def _of_another(self) -> Delivered | None:
        """What the delivery of the line was, where that is another member's or of another benefit."""
        line, redemption = self.line, self.redemption
        if line is None or redemption is None:
            return None
        told = Delivered(member_no=redemption.member_no, benefit=redemption.pool.benefit)
        return told if told != Delivered(member_no=line.member_no, benefit=line.benefit) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementLineView:
    """What is paid for a benefit delivered in a month, in CNY; `correction`: takes back an earlier payment."""

    benefit: str
    occurred_in: date
    correction: bool
    units: int
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementView:
    """The settlement of a closed period, in CNY. `seal` is a hexadecimal hash over everything it depends on.

    `approved_by`: who confirmed the close that `closed_by` had proposed; None: nobody had to.
    """

    period: int
    vendor: VendorName
    month: date
    payable: Decimal
    carried_forward: Decimal
    seal: str
    closed_by: str
    approved_by: str | None
    closed_at: datetime
    lines: tuple[SettlementLineView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingPosition:
    """The position of a finding in its list: lines of statements, then carried lines, then what has no line."""

    section: int
    major: int
    minor: int


def position_of(finding: FindingView) -> FindingPosition:
    """Where a finding stands in the list of its statement or period."""
    which = finding.id
    if isinstance(which, LineFindingId):
        carried = finding.carried_from is not None
        return FindingPosition(section=int(carried), major=which.statement, minor=which.line_no)
    return FindingPosition(section=2, major=which.customer_id, minor=which.sequence)
