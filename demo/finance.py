"""The acts of finance in the demonstration, through the service's own functions.

Every act is idempotent: an existing statement is not made again (the ledger has changed since), a decision stands, a
month closes once.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from pathlib import Path

from base.months import next_month
from base.sql import Queries
from demo.months import Act, Finance
from demo.service import DemoError, Service
from demo.statements import Delivered, number_of, statement_of
from handbook.dates import start_of
from ledger.commands import Reverse, finance_actor
from ledger.ids import RedemptionId
from ledger.posting.entries import RedemptionStatus
from ledger.posting.journal import Journal
from ledger.reconciliation.closing import close_period
from ledger.reconciliation.decisions import resolve
from ledger.reconciliation.matching import reconcile_period
from ledger.reconciliation.reading import FindingFilter, FindingView, Scope, period_view, stream_findings
from ledger.reconciliation.statements import submit
from ledger.reconciliation.values import Action, FindingKind, StatementLine
from ledger.refusals import Refusal

SQL = Queries(Path(__file__).with_name("finance.sql"))

_BY = "finance"
_NOTES = {
    FindingKind.UNITS_DIFFER: "按台账次数结算",
    FindingKind.AMOUNT_DIFFERS: "按合同价结算",
    FindingKind.DATE_DIFFERS: "日期笔误，已与服务商核实",
    FindingKind.REVERSED: "核销已冲正，不予支付",
    FindingKind.DUPLICATE_LINE: "重复计费，不予支付",
    FindingKind.NOT_IN_LEDGER: "台账无此服务，请服务商提供签单",
    FindingKind.NOT_IN_STATEMENT: "服务商未计费，本期不付",
    FindingKind.AMBIGUOUS: "与服务商核对后确认",
    FindingKind.OUTSIDE_PERIOD: "不属本期，请列入当月对账单",
}


class FinanceAtWork:
    """The acts of finance, at the moments of the demonstration."""

    def __init__(self, service: Service, journal: Journal) -> None:
        self._service = service
        self._journal = journal

    async def do(self, step: Finance) -> None:
        """Do what a step says, unless it is done. Raises DemoError when it is refused."""
        match step.act:
            case Act.STATE:
                await self._state(step)
            case Act.DECIDE:
                await self._decide(step)
            case Act.CLOSE:
                await self._close(step)
            case Act.TAKE_BACK:
                await self._reverse(step, "a_delivery", "客户投诉，退回次数")
            case Act.REVERSE_PAID:
                await self._reverse(step, "a_paid_delivery", "复核：服务未完成")

    async def _state(self, step: Finance) -> None:
        pool, number = self._service.pool, number_of(step.vendor, step.month)
        if await pool.fetchval(SQL["is_stated"], step.vendor, number):
            return
        rows = await pool.fetch(SQL["delivered"], step.vendor, *_moments(step))
        delivered = [
            Delivered(
                member_no=row["member_no"],
                benefit=row["benefit"],
                units=row["units"],
                day=row["day"],
                amount=row["amount"],
                reference=row["reference"],
                status=RedemptionStatus(row["status"]),
            )
            for row in rows
        ]
        outcome = await submit(
            pool,
            vendor=step.vendor,
            number=number,
            month=step.month,
            lines=_each(statement_of(step.vendor, delivered)),
            by=_BY,
            now=step.at,
            handbook=self._service.handbooks,
        )
        _must(outcome, step)

    async def _decide(self, step: Finance) -> None:
        """Accept findings, choose a delivery where several fit, and dispute the first line without a delivery."""
        pool = self._service.pool
        period = await period_view(pool, step.vendor, step.month)
        if period is None or period.id is None or period.closed_at is not None:
            return
        waiting = [
            finding
            async for finding in stream_findings(
                pool, scope=Scope.period(period.id), where=FindingFilter(open=True), now=step.at
            )
        ]
        disputed = False
        for finding in waiting:
            doubtful = finding.kind is FindingKind.NOT_IN_LEDGER and not disputed
            disputed = disputed or doubtful
            action = Action.DISPUTE if doubtful else _usual(finding)
            outcome = await resolve(
                pool,
                finding=finding.id,
                action=action,
                redemptions=[finding.candidates[0].id] if action is Action.MATCH else [],
                note=_NOTES.get(finding.kind, "已核实"),
                by=_BY,
                handbook=self._service.handbooks,
                now=step.at,
            )
            _must(outcome, step)

    async def _close(self, step: Finance) -> None:
        """Close the month, after deciding also on the findings since the sixth."""
        pool = self._service.pool
        period = await period_view(pool, step.vendor, step.month)
        if period is not None and period.closed_at is not None:
            return
        _must(
            await reconcile_period(
                pool, vendor=step.vendor, month=step.month, handbook=self._service.handbooks, now=step.at
            ),
            step,
        )
        await self._decide(step)
        _must(
            await close_period(
                pool,
                vendor=step.vendor,
                month=step.month,
                by=_BY,
                handbook=self._service.handbooks,
                now=step.at,
            ),
            step,
        )

    async def _reverse(self, step: Finance, which: str, reason: str) -> None:
        """Reverse one delivery; which one is found by the query of that name."""
        key = f"demo/{step.act}/{step.month}"
        if await self._service.pool.fetchval(SQL["is_posted"], key):
            return
        row = await self._service.pool.fetchrow(SQL[which], step.vendor, *_moments(step))
        if row is not None:
            redemption = RedemptionId(row["customer_id"], row["sequence"])
            await self._journal.post(
                Reverse(actor=finance_actor(_BY), redemption=redemption, key=key, reason=reason, subject=_BY)
            )


def _usual(finding: FindingView) -> Action:
    return Action.MATCH if finding.kind is FindingKind.AMBIGUOUS else Action.ACCEPT


def _moments(step: Finance) -> tuple[datetime, datetime]:
    return start_of(step.month), start_of(next_month(step.month))


async def _each(lines: Sequence[StatementLine]) -> AsyncIterator[StatementLine]:
    for line in lines:
        yield line


def _must(outcome: object, step: Finance) -> None:
    if isinstance(outcome, Refusal):
        raise DemoError(f"{step.act} {step.vendor} {step.month:%Y-%m} was refused: {outcome.message('en')}")
