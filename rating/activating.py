"""Activating editions: every customer is rated by them beforehand, then one transaction switches.

Rating takes minutes and blocks nobody: the results go into staging tables, one transaction for each batch, each row
with the state of the customer (arrivals, version) that it was computed from. The switch waits for running write
transactions and keeps new ones from starting; it rates again the customers whose history has changed meanwhile, appends
a version for each timeline that differs, known from that moment, and writes the activation. It is atomic, also when
killed; a second run resumes from what is staged. The grants that follow are posted with what is due: no quota depends
on them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from asyncpg import Record

from base.database import Connection, Pool, affected_rows
from base.sql import Queries
from handbook.handbook import Handbook
from rating.activations import SQL as ACTIVATIONS_SQL
from rating.activations import ActiveHandbook, stored_form
from rating.customers import span_of
from rating.folding import Arrived, fold
from rating.stored_events import arrived_of
from rating.timeline import METHOD, StarSpan, timeline

SQL = Queries(Path(__file__).with_name("activating.sql"))

_CUSTOMERS_A_BATCH = 500
_PASSES, _FEW = 5, 100
"""Passes over customers that have changed meanwhile end when few are left: those are rated during the switch."""

_RATINGS = ("customer_id", "handbook", "method", "arrivals", "version", "changed")
_SPANS = ("customer_id", "starts_on", "ends_on", "star", "rated_premium", "edition")
_COOLING_OFFS = ("customer_id", "policy_no", "cooling_off_ends_on")

Propose = Callable[[ActiveHandbook | None], Handbook | None]
"""Given the handbook in force (None: none yet), returns the one to activate; None to leave it as it is."""
Progress = Callable[[int, int], None]
Tell = Callable[[str], None]


class OvertakenError(Exception):
    """Another handbook came into force while this one was prepared: retry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Activated:
    """The result of an activation: how many customers were rated, and how many timelines changed."""

    handbook: Handbook
    customers: int
    changed: int


async def activate(
    pool: Pool, propose: Propose, *, clock: Callable[[], datetime], tell: Tell, progress: Progress
) -> Activated | None:
    """Activate a handbook and rate every customer by it with this program's method; None when nothing was proposed.

    One activation at a time: another one waits, then proposes on top of the first. `tell` gets a line whenever it waits
    for another transaction. Safe to repeat and to interrupt. Raises OvertakenError, and EditionError when what is in
    force cannot be read.
    """
    async with pool.acquire() as conn:
        await conn.execute(SQL["wait_for_ever"])
        if not await conn.fetchval(SQL["try_to_claim"]):
            tell("another activation is under way: waiting for its end")
            await conn.execute(SQL["claim"])
        try:
            active = await ActiveHandbook.read(conn)
            handbook = propose(active)
            if handbook is None:
                return None
            for _ in range(_PASSES):
                if await _stage(conn, handbook, progress) < _FEW:
                    break
            base = active.activation.id if active is not None else None
            done = await _switch(conn, handbook, base, clock=clock, tell=tell)
            await _clear(conn)
        finally:
            if not conn.is_closed():
                await conn.execute(SQL["release"])
    return done


async def _stage(conn: Connection, handbook: Handbook, progress: Progress) -> int:
    """Rate the customers whose staged rating is missing or out of date; return how many those were."""
    total = await conn.fetchval(SQL["heads_count"])
    before = await conn.fetchval(SQL["staged_count"], handbook.fingerprint, METHOD)
    last = staged = 0
    while heads := await _unstaged(conn, handbook, last):
        async with conn.transaction():
            await _stage_batch(conn, heads, handbook)
        last, staged = heads[-1]["customer_id"], staged + len(heads)
        progress(min(before + staged, total), total)
    return staged


async def _unstaged(conn: Connection, handbook: Handbook, after: int) -> list[Record]:
    return await conn.fetch(SQL["unstaged"], handbook.fingerprint, METHOD, after, _CUSTOMERS_A_BATCH)


