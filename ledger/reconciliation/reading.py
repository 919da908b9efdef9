"""Reads of a reconciliation: statements, periods and settlements; findings are in `finding_pages`.

Set-based: a page takes as many SQL statements as a single row. The totals of a statement are what was
stated less what its findings say, because lines that agree have no row of their own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from asyncpg import Record

from base.database import Reader
from ledger.reconciliation.finding_pages import (
    SQL,
    FindingFilter,
    Scope,
    ScopeKind,
    finding,
    findings_by_id,
    findings_page,
    findings_pages,
    stream_findings,
)
from ledger.reconciliation.values import FindingKind, StatedTotal, StatementLine
from ledger.reconciliation.views import (
    DecisionView,
    FindingPosition,
    FindingView,
    PeriodStatus,
    PeriodView,
    SettlementLineView,
    SettlementView,
    StatementStatus,
    StatementView,
    Tally,
    WithdrawalView,
    position_of,
)
from ledger.reports.pages import VendorName

__all__ = [
    "DecisionView",
    "FindingFilter",
    "FindingPosition",
    "FindingView",
    "PeriodStatus",
    "PeriodView",
    "Scope",
    "ScopeKind",
    "SettlementLineView",
    "SettlementPlace",
    "SettlementView",
    "StatementFilter",
    "StatementStatus",
    "StatementView",
    "Tally",
    "WithdrawalView",
    "finding",
    "findings_by_id",
    "findings_page",
    "findings_pages",
    "lines_by_id",
    "period_statements",
    "period_view",
    "position_of",
    "settlement",
    "settlements_page",
    "statements_by_id",
    "statements_page",
    "stream_findings",
]

_NOTHING = Decimal()


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementFilter:
    """Which statements: each set holds the values allowed; None allows all. `months` are their first days."""

    vendors: frozenset[str] | None = None
    months: frozenset[date] | None = None
    statuses: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementPlace:
    """The position of a settlement in a list, the latest first."""

    closed_at: datetime
    period: int


async def statements_by_id(conn: Reader, ids: Iterable[int]) -> dict[int, StatementView]:
    """The statements by id, unknown ones left out."""
    rows = await conn.fetch(SQL["statements_by_id"], list(ids))
    return {view.id: view for view in await _statements(conn, rows)}


async def statements_page(
    conn: Reader, *, where: StatementFilter, first: int, after: int | None
) -> list[StatementView]:
    """Up to `first` statements that came before the statement `after`, the latest first."""
    rows = await conn.fetch(SQL["statements_page"], first, after, where.vendors, where.months, where.statuses)
    return await _statements(conn, rows)


async def period_view(conn: Reader, vendor: str, month: date) -> PeriodView | None:
    """A vendor's month, or None for an unknown vendor. A month without a row is open and empty."""
    row = await conn.fetchrow(SQL["period"], vendor, month)
    if row is None:
        return None
    tallies = await conn.fetch(SQL["period_tally"], row["id"]) if row["id"] is not None else []
    return PeriodView(
        id=row["id"],
        vendor=_vendor(row),
        month=month,
        reconciled_at=row["reconciled_at"],
        closed_at=row["closed_at"],
        lines=row["lines"],
        stated_units=row["units"],
        stated_amount=row["amount"],
        tally=_tally(row, tallies),
    )


async def lines_by_id(conn: Reader, keys: Sequence[tuple[int, int]]) -> dict[tuple[int, int], StatementLine]:
    """Lines by the key of their statement and their number; unknown ones are left out."""
    rows = await conn.fetch(
        SQL["lines_by_id"], [statement for statement, _ in keys], [line_no for _, line_no in keys]
    )
    return {
        (row["statement"], row["line_no"]): StatementLine(
            line_no=row["line_no"],
            reference=row["reference"],
            member_no=row["member_no"],
            benefit=row["benefit"],
            units=row["units"],
            occurred_on=row["occurred_on"],
            amount=row["amount"],
        )
        for row in rows
    }


async def period_statements(conn: Reader, period: int) -> list[StatementView]:
    """All statements of a period, the latest first, with withdrawn ones."""
    ids = [row["id"] for row in await conn.fetch(SQL["period_statements"], period)]
    views = await statements_by_id(conn, ids) if ids else {}
    return [views[each] for each in ids]


