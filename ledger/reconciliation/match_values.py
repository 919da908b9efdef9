"""What the match is given and what it finds, for one member and one benefit of one vendor. Pure values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from ledger.ids import RedemptionId
from ledger.posting.entries import RedemptionStatus
from ledger.reconciliation.values import FindingKind, Pass, Side, kind_of_pair


@dataclass(frozen=True, slots=True, kw_only=True)
class Referenced:
    """What a line's reference leads to in the whole ledger: the one redemption of this vendor that bears it.

    `delivered`: it is a delivery, reversed since or not; else an appointment of which nothing came.
    """

    id: RedemptionId
    member_no: str
    benefit: str
    status: RedemptionStatus
    delivered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a statement: `units` on a day for `amount` in CNY; `reference` is the vendor's own, if any.

    A credit line has less than no units. `carried_from`: the closed month in which it was disputed. `agreed_with`: the
    delivery with which it agreed then.
    """

    statement: int
    line_no: int
    reference: str | None
    member_no: str
    benefit: str
    units: int
    amount: Decimal
    day: date
    known_member: bool = True
    carried_from: date | None = None
    agreed_with: RedemptionId | None = None
    referenced: Referenced | None = None

    @property
    def id(self) -> tuple[int, int]:
        """Its statement and its number there."""
        return self.statement, self.line_no

    @property
    def credit(self) -> bool:
        """Whether it takes back what another line stated."""
        return self.units < 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A delivery: `amount` is what it costs by the contract of its day, in CNY; None: no price that day.

    `carried_from`: the closed month in which somebody disputed that no line speaks of it. `found_before`: another month
    has found so already, and has not passed it on. `corrected`: that it was paid and reversed since is found already.
    """

    id: RedemptionId
    reference: str | None
    benefit: str
    units: int
    amount: Decimal | None
    day: date
    reversed: bool = False
    carried_from: date | None = None
    found_before: bool = False
    corrected: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """What was paid: units, and CNY."""

    units: int
    amount: Decimal

    def __add__(self, other: "Paid") -> "Paid":
        return Paid(units=self.units + other.units, amount=self.amount + other.amount)

    def __neg__(self) -> "Paid":
        return Paid(units=-self.units, amount=-self.amount)

    def at_most(self, most: "Paid") -> "Paid":
        """The less of both, in units and in amount."""
        return Paid(units=min(self.units, most.units), amount=min(self.amount, most.amount))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A line and the delivery that it means, or several of them in the ledger's order: then their sums are meant.

    `kind` is what differs, as it is written down. `open`: of this month, and nobody has decided on it. `paid`: by a
    closed month, or by a decision in this one. `delivery_part`: 0 for the first line that has its deliveries; further
    lines share them, or take back or claim anew what the first was paid.
    """

    line: Line
    deliveries: tuple[Delivery, ...]
    found_by: Pass
    kind: FindingKind = FindingKind.MATCHED
    open: bool = True
    paid: Paid | None = None
    delivery_part: int = 0

    @property
    def delivery(self) -> Delivery:
        """Its delivery, or the first of several."""
        return self.deliveries[0]

    @property
    def shares(self) -> bool:
        """Whether the line has only part of its delivery, and other lines have the rest."""
        return self.found_by is Pass.GROUP and len(self.deliveries) == 1

    @property
    def reversed(self) -> bool:
        """Whether all that was delivered was reversed."""
        return all(each.reversed for each in self.deliveries)

    @property
    def delivered(self) -> Side:
        """What the line is compared with: the sums of what was not reversed, on the last of the days.

        Of a delivery that it shares, what it states itself: that all lines together add up made them a group. A credit
        line takes back what it says.
        """
        day = max(each.day for each in self.deliveries)
        if self.shares or self.found_by is Pass.CREDIT:
            return Side(units=self.line.units, amount=self.line.amount, day=day)
        if len(self.deliveries) == 1:
            return Side(units=self.delivery.units, amount=self.delivery.amount, day=day)
        counted = [each for each in self.deliveries if not each.reversed or self.reversed]
        amounts = [each.amount for each in counted if each.amount is not None]
        amount = sum(amounts, Decimal()) if len(amounts) == len(counted) else None
        return Side(units=sum(each.units for each in counted), amount=amount, day=day)

    @property
    def counted(self) -> Side:
        """The ledger's side: what was delivered, and nothing of what was reversed."""
        if self.difference() is FindingKind.REVERSED:
            return replace(self.delivered, units=0, amount=Decimal())
        return self.delivered

    def difference(self) -> FindingKind:
        """The kind that it has now. The day of a credit line is that of the credit, and is not compared."""
        if self.found_by is Pass.CREDIT:
            return FindingKind.MATCHED
        return kind_of_pair(self.line, self.delivered, reversed_=self.reversed)

    def paid_as_stated(self) -> "Pair":
        """The pair as if what its line states were paid."""
        return replace(self, paid=Paid(units=self.line.units, amount=self.line.amount))

    def paid_for_each(self) -> dict[RedemptionId, Paid]:
        """What was paid for each of its deliveries, or taken back.

        Each up to what it costs, in their order; the last takes the rest.
        """
        left = self.paid or Paid(units=0, amount=Decimal())
        shares: dict[RedemptionId, Paid] = {}
        for each in self.deliveries[:-1]:
            most = Paid(units=each.units, amount=each.amount or Decimal())
            shares[each.id] = -most.at_most(-left) if self.line.credit else most.at_most(left)
            left += -shares[each.id]
        return {**shares, self.deliveries[-1].id: left}


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What the vendor's months hold of this member and benefit already.

    `pairs`: of any month. `excepted`: lines that somebody had paid although no delivery was found for them. `disputed`:
    deliveries that a line in dispute may mean. `corrections`: what somebody decided to take back in this month, because
    it was paid and reversed.
    """

    pairs: Sequence[Pair] = ()
    excepted: Sequence[Line] = ()
    disputed: frozenset[RedemptionId] = frozenset()
    corrections: Mapping[RedemptionId, Paid] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """By what a month is matched.

    `tolerance_days`: how far a line's day may be off (the vendor's contract). `backdating_days`: how far from a line's
    day a reference counts (the edition's setting: so late may a delivery be posted). `feeding`: the closed months of
    which this month finds what came late.
    """

    month: date
    tolerance_days: int
    backdating_days: int
    feeding: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats:
    """A line says what another line says; `excepted`: that one was paid without a delivery."""

    line: Line
    excepted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancels:
    """A credit line and the line that it takes back, each of the other."""

    line: Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A finding: of a pair, of a line or of a delivery.

    `units` and `amount` are the ledger's side: nothing of what was reversed, less than nothing of what is to be taken
    back. `contested`: line and delivery agree, as they did when somebody disputed it.
    """

    kind: FindingKind
    line: Line | None = None
    delivery: Delivery | None = None
    pair: Pair | None = None
    found_by: Pass | None = None
    units: int | None = None
    amount: Decimal | None = None
    candidates: Sequence[RedemptionId] = ()
    because: Repeats | Cancels | Referenced | None = None
    contested: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """What the match comes to: pairs to unmatch, new pairs, pairs whose kind changes, and the findings.

    `unfounded`: corrections of a payment that is no more.
    """

    unmatched: list[Pair] = field(default_factory=list)
    paired: list[Pair] = field(default_factory=list)
    changed: list[Pair] = field(default_factory=list)
    findings: list[Found] = field(default_factory=list)
    unfounded: list[RedemptionId] = field(default_factory=list)
