"""What a person decides of a finding: sticky, revocable until the period closes, and never forgotten.

ACCEPT lets the finding stand: we pay what both the statement and the ledger bear out, never more than either. `pay` is
the exception that somebody answers for by name. DISPUTE pays nothing and carries the amount on. MATCH pairs a line by
hand, also one that the match had paired otherwise. REOPEN takes a decision back. Each is one more row of a history that
is only ever added to.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import assert_never

from asyncpg import Record

from base.database import Connection, Pool
from base.sql import Queries
from handbook import Handbook
from ledger.ids import RedemptionId
from ledger.posting.entries import RedemptionStatus
from ledger.reconciliation.matching import Key, reconcile
from ledger.reconciliation.paying import (
    NOTHING,
    Payable,
    Sides,
    payable_as_said,
    payable_when_accepted,
)
from ledger.reconciliation.periods import (
    Period,
    RefusedError,
    answering_refusals,
    lock_period,
    must_be_text,
)
from ledger.reconciliation.values import (
    Action,
    FindingId,
    FindingKind,
    LineFindingId,
    Pass,
    Side,
    kind_of_pair,
)
from ledger.refusals import Refusal, RefusalCode, invalid
from rating.activations import AnyHandbook, handbook_within

SQL = Queries(Path(__file__).with_name("decisions.sql"))

_PLACES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A decision that somebody wants to make."""

    finding: FindingId
    action: Action
    redemption: RedemptionId | None
    pay: Decimal | None
    note: str
    by: str
    handbook: Handbook
    now: datetime


@answering_refusals
async def resolve(
    pool: Pool,
    *,
    finding: FindingId,
    action: Action,
    redemption: RedemptionId | None = None,
    pay: Decimal | None = None,
    note: str,
    by: str,
    handbook: AnyHandbook,
    now: datetime,
) -> Refusal | None:
    """Decide on a finding; None when it is done.

    `redemption` belongs to MATCH; `pay` (CNY, up to what is stated) to ACCEPT and MATCH of a line. Refused, nothing
    changed: UNKNOWN_FINDING, PERIOD_CLOSED, UNKNOWN_REDEMPTION, ALREADY_MATCHED, INVALID.
    """
    async with pool.acquire() as conn, conn.transaction():
        must_be_text("note", note)
        asked = _Asked(
            finding=finding,
            action=action,
            redemption=redemption,
            pay=pay,
            note=note,
            by=by,
            handbook=await handbook_within(conn, handbook, lasting=True),
            now=now,
        )
        period = await lock_period(conn, finding.period)
        row = await _find(conn, finding)
        if period is None or row is None:
            return Refusal(code=RefusalCode.UNKNOWN_FINDING)
        period.must_be_open()
        await _Deciding(conn, period, row, asked).decide()
        return None


async def _find(conn: Connection, finding: FindingId) -> Record | None:
    if isinstance(finding, LineFindingId):
        key = (finding.period, finding.statement, finding.line_no)
        return await conn.fetchrow(SQL["line_finding"], *key) or await conn.fetchrow(SQL["plain_match"], *key)
    return await conn.fetchrow(SQL["ledger_finding"], finding.period, finding.customer_id, finding.sequence)


