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
from app.exports.cover import Cover, exceptions_of, put_cover, subject_of
from app.exports.csvs import csv_head, csv_rows
from app.exports.finding_columns import finding_columns
from app.exports.making import aside, in_batches, new_workbook, saved
from app.exports.telling import NothingThereError, SheetForm, Telling
from app.exports.workbook import Line, Look
from base.database import Connection, Pool
from base.months import month_text
from ledger.reconciliation.bridging import bridge_of
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
from ledger.reconciliation.statuses import period_status_words, statement_status_words
from ledger.reconciliation.values import FindingKind


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingsAsked:
    """The request: findings of a vendor's month, or of one of its statements by the vendor's number."""

    vendor: str
    month: date
    statement: str | None = None
    where: FindingFilter = field(default_factory=FindingFilter)


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
        cover = await _cover(conn, found, telling)
        async with new_workbook(subject_of(found.period.vendor, found.period.month), telling) as book:
            if cover is not None:
                put_cover(book, cover, telling)
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
                file.write(await aside(csv_rows, columns, batch, telling.language))
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


async def _cover(conn: Connection, found: _Found, telling: Telling) -> Cover | None:
    """The page to sign for a whole month; the findings of one statement have none."""
    period, say = found.period, telling.say
    if period.id is None or found.scope != Scope.period(period.id):
        return None
    return Cover(
        title=say("对账核对单", "Reconciliation"),
        vendor=period.vendor,
        month=period.month,
        payable_label=say("现应付金额", "payable as it stands"),
        payable=period.tally.payable,
        facts=(
            (say("状态", "status"), telling.named(period.status, period_status_words(period.status))),
            (say("待处理", "open findings"), period.tally.open),
            (say("导出时间", "exported at"), telling.now),
        ),
        steps=await bridge_of(conn, period.vendor.code, period.month),
        exceptions=await exceptions_of(conn, period.id, telling.now),
    )


def _summary(found: _Found, telling: Telling) -> Iterator[Sequence[Cell] | Line]:
    """The first sheet: the month and its totals, the number of findings by kind, the statements."""
    say, period = telling.say, found.period
    whole = found.scope == Scope.period(period.id or 0)
    totals = period if whole else found.statements[0]
    yield say("服务商", "vendor"), period.vendor.code, period.vendor.name
    yield say("账期", "period"), month_text(period.month)
    if not whole:
        yield say("对账单号", "statement"), found.statements[0].number
    yield say("状态", "status"), telling.named(period.status, period_status_words(period.status))
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
    yield Line((say("类别", "kind"), say("数量", "count")), Look.HEADINGS)
    for kind, count in totals.tally.counts:
        yield Line((telling.named(kind, kind_words(kind).name), count), Look.ENTRY)
    yield ()
    yield from statement_rows(found.statements, telling)


def statement_rows(statements: Sequence[StatementView], telling: Telling) -> Iterator[Line]:
    """A short list of statements: status, stated and payable amounts of each."""
    say = telling.say
    headings = (
        say("对账单号", "statement"),
        say("状态", "status"),
        say("行数", "lines"),
        say("数量", "units"),
        say("金额", "amount"),
        say("应付金额", "payable"),
        say("待处理", "open"),
    )
    yield Line(headings, Look.HEADINGS)
    for each in statements:
        cells = (
            each.number,
            telling.named(each.status, statement_status_words(each.status)),
            each.lines,
            each.stated_units,
            each.stated_amount,
            each.payable,
            each.open,
        )
        yield Line(cells, Look.ENTRY)
