"""The way from what is stated to what is payable, to the cent. Pure.

What a finding asks for is stated, a credit, or carried in. Of that it loses what the ledger does not support (a
difference of its kind), or all of it while it waits; it goes on to a later month where it is disputed; and an exception
pays another amount than what both sides support. What was paid and is taken back, without a line that says so, is a
correction. So the amounts of all steps add up to what is payable, whatever was decided.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from base.words import Words
from ledger.reconciliation.kinds import kind_words
from ledger.reconciliation.values import FindingKind


class BridgeStepKind(StrEnum):
    """The steps from stated to payable, in their order."""

    STATED = "STATED"
    UNITS_DIFFER = "UNITS_DIFFER"
    AMOUNT_DIFFERS = "AMOUNT_DIFFERS"
    DATE_DIFFERS = "DATE_DIFFERS"
    REVERSED = "REVERSED"
    DUPLICATE_LINE = "DUPLICATE_LINE"
    NOT_IN_LEDGER = "NOT_IN_LEDGER"
    NOT_IN_STATEMENT = "NOT_IN_STATEMENT"
    AMBIGUOUS = "AMBIGUOUS"
    OUTSIDE_PERIOD = "OUTSIDE_PERIOD"
    EXCEPTIONS = "EXCEPTIONS"
    CREDITS = "CREDITS"
    CARRIED_IN = "CARRIED_IN"
    CARRIED_OUT = "CARRIED_OUT"
    CORRECTIONS = "CORRECTIONS"
    PAYABLE = "PAYABLE"


_LABELS = {
    BridgeStepKind.STATED: Words("对账单金额（不含红冲行）", "stated, without credit lines"),
    BridgeStepKind.EXCEPTIONS: Words("例外（另定金额）", "exceptions: other amounts as decided"),
    BridgeStepKind.CREDITS: Words("红冲行", "credit lines"),
    BridgeStepKind.CARRIED_IN: Words("以前账期争议转入", "carried in from earlier months"),
    BridgeStepKind.CARRIED_OUT: Words("争议结转以后账期", "carried forward: in dispute"),
    BridgeStepKind.CORRECTIONS: Words("更正以前的付款", "corrections of earlier payments"),
    BridgeStepKind.PAYABLE: Words("应付金额", "payable"),
}
"""What the steps are called that are no kind of finding."""


class Origin(StrEnum):
    """Where a finding comes from: a line of the month, a credit line of it, an earlier month, or the ledger alone."""

    LINE = "LINE"
    CREDIT = "CREDIT"
    CARRIED = "CARRIED"
    LEDGER = "LEDGER"


class Outcome(StrEnum):
    """What became of a finding."""

    AGREES = "AGREES"
    WAITS = "WAITS"
    DISPUTED = "DISPUTED"
    DECIDED = "DECIDED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The findings of one kind, origin and outcome, added up; money in CNY.

    `asked`: what they ask for, of the ledger's alone what the ledger has. `supported`: what both sides support; `paid`:
    what is paid. `exceptions`: how many are paid another amount than supported.
    """

    origin: Origin
    outcome: Outcome
    kind: FindingKind
    findings: int
    exceptions: int
    asked: Decimal
    supported: Decimal
    paid: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step: of how many lines or deliveries, its amount in CNY, and what the steps so far add up to."""

    step: BridgeStepKind
    lines: int
    amount: Decimal
    running_total: Decimal

    @property
    def label(self) -> Words:
        """What it is called; the step of a kind has the name of the kind."""
        label = _LABELS.get(self.step)
        return label if label is not None else kind_words(FindingKind(self.step.value)).name

    def as_json(self) -> list[object]:
        """The step in the canonical form that is sealed."""
        return [self.step.value, self.lines, f"{self.amount:.2f}"]


_Part = tuple[BridgeStepKind, int, Decimal]
"""What findings add to a step: how many they are, and how much."""


@dataclass(slots=True)
class _Sum:
    lines: int = 0
    amount: Decimal = Decimal()


def bridge(lines: int, stated: Decimal, found: Iterable[Found]) -> tuple[Step, ...]:
    """The steps from `stated`, the total of the month's `lines`, to what is payable: the last running total."""
    sums: dict[BridgeStepKind, _Sum] = defaultdict(_Sum)
    sums[BridgeStepKind.STATED] = _Sum(lines, stated)
    paid_lines = lines
    for each in found:
        if each.origin in {Origin.LINE, Origin.CREDIT}:
            paid_lines -= each.findings
        if each.outcome in {Outcome.AGREES, Outcome.DECIDED} and each.paid:
            paid_lines += each.findings
        for step, findings, amount in (*_asking(each), *_answering(each)):
            sums[step].lines += findings
            sums[step].amount += amount
    steps, total = [], Decimal("0.00")
    for step in BridgeStepKind:
        total += sums[step].amount
        counted = paid_lines if step is BridgeStepKind.PAYABLE else sums[step].lines
        steps.append(Step(step=step, lines=counted, amount=sums[step].amount, running_total=total))
    return tuple(steps)


def _asking(found: Found) -> Iterator[_Part]:
    """What findings ask for: lines that are no credits are part of what is stated."""
    match found.origin:
        case Origin.LINE:
            pass
        case Origin.CREDIT:  # part of what is stated, and told apart
            yield BridgeStepKind.STATED, -found.findings, -found.asked
            yield BridgeStepKind.CREDITS, found.findings, found.asked
        case Origin.CARRIED:
            yield BridgeStepKind.CARRIED_IN, found.findings, found.asked
        case Origin.LEDGER:
            if found.outcome is Outcome.DISPUTED:
                yield _difference(found), found.findings, found.asked


def _answering(found: Found) -> Iterator[_Part]:
    """Why findings are paid something else than they ask for."""
    asked = Decimal() if found.origin is Origin.LEDGER else found.asked
    match found.outcome:
        case Outcome.AGREES:
            pass
        case Outcome.WAITS:
            yield _difference(found), found.findings, -asked
        case Outcome.DISPUTED:
            yield BridgeStepKind.CARRIED_OUT, found.findings, -found.asked
        case Outcome.DECIDED:
            agrees = found.kind is FindingKind.MATCHED
            supported = asked if agrees else found.supported
            if not agrees:
                yield _difference(found), found.findings, supported - asked
            yield BridgeStepKind.EXCEPTIONS, found.exceptions, found.paid - supported


def _difference(found: Found) -> BridgeStepKind:
    """The step of a kind; what is taken back of earlier payments, without a line, is a correction."""
    if found.origin is Origin.LEDGER and found.kind is FindingKind.REVERSED:
        return BridgeStepKind.CORRECTIONS
    if found.kind is FindingKind.MATCHED:  # it agreed when it was disputed in an earlier month, and waits
        return BridgeStepKind.CARRIED_IN
    return BridgeStepKind(found.kind.value)