class _Deciding:
    """One decision on one finding of an open period, whose vendor's row is locked."""

    def __init__(self, conn: Connection, period: Period, row: Record, asked: _Asked) -> None:
        self._conn = conn
        self._period = period
        self._row = row
        self._asked = asked

    async def decide(self) -> None:
        action, row = self._asked.action, self._row
        if (self._asked.redemption is None) == (action is Action.MATCH):
            raise _wrong(
                "redemption 用于 MATCH，且为其必填项", "redemption: belongs to MATCH, and MATCH needs it"
            )
        match action:
            case Action.REOPEN:
                await self._reopen()
            case Action.MATCH:
                await self._match()
            case Action.ACCEPT | Action.DISPUTE:
                if action is Action.ACCEPT and row["action"] is None and not row["waits"]:
                    raise _wrong(
                        "该行已一致，无需处理", "action: the line agrees already and needs no decision"
                    )
                await self._store(
                    _sides(row), customer_id=row["customer_id"], sequence=row["sequence"], used=row["pass"]
                )
                await self._match_anew()
            case _:
                assert_never(action)
        await self._record()

    async def _reopen(self) -> None:
        row = self._row
        by_hand = row["pass"] == Pass.HAND
        if row["action"] is None and not by_hand:
            raise _wrong(
                "尚无人处理，无可撤销；已配对的行如需改配，请直接人工配对（MATCH）",
                "action: nobody has decided on it, so there is nothing to take back; "
                "a line that is paired wrongly can be paired otherwise with MATCH",
            )
        if by_hand:
            await self._unmatch()
            await self._conn.execute(SQL["restore_line"], row["statement"], row["line_no"])
        if row["line_no"] is None:
            await self._conn.execute(
                SQL["reopen_redemption"], self._period.id, row["customer_id"], row["sequence"]
            )
        else:
            await self._conn.execute(SQL["reopen_line"], self._period.id, row["statement"], row["line_no"])
        await self._match_anew(RedemptionId(row["customer_id"], row["sequence"]) if by_hand else None)

    async def _match(self) -> None:
        row, redemption = self._row, self._asked.redemption
        if row["line_no"] is None or redemption is None:
            raise _wrong(
                "MATCH 用于对账单上的行；请在相应的行上操作",
                "action: MATCH is for a line of a statement, not for this",
            )
        if row["sequence"] is not None:
            await self._unmatch_from_other_than(redemption)
        delivery = await self._delivery(redemption)
        if delivery is None:
            raise RefusedError(Refusal(code=RefusalCode.UNKNOWN_REDEMPTION))
        if delivery["matched_line"] is not None:
            facts = {"statement": delivery["matched_statement"], "line_no": delivery["matched_line"]}
            raise RefusedError(Refusal(code=RefusalCode.ALREADY_MATCHED, facts=facts))
        if await self._conn.fetchval(SQL["decided_elsewhere"], redemption.customer_id, redemption.sequence):
            raise _wrong(
                "该次服务已作为「未列入对账单」处理；请先 REOPEN",
                "redemption: somebody has decided on it as not in the statement; reopen that first",
            )
        if delivery["amount"] is None and delivery["benefit"] != row["stated_benefit"]:
            raise _wrong(
                f"该次服务是 {delivery['benefit']}，与该行不同，且合同在 {delivery['delivered_on']} 没有其价格",
                f"redemption: it is of {delivery['benefit']}, not what the line says, and the vendor has no contract "
                f"for that on {delivery['delivered_on']}",
            )
        kind = _difference(row, delivery)
        reversed_ = kind is FindingKind.REVERSED
        sides = Sides(
            kind=kind,
            stated_units=row["stated_units"],
            stated_amount=row["stated_amount"],
            ledger_units=0 if reversed_ else delivery["units"],
            ledger_amount=Decimal(0) if reversed_ else delivery["amount"],
        )
        await self._conn.execute(
            SQL["reassign_line"], row["statement"], row["line_no"], redemption.customer_id
        )
        await self._conn.execute(
            SQL["match_by_hand"],
            redemption.customer_id,
            redemption.sequence,
            row["statement"],
            row["line_no"],
            kind.value,
        )
        await self._store(
            sides,
            customer_id=redemption.customer_id,
            sequence=redemption.sequence,
            used=Pass.HAND.value,
            delivered=delivery,
        )
        await self._match_anew(redemption)

    async def _delivery(self, redemption: RedemptionId) -> Record | None:
        return await self._conn.fetchrow(
            SQL["delivery"], self._period.vendor, redemption.customer_id, redemption.sequence
        )

    async def _unmatch_from_other_than(self, redemption: RedemptionId) -> None:
        """Take the line from the delivery that the match found for it; what somebody decided is reopened first.

        A pair by hand that was carried here is such a decision too, though nothing is decided on it here.
        """
        row = self._row
        if row["action"] is not None or row["pass"] == Pass.HAND:
            raise _wrong(
                "该行已有处理结果，请先 REOPEN", "action: somebody has decided on this line; REOPEN it first"
            )
        if (row["customer_id"], row["sequence"]) == (redemption.customer_id, redemption.sequence):
            raise _wrong("该行已与这笔核销配对", "redemption: the line is matched with it already")
        await self._unmatch()

    async def _unmatch(self) -> None:
        row = self._row
        await self._conn.execute(
            SQL["unmatch"], row["customer_id"], row["statement"], row["line_no"], row["sequence"]
        )

    async def _store(
        self,
        sides: Sides,
        *,
        customer_id: int | None,
        sequence: int | None,
        used: str | None,
        delivered: Record | None = None,
    ) -> None:
        """Write the decision into the finding."""
        row, action, payable = self._row, self._asked.action, self._payable(sides)
        if row["line_no"] is None:
            await self._conn.execute(
                SQL["decide_redemption"],
                self._period.id,
                customer_id,
                sequence,
                action.value,
                payable.units,
                payable.amount,
            )
            return
        await self._conn.execute(
            SQL["decide_line"],
            self._period.id,
            row["statement"],
            row["line_no"],
            customer_id,
            sequence,
            sides.kind.value,
            used,
            delivered["benefit"] if delivered is not None else row["benefit"],
            delivered["delivered_on"] if delivered is not None else row["occurred_on"],
            sides.stated_units,
            sides.stated_amount,
            sides.ledger_units,
            sides.ledger_amount,
            row["carried_from"],
            action.value,
            payable.units,
            payable.amount,
        )

    def _payable(self, sides: Sides) -> Payable:
        pay = self._asked.pay
        if pay is None:
            return NOTHING if self._asked.action is Action.DISPUTE else payable_when_accepted(sides)
        if self._asked.action is Action.DISPUTE or sides.stated_amount is None:
            raise _wrong(
                "pay 仅用于对账单行的 ACCEPT 或 MATCH", "pay: is for ACCEPT or MATCH of a line of a statement"
            )
        if not pay.is_finite() or not 0 <= pay <= sides.stated_amount or pay != round(pay, _PLACES):
            raise _wrong(
                f"pay 须在 0 至该行金额 {sides.stated_amount} 之间，最多两位小数",
                f"pay: expected from 0 to the stated amount {sides.stated_amount}, with at most {_PLACES} places",
            )
        return payable_as_said(sides, pay)

    async def _match_anew(self, redemption: RedemptionId | None = None) -> None:
        """Run the match for the line's member and benefit, and for those of a redemption that came or went."""
        row = self._row
        keys = [Key(member_no=row["member_no"], customer_id=row["member"], benefit=row["stated_benefit"])]
        if redemption is not None:
            other = await self._delivery(redemption)
            if other is not None:
                key = Key(
                    member_no=other["member_no"],
                    customer_id=redemption.customer_id,
                    benefit=other["benefit"],
                )
                keys += [key] if key != keys[0] else []
        await reconcile(
            self._conn, self._period.id, handbook=self._asked.handbook, now=self._asked.now, only=keys
        )

    async def _record(self) -> None:
        row, asked = self._row, self._asked
        redemption = asked.redemption
        payable = await self._conn.fetchval(
            SQL["payable"],
            self._period.id,
            row["statement"],
            row["line_no"],
            row["customer_id"],
            row["sequence"],
        )
        of_line = row["line_no"] is not None
        await self._conn.execute(
            SQL["record"],
            self._period.id,
            row["statement"],
            row["line_no"],
            None if of_line else row["customer_id"],
            None if of_line else row["sequence"],
            row["kind"],
            asked.action.value,
            redemption.customer_id if redemption is not None else None,
            redemption.sequence if redemption is not None else None,
            payable,
            asked.note,
            asked.by,
            asked.now,
        )


def _sides(row: Record) -> Sides:
    return Sides(
        kind=FindingKind(row["kind"]),
        stated_units=row["stated_units"],
        stated_amount=row["stated_amount"],
        ledger_units=row["ledger_units"],
        ledger_amount=row["ledger_amount"],
    )


def _difference(row: Record, delivery: Record) -> FindingKind:
    """The kind of the pair of a line and a delivery."""
    stated = Side(units=row["stated_units"], amount=row["stated_amount"], day=row["stated_on"])
    delivered = Side(units=delivery["units"], amount=delivery["amount"], day=delivery["delivered_on"])
    return kind_of_pair(stated, delivered, reversed_=delivery["status"] == RedemptionStatus.REVERSED)


def _wrong(words_zh: str, words_en: str) -> RefusedError:
    return RefusedError(invalid(words_zh, words_en))
