"""Submitting statements: atomic, idempotent, and in bounded memory.

The lines are streamed into a temporary table before anything is locked; then, in the same transaction, they become the
statement, and the match runs. A statement is identified by its vendor's number: the same content again changes nothing,
other content under the same number is refused with the differences.
"""

from collections.abc import AsyncIterable, AsyncIterator, Callable
from dataclasses import dataclass
from datetime import date, datetime
from operator import attrgetter
from pathlib import Path

from asyncpg import Record

from base.database import Connection, Pool
from base.sql import Queries
from base.words import Words
from handbook import Handbook
from ledger.reconciliation.lines import GivenLine, LineProblem, checked
from ledger.reconciliation.matching import reconcile
from ledger.reconciliation.periods import (
    Period,
    RefusedError,
    answering_refusals,
    lock_month,
    lock_period,
    must_be_a_vendor,
    must_be_text,
    must_have_begun,
    must_not_be_closed,
)
from ledger.reconciliation.values import StatedTotal, StatementLine
from ledger.refusals import Refusal, RefusalCode, invalid
from rating.activations import AnyHandbook, handbook_within

SQL = Queries(Path(__file__).with_name("statements.sql"))

_API_NAMES = {
    "reference": "reference",
    "member_no": "memberNo",
    "benefit": "benefit",
    "units": "units",
    "occurred_on": "occurredOn",
    "amount": "amount",
}
_COLUMNS = ("line_no", *_API_NAMES)
_row = attrgetter(*_COLUMNS)
_MOST_NAMED = 20
_PROGRESS_EVERY = 1000
_NO_TOTAL = StatedTotal()
_IN_WORDS = {"units": Words("数量", "units"), "amount": Words("金额", "CNY")}

