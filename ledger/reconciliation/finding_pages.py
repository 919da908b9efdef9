"""Pages of findings: of statements or of periods, filtered, in one order, in a fixed number of statements.

The order: the lines of statements by number, then lines carried forward from closed periods, then deliveries that no
line speaks of. A page is one statement; what its rows refer to (deliveries, decisions) is read for all of them at once.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from asyncpg import Record

from base.conditions import Conditions
from base.database import Reader
from base.sql import Statements
from ledger.ids import RedemptionId
from ledger.reconciliation.finding_rows import (
    candidates_of,
    decision_of,
    delivery_of,
    id_in,
    id_of,
    view_of,
)
from ledger.reconciliation.values import (
    FindingId,
    FindingKind,
    LedgerFindingId,
    LineFindingId,
)
from ledger.reconciliation.views import DecisionView, FindingPlace, FindingView, place_of
from ledger.reports.filters import RedemptionFilter
from ledger.reports.pages import RedemptionRow, redemptions_page

SQL = Statements(Path(__file__).with_name("reading.sql"))

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
    conn: Reader, *, scope: Scope, where: FindingFilter, first: int, after: FindingPlace | None, now: datetime
) -> list[FindingView]:
    """Up to `first` findings of a statement or period after a place; none of a statement that was taken back."""
    pages = await findings_pages(conn, scope.kind, [scope.id], where=where, first=first, after=after, now=now)
    return pages[scope.id]


async def findings_pages(
    conn: Reader,
    kind: ScopeKind,
    ids: Sequence[int],
    *,
    where: FindingFilter,
    first: int,
    after: FindingPlace | None,
    now: datetime,
) -> dict[int, list[FindingView]]:
    """The same page for each of the statements or periods; as many statements of SQL for many as for one."""
    statement, values = _page(kind, where, after)
    rows = await conn.fetch(statement, list(ids), first, *values)
    views = await _views(conn, rows, now)
    pages: dict[int, list[FindingView]] = {scope: [] for scope in ids}
    for row, view in zip(rows, views, strict=True):
        pages[row["scope"]].append(view)
    return pages


async def stream_findings(
    conn: Reader, *, scope: Scope, where: FindingFilter, now: datetime
) -> AsyncIterator[FindingView]:
    """All findings of a statement or period in their order, a page in memory at a time.

    They are of one moment only within a transaction of REPEATABLE READ.
    """
    after: FindingPlace | None = None
    while True:
        page = await findings_page(conn, scope=scope, where=where, first=_STREAMED_PAGE, after=after, now=now)
        for each in page:
            yield each
        if len(page) < _STREAMED_PAGE:
            return
        after = place_of(page[-1])


async def finding(conn: Reader, which: FindingId, *, now: datetime) -> FindingView | None:
    """The finding with this id, or None.

    A delivery that a line of the period speaks of by now is found there: then the id of the answer is the line's.
    """
    found = await _finding(conn, which, now=now)
    if found is not None or isinstance(which, LineFindingId):
        return found
    row = await conn.fetchrow(SQL["line_of_delivery"], which.period, which.customer_id, which.sequence)
    if row is None:
        return None
    line = LineFindingId(period=which.period, statement=row["statement"], line_no=row["line_no"])
    return await _finding(conn, line, now=now)


async def _finding(conn: Reader, which: FindingId, *, now: datetime) -> FindingView | None:
    if isinstance(which, LineFindingId):
        sections, major, minor = [_LINES, _CARRIED], which.statement, which.line_no
    else:
        sections, major, minor = [_DELIVERIES], which.customer_id, which.sequence
    for section in sections:
        before = FindingPlace(section=section, major=major, minor=minor - 1)
        page = await findings_page(
            conn, scope=Scope.period(which.period), where=FindingFilter(), first=1, after=before, now=now
        )
        if page and page[0].id == which:
            return page[0]
    return None


def _page(kind: ScopeKind, where: FindingFilter, after: FindingPlace | None) -> tuple[str, list[object]]:
    """The statement of a page, and its parameters after scopes and length."""
    conditions = Conditions(2)
    conditions.one_of("coalesce(f.kind, 'MATCHED')", where.kinds)
    conditions.one_of("f.action", where.actions)
    conditions.one_of("{benefit}", where.benefits)
    if where.open is not None:
        waits = "coalesce(f.waits, false)"
        conditions.add(f"({waits})" if where.open else f"not ({waits})")
    if where.member_nos is not None:
        conditions.add("{member} = any (%s::text[])", sorted(where.member_nos))
    asked = conditions.text
    lines = _lines(conditions, asked, where, after)
    carried = _later(conditions, asked, after, _CARRIED, "(l.statement, l.line_no)")
    deliveries = _later(conditions, asked, after, _DELIVERIES, "(f.customer_id, f.sequence)")
    scopes = SQL["scopes_by_statement" if kind is ScopeKind.STATEMENT else "scopes_by_period"]
    latest = SQL["latest"].replace("{of_scopes}", SQL["of_statements"])
    statement = (
        SQL["findings_page"]
        .replace("{sections}", f"{lines}\nunion all\n{carried}\nunion all\n{deliveries}")
        .replace("{scopes}", scopes.replace("{latest}", latest))
    )
    return statement, conditions.values


def _lines(conditions: Conditions, asked: str, where: FindingFilter, after: FindingPlace | None) -> str:
    from_statement, after_line = "", ""
    if after is not None and after.section > _LINES:
        from_statement = "and false"
    elif after is not None:
        statement, line_no = conditions.parameter(after.major), conditions.parameter(after.minor)
        from_statement = f"and st.id >= {statement}::bigint"
        after_line = (
            f"and l.line_no > case when st.id = {statement}::bigint then {line_no}::bigint else 0 end"
        )
    return (
        SQL["lines"]
        .replace("{joined}", SQL["findings_joined" if where.needs_findings else "lines_joined"])
        .replace("{from_statement}", from_statement)
        .replace("{after_line}", after_line)
        .replace("{conditions}", _spoken_of_lines(asked))
    )


def _later(conditions: Conditions, asked: str, after: FindingPlace | None, section: int, place: str) -> str:
    after_place = ""
    if after is not None and after.section > section:
        after_place = "and false"
    elif after is not None and after.section == section:
        major, minor = conditions.parameter(after.major), conditions.parameter(after.minor)
        after_place = f"and {place} > ({major}::bigint, {minor}::bigint)"
    of_lines = section == _CARRIED
    return (
        SQL["carried" if of_lines else "deliveries"]
        .replace("{after}", after_place)
        .replace("{conditions}", _spoken_of_lines(asked) if of_lines else _spoken_of_deliveries(asked))
    )


def _spoken_of_lines(asked: str) -> str:
    return asked.replace("{benefit}", "l.benefit").replace("{member}", "l.member_no")


def _spoken_of_deliveries(asked: str) -> str:
    member = "(select c.member_no from customers c where c.id = f.customer_id)"
    return asked.replace("{benefit}", "f.benefit").replace("{member}", member)


async def _views(conn: Reader, rows: Sequence[Record], now: datetime) -> list[FindingView]:
    deliveries = await _deliveries(conn, rows, now)
    decisions = await _decisions(conn, [id_of(row) for row in rows])
    return [view_of(row, deliveries, decisions.get(id_of(row), ())) for row in rows]


async def _deliveries(
    conn: Reader, rows: Iterable[Record], now: datetime
) -> dict[RedemptionId, RedemptionRow]:
    ids = {each for row in rows for each in (delivery_of(row), *candidates_of(row)) if each is not None}
    if not ids:
        return {}
    where = RedemptionFilter(ids=frozenset(ids))
    found = await redemptions_page(conn, where=where, first=len(ids), after=None, now=now)
    return {each.id: each for each in found}


async def _decisions(conn: Reader, ids: Sequence[FindingId]) -> dict[FindingId, tuple[DecisionView, ...]]:
    lines = [each for each in ids if isinstance(each, LineFindingId)]
    deliveries = [each for each in ids if isinstance(each, LedgerFindingId)]
    if not ids:
        return {}
    rows = await conn.fetch(
        SQL["decisions"],
        [each.period for each in lines],
        [each.statement for each in lines],
        [each.line_no for each in lines],
        [each.period for each in deliveries],
        [each.customer_id for each in deliveries],
        [each.sequence for each in deliveries],
    )
    found: dict[FindingId, tuple[DecisionView, ...]] = {}
    for row in rows:
        which = id_in(row, row["asked_in"])
        found[which] = (*found.get(which, ()), decision_of(row))
    return found
