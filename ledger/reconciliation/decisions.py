"""What a person decides of a finding: sticky, revocable until the period closes, and never forgotten.

ACCEPT lets the finding stand: we pay what both the statement and the ledger bear out, never more than either. `pay` is
the exception that somebody answers for by name. DISPUTE pays nothing and carries the amount on. MATCH pairs a line by
hand, also one that the match had paired otherwise. REOPEN takes a decision back. Each is one more row of a history that
is only ever added to.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import assert_never

from asyncpg import Record

from base.database import Connection, Pool
from base.sql import Queries
from handbook import Handbook
from ledger.ids import RedemptionId
from ledger.reconciliation.by_hand import pair_by_hand, sides_of, wrong
from ledger.reconciliation.finding_rows import deliveries_of
from ledger.reconciliation.match_rows import several
from ledger.reconciliation.match_values import Pair
from ledger.reconciliation.matching import Key, reconcile
from ledger.reconciliation.open_items import ids
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
)
from ledger.refusals import Refusal, RefusalCode
from rating.activations import AnyHandbook, handbook_within

SQL = Queries(Path(__file__).with_name("decisions.sql"))

_PLACES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A decision that somebody wants to make."""

    finding: FindingId
    action: Action
    redemptions: tuple[RedemptionId, ...]
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
    redemptions: Sequence[RedemptionId] = (),
    pay: Decimal | None = None,
    note: str,
    by: str,
    handbook: AnyHandbook,
    now: datetime,
) -> Refusal | None:
    """Decide on a finding; None when it is done.

    `redemptions` belong to MATCH: the delivery that a line means, or several, of one member and one benefit, that it
    means together. `pay` belongs to ACCEPT and MATCH of a line: CNY, from nothing to what is stated, which of a credit
    line is below zero. Refused, nothing changed: UNKNOWN_FINDING, PERIOD_CLOSED, UNKNOWN_REDEMPTION, ALREADY_MATCHED,
    INVALID.
    """
    async with pool.acquire() as conn, conn.transaction():
        must_be_text("note", note)
        asked = _Asked(
            finding=finding,
            action=action,
            redemptions=tuple(redemptions),
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
        if bool(self._asked.redemptions) is not (action is Action.MATCH):
            raise wrong(
                "redemption 用于 MATCH，且为其必填项", "redemption: belongs to MATCH, and MATCH needs it"
            )
        match action:
            case Action.REOPEN:
                await self._reopen()
            case Action.MATCH:
                await self._match()
            case Action.ACCEPT | Action.DISPUTE:
                if action is Action.ACCEPT and row["action"] is None and not row["waits"]:
                    raise wrong(
                        "该行已一致，无需处理", "action: the line agrees already and needs no decision"
                    )
                await self._store(_sides(row))
                await self._match_anew()
            case _:
                assert_never(action)
        await self._record()

    async def _reopen(self) -> None:
        row = self._row
        by_hand = row["pass"] == Pass.HAND
        if row["action"] is None and not by_hand:
            raise wrong(
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
        row, asked = self._row, self._asked.redemptions
        if row["line_no"] is None:
            raise wrong(
                "MATCH 用于对账单上的行；请在相应的行上操作",
                "action: MATCH is for a line of a statement, not for this",
            )
        if row["stated_units"] < 0:
            raise wrong(
                "红冲行不能人工配对；如确应扣回，请用 ACCEPT 并以 pay 写明（负数）",
                "action: a credit line is not matched by hand; ACCEPT it, with what is to be taken back as pay",
            )
        if row["sequence"] is not None:
            await self._unmatch_from_other_than(asked)
        pair = pair_by_hand(row, [await self._free_delivery(each) for each in asked])
        kind, customer_id = pair.difference(), asked[0].customer_id
        await self._conn.execute(SQL["reassign_line"], *pair.line.id, customer_id)
        for part, each in enumerate(pair.deliveries):
            await self._conn.execute(
                SQL["match_by_hand"], customer_id, each.id.sequence, *pair.line.id, kind.value, part
            )
        await self._store(sides_of(pair), pair=pair)
        await self._match_anew(asked[0])

    async def _free_delivery(self, redemption: RedemptionId) -> Record:
        """A delivery of the vendor that no line has, and of which nobody has decided that none has it."""
        delivery = await self._delivery(redemption)
        if delivery is None:
            raise RefusedError(Refusal(code=RefusalCode.UNKNOWN_REDEMPTION))
        if delivery["matched_line"] is not None:
            facts = {"statement": delivery["matched_statement"], "line_no": delivery["matched_line"]}
            raise RefusedError(Refusal(code=RefusalCode.ALREADY_MATCHED, facts=facts))
        if await self._conn.fetchval(SQL["decided_elsewhere"], redemption.customer_id, redemption.sequence):
            raise wrong(
                "该次服务已作为「未列入对账单」处理；请先 REOPEN",
                "redemption: somebody has decided on it as not in the statement; reopen that first",
            )
        return delivery

    async def _delivery(self, redemption: RedemptionId) -> Record | None:
        return await self._conn.fetchrow(
            SQL["delivery"], self._period.vendor, redemption.customer_id, redemption.sequence
        )

    async def _unmatch_from_other_than(self, redemptions: Sequence[RedemptionId]) -> None:
        """Take the line from the deliveries that the match found for it; what somebody decided is reopened first.

        A pair by hand that was carried here is such a decision too, though nothing is decided on it here.
        """
        row = self._row
        if row["action"] is not None or row["pass"] == Pass.HAND:
            raise wrong(
                "该行已有处理结果，请先 REOPEN", "action: somebody has decided on this line; REOPEN it first"
            )
        if set(deliveries_of(row)) == set(redemptions):
            raise wrong("该行已与这笔核销配对", "redemption: the line is matched with it already")
        await self._unmatch()

    async def _unmatch(self) -> None:
        row = self._row
        await self._conn.execute(SQL["unmatch"], row["customer_id"], row["statement"], row["line_no"])

    async def _store(self, sides: Sides, *, pair: Pair | None = None) -> None:
        """Write the decision into the finding; `pair`: by hand."""
        row, action, payable = self._row, self._asked.action, self._payable(sides)
        if row["line_no"] is None:
            await self._conn.execute(
                SQL["decide_redemption"],
                self._period.id,
                row["customer_id"],
                row["sequence"],
                action.value,
                payable.units,
                payable.amount,
            )
            return
        if pair is None:
            delivered = (row["customer_id"], row["sequence"], sides.kind.value, row["pass"])
            of = (row["benefit"], row["occurred_on"])
        else:
            delivered = (*astuple(pair.delivery.id), sides.kind.value, pair.found_by.value)
            of = (pair.delivery.benefit, pair.delivered.day)
        await self._conn.execute(
            SQL["decide_line"],
            self._period.id,
            row["statement"],
            row["line_no"],
            *delivered,
            *of,
            sides.stated_units,
            sides.stated_amount,
            sides.ledger_units,
            sides.ledger_amount,
            row["carried_from"],
            action.value,
            payable.units,
            payable.amount,
            several(ids(pair.deliveries)) if pair is not None else row["deliveries"],
        )

    def _payable(self, sides: Sides) -> Payable:
        pay = self._asked.pay
        if pay is None:
            return NOTHING if self._asked.action is Action.DISPUTE else payable_when_accepted(sides)
        if self._asked.action is Action.DISPUTE or sides.stated_amount is None:
            raise wrong(
                "pay 仅用于对账单行的 ACCEPT 或 MATCH", "pay: is for ACCEPT or MATCH of a line of a statement"
            )
        least, most = sorted([Decimal(), sides.stated_amount])
        if not pay.is_finite() or not least <= pay <= most or pay != round(pay, _PLACES):
            raise wrong(
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
        redemption = next(iter(asked.redemptions), None)
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
            several(asked.redemptions),
        )


def _sides(row: Record) -> Sides:
    return Sides(
        kind=FindingKind(row["kind"]),
        stated_units=row["stated_units"],
        stated_amount=row["stated_amount"],
        ledger_units=row["ledger_units"],
        ledger_amount=row["ledger_amount"],
    )
