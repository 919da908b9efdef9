"""Findings as a file: every line of a statement or a month with what the ledger has, and the reason.

The workbook opens with a summary; differences are on one sheet, lines that agree on another, so that a hundred
differences need not be searched among a hundred thousand lines. The CSV has all of them in one table.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import date
from tempfile import TemporaryFile
from typing import IO

from app.exports.columns import Cell, Column
from app.exports.csvs import csv_head, csv_rows
from app.exports.making import aside, in_batches, new_workbook, saved
from app.exports.telling import NothingThereError, SheetForm, Telling
from base.database import Connection, Pool
from base.months import month_text
from ledger.reconciliation.actions import action_words
from ledger.reconciliation.kinds import kind_words
from ledger.reconciliation.reading import (
    FindingFilter,
    FindingView,
    PeriodView,
    Scope,
    StatementStatus,
    StatementView,
    period_statements,
    period_view,
    stream_findings,
)
from ledger.reconciliation.suggesting import suggestion
from ledger.reconciliation.values import FindingKind


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingsAsked:
    """The request: findings of a vendor's month, or of one of its statements by the vendor's number."""

    vendor: str
    month: date
    statement: str | None = None
    where: FindingFilter = field(default_factory=FindingFilter)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToFill:
    """A column that stays empty for a person to fill."""

    name: str
    title: str
    width: int


DECIDE = ToFill(name="decide", title="决定", width=10)
PAY = ToFill(name="decide_pay", title="决定付款", width=12)
MATCH = ToFill(name="decide_match", title="配对核销", width=18)
NOTE = ToFill(name="decide_note", title="决定理由", width=30)
DECIDED = (DECIDE, PAY, MATCH, NOTE)


def finding_columns(telling: Telling) -> tuple[Column[FindingView], ...]:
    """The columns of a table of findings."""
    return (
        Column(name="statement", title="对账单号", cell=lambda row: row.statement_number, width=18),
        Column(
            name="line_no", title="行号", cell=lambda row: row.line.line_no if row.line else None, width=8
        ),
        Column(name="kind", title="类别", cell=lambda row: row.kind.value, width=18),
        Column(name="member_no", title="会员号", cell=_member_no),
        Column(name="benefit", title="服务项目代码", cell=lambda row: row.benefit, width=20),
        Column(
            name="benefit_name", title="服务项目", cell=lambda row: telling.benefit(row.benefit), width=20
        ),
        Column(name="reference", title="预约号", cell=_reference, width=20),
        Column(
            name="stated_on", title="对账单日期", cell=lambda row: row.line.occurred_on if row.line else None
        ),
        Column(name="stated_units", title="对账单数量", cell=lambda row: row.stated_units),
        Column(name="stated_amount", title="对账单金额", cell=lambda row: row.stated_amount),
        Column(name="ledger_on", title="台账日期", cell=_ledger_day),
        Column(name="ledger_units", title="台账数量", cell=lambda row: row.ledger_units),
        Column(name="ledger_amount", title="台账金额", cell=lambda row: row.ledger_amount),
        Column(name="units_difference", title="数量差", cell=lambda row: row.units_difference, width=10),
        Column(name="amount_difference", title="金额差", cell=lambda row: row.amount_difference),
        Column(name="differences", title="全部差异", cell=lambda row: ", ".join(row.differences), width=24),
        Column(
            name="pass", title="配对方式", cell=lambda row: row.pass_.value if row.pass_ else None, width=12
        ),
        Column(
            name="reason",
            title="说明",
            cell=lambda row: row.reason(telling.language, to_vendor=telling.to_vendor),
            width=60,
        ),
        *(() if telling.to_vendor else deciding_columns(telling)),
        Column(name="candidates", title="候选核销编号", cell=_candidates, width=24),
        Column(name="carried_from", title="结转自", cell=_carried_from, width=10),
        Column(
            name="action", title="处理", cell=lambda row: row.action.value if row.action else None, width=10
        ),
        Column(name="payable", title="应付金额", cell=lambda row: row.payable),
        Column(
            name="note",
            title="处理说明",
            cell=lambda row: row.resolution.note if row.resolution else None,
            width=30,
        ),
        Column(
            name="decided_by", title="处理人", cell=lambda row: row.resolution.by if row.resolution else None
        ),
        Column(
            name="decided_at",
            title="处理时间",
            cell=lambda row: row.resolution.at if row.resolution else None,
            width=20,
        ),
        Column(name="redemption", title="核销编号", cell=_redemption, width=24),
        Column(name="finding", title="核对结果编号", cell=lambda row: row.id.opaque, width=28),
    )


def deciding_columns(telling: Telling) -> tuple[Column[FindingView], ...]:
    """What is suggested, and the columns that a person fills: `app.decided` reads them."""

    def suggested(row: FindingView) -> Cell:
        found = suggestion(row)
        if found is None:
            return None
        name, why = action_words(found.action).name, found.words
        return telling.say(f"{name.zh}：{why.zh}", f"{name.en}: {why.en}")

    return (
        Column(name="suggestion", title="建议", cell=suggested, width=36),
        *(
            Column(name=each.name, title=each.title, cell=lambda _row: None, width=each.width)
            for each in DECIDED
        ),
    )


def _member_no(row: FindingView) -> Cell:
    if row.line is not None:
        return row.line.member_no
    return row.redemption.member_no if row.redemption is not None else None


def _reference(row: FindingView) -> Cell:
    if row.line is not None:
        return row.line.reference
    return row.redemption.reference if row.redemption is not None else None


def _ledger_day(row: FindingView) -> Cell:
    return row.occurred_on if row.redemptions else None


def _candidates(row: FindingView) -> Cell:
    return ", ".join(each.name for each in row.candidates)


def _carried_from(row: FindingView) -> Cell:
    return month_text(row.carried_from) if row.carried_from is not None else None


def _redemption(row: FindingView) -> Cell:
    return ", ".join(each.id.opaque for each in row.redemptions) or None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """The scope of the file: the month as it is now, its relevant statements, and where to read."""

    period: PeriodView
    statements: Sequence[StatementView]
    scope: Scope


async def check_findings(pool: Pool, asked: FindingsAsked) -> None:
    """Raise NothingThereError unless the requested month or statement exists."""
    async with pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        await _find(conn, asked)


async def _find(conn: Connection, asked: FindingsAsked) -> _Found:
    month = month_text(asked.month)
    period = await period_view(conn, asked.vendor, asked.month)
    if period is None:
        raise NothingThereError(f"there is no vendor {asked.vendor}")
    if period.id is None:
        raise NothingThereError(f"nothing has been reconciled for {asked.vendor} and {month}")
    statements = await period_statements(conn, period.id)
    if asked.statement is None:
        return _Found(period=period, statements=statements, scope=Scope.period(period.id))
    for each in statements:
        if each.number == asked.statement:
            if each.status is StatementStatus.WITHDRAWN:
                raise NothingThereError(f"the statement {each.number} was withdrawn: it has no findings")
            return _Found(period=period, statements=[each], scope=Scope.statement(each.id))
    raise NothingThereError(f"there is no statement {asked.statement} of {asked.vendor} for {month}")


async def findings_file(pool: Pool, asked: FindingsAsked, form: SheetForm, telling: Telling) -> IO[bytes]:
    """The file, from one snapshot; the caller closes it. Raises NothingThereError."""
    async with pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        found = await _find(conn, asked)
        rows = stream_findings(conn, scope=found.scope, where=asked.where, now=telling.now)
        if form is SheetForm.CSV:
            return await csv_file(finding_columns(telling), rows, telling)
        async with new_workbook() as book:
            book.facts(telling.say("汇总", "Summary"), _summary(found, telling), (24, 20, 16, 16, 16, 16, 16))
            columns = finding_columns(telling)
            differing = book.table(telling.say("差异", "Findings"), columns, telling.language)
            agreeing = book.table(telling.say("相符", "Matched"), columns, telling.language)
            async with aclosing(in_batches(rows)) as batches:
                async for batch in batches:
                    await aside(
                        differing.extend, [row for row in batch if row.kind is not FindingKind.MATCHED]
                    )
                    await aside(agreeing.extend, [row for row in batch if row.kind is FindingKind.MATCHED])
    return await saved(book)


async def csv_file(
    columns: Sequence[Column[FindingView]], rows: AsyncIterator[FindingView], telling: Telling
) -> IO[bytes]:
    """A table of findings as CSV; the caller closes the file."""
    file = TemporaryFile()  # noqa: SIM115
    try:
        file.write(csv_head(columns, telling.language))
        async with aclosing(in_batches(rows)) as batches:
            async for batch in batches:
                file.write(await aside(csv_rows, columns, batch))
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def _summary(found: _Found, telling: Telling) -> Iterator[Sequence[Cell]]:
    """The first sheet: the month and its totals, the number of findings by kind, the statements."""
    say, period = telling.say, found.period
    whole = found.scope == Scope.period(period.id or 0)
    totals = period if whole else found.statements[0]
    yield say("服务商", "vendor"), period.vendor.code, period.vendor.name
    yield say("账期", "period"), month_text(period.month)
    if not whole:
        yield say("对账单号", "statement"), found.statements[0].number
    yield say("状态", "status"), period.status.value
    yield say("最近对账时间", "reconciled at"), period.reconciled_at
    yield say("导出时间", "exported at"), telling.now
    yield ()
    yield say("对账单行数", "lines stated"), totals.lines
    yield say("对账单数量", "units stated"), totals.stated_units
    yield say("对账单金额", "amount stated"), totals.stated_amount
    yield say("相符数量", "units matched"), totals.tally.matched_units
    yield say("相符金额", "amount matched"), totals.tally.matched_amount
    yield say("现应付金额", "payable as it stands"), totals.tally.payable
    yield say("待处理", "open findings"), totals.tally.open
    yield ()
    yield say("类别", "kind"), say("含义", "meaning"), say("数量", "count")
    for kind, count in totals.tally.counts:
        yield kind.value, kind_words(kind).name.spoken(telling.language), count
    yield ()
    yield from statement_rows(found.statements, telling)


def statement_rows(statements: Sequence[StatementView], telling: Telling) -> Iterator[Sequence[Cell]]:
    """A short list of statements: status, stated and payable amounts of each."""
    say = telling.say
    yield (
        say("对账单号", "statement"),
        say("状态", "status"),
        say("行数", "lines"),
        say("数量", "units"),
        say("金额", "amount"),
        say("应付金额", "payable"),
        say("待处理", "open"),
    )
    for each in statements:
        yield (
            each.number,
            each.status.value,
            each.lines,
            each.stated_units,
            each.stated_amount,
            each.payable,
            each.open,
        )
