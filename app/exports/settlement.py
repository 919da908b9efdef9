"""A settlement as a file: the payments for a vendor's month, line by line, and what they depend on.

The workbook has a page to sign, the summary with the seal, the way from stated to payable, the lines, the findings that
were decided, and those that are disputed and carried forward. The CSV has the lines only, without a total: their sum is
what is payable.
"""

from collections.abc import Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from tempfile import TemporaryFile
from typing import IO

from app.exports.columns import Cell, Column
from app.exports.cover import (
    BRIDGE_WIDTHS,
    Cover,
    Exceptions,
    bridge_rows,
    exceptions_of,
    put_cover,
    subject_of,
)
from app.exports.csvs import csv_head, csv_rows
from app.exports.finding_columns import finding_columns
from app.exports.findings import statement_rows
from app.exports.making import aside, in_batches, new_workbook, saved
from app.exports.telling import NothingThereError, SheetForm, Telling
from app.exports.workbook import Line, Look
from base.database import Connection, Pool
from base.months import month_text
from ledger.reconciliation.bridge import Step
from ledger.reconciliation.bridging import bridge_of
from ledger.reconciliation.reading import (
    FindingFilter,
    Scope,
    SettlementLineView,
    SettlementView,
    StatementView,
    period_statements,
    period_view,
    settlement,
    stream_findings,
)
from ledger.reconciliation.values import Action

_WIDTHS = (28, 28, 16, 16, 16, 16, 16)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A line with the settlement that it belongs to."""

    settlement: SettlementView
    line: SettlementLineView


def settlement_columns(telling: Telling) -> tuple[Column[_Line], ...]:
    """The columns of the lines."""
    return (
        Column(name="vendor", title="服务商", cell=lambda row: row.settlement.vendor.code),
        Column(name="period", title="账期", cell=lambda row: month_text(row.settlement.month), width=10),
        Column(name="benefit", title="服务项目代码", cell=lambda row: row.line.benefit, width=24),
        Column(
            name="benefit_name",
            title="服务项目",
            cell=lambda row: telling.benefit(row.line.benefit),
            width=24,
        ),
        Column(
            name="occurred_in", title="服务月份", cell=lambda row: month_text(row.line.occurred_in), width=10
        ),
        Column(name="correction", title="是否更正", cell=lambda row: _yes_or_no(row, telling), width=10),
        Column(name="units", title="数量", cell=lambda row: row.line.units),
        Column(name="amount", title="金额", cell=lambda row: row.line.amount, width=16),
        Column(name="seal", title="封印", cell=lambda row: row.settlement.seal, width=68, printed=False),
    )


def _yes_or_no(row: _Line, telling: Telling) -> str:
    return telling.say("是", "yes") if row.line.correction else telling.say("否", "no")


async def check_settlement(pool: Pool, vendor: str, month: date) -> None:
    """Raise NothingThereError unless the vendor's month is settled."""
    async with pool.acquire() as conn:
        await _find(conn, vendor, month)


async def _find(conn: Connection, vendor: str, month: date) -> SettlementView:
    found = await settlement(conn, vendor, month)
    if found is not None:
        return found
    if await period_view(conn, vendor, month) is None:
        raise NothingThereError(f"there is no vendor {vendor}")
    raise NothingThereError(
        f"the period {month_text(month)} of {vendor} is not closed: it has no settlement yet"
    )


async def settlement_file(
    pool: Pool, vendor: str, month: date, form: SheetForm, telling: Telling
) -> IO[bytes]:
    """The file; the caller closes it. Raises NothingThereError."""
    columns = settlement_columns(telling)
    async with pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        found = await _find(conn, vendor, month)
        lines = [_Line(settlement=found, line=line) for line in found.lines]
        if form is SheetForm.CSV:
            return _csv(columns, lines, telling)
        statements = await period_statements(conn, found.period)
        steps = await bridge_of(conn, vendor, month)
        cover = _cover(found, steps, await exceptions_of(conn, found.period, telling.now), telling)
        async with new_workbook(subject_of(found.vendor, found.month), telling) as book:
            put_cover(book, cover, telling)
            book.facts(telling.say("汇总", "Summary"), _summary(found, statements, telling), _WIDTHS)
            book.facts(
                telling.say("应付计算", "Stated to payable"), bridge_rows(steps, telling), BRIDGE_WIDTHS
            )
            book.table(telling.say("结算明细", "Lines"), columns, telling.language).extend(lines)
            for title, actions in (
                (telling.say("已处理", "Decided"), {Action.ACCEPT, Action.MATCH}),
                (telling.say("争议结转", "Carried forward"), {Action.DISPUTE}),
            ):
                table = book.table(title, finding_columns(telling), telling.language)
                findings = stream_findings(
                    conn,
                    scope=Scope.period(found.period),
                    where=FindingFilter(actions=frozenset(actions)),
                    now=telling.now,
                )
                async with aclosing(in_batches(findings)) as batches:
                    async for batch in batches:
                        await aside(table.extend, batch)
    return await saved(book)


def _csv(columns: Sequence[Column[_Line]], lines: Sequence[_Line], telling: Telling) -> IO[bytes]:
    file = TemporaryFile()  # noqa: SIM115 - the caller closes it
    file.write(csv_head(columns, telling.language) + csv_rows(columns, lines, telling.language))
    file.seek(0)
    return file


def _cover(found: SettlementView, steps: Sequence[Step], exceptions: Exceptions, telling: Telling) -> Cover:
    say = telling.say
    return Cover(
        title=say("服务结算单", "Settlement"),
        vendor=found.vendor,
        month=found.month,
        payable_label=say("应付金额", "payable"),
        payable=found.payable,
        facts=(
            (say("争议结转金额", "carried forward"), found.carried_forward),
            *_closed(found, telling),
            (say("封印", "seal"), found.seal),
        ),
        steps=steps,
        exceptions=exceptions,
    )


def _closed(found: SettlementView, telling: Telling) -> Iterator[tuple[str, Cell]]:
    """When the month was closed, and for the staff by whom."""
    yield telling.say("关账时间", "closed at"), found.closed_at
    if telling.to_vendor:
        return
    yield telling.say("关账人", "closed by"), found.closed_by
    if found.approved_by is not None:
        yield telling.say("复核人", "approved by"), found.approved_by


def _summary(
    found: SettlementView, statements: Sequence[StatementView], telling: Telling
) -> Iterator[Sequence[Cell] | Line]:
    """The summary: vendor and month, amounts paid and carried forward, and the seal."""
    say = telling.say
    yield say("服务商", "vendor"), found.vendor.code, found.vendor.name
    yield say("账期", "period"), month_text(found.month)
    yield say("应付金额", "payable"), found.payable
    yield say("争议结转金额", "carried forward"), found.carried_forward
    yield from _closed(found, telling)
    yield say("封印", "seal"), found.seal
    yield ()
    headings = say("服务项目", "benefit"), say("名称", "name"), say("数量", "units"), say("金额", "amount")
    yield Line(headings, Look.HEADINGS)
    for benefit in dict.fromkeys(line.benefit for line in found.lines):
        lines = [line for line in found.lines if line.benefit == benefit]
        cells = (
            benefit,
            telling.benefit(benefit),
            sum(line.units for line in lines),
            sum((line.amount for line in lines), Decimal()),
        )
        yield Line(cells, Look.ENTRY)
    yield ()
    yield from statement_rows(statements, telling)
