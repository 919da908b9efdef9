"""Closing a vendor's month: once, with a settlement that never changes.

No finding may be open. The settlement records what is paid, by benefit; disputes are carried over to the first month
that is still open, and so is all that comes late. The seal is a hash over everything the settlement depends on: the
statements, the pairs with the hashes of their ledger entries, findings, decisions (with who decided), the way from
stated to payable, and the previous seal. So any later change is detected.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from asyncpg import Record

from base.database import Connection, Pool, Reader
from base.months import month_text
from base.sql import Queries
from handbook import Handbook
from ledger.reconciliation.bridge import Step
from ledger.reconciliation.bridging import bridge_of
from ledger.reconciliation.four_eyes import Closers, Proposal, closers, proposals
from ledger.reconciliation.matching import reconcile
from ledger.reconciliation.periods import Period, answering_refusals, lock_month, lock_open_month
from ledger.refusals import Refusal, RefusalCode
from rating.activations import AnyHandbook, handbook_within
from rating.checking import Checked

SQL = Queries(Path(__file__).with_name("closing.sql"))

_DIGESTS = ("statements", "pairs", "findings", "decisions")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Paid:
    """A line of a settlement: units and CNY paid for a benefit, by month of delivery."""

    benefit: str
    occurred_in: date
    correction: bool
    units: int
    amount: Decimal

    def as_json(self) -> list[object]:
        """The line in the canonical form that is sealed."""
        return [self.benefit, self.occurred_in.isoformat(), self.correction, self.units, str(self.amount)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settlement:
    """What is sealed."""

    vendor: str
    number: int
    month: date
    payable: Decimal
    carried_forward: Decimal
    lines: Sequence[list[object]]
    digests: Mapping[str, bytes]
    previous: bytes | None
    closed_by: str
    closed_at: datetime
    bridge: Sequence[list[object]] | None
    approved_by: str | None

    def seal(self) -> bytes:
        """The hash over everything, in canonical form."""
        content = {
            "vendor": self.vendor,
            "number": self.number,
            "period": month_text(self.month),
            "payable": str(self.payable),
            "carried_forward": str(self.carried_forward),
            "lines": list(self.lines),
            **{name: self.digests[name].hex() for name in _DIGESTS},
            "previous": self.previous.hex() if self.previous is not None else None,
            "closed_by": self.closed_by,
            "closed_at": self.closed_at.astimezone(UTC).isoformat(),
        }
        if self.bridge is not None:  # months closed before bridges were sealed have none
            content["bridge"] = list(self.bridge)
        if self.approved_by is not None:
            content["approved_by"] = self.approved_by
        text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).digest()


@answering_refusals
async def close_period(
    pool: Pool,
    *,
    vendor: str,
    month: date,
    by: str,
    handbook: AnyHandbook,
    now: datetime,
    four_eyes_above: Decimal | None = None,
) -> int | Refusal:
    """Close a vendor's month and settle it; the id of the period, whose settlement is durable.

    The match runs once more beforehand. Refused: FINDINGS_OPEN (the message says which, and they can be decided on),
    PERIOD_CLOSED, INVALID for an unknown vendor or a month that has not begun; FOUR_EYES when `by` accepted an
    exception of more than `four_eyes_above` CNY (None: no limit), and nobody else proposed or confirms the close.
    """
    async with pool.acquire() as conn, conn.transaction():
        within = await handbook_within(conn, handbook, lasting=True)
        period = await lock_open_month(conn, vendor, month, now=now)
        await reconcile(conn, period.id, handbook=within, now=now)
        waiting = await conn.fetch(SQL["open_findings"], period.id)
        if waiting:
            return _open(waiting)  # and keep the findings of the match, so that they can be decided
        who = await _closers(conn, period.id, by=by, above=four_eyes_above, now=now)
        if isinstance(who, Refusal):
            return who  # and keep the proposal
        await _settle(conn, period, who=who, handbook=within, now=now)
        return period.id


async def _closers(
    conn: Connection, period: int, *, by: str, above: Decimal | None, now: datetime
) -> Closers | Refusal:
    if above is None:
        return Closers(closed_by=by)
    content = dict(await conn.fetchrow(SQL["digests"], period) or {})
    return await closers(conn, period, content, by=by, above=above, now=now)


async def close_proposal(conn: Reader, period: int) -> Proposal | None:
    """Who proposed to close the period as it is; None: nobody, or it has changed since."""
    content = dict(await conn.fetchrow(SQL["digests"], period) or {})
    return next(iter(await proposals(conn, period, content)), None)


async def check_seals(conn: Reader, *, checked: Checked | None = None) -> list[str]:
    """Problems of the settlements, one line each; `checked` counts settlements.

    Each seal must match its content, every closed month must have a settlement, and every pair must be covered by one.
    """
    wrong: list[str] = []
    previous: dict[str, bytes] = {}
    for row in await conn.fetch(SQL["settlements"]):
        if checked is not None:
            checked.settlements += 1
        place = f"settlement {row['vendor']} {month_text(row['month'])}"
        if row["previous"] != previous.get(row["vendor"]):
            wrong.append(f"{place}: does not follow the vendor's settlement before it")
        previous[row["vendor"]] = row["seal"]
        digests = await conn.fetchrow(SQL["digests"], row["period"])
        sealed = _Settlement(
            vendor=row["vendor"],
            number=row["number"],
            month=row["month"],
            payable=row["payable"],
            carried_forward=row["carried_forward"],
            lines=row["lines"],
            digests=dict(digests or {}),
            previous=row["previous"],
            closed_by=row["closed_by"],
            closed_at=row["closed_at"],
            bridge=row["bridge"],
            approved_by=row["approved_by"],
        )
        if sealed.seal() != row["seal"]:
            wrong.append(f"{place}: the seal is not that of what it rests on")
        changed = [each["number"] for each in await conn.fetch(SQL["changed_statements"], row["period"])]
        wrong += [f"{place}: the lines of statement {each} are not those taken in" for each in changed]
        if await conn.fetchval(SQL["lost_carryovers"], row["period"]):
            wrong.append(f"{place}: what it carried forward is not what was disputed")
        if sum((Decimal(line[-1]) for line in row["lines"]), Decimal(0)) != row["payable"]:
            wrong.append(f"{place}: its lines do not add up to what is payable")
        steps = await bridge_of(conn, row["vendor"], row["month"])
        if row["bridge"] is not None and row["bridge"] != _bridge_as_sealed(steps):
            wrong.append(f"{place}: the way from stated to payable is not that of its findings")
    wrong += [
        f"period {row['vendor']} {month_text(row['month'])}: "
        + ("closed without a settlement" if row["closed"] else "settled, and not closed")
        for row in await conn.fetch(SQL["half_closed"])
    ]
    wrong += [_unknown_pair(row) for row in await conn.fetch(SQL["unknown_pairs"])]
    return wrong


def _bridge_as_sealed(steps: Sequence[Step]) -> list[list[object]] | None:
    return [each.as_json() for each in steps]


def _unknown_pair(row: Record) -> str:
    """The problem of a pair that no settlement covers, named by its line and its delivery."""
    pair = (
        f"line {row['line_no']} is matched with redemption {row['sequence']} of customer {row['customer_id']}"
    )
    if row["number"] is None:
        return f"statement {row['statement']}: {pair}, but there is no such statement"
    place = f"period {row['vendor']} {month_text(row['month'])}: statement {row['number']}"
    return f"{place}: {pair}, which is not how it was settled or stated"


def _open(waiting: Sequence[Record]) -> Refusal:
    total = waiting[0]["total"]
    more = total > len(waiting)
    return Refusal(
        code=RefusalCode.FINDINGS_OPEN,
        facts={
            "count": total,
            "which_zh": "；".join(_which(row, "zh") for row in waiting) + ("；……" if more else ""),
            "which_en": "; ".join(_which(row, "en") for row in waiting) + ("; …" if more else ""),
        },
    )


def _which(row: Record, language: str) -> str:
    """An open finding in words: its line, or its delivery."""
    if row["line_no"] is not None:
        if language == "zh":
            return f"对账单 {row['number']} 第 {row['line_no']} 行 {row['kind']}"
        return f"line {row['line_no']} of {row['number']} {row['kind']}"
    reference = row["reference_of"] or "-"
    if language == "zh":
        return f"会员 {row['member_no']} 预约号 {reference} {row['kind']}"
    return f"member {row['member_no']} reference {reference} {row['kind']}"


async def _settle(
    conn: Connection, period: Period, *, who: Closers, handbook: Handbook, now: datetime
) -> None:
    paid = [
        _Paid(
            benefit=row["benefit"],
            occurred_in=row["occurred_in"],
            correction=row["correction"],
            units=row["units"],
            amount=row["amount"],
        )
        for row in await conn.fetch(SQL["settlement_lines"], period.id)
    ]
    carried = await conn.fetchval(SQL["carried_forward"], period.id)
    successor = await conn.fetchval(SQL["successor"], period.vendor, period.month)
    following = await lock_month(conn, period.vendor, successor)
    await conn.execute(SQL["carry_on"], period.id, following.id)
    digests = await conn.fetchrow(SQL["digests"], period.id)
    previous = await conn.fetchrow(SQL["previous"], period.vendor)
    payable = sum((line.amount for line in paid), Decimal("0.00"))
    steps = await bridge_of(conn, period.vendor, period.month)
    if steps[-1].running_total != payable:  # figures that contradict each other are never sealed
        message = f"the steps of {period.vendor} {month_text(period.month)} do not lead to {payable}: {steps}"
        raise AssertionError(message)
    settlement = _Settlement(
        vendor=period.vendor,
        number=previous["number"] + 1 if previous is not None else 1,
        month=period.month,
        payable=payable,
        carried_forward=carried,
        lines=[line.as_json() for line in paid],
        digests=dict(digests or {}),
        previous=previous["seal"] if previous is not None else None,
        closed_by=who.closed_by,
        approved_by=who.approved_by,
        closed_at=now,
        bridge=_bridge_as_sealed(steps),
    )
    await conn.execute(
        SQL["store_settlement"],
        period.id,
        settlement.vendor,
        settlement.number,
        settlement.month,
        settlement.payable,
        settlement.carried_forward,
        settlement.previous,
        settlement.seal(),
        who.closed_by,
        now,
        settlement.bridge,
        who.approved_by,
    )
    await conn.execute(
        SQL["store_lines"],
        period.id,
        [line.benefit for line in paid],
        [line.occurred_in for line in paid],
        [line.correction for line in paid],
        [line.units for line in paid],
        [line.amount for line in paid],
    )
    await conn.execute(SQL["close"], period.id, now)
    if await conn.fetchval(SQL["was_reconciled"], following.id):
        await reconcile(conn, following.id, handbook=handbook, now=now)
