"""One decision on one finding: whether it may be made, and what it changes."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, assert_never

from asyncpg import Record

from base.database import Connection
from base.sql import Queries
from ledger.ids import RedemptionId
from ledger.reconciliation.by_hand import pair_by_hand, sides_of, wrong
from ledger.reconciliation.finding_rows import deliveries_of
from ledger.reconciliation.match_rows import several
from ledger.reconciliation.match_values import Pair
from ledger.reconciliation.matching import Key
from ledger.reconciliation.open_items import ids
from ledger.reconciliation.paying import (
    NOTHING,
    Payable,
    Sides,
    payable_as_said,
    payable_when_accepted,
)
from ledger.reconciliation.periods import Period, RefusedError
from ledger.reconciliation.values import Action, FindingId, FindingKind, Pass
from ledger.refusals import Refusal, RefusalCode, invalid

SQL = Queries(Path(__file__).with_name("decisions.sql"))

_PLACES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What somebody saw of a finding when they decided: its kind, what the ledger counted, and the decision on it."""

    kind: FindingKind
    ledger_units: int | None
    ledger_amount: Decimal | None
    action: Action | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What somebody decides of a finding.

    `redemptions` belong to MATCH: the delivery that a line means, or several, of one member and one benefit, that it
    means together. `pay` belongs to ACCEPT and MATCH of a line: CNY, from nothing to what is stated, which of a credit
    line is below zero. `seen`: it is refused where the finding has changed since.
    """

    finding: FindingId
    action: Action
    note: str
    redemptions: tuple[RedemptionId, ...] = ()
    pay: Decimal | None = None
    seen: Seen | None = None


@dataclass(slots=True, kw_only=True)
class Change:
    """What decisions change: statements to run, members and benefits to match anew, and what is kept of them."""

    writes: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)
    keys: set[Key] = field(default_factory=set)
    decided: list[tuple[Any, ...]] = field(default_factory=list)

    def add(self, other: "Change") -> None:
        """Take another one's changes after these."""
        self.writes += other.writes
        self.keys |= other.keys
        self.decided += other.decided


def changed_since(row: Record, seen: Seen) -> Refusal | None:
    """INVALID for a finding that has changed since somebody saw it."""
    now = Seen(
        kind=FindingKind(row["kind"]),
        ledger_units=row["ledger_units"],
        ledger_amount=row["ledger_amount"],
        action=Action(row["action"]) if row["action"] is not None else None,
    )
    if seen == now:
        return None
    return invalid(
        "该核对结果此后已有变化，请重新导出", "the finding has changed since then: export the findings anew"
    )


def key_of(row: Record) -> Key:
    """Whose the finding is: the member and benefit that its line names, else those of its delivery."""
    return Key(member_no=row["member_no"], customer_id=row["member"], benefit=row["stated_benefit"])


class Deciding:
    """One decision on one finding of an open period, whose vendor's row is locked."""

    def __init__(self, conn: Connection, period: Period, row: Record, asked: Decision) -> None:
        self._conn = conn
        self._period = period
        self._row = row
        self._asked = asked
        self._change = Change(keys={key_of(row)})
        self._pays: Decimal | None = None

    async def change(self) -> Change:
        """What the decision changes. Only MATCH has written some of it already. Raises RefusedError."""
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
                self._store(_sides(row))
            case _:
                assert_never(action)
        self._change.decided.append(self._record())
        return self._change

    def _write(self, name: str, *values: Any) -> None:
        self._change.writes.append((name, values))

    async def _reopen(self) -> None:
        row = self._row
        by_hand = row["pass"] == Pass.HAND
        if row["action"] is None and not by_hand:
            raise wrong(
                "尚无人处理，无可撤销；已配对的行如需改配，请直接人工配对",
                "action: nobody has decided on it, so there is nothing to take back; "
                "a line that is paired wrongly can be paired otherwise with MATCH",
            )
        if by_hand:
            self._write("unmatch", row["customer_id"], row["statement"], row["line_no"])
            self._write("restore_line", row["statement"], row["line_no"])
            await self._match_anew(RedemptionId(row["customer_id"], row["sequence"]))
        if row["line_no"] is None:
            self._write("reopen_redemption", self._period.id, row["customer_id"], row["sequence"])
        else:
            self._write("reopen_line", self._period.id, row["statement"], row["line_no"])

    async def _match(self) -> None:
        row, asked = self._row, self._asked.redemptions
        if row["line_no"] is None:
            raise wrong(
                "MATCH 用于对账单上的行；请在相应的行上操作",
                "action: MATCH is for a line of a statement, not for this",
            )
        if row["stated_units"] < 0:
            raise wrong(
                "红冲行不能人工配对；如确应扣回，请接受并写明扣回的金额（负数）",
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
        self._store(sides_of(pair), pair=pair)
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
        await self._conn.execute(SQL["unmatch"], row["customer_id"], row["statement"], row["line_no"])

    def _store(self, sides: Sides, *, pair: Pair | None = None) -> None:
        """Write the decision into the finding; `pair`: by hand."""
        row, action, payable = self._row, self._asked.action, self._payable(sides)
        self._pays = payable.amount
        if row["line_no"] is None:
            self._write(
                "decide_redemption",
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
        self._write(
            "decide_line",
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

    async def _match_anew(self, redemption: RedemptionId) -> None:
        """Run the match for the member and benefit of a redemption that came or went, too."""
        other = await self._delivery(redemption)
        if other is None:
            return
        self._change.keys.add(
            Key(member_no=other["member_no"], customer_id=redemption.customer_id, benefit=other["benefit"])
        )

    def _record(self) -> tuple[Any, ...]:
        row, asked = self._row, self._asked
        redemption = next(iter(asked.redemptions), None)
        of_line = row["line_no"] is not None
        return (
            self._period.id,
            row["statement"],
            row["line_no"],
            None if of_line else row["customer_id"],
            None if of_line else row["sequence"],
            row["kind"],
            asked.action.value,
            redemption.customer_id if redemption is not None else None,
            redemption.sequence if redemption is not None else None,
            self._pays,
            asked.note,
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
