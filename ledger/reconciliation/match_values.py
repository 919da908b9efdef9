"""What the match is given and what it finds, for one member and one benefit of one vendor. Pure values."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from ledger.ids import RedemptionId
from ledger.posting.entries import RedemptionStatus
from ledger.reconciliation.values import FindingKind, Pass, kind_of_pair


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

    `carried_from`: the closed month in which it was disputed. `agreed_with`: the delivery with which it agreed then.
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
    def place(self) -> tuple[int, int]:
        """Where it stands: statement and number."""
        return self.statement, self.line_no


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A delivery: `amount` is what it costs by the contract of its day, in CNY; None: no price that day.

    `carried_from`: the closed month in which somebody disputed that no line speaks of it. `found_before`: another month
    has found so already, and has not passed it on.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """What was paid for a pair: units, and CNY."""

    units: int
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A line and the delivery that it means. `kind` is what differs, as it is written down.

    `open`: of this month, and nobody has decided on it. `paid`: by a closed month, or by a decision in this one.
    `corrected`: that it was paid and reversed since is found already.
    """

    line: Line
    delivery: Delivery
    found_by: Pass
    kind: FindingKind
    open: bool = True
    paid: Paid | None = None
    corrected: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What the vendor's months hold of this member and benefit already.

    `pairs`: of any month. `excepted`: lines that somebody had paid although no delivery was found for them. `disputed`:
    deliveries that a line in dispute may mean.
    """

    pairs: Sequence[Pair] = ()
    excepted: Sequence[Line] = ()
    disputed: frozenset[RedemptionId] = frozenset()


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
class Found:
    """A finding.

    `units` and `amount` are the ledger's side: nothing of what was reversed, less than nothing of what is to be taken
    back. `contested`: line and delivery agree, as they did when somebody disputed it.
    """

    kind: FindingKind
    line: Line | None = None
    delivery: Delivery | None = None
    found_by: Pass | None = None
    units: int | None = None
    amount: Decimal | None = None
    candidates: Sequence[RedemptionId] = ()
    because: Repeats | Referenced | None = None
    contested: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """What the match comes to: pairs to unmatch, new pairs, pairs whose kind changes, and the findings."""

    unmatched: list[Pair] = field(default_factory=list)
    paired: list[Pair] = field(default_factory=list)
    changed: list[Pair] = field(default_factory=list)
    findings: list[Found] = field(default_factory=list)


def difference(line: Line, delivery: Delivery) -> FindingKind:
    """The kind of the pair of a line and a delivery."""
    return kind_of_pair(line, delivery, reversed_=delivery.reversed)
