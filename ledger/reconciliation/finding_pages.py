"""Pages of findings: of statements or of periods, filtered, in one order, in a fixed number of statements.

The order: the lines of statements by number, then lines carried forward from closed periods, then deliveries without a
line. A page is one SQL statement; the deliveries and decisions of its rows are read in one statement each.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from asyncpg import Record

from base.database import Reader
from base.sql import Queries
from ledger.ids import RedemptionId
from ledger.posting.redemptions import RedemptionView
from ledger.reconciliation.finding_rows import (
    candidates_of,
    decision_of,
    deliveries_of,
    id_in,
    id_of,
    reply_of,
    view_of,
)
from ledger.reconciliation.related import related_items
from ledger.reconciliation.values import (
    Action,
    FindingId,
    FindingKind,
    LedgerFindingId,
    LineFindingId,
)
from ledger.reconciliation.views import DecisionView, FindingPosition, FindingView, ReplyView, position_of
from ledger.reports.filters import RedemptionFilter
from ledger.reports.pages import redemptions_page

SQL = Queries(Path(__file__).with_name("reading.sql"))
REPLIES = Queries(Path(__file__).with_name("replies.sql"))

T = TypeVar("T")

_LINES, _CARRIED, _DELIVERIES = range(3)
_STREAMED_PAGE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingFilter:
    """Which findings: each set holds the values allowed; None allows all. `open`: whether they wait for a decision."""

    kinds: frozenset[str] | None = None
    open: bool | None = None
    actions: frozenset[str] | None = None
    benefits: frozenset[str] | None = None
    member_nos: frozenset[str] | None = None

    @property
    def needs_findings(self) -> bool:
        """Whether lines that simply agree are certainly not asked for."""
        without_matched = self.kinds is not None and FindingKind.MATCHED not in self.kinds
        return without_matched or self.open is True or self.actions is not None


class ScopeKind(StrEnum):
    """Whose findings: a statement's, or all of a period."""

    STATEMENT = "STATEMENT"
    PERIOD = "PERIOD"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The findings of one statement, or of one period, by id."""

    kind: ScopeKind
    id: int

    @classmethod
    def statement(cls, statement: int) -> "Scope":
        """Of its lines, and for the latest of its period of what has no line in the period's statements."""
        return cls(kind=ScopeKind.STATEMENT, id=statement)

    @classmethod
    def period(cls, period: int) -> "Scope":
        """Of the lines of all its statements, and of what has none."""
        return cls(kind=ScopeKind.PERIOD, id=period)


async def findings_page(
    conn: Reader,
    *,
    scope: Scope,
    where: FindingFilter,
    first: int,
    after: FindingPosition | None,
    now: datetime,
) -> list[FindingView]:
    """Up to `first` findings of a statement or period after a position; none of a withdrawn statement."""
    pages = await findings_pages(conn, scope.kind, [scope.id], where=where, first=first, after=after, now=now)
    return pages[scope.id]


async def findings_pages(
    conn: Reader,
    kind: ScopeKind,
    ids: Sequence[int],
    *,
    where: FindingFilter,
    first: int,
    after: FindingPosition | None,
    now: datetime,
) -> dict[int, list[FindingView]]:
    """The same page for each of the statements or periods; as many statements of SQL for many as for one."""
    statements, periods = (ids, ()) if kind is ScopeKind.STATEMENT else ((), ids)
    section, major, minor = (after.section, after.major, after.minor) if after is not None else (None,) * 3
    rows = await conn.fetch(
        SQL["findings_page"],
        statements,
        periods,
        first,
        section,
        major,
        minor,
        *_criteria(where),
    )
    views = await _views(conn, rows, now)
    pages: dict[int, list[FindingView]] = {scope: [] for scope in ids}
    for row, view in zip(rows, views, strict=True):
        pages[row["scope"]].append(view)
    return pages


def _criteria(where: FindingFilter) -> tuple[object, ...]:
    return (where.kinds, where.actions, where.benefits, where.member_nos, where.open, where.needs_findings)


async def stream_findings(
    conn: Reader, *, scope: Scope, where: FindingFilter, now: datetime
) -> AsyncIterator[FindingView]:
    """All findings of a statement or period in their order, a page in memory at a time.

    They are of one moment only within a transaction of REPEATABLE READ.
    """
    after: FindingPosition | None = None
    while True:
        page = await findings_page(conn, scope=scope, where=where, first=_STREAMED_PAGE, after=after, now=now)
        for each in page:
            yield each
        if len(page) < _STREAMED_PAGE:
            return
        after = position_of(page[-1])


async def finding(conn: Reader, which: FindingId, *, now: datetime) -> FindingView | None:
    """The finding with this id, or None. See `findings_by_id`."""
    return (await findings_by_id(conn, [which], now=now)).get(which)