async def _stage_batch(conn: Connection, heads: Sequence[Record], handbook: Handbook) -> None:
    """Stage customers in the state of the heads as read; a row is out of date once an event has come since."""
    ids = [head["customer_id"] for head in heads]
    events: dict[int, list[Arrived]] = {each: [] for each in ids}
    for row in await conn.fetch(SQL["events_until"], ids, [head["arrivals"] for head in heads]):
        events[row["customer_id"]].append(arrived_of(row))
    current: dict[int, list[StarSpan]] = {each: [] for each in ids}
    for row in await conn.fetch(SQL["periods_of"], ids, [head["version"] for head in heads]):
        current[row["customer_id"]].append(span_of([*row.values()][1:]))
    ends = {
        (row["customer_id"], row["policy_no"]): row["cooling_off_ends_on"]
        for row in await conn.fetch(SQL["cooling_offs_of"], ids)
    }
    ratings: list[tuple[object, ...]] = []
    spans: list[tuple[object, ...]] = []
    cooling_offs: list[tuple[object, ...]] = []
    for head in heads:
        each = head["customer_id"]
        history = fold(events[each])
        rated = timeline(history, handbook)
        changed = rated != tuple(current[each])
        ratings.append((each, handbook.fingerprint, METHOD, head["arrivals"], head["version"], changed))
        if changed:
            spans += [
                (each, span.start, span.end, span.star, span.rated_premium, span.edition) for span in rated
            ]
        for policy in history.policies.values():
            ends_on = policy.cooling_off_ends_on(handbook)
            if ends.get((each, policy.policy_no), ends_on) != ends_on:
                cooling_offs.append((each, policy.policy_no, ends_on))
    for name in ("unstage_ratings", "unstage_periods", "unstage_cooling_offs"):
        await conn.execute(SQL[name], ids)
    await conn.copy_records_to_table("staged_ratings", records=ratings, columns=_RATINGS)
    await conn.copy_records_to_table("staged_periods", records=spans, columns=_SPANS)
    await conn.copy_records_to_table("staged_cooling_offs", records=cooling_offs, columns=_COOLING_OFFS)


async def _switch(
    conn: Connection, handbook: Handbook, base: int | None, *, clock: Callable[[], datetime], tell: Tell
) -> Activated:
    """Apply what is staged, in one transaction during which nobody else writes."""
    by = (handbook.fingerprint, METHOD)
    async with conn.transaction():
        if not await conn.fetchval(SQL["try_to_end_lasting"]):
            tell("an import or a match is under way: waiting for its end")
            await conn.execute(SQL["end_lasting"])
        await conn.execute(SQL["end_others"])
        if await conn.fetchval(ACTIVATIONS_SQL["last_id"]) != base:
            raise OvertakenError(OvertakenError.__doc__)
        last = 0
        while heads := await _unstaged(conn, handbook, last):
            await _stage_batch(conn, heads, handbook)
            last = heads[-1]["customer_id"]
        now = clock()
        changed = affected_rows(await conn.execute(SQL["append_versions"], now, *by))
        await conn.execute(SQL["append_periods"], *by)
        await conn.execute(SQL["change_cooling_offs"], *by)
        await conn.execute(SQL["move_heads"], *by)
        await conn.execute(SQL["store_handbook"], handbook.fingerprint, stored_form(handbook), now)
        await conn.execute(SQL["put_in_force"], *by, now)
        customers = await conn.fetchval(SQL["heads_count"])
    return Activated(handbook=handbook, customers=customers, changed=changed)


async def _clear(conn: Connection) -> None:
    """Delete the staged rows: not within the switch, which blocks all writers. Rows that are left over do no harm."""
    async with conn.transaction():
        for name in ("clear_ratings", "clear_periods", "clear_cooling_offs"):
            await conn.execute(SQL[name])
