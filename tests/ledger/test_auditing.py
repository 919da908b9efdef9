"""Audit events are append-only, are found by member and by subject, and are dropped by whole months."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from uuid import UUID

import asyncpg
import pytest

from handbook import start_of
from ledger.auditing import (
    AuditEvent,
    AuditFilter,
    AuditPlace,
    drop_old_months,
    events_page,
    write_events,
)
from ledger.reports.filters import Span
from tests.plans import BOTH_WAYS, Explaining, scanned_tables

NOON = datetime(2026, 10, 20, 12, tzinfo=UTC)
MONTHS = (
    "select inhrelid::regclass::text from pg_inherits where inhparent = 'audit_events'::regclass order by 1"
)


def an_event(minutes: int = 0, **more: object) -> AuditEvent:
    given = {"subject": "li", "role": "finance", "operation": "Ledger", "member_no": "M1", **more}
    return AuditEvent(at=NOON + timedelta(minutes=minutes), **given)


async def found(pool, **where: object) -> list[AuditEvent]:
    return await events_page(pool, where=AuditFilter(**where), first=100, after=None)


async def test_writing_an_event_is_idempotent_and_it_is_read_as_written(database):
    event = an_event(vendor="v", token_id="t", request_id="r", scope="s")
    await write_events(database.pool, [event])
    await write_events(
        database.pool, [event, an_event(1)]
    )  # nobody knew whether the first attempt had succeeded
    assert [each.at.minute for each in await found(database.pool)] == [1, 0]
    assert (await found(database.pool))[1] == event


async def test_events_are_found_by_member_subject_operation_and_day(database):
    events = [
        an_event(0),
        an_event(1, member_no="M2"),
        an_event(2, subject="wang"),
        an_event(3, operation=None),
        an_event(4, member_no=None, scope="vendor=v"),
        an_event(60 * 24, member_no="M3"),
    ]
    await write_events(database.pool, events)
    pool = database.pool
    by = {
        "member": await found(pool, member_nos=frozenset({"M2"})),
        "members": await found(pool, member_nos=frozenset({"M2", "M3"})),
        "subject": await found(pool, subjects=frozenset({"wang"})),
        "operation": await found(pool, operations=frozenset({"Ledger"}), subjects=frozenset({"wang"})),
        "nothing": await found(pool, member_nos=frozenset()),
        "day": await found(
            pool, at=Span(start=start_of(date(2026, 10, 21)), end=start_of(date(2026, 10, 22)))
        ),
    }
    assert {name: [events.index(each) for each in rows] for name, rows in by.items()} == {
        "member": [1],
        "members": [5, 1],
        "subject": [2],
        "operation": [2],
        "nothing": [],
        "day": [5],
    }


async def test_pages_follow_each_other_also_among_events_of_one_moment(database):
    events = [an_event(minutes, member_no=f"M{number}") for minutes in (0, 1) for number in range(5)]
    await write_events(database.pool, events)
    seen: list[AuditEvent] = []
    while page := await events_page(
        database.pool,
        where=AuditFilter(),
        first=3,
        after=AuditPlace(at=seen[-1].at, id=seen[-1].id) if seen else None,
    ):
        seen += page
    assert sorted(seen, key=lambda each: (each.at, each.id), reverse=True) == seen
    assert {each.id for each in seen} == {each.id for each in events}
    assert len(seen) == len(events)


async def test_concurrent_writers_make_each_month_once(database):
    december = [replace(an_event(), at=datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)) for _ in range(5)]
    january = [replace(an_event(), at=datetime(2027, 1, 1, tzinfo=UTC)) for _ in range(5)]
    pairs = zip(december, january, strict=True)
    await asyncio.gather(*(write_events(database.pool, pair) for pair in pairs))
    months = [row[0] for row in await database.pool.fetch(MONTHS)]
    assert months == ["audit_events_2026_12", "audit_events_2027_01"]
    before = Span(end=january[0].at)
    assert len(await found(database.pool, at=before)) == 5
    assert len(await found(database.pool)) == 10


CHANGES = (
    "update {table} set subject = 'nobody'",
    "delete from {table}",
    "truncate {table}",
    "insert into {table} select * from {table} on conflict (at, id) do update set subject = 'nobody'",
)


async def test_an_event_is_never_changed_nor_taken_away(database):
    await write_events(database.pool, [an_event()])
    for table in ("audit_events", "audit_events_2026_10"):
        for pool, statement in product((database.pool, database.owner_pool), CHANGES):
            with pytest.raises((asyncpg.RestrictViolationError, asyncpg.InsufficientPrivilegeError)):
                await pool.execute(statement.format(table=table))
    assert len(await found(database.pool)) == 1


async def test_the_triggers_of_a_month_fire_in_a_replica_too(database):
    await write_events(database.pool, [an_event()])
    rows = await database.owner_pool.fetch(
        "select tgname, tgenabled from pg_trigger where tgrelid = 'audit_events_2026_10'::regclass"
    )
    assert {row["tgname"] for row in rows} == {"audit_events_append_only", "audit_events_no_truncate"}
    assert {row["tgenabled"] for row in rows} == {b"A"}


async def test_the_service_may_neither_drop_nor_detach_a_month(database):
    await write_events(database.pool, [an_event()])
    for statement in (
        "drop table audit_events_2026_10",
        "alter table audit_events detach partition audit_events_2026_10",
        "alter table audit_events disable trigger all",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await database.pool.execute(statement)


async def test_old_events_go_by_whole_months_and_young_ones_stay(database):
    now = datetime.now(UTC)
    moments = [now - timedelta(days=days) for days in (0, 89, 130, 399, 440, 900)]
    await write_events(database.pool, [replace(an_event(), at=moment) for moment in moments])
    dropped = await drop_old_months(database.pool, kept_days=400)
    assert dropped == sorted(f"audit_events_{moment:%Y_%m}" for moment in moments[4:])
    assert [each.at for each in await found(database.pool)] == moments[:4]
    assert await drop_old_months(database.pool, kept_days=400) == []


async def test_events_of_the_last_ninety_days_cannot_be_dropped(database):
    await write_events(database.pool, [replace(an_event(), at=datetime.now(UTC) - timedelta(days=60))])
    for pool, days in product((database.pool, database.owner_pool), (89, 0, -1000, None)):
        with pytest.raises(asyncpg.RestrictViolationError):
            await drop_old_months(pool, kept_days=days)
    assert len(await found(database.pool)) == 1


LATER = AuditPlace(at=datetime(2026, 10, 1, 1, tzinfo=UTC), id=UUID(int=2**128 - 1))
BY_INDEX = [
    (AuditFilter(), "pkey"),
    (AuditFilter(at=Span(start=LATER.at)), "pkey"),
    (AuditFilter(member_nos=frozenset({"M17", "M18"})), "member_no"),
    (AuditFilter(member_nos=frozenset({"M17"}), subjects=frozenset({"s17"})), "member_no"),
    (AuditFilter(subjects=frozenset({"s17"}), operations=frozenset({"o17"})), "subject"),
    (AuditFilter(operations=frozenset({"o17"})), "operation"),
]


async def test_a_page_is_read_by_an_index(database):
    await write_events(database.pool, [an_event()])
    async with database.owner_pool.acquire() as conn:
        await conn.execute(
            "insert into audit_events select gen_random_uuid(), '2026-10-01'::timestamptz + n * interval '1 second', "
            "'s' || n % 500, 'vendor', 'v', null, 'o' || n % 100, null, 'M' || n % 5000, null "
            "from generate_series(1, 20000) n"
        )
        await conn.execute("analyze audit_events")
        for mode, (where, index), after in product(BOTH_WAYS, BY_INDEX, (None, LATER)):
            reader = Explaining(conn, mode)
            await events_page(reader, where=where, first=50, after=after)
            used = {node["Index Name"] for node in reader.nodes() if "Index Name" in node}
            assert len(used) == 1, where
            assert index in used.pop()
            assert scanned_tables(reader.nodes()) == []