async def settlement(conn: Reader, vendor: str, month: date) -> SettlementView | None:
    """The settlement of a closed period; None while it is open."""
    rows = await conn.fetch(SQL["settlements"], 1, [vendor], month, None, None)
    return next(iter(await _settlements(conn, rows)), None)


async def settlements_page(
    conn: Reader, *, vendors: frozenset[str] | None, first: int, after: SettlementPlace | None
) -> list[SettlementView]:
    """Up to `first` settlements after a position, the latest first; `vendors` None: of all."""
    closed_at, period = (after.closed_at, after.period) if after is not None else (None, None)
    rows = await conn.fetch(SQL["settlements"], first, vendors, None, closed_at, period)
    return await _settlements(conn, rows)


async def _statements(conn: Reader, rows: list[Record]) -> list[StatementView]:
    if not rows:
        return []
    tallies: dict[int, list[Record]] = {row["id"]: [] for row in rows}
    for tally in await conn.fetch(SQL["statement_tallies"], list(tallies)):
        tallies[tally["scope"]].append(tally)
    return [_statement(row, tallies[row["id"]]) for row in rows]


def _statement(row: Record, tallies: list[Record]) -> StatementView:
    withdrawal = None
    if row["withdrawn_at"] is not None:
        withdrawal = WithdrawalView(note=row["note"], by=row["withdrawn_by"], at=row["withdrawn_at"])
    total = StatedTotal(units=row["total_units"], amount=row["total_amount"])
    return StatementView(
        id=row["id"],
        period=row["period"],
        number=row["number"],
        vendor=_vendor(row),
        month=row["month"],
        status=StatementStatus(row["status"]),
        lines=row["lines"],
        stated_units=row["units"],
        stated_amount=row["amount"],
        tally=_tally(row, tallies) if withdrawal is None else _EMPTY,
        submitted_by=row["submitted_by"],
        submitted_at=row["submitted_at"],
        withdrawal=withdrawal,
        total=total if total != StatedTotal() else None,
    )


_EMPTY = Tally(matched_units=0, matched_amount=_NOTHING, payable=_NOTHING, open=0, counts=())


def _tally(stated: Record, rows: list[Record]) -> Tally:
    """The totals: what is stated less what the findings say, and what was decided."""
    own = [row for row in rows if row["own"]]
    differing = [row for row in own if row["kind"] != FindingKind.MATCHED]
    counts: dict[FindingKind, int] = dict.fromkeys(FindingKind, 0)
    counts[FindingKind.MATCHED] = stated["lines"] - sum(row["findings"] for row in own)
    for row in rows:
        counts[FindingKind(row["kind"])] += row["findings"]
    payable: Decimal = stated["amount"] - sum((row["stated_amount"] for row in own), _NOTHING)
    payable += sum((row["payable"] for row in rows), _NOTHING)
    payable += sum((row["agreeing_amount"] for row in rows), _NOTHING)
    return Tally(
        matched_units=stated["units"] - sum(row["stated_units"] for row in differing),
        matched_amount=stated["amount"] - sum((row["stated_amount"] for row in differing), _NOTHING),
        payable=payable,
        open=sum(row["waiting"] for row in rows),
        counts=tuple((kind, number) for kind, number in counts.items() if number),
    )


async def _settlements(conn: Reader, rows: list[Record]) -> list[SettlementView]:
    if not rows:
        return []
    lines: dict[int, list[SettlementLineView]] = {row["period"]: [] for row in rows}
    for line in await conn.fetch(SQL["settlement_lines"], list(lines)):
        lines[line["period"]].append(
            SettlementLineView(
                benefit=line["benefit"],
                occurred_in=line["occurred_in"],
                correction=line["correction"],
                units=line["units"],
                amount=line["amount"],
            )
        )
    return [
        SettlementView(
            period=row["period"],
            vendor=_vendor(row),
            month=row["month"],
            payable=row["payable"],
            carried_forward=row["carried_forward"],
            seal=row["seal"].hex(),
            closed_by=row["closed_by"],
            approved_by=row["approved_by"],
            closed_at=row["closed_at"],
            lines=tuple(lines[row["period"]]),
        )
        for row in rows
    ]


def _vendor(row: Record) -> VendorName:
    return VendorName(code=row["vendor"], name=row["vendor_name"])
