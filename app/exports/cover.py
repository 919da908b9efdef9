"""The first page of a workbook, for the person who signs it: vendor, month, what is payable and why, and who decided.

It is one page: the amount in figures and in capitals, the way from stated to payable, the exceptions with the persons
who decided them, and lines for signatures.
"""

from collections.abc import Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from app.exports.capitals import capitals
from app.exports.columns import Cell
from app.exports.making import in_batches
from app.exports.telling import Telling
from app.exports.workbook import Book, Line, Look
from base.database import Connection
from base.months import month_text
from ledger.reconciliation.bridge import BridgeStepKind, Step
from ledger.reconciliation.reading import FindingFilter, FindingView, Scope, stream_findings
from ledger.reconciliation.values import Action
from ledger.reports.pages import VendorName

BRIDGE_WIDTHS = (36, 12, 16, 16)
_WIDTHS = (30, 22, 20, 18, 18, 14, 34)
_MOST_EXCEPTIONS = 12
_BLANK = "_" * 16
_ALWAYS = {BridgeStepKind.STATED, BridgeStepKind.PAYABLE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Exceptions:
    """Findings that are paid another amount than both sides support: the first ones, and how many there are."""

    first: Sequence[FindingView]
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """What the page says. `facts`: further labels with their values."""

    title: str
    vendor: VendorName
    month: date
    payable_label: str
    payable: Decimal
    facts: Sequence[tuple[str, Cell]]
    steps: Sequence[Step]
    exceptions: Exceptions


def subject_of(vendor: VendorName, month: date) -> str:
    """What a file is about, for the foot of its pages."""
    return f"{vendor.name} {month_text(month)}"


async def exceptions_of(conn: Connection, period: int, now: datetime) -> Exceptions:
    """The exceptions of a period."""
    decided = FindingFilter(actions=frozenset({Action.ACCEPT, Action.MATCH}))
    first: list[FindingView] = []
    count = 0
    found = stream_findings(conn, scope=Scope.period(period), where=decided, now=now)
    async with aclosing(in_batches(found)) as batches:
        async for batch in batches:
            exceptions = [each for each in batch if each.excepted]
            count += len(exceptions)
            first += exceptions[: _MOST_EXCEPTIONS - len(first)]
    return Exceptions(first=first, count=count)


def put_cover(book: Book, cover: Cover, telling: Telling) -> None:
    """Add the page to a workbook."""
    book.facts(telling.say("封面", "Cover"), _rows(cover, telling), _WIDTHS, one_page=True)


def bridge_rows(steps: Sequence[Step], telling: Telling) -> Iterator[Line]:
    """The way from stated to payable: each step, its lines, its amount, and the sum so far."""
    say = telling.say
    yield Line(
        (say("步骤", "step"), say("行数", "lines"), say("金额", "amount"), say("累计", "running total")),
        Look.HEADINGS,
    )
    for each in steps:
        label = each.label.spoken(telling.language)
        if each.step is BridgeStepKind.PAYABLE:
            yield Line((label, each.lines, None, each.running_total), Look.TOTAL)
        else:
            yield Line((label, each.lines, each.amount, each.running_total), Look.ENTRY)


def _rows(cover: Cover, telling: Telling) -> Iterator[Sequence[Cell] | Line]:
    say = telling.say
    yield Line((cover.title,), Look.TITLE)
    name, code = cover.vendor.name, cover.vendor.code
    yield say("服务商", "vendor"), say(f"{name}（{code}）", f"{name} ({code})")
    yield say("账期", "period"), month_text(cover.month)
    yield Line((cover.payable_label, cover.payable), Look.STRONG)
    yield Line((say("大写", "in capitals"), f"人民币{capitals(cover.payable)}"), Look.STRONG)
    yield from cover.facts
    yield ()
    yield from bridge_rows(
        [each for each in cover.steps if each.lines or each.amount or each.step in _ALWAYS], telling
    )
    yield ()
    yield from _exceptions(cover.exceptions, telling)
    yield ()
    yield ()
    yield Line(_signatures(telling), Look.TOTAL)


def _exceptions(found: Exceptions, telling: Telling) -> Iterator[Sequence[Cell] | Line]:
    say = telling.say
    yield say("例外付款", "exceptions"), say(f"{found.count} 笔", str(found.count))
    if not found.count:
        return
    yield Line(
        (
            say("对账单与行号", "statement and line"),
            say("会员号", "member"),
            say("服务项目", "benefit"),
            say("对账单金额", "stated"),
            say("应付金额", "payable"),
            *(() if telling.to_vendor else (say("处理人", "decided by"), say("处理说明", "note"))),
        ),
        Look.HEADINGS,
    )
    for each in found.first:
        decision = each.resolution
        yield Line(
            (
                _place(each, telling),
                each.about_member,
                telling.benefit(each.benefit),
                each.stated_amount,
                each.payable,
                *(() if telling.to_vendor or decision is None else (decision.by, decision.note)),
            ),
            Look.ENTRY,
        )
    if found.count > len(found.first):
        more = found.count - len(found.first)
        yield (say(f"另有 {more} 笔，见后页", f"and {more} more: see the sheets behind"),)


def _place(finding: FindingView, telling: Telling) -> Cell:
    """The line, or the delivery without one."""
    if finding.line is None:
        return finding.redemption.name if finding.redemption is not None else None
    number, line = finding.statement_number, finding.line.line_no
    return telling.say(f"{number} 第 {line} 行", f"{number}, line {line}")


def _signatures(telling: Telling) -> Sequence[Cell]:
    say = telling.say
    return (
        say(f"制表：{_BLANK}", f"prepared by: {_BLANK}"),
        None,
        say(f"复核：{_BLANK}", f"reviewed by: {_BLANK}"),
        None,
        say(f"审批：{_BLANK}", f"approved by: {_BLANK}"),
        None,
        say(f"日期：{_BLANK}", f"date: {_BLANK}"),
    )