Progress = Callable[[int], None]
"""Called with the number of lines read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """A statement that is stored; `replayed`: it had been stored before."""

    statement: int
    replayed: bool = False


@answering_refusals
async def submit(
    pool: Pool,
    *,
    vendor: str,
    number: str,
    month: date,
    lines: AsyncIterable[StatementLine],
    by: str,
    now: datetime,
    handbook: AnyHandbook,
    total: StatedTotal = _NO_TOTAL,
    progress: Progress | None = None,
) -> Submitted | Refusal:
    """Submit a vendor's statement for the month that begins on `month`, and match it.

    Refused, nothing stored: INVALID for an unknown vendor, a malformed number, a month ahead; KEY_REUSED for other
    content under a number that was used; PERIOD_CLOSED; TOTAL_DIFFERS when the lines do not add up to `total`, which is
    stored with a new statement only. `lines` are checked already; what they raise is passed on, a refusal is the
    answer, and nothing is stored. Lines may arrive slowly and do not hold up activations: only the match follows the
    handbook in force.
    """
    async with pool.acquire() as conn, conn.transaction():
        await _must_be_awaited(conn, vendor=vendor, number=number, month=month, now=now)
        await conn.execute(SQL["stage"])
        await conn.copy_records_to_table(
            "incoming_lines",
            columns=list(_COLUMNS),
            records=_rows(lines, progress),
        )
        within = await handbook_within(conn, handbook, lasting=True)
        return await _store(
            conn, vendor=vendor, number=number, month=month, total=total, by=by, handbook=within, now=now
        )


@answering_refusals
async def refused_unread(
    pool: Pool, *, vendor: str, number: str, month: date, now: datetime
) -> Refusal | None:
    """The refusal of `submit` that does not depend on the lines; None when there is none.

    Checked before a sheet is read, so that nobody corrects its rows in vain.
    """
    async with pool.acquire() as conn:
        await _must_be_awaited(conn, vendor=vendor, number=number, month=month, now=now)
        return None


@answering_refusals
async def withdraw(
    pool: Pool,
    *,
    statement: int,
    note: str,
    by: str,
    handbook: AnyHandbook,
    now: datetime,
    vendor: str | None = None,
) -> Submitted | Refusal:
    """Withdraw a statement while its period is open: its lines no longer count. Idempotent.

    `vendor` withdraws its own, of which nobody has decided anything yet; None: finance does. Refused:
    UNKNOWN_STATEMENT, PERIOD_CLOSED, ALREADY_DECIDED, INVALID for an empty note.
    """
    async with pool.acquire() as conn, conn.transaction():
        must_be_text("note", note)
        within = await handbook_within(conn, handbook, lasting=True)
        period = await _lock_for_withdrawal(conn, statement, vendor)
        # Checked under the lock: it may have been withdrawn, or decided on, meanwhile.
        if await conn.fetchval(SQL["is_withdrawn"], statement):
            return Submitted(statement=statement, replayed=True)
        period.must_be_open()
        decided = await conn.fetchval(SQL["decided_lines"], period.id, statement)
        if vendor is not None and decided:
            return Refusal(code=RefusalCode.ALREADY_DECIDED, facts={"count": decided})
        return await _withdraw(conn, period, statement, note=note, by=by, handbook=within, now=now)


async def _lock_for_withdrawal(conn: Connection, statement: int, vendor: str | None) -> Period:
    row = await conn.fetchrow(SQL["statement_for_withdrawal"], statement)
    period = None
    if row is not None and vendor in {None, row["vendor"]}:
        period = await lock_period(conn, row["period"])
    if period is None:
        raise RefusedError(Refusal(code=RefusalCode.UNKNOWN_STATEMENT))
    return period


async def _withdraw(
    conn: Connection, period: Period, statement: int, *, note: str, by: str, handbook: Handbook, now: datetime
) -> Submitted:
    await conn.execute(SQL["withdraw"], statement, note, by, now)
    await conn.execute(SQL["forget_matches"], statement)
    await conn.execute(SQL["forget_findings"], period.id, statement)
    await reconcile(conn, period.id, handbook=handbook, now=now)
    return Submitted(statement=statement)


async def _must_be_awaited(conn: Connection, *, vendor: str, number: str, month: date, now: datetime) -> None:
    must_be_text("number", number)
    must_have_begun(month, now)
    await must_be_a_vendor(conn, vendor)
    stored = await conn.fetchrow(SQL["stored_statement"], vendor, number)
    if stored is None:
        await must_not_be_closed(conn, vendor, month)
    else:  # a repetition is accepted, also after the close: it changes nothing
        await _must_not_be_withdrawn(conn, stored["id"])


async def _must_not_be_withdrawn(conn: Connection, statement: int) -> None:
    if await conn.fetchval(SQL["is_withdrawn"], statement):
        raise RefusedError(Refusal(code=RefusalCode.KEY_REUSED, wording="withdrawn"))


async def _rows(
    lines: AsyncIterable[StatementLine], progress: Progress | None
) -> AsyncIterator[tuple[object, ...]]:
    """The lines as rows of `incoming_lines`."""
    read = 0
    async for line in lines:
        yield _row(line)
        read += 1
        if progress is not None and read % _PROGRESS_EVERY == 0:
            progress(read)
    if progress is not None:
        progress(read)


async def checked_lines(given: AsyncIterable[GivenLine], handbook: Handbook) -> AsyncIterator[StatementLine]:
    """The lines of a program, for `submit`, which refuses them with INVALID when any is malformed, naming the first."""
    problems: list[LineProblem] = []
    async for each in given:
        found = checked(each, handbook)
        if isinstance(found, list):
            problems += found
            if len(problems) >= _MOST_NAMED:
                break
        elif not problems:
            yield found
    if problems:
        raise RefusedError(_malformed(problems[:_MOST_NAMED]))


def _malformed(problems: list[LineProblem]) -> Refusal:
    places = [f"lines[{problem.row}].{problem.column}" for problem in problems]
    return invalid(
        "；".join(f"{place}：{problem.words.zh}" for place, problem in zip(places, problems, strict=True)),
        "; ".join(f"{place}: {problem.words.en}" for place, problem in zip(places, problems, strict=True)),
    )


async def _store(
    conn: Connection,
    *,
    vendor: str,
    number: str,
    month: date,
    total: StatedTotal,
    by: str,
    handbook: Handbook,
    now: datetime,
) -> Submitted:
    repeated = [row["line_no"] for row in await conn.fetch(SQL["repeated_numbers"])]
    if repeated:
        shown = ", ".join(map(str, repeated))
        raise RefusedError(
            invalid(
                f"行号（lineNo）重复：{shown}", f"lineNo: each line has its own number; repeated: {shown}"
            )
        )
    summary = await conn.fetchrow(SQL["summary"])
    if summary is None:  # an aggregate without grouping has one row
        raise AssertionError
    _must_add_up(total, summary)
    period = await lock_month(conn, vendor, month)
    stored = await conn.fetchrow(SQL["stored_statement"], vendor, number)
    if stored is not None:
        return await _again(conn, stored, summary["content"], month=month, handbook=handbook, now=now)
    period.must_be_open()
    statement = await conn.fetchval(
        SQL["store_statement"],
        period.id,
        vendor,
        number,
        summary["lines"],
        summary["units"],
        summary["amount"],
        summary["first_day"],
        summary["last_day"],
        summary["content"],
        by,
        now,
        total.units,
        total.amount,
    )
    if statement is None:  # the number has just been used for another month
        stored = await conn.fetchrow(SQL["stored_statement"], vendor, number)
        if stored is None:
            raise AssertionError
        return await _again(conn, stored, summary["content"], month=month, handbook=handbook, now=now)
    await conn.execute(SQL["store_lines"], statement)
    await reconcile(conn, period.id, handbook=handbook, now=now)
    return Submitted(statement=statement)


def _must_add_up(total: StatedTotal, lines: Record) -> None:
    """Refuse with TOTAL_DIFFERS lines whose units or amounts are not what was stated."""
    differing = {
        name: (stated, added)
        for name, stated, added in (
            ("units", total.units, lines["units"]),
            ("amount", total.amount, lines["amount"]),
        )
        if stated is not None and stated != added
    }
    if not differing:
        return
    zh = [
        f"{_IN_WORDS[name].zh}应为 {stated}，明细加起来是 {added}"
        for name, (stated, added) in differing.items()
    ]
    en = [
        f"{_IN_WORDS[name].en} {stated} are stated, the lines add up to {added}"
        for name, (stated, added) in differing.items()
    ]
    raise RefusedError(
        Refusal(
            code=RefusalCode.TOTAL_DIFFERS,
            differing=tuple(f"total.{name}" for name in differing),
            facts={"count": lines["lines"], "words_zh": "；".join(zh), "words_en": "; ".join(en)},
        )
    )


async def _again(
    conn: Connection, stored: Record, content: bytes, *, month: date, handbook: Handbook, now: datetime
) -> Submitted:
    """The number was used before: the stored statement is returned, and matched with the ledger as it is now."""
    await _must_not_be_withdrawn(conn, stored["id"])
    differing = []
    if stored["month"] != month:
        differing.append("period")
    if stored["content"] != content:
        differing += _names(await conn.fetch(SQL["differing_lines"], stored["id"]))
    if differing:
        raise RefusedError(
            Refusal(
                code=RefusalCode.KEY_REUSED, wording="statement", differing=tuple(differing[:_MOST_NAMED])
            )
        )
    if stored["closed_at"] is None:
        await reconcile(conn, stored["period"], handbook=handbook, now=now)
    return Submitted(statement=stored["id"], replayed=True)


def _names(rows: list[Record]) -> list[str]:
    names: list[str] = []
    for row in rows:
        place = f"lines[{row['line_no']}]"
        if row["one_sided"]:
            names.append(place)
        else:
            names += [f"{place}.{name}" for column, name in _API_NAMES.items() if row[column]]
    return names
