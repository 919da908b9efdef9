"""Statements, findings and decisions on them, each value with its meaning."""

from typing import assert_never

from ledger.reconciliation.actions import action_words
from ledger.reconciliation.bridge import BridgeStepKind
from ledger.reconciliation.kinds import kind_words
from ledger.reconciliation.values import Action, FindingKind, Pass
from ledger.reconciliation.views import PeriodStatus, StatementStatus
from schema.types.enums.publishing import published

__all__ = ["Action", "BridgeStepKind", "FindingKind", "Pass", "PeriodStatus", "StatementStatus"]


@published(FindingKind, "The kind of a finding: on a line of a statement, a delivery, or a pair of both.")
def _finding_kind(finding_kind: FindingKind) -> str:
    return kind_words(finding_kind).meaning


@published(Action, "A decision on a finding.", name="FindingAction")
def _action(action: Action) -> str:
    return action_words(action).meaning


@published(
    Pass, "How a line and a delivery came together, in the order in which it is tried.", name="MatchPass"
)
def _pass(pass_: Pass) -> str:
    match pass_:
        case Pass.REFERENCE:
            return "By reference, member and benefit."
        case Pass.EXACT:
            return "By member, benefit, date and units."
        case Pass.GROUP:
            return (
                "One line for several deliveries, or several lines for one, by member, benefit, and date or reference: "
                "units and amounts add up in one way only."
            )
        case Pass.TOLERANCE:
            return "By member, benefit and units; the date within the vendor's tolerance."
        case Pass.UNITS:
            return "By member, benefit and date, where just one fits each way."
        case Pass.CREDIT:
            return "A credit line, and what it takes back."
        case Pass.HAND:
            return "By a person."
        case _:
            assert_never(pass_)


@published(StatementStatus, "Where a statement stands.")
def _statement_status(statement_status: StatementStatus) -> str:
    match statement_status:
        case StatementStatus.OPEN:
            return "Its period is open."
        case StatementStatus.CLOSED:
            return "Its period is closed: nothing changes any more."
        case StatementStatus.WITHDRAWN:
            return "It was withdrawn: its lines no longer count."
        case _:
            assert_never(statement_status)


@published(PeriodStatus, "Whether a vendor's month may still change.")
def _period_status(period_status: PeriodStatus) -> str:
    match period_status:
        case PeriodStatus.OPEN:
            return "It may."
        case PeriodStatus.CLOSED:
            return "It is settled: what comes later belongs to a later period."
        case _:
            assert_never(period_status)


@published(BridgeStepKind, "The steps from what is stated to what is payable, in their order.")
def _bridge_step(step: BridgeStepKind) -> str:  # noqa: C901, PLR0911, PLR0912 (a table: one case for each step)
    match step:
        case BridgeStepKind.STATED:
            return "What the lines state, without credit lines."
        case BridgeStepKind.UNITS_DIFFER:
            return "Taken off: other units than delivered."
        case BridgeStepKind.AMOUNT_DIFFERS:
            return "Taken off: other amounts than the contract's."
        case BridgeStepKind.DATE_DIFFERS:
            return "Taken off: another day than that of the delivery."
        case BridgeStepKind.REVERSED:
            return "Taken off: lines of deliveries that were reversed."
        case BridgeStepKind.DUPLICATE_LINE:
            return "Taken off: lines that repeat another."
        case BridgeStepKind.NOT_IN_LEDGER:
            return "Taken off: lines without a delivery."
        case BridgeStepKind.NOT_IN_STATEMENT:
            return "Deliveries without a line that are in dispute; CARRIED_OUT takes them off."
        case BridgeStepKind.AMBIGUOUS:
            return "Taken off: lines that fit several deliveries."
        case BridgeStepKind.OUTSIDE_PERIOD:
            return "Taken off: lines of another month."
        case BridgeStepKind.EXCEPTIONS:
            return "Where a decision named another amount than both sides support: how much more, or less."
        case BridgeStepKind.CREDITS:
            return "What credit lines state, below 0."
        case BridgeStepKind.CARRIED_IN:
            return "What was disputed in earlier months and is found again."
        case BridgeStepKind.CARRIED_OUT:
            return "Taken off: what is disputed, and carried forward."
        case BridgeStepKind.CORRECTIONS:
            return "Earlier payments that are taken back, since the delivery was reversed."
        case BridgeStepKind.PAYABLE:
            return "What is payable: the running total."