async def findings_by_id(
    conn: Reader, asked: Sequence[FindingId], *, now: datetime
) -> dict[FindingId, FindingView]:
    """Findings by the ids asked for; unknown ones are left out.

    A delivery that has a line in the period by now has its finding there: then the result has the id of the line's
    finding.
    """
    rows = await _rows(conn, asked)
    moved = [each for each in asked if isinstance(each, LedgerFindingId) and each not in rows]
    lines: dict[FindingId, FindingId] = {}
    for each in moved:
        line = await _line_of_delivery(conn, each)
        if line is not None:
            lines[each] = line
    rows |= await _rows(conn, list(lines.values()))
    views = {view.id: view for view in await _views(conn, list(rows.values()), now)}
    found = {each: views.get(lines.get(each, each)) for each in asked}
    return {each: view for each, view in found.items() if view is not None}


async def _rows(conn: Reader, asked: Sequence[FindingId]) -> dict[FindingId, Record]:
    """The rows of findings that are in the place of their id."""
    lines = [each for each in asked if isinstance(each, LineFindingId)]
    deliveries = [each for each in asked if isinstance(each, LedgerFindingId)]
    rows = await _rows_in(conn, _LINES, lines)
    rows |= await _rows_in(conn, _CARRIED, [each for each in lines if each not in rows])
    return rows | await _rows_in(conn, _DELIVERIES, deliveries)


async def _rows_in(conn: Reader, section: int, asked: Sequence[FindingId]) -> dict[FindingId, Record]:
    if not asked:
        return {}
    everything = _criteria(FindingFilter())
    after = [
        (each.period, each.statement, each.line_no - 1)
        if isinstance(each, LineFindingId)
        else (each.period, each.customer_id, each.sequence - 1)
        for each in asked
    ]
    found = await conn.fetchmany(
        SQL["findings_page"],
        [((), (period,), 1, section, major, minor, *everything) for period, major, minor in after],
    )
    rows = {id_of(row): row for row in found}
    return {each: rows[each] for each in asked if each in rows}


async def _line_of_delivery(conn: Reader, which: LedgerFindingId) -> LineFindingId | None:
    row = await conn.fetchrow(SQL["line_of_delivery"], which.period, which.customer_id, which.sequence)
    if row is None:
        return None
    return LineFindingId(period=which.period, statement=row["statement"], line_no=row["line_no"])


async def _views(conn: Reader, rows: Sequence[Record], now: datetime) -> list[FindingView]:
    deliveries = await _deliveries(conn, rows, now)
    decisions = await _decisions(conn, [id_of(row) for row in rows])
    views = [view_of(row, deliveries, decisions.get(id_of(row), ())) for row in rows]
    told = await related_items(conn, views)
    views = [
        replace(view, related=others) if others else view for view, others in zip(views, told, strict=True)
    ]
    disputed = [view.id for view in views if any(each.action is Action.DISPUTE for each in view.history)]
    replies = await _replies(conn, disputed)
    return [replace(view, replies=replies[view.id]) if view.id in replies else view for view in views]


async def _deliveries(
    conn: Reader, rows: Iterable[Record], now: datetime
) -> dict[RedemptionId, RedemptionView]:
    ids = {each for row in rows for each in (*deliveries_of(row), *candidates_of(row))}
    if not ids:
        return {}
    where = RedemptionFilter(ids=frozenset(ids))
    found = await redemptions_page(conn, where=where, first=len(ids), after=None, now=now)
    return {each.id: each for each in found}


async def _decisions(conn: Reader, ids: Sequence[FindingId]) -> dict[FindingId, tuple[DecisionView, ...]]:
    return await _said_of(conn, SQL["decisions"], ids, decision_of)


async def _replies(conn: Reader, ids: Sequence[FindingId]) -> dict[FindingId, tuple[ReplyView, ...]]:
    """Replies to findings that were disputed: nothing else has any."""
    return await _said_of(conn, REPLIES["replies"], ids, reply_of)


async def _said_of(
    conn: Reader, query: str, ids: Sequence[FindingId], view: Callable[[Record], T]
) -> dict[FindingId, tuple[T, ...]]:
    """What was said of findings, in order; without those of which nothing was said."""
    lines = [each for each in ids if isinstance(each, LineFindingId)]
    deliveries = [each for each in ids if isinstance(each, LedgerFindingId)]
    if not ids:
        return {}
    rows = await conn.fetch(
        query,
        [each.period for each in lines],
        [each.statement for each in lines],
        [each.line_no for each in lines],
        [each.period for each in deliveries],
        [each.customer_id for each in deliveries],
        [each.sequence for each in deliveries],
    )
    found: dict[FindingId, tuple[T, ...]] = {}
    for row in rows:
        which = id_in(row, row["asked_in"])
        found[which] = (*found.get(which, ()), view(row))
    return found
