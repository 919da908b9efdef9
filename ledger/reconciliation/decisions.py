"""What a person decides of a finding: sticky, revocable until the period closes, and never forgotten.

ACCEPT lets the finding stand: we pay what both the statement and the ledger bear out, never more than either. `pay` is
the exception that somebody answers for by name. DISPUTE pays nothing and carries the amount on. MATCH pairs a line by
hand, also one that the match had paired otherwise. REOPEN takes a decision back. Each is one more row of a history that
is only ever added to.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from asyncpg import Record

from base.database import Connection, Pool
from handbook import Handbook
from ledger.ids import RedemptionId
from ledger.reconciliation.deciding import SQL, Change, Deciding, Decision, Seen, changed_since, key_of
from ledger.reconciliation.finding_rows import id_of
from ledger.reconciliation.matching import reconcile
from ledger.reconciliation.periods import (
    Period,
    RefusedError,
    answering_refusals,
    lock_period,
    must_be_text,
)
from ledger.reconciliation.values import Action, FindingId, LedgerFindingId, LineFindingId
from ledger.refusals import Refusal, RefusalCode
from rating.activations import AnyHandbook, handbook_within

__all__ = ["Decision", "Seen", "resolve", "resolve_all", "resolve_many"]


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
    """Decide on a finding; None when it is done. Refused as `resolve_many` tells."""
    decision = Decision(finding=finding, action=action, note=note, redemptions=tuple(redemptions), pay=pay)
    (refusal,) = await resolve_many(pool, [decision], by=by, handbook=handbook, now=now)
    return refusal


async def resolve_many(
    pool: Pool, decisions: Sequence[Decision], *, by: str, handbook: AnyHandbook, now: datetime
) -> list[Refusal | None]:
    """Decide on findings, one after the other; for each None when it is done, or why it is refused.

    Those that follow each other of one period are one transaction: should it fail, none of them is made, and those
    before them stand. Refused, nothing changed by it: UNKNOWN_FINDING, PERIOD_CLOSED, UNKNOWN_REDEMPTION,
    ALREADY_MATCHED, INVALID.
    """
    outcomes: list[Refusal | None] = []
    for period, asked in groupby(decisions, key=lambda each: each.finding.period):
        of_period = list(asked)
        answer = await _resolve_in(pool, period, of_period, by=by, handbook=handbook, now=now)
        outcomes += [answer] * len(of_period) if isinstance(answer, Refusal) else answer
    return outcomes


async def resolve_all(
    pool: Pool, decisions: Sequence[Decision], *, by: str, handbook: AnyHandbook, now: datetime
) -> list[Refusal | None]:
    """Decide on findings of one period, all of them or none: where one is refused, nothing is changed.

    The answers are as `resolve_many` has them.
    """
    (period,) = {each.finding.period for each in decisions}
    try:
        answer = await _resolve_in(
            pool, period, decisions, by=by, handbook=handbook, now=now, all_or_none=True
        )
    except _OneRefusedError as refused:
        return refused.outcomes
    return [answer] * len(decisions) if isinstance(answer, Refusal) else answer


class _OneRefusedError(Exception):
    """Rolls back the decisions that were not refused."""

    def __init__(self, outcomes: list[Refusal | None]) -> None:
        super().__init__()
        self.outcomes = outcomes


@answering_refusals
async def _resolve_in(
    pool: Pool,
    period_id: int,
    decisions: Sequence[Decision],
    *,
    by: str,
    handbook: AnyHandbook,
    now: datetime,
    all_or_none: bool = False,
) -> list[Refusal | None]:
    async with pool.acquire() as conn, conn.transaction():
        within = await handbook_within(conn, handbook, lasting=True)
        period = await lock_period(conn, period_id)
        if period is None:
            return [Refusal(code=RefusalCode.UNKNOWN_FINDING)] * len(decisions)
        period.must_be_open()
        desk = _Desk(conn, period, by=by, handbook=within, now=now)
        await desk.read([each.finding for each in decisions])
        changed = [desk.changed(each) for each in decisions]
        outcomes = [
            refusal or await desk.decide(each) for each, refusal in zip(decisions, changed, strict=True)
        ]
        if all_or_none and any(outcomes):
            raise _OneRefusedError(outcomes)
        await desk.finish()
        return outcomes


class _Desk:
    """Decisions on findings of one open period, whose vendor's row is locked.

    What they change is written, and matched anew, together: at the end, and before something is decided of a member and
    benefit that an earlier decision is about. So each decision sees what those before it have made of its finding.
    """

    def __init__(
        self, conn: Connection, period: Period, *, by: str, handbook: Handbook, now: datetime
    ) -> None:
        self._conn = conn
        self._period = period
        self._by = by
        self._handbook = handbook
        self._now = now
        self._rows: dict[FindingId, Record] = {}
        self._waiting = Change()

    async def read(self, findings: Collection[FindingId]) -> None:
        """Read the findings as they are now."""
        lines = {each: _row_key(each) for each in findings if isinstance(each, LineFindingId)}
        others = {each: _row_key(each) for each in findings if isinstance(each, LedgerFindingId)}
        await self._fetch("line_finding", lines.values())
        await self._fetch("plain_match", [key for each, key in lines.items() if each not in self._rows])
        await self._fetch("ledger_finding", others.values())

    async def _fetch(self, name: str, keys: Collection[tuple[int, ...]]) -> None:
        if keys:
            rows = await self._conn.fetchmany(SQL[name], keys)
            self._rows |= {id_of(row): row for row in rows}

    def changed(self, asked: Decision) -> Refusal | None:
        """Why a decision is refused of a finding that is not as it was seen."""
        row = self._rows.get(asked.finding)
        return changed_since(row, asked.seen) if row is not None and asked.seen is not None else None

    async def decide(self, asked: Decision) -> Refusal | None:
        """Decide on one finding; None when it is done."""
        try:
            must_be_text("note", asked.note)
            row = await self._current(asked)
            if row is None:
                return Refusal(code=RefusalCode.UNKNOWN_FINDING)
            if asked.action is Action.MATCH:
                async with self._conn.transaction():  # takes back what a refused one has unmatched
                    change = await Deciding(self._conn, self._period, row, asked).change()
            else:
                change = await Deciding(self._conn, self._period, row, asked).change()
        except RefusedError as refused:
            return refused.refusal
        self._waiting.add(change)
        del self._rows[asked.finding]  # as it was before: who decides on it once more reads it again
        return None

    async def _current(self, asked: Decision) -> Record | None:
        """The finding's row, as it is after the decisions before this one."""
        row = self._rows.get(asked.finding)
        concerned = row is None or asked.action is Action.MATCH or key_of(row) in self._waiting.keys
        if concerned and self._waiting.keys:
            await self._match_anew()
        if row is None:
            await self.read([asked.finding])
        return self._rows.get(asked.finding)

    async def _match_anew(self) -> None:
        """Make the decisions that wait, and read again what they concern."""
        keys = (await self.finish()).keys
        stale = [each for each, row in self._rows.items() if key_of(row) in keys]
        for each in stale:
            del self._rows[each]
        await self.read(stale)

    async def finish(self) -> Change:
        """Write what was decided and waits, and run the match of the members and benefits concerned."""
        change, self._waiting = self._waiting, Change()
        writes: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        for name, values in change.writes:
            writes[name].append(values)
        for name, of_all in writes.items():
            await self._conn.executemany(SQL[name], of_all)
        if change.keys:
            await reconcile(
                self._conn, self._period.id, handbook=self._handbook, now=self._now, only=change.keys
            )
        decided = [(*each, self._by, self._now) for each in change.decided]
        await self._conn.executemany(SQL["record"], decided)
        return change


def _row_key(which: FindingId) -> tuple[int, ...]:
    if isinstance(which, LineFindingId):
        return (which.period, which.statement, which.line_no)
    return (which.period, which.customer_id, which.sequence)
