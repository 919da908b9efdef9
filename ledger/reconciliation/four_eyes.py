"""Four eyes: who accepted an exception above an amount does not close its month alone.

Such a person proposes the close, and somebody else confirms it by closing too. A proposal is for the month as it was
then: it falls away when a statement, a pair, a finding or a decision of it changes.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from base.database import Connection, Reader
from base.sql import Queries
from ledger.reconciliation.paying import Sides, payable_when_accepted
from ledger.reconciliation.values import FindingKind
from ledger.refusals import Refusal, RefusalCode

SQL = Queries(Path(__file__).with_name("four_eyes.sql"))

_MOST_NAMED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Exceeding:
    """A line that is paid more than both sides support, by more than the limit."""

    statement: str
    line_no: int
    decided_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Closers:
    """Who closes a month; `approved_by` is the second person, where one confirmed what the first had proposed."""

    closed_by: str
    approved_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A proposal to close a month as it is."""

    by: str
    at: datetime


async def closers(
    conn: Connection, period: int, content: Mapping[str, bytes], *, by: str, above: Decimal, now: datetime
) -> Closers | Refusal:
    """Who closes the month when `by` closes it; FOUR_EYES when somebody else has to, and the proposal is kept.

    `above` is in CNY. `content` are the digests of what the month rests on. The caller commits in either case.
    """
    standing = await proposals(conn, period, content)
    first = next((each.by for each in standing if each.by != by), None)
    if first is not None:
        return Closers(closed_by=first, approved_by=by)
    own = [each for each in await _exceeding(conn, period, above) if each.decided_by == by]
    if not own:
        return Closers(closed_by=by)
    if not standing:
        await conn.execute(SQL["propose"], period, _digest(content), by, now)
    return _refusal(own, by, above)


async def proposals(conn: Reader, period: int, content: Mapping[str, bytes]) -> list[Proposal]:
    """The proposals to close the month as it is, the first one first."""
    rows = await conn.fetch(SQL["proposals"], period, _digest(content))
    return [Proposal(by=row["proposed_by"], at=row["proposed_at"]) for row in rows]


async def _exceeding(conn: Connection, period: int, above: Decimal) -> list[Exceeding]:
    found = []
    for row in await conn.fetch(SQL["decided_lines"], period):
        sides = Sides(
            kind=FindingKind(row["kind"]),
            stated_units=row["stated_units"],
            stated_amount=row["stated_amount"],
            ledger_units=row["ledger_units"],
            ledger_amount=row["ledger_amount"],
        )
        if row["payable"] - payable_when_accepted(sides).amount > above:
            found.append(
                Exceeding(statement=row["number"], line_no=row["line_no"], decided_by=row["decided_by"])
            )
    return found


def _digest(content: Mapping[str, bytes]) -> bytes:
    """One hash over the digests, in the order of their names."""
    return hashlib.sha256(b"".join(content[name] for name in sorted(content))).digest()


def _refusal(own: Sequence[Exceeding], by: str, above: Decimal) -> Refusal:
    named, more = own[:_MOST_NAMED], len(own) > _MOST_NAMED
    return Refusal(
        code=RefusalCode.FOUR_EYES,
        facts={
            "by": by,
            "above": f"{above:.2f}",
            "which_zh": "；".join(f"对账单 {each.statement} 第 {each.line_no} 行" for each in named)
            + ("；……" if more else ""),
            "which_en": "; ".join(f"line {each.line_no} of {each.statement}" for each in named)
            + ("; …" if more else ""),
        },
    )
