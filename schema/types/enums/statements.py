"""Statements, findings and decisions on them, each value with its meaning."""

from typing import assert_never

from ledger.reconciliation.actions import action_words
from ledger.reconciliation.kinds import kind_words
from ledger.reconciliation.values import Action, FindingKind, Pass
from ledger.reconciliation.views import PeriodStatus, StatementStatus
from schema.types.enums.publishing import published

__all__ = ["Action", "FindingKind", "Pass", "PeriodStatus", "StatementStatus"]


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
