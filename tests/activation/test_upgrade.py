"""A database of the version before activations: its first start puts editions in force and rates all anew, once."""

import os
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tortoise.context import TortoiseContext
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget

from app.orm import orm_config
from app.services import open_services
from app.settings import Settings
from base.database import SERVICE_ROLE, connect_pool, prepare_connection
from handbook import Handbook
from ledger.entitlement.loading import load_accounts
from ledger.posting.catching_up import catch_up
from ledger.posting.state import Head, Posting, State
from ledger.verifying.verify import verify
from rating import activations
from rating import customers as reading
from rating.change_rows import policy_row
from rating.events import content_hash, content_text, parse_event
from rating.folding import fold
from rating.timeline import METHOD, StarSpan, timeline
from rating.verifying import verify_ratings
from tests.activation.conftest import NOW, history
from tests.conftest import on_database
from tests.rating.build import arrived

RELEASED = [MigrationTarget("rating", "0002_reratings"), MigrationTarget("ledger", "0008_side_by_side")]
OLD_HANDBOOK = "a hash of values, as handbooks were told apart"


async def migrate_to_released(dsn: str) -> None:
    """Bring an empty database to the form of the version before."""
    config = orm_config(dsn, service_role=False)
    async with TortoiseContext() as context:
        await context.init(config)
        executor = MigrationExecutor(context.connections.get("default"), config["apps"])
        await executor.migrate(RELEASED, direction="forward")
    owner = await asyncpg.connect(dsn)
    await owner.execute(f"grant select on tortoise_migrations to {SERVICE_ROLE}")
    await owner.close()


async def insert_customer(conn: Any, number: int, handbook: Handbook, *, later_days: int) -> None:
    """Insert a customer as that version did; every end of a period comes some days later than it would now."""
    events = arrived(*(parse_event(each) for each in history(4)[2 * number : 2 * number + 2]))
    told = fold(events)
    customer_id = await conn.fetchval(
        "insert into customers (member_no, name, registered_on, recorded_at) values ($1, $2, $3, $4) returning id",
        f"M{number}",
        told.name,
        told.registered_on,
        events[0].recorded_at,
    )
    await conn.execute("insert into rating_heads values ($1, $2, 1)", customer_id, len(events))
    await conn.execute("insert into ledger_heads (customer_id) values ($1)", customer_id)
    for each in events:
        event, text = each.event, content_text(each.event)
        await conn.execute(
            "insert into event_ids values ($1, $2, $3, $4)",
            event.event_id,
            customer_id,
            each.arrival,
            content_hash(text),
        )
        await conn.execute(
            "insert into policy_events values ($1, $2, $3, $4, $5, $6, $7::text::jsonb)",
            customer_id,
            each.arrival,
            event.event_id,
            event.type,
            event.effective_on,
            each.recorded_at,
            text.decode(),
        )
    for policy in told.policies.values():
        row = policy_row(customer_id, policy, handbook)
        await conn.execute(
            f"insert into policies values ({', '.join(f'${place}' for place in range(1, len(row) + 1))})",
            *row,
        )
    await conn.execute(
        "insert into ratings values ($1, 1, $2, $2, $3)", customer_id, events[-1].recorded_at, OLD_HANDBOOK
    )
    for period in _later(timeline(told, handbook), later_days):
        await conn.execute(
            "insert into rating_periods values ($1, 1, $2, $3, $4, $5, $6)",
            customer_id,
            period.start,
            period.end,
            period.star,
            period.rated_premium,
            period.edition,
        )


async def grant_as_released(conn: Any, member_no: str, handbook: Handbook) -> None:
    """Post what was due a month ago, as that version did: no entry tells who did it."""
    customer_id = await conn.fetchval("select id from customers where member_no = $1", member_no)
    account = (await load_accounts(conn, [customer_id], on=NOW.date(), now=NOW))[customer_id]
    posting = Posting(State(account=account, head=Head()), NOW - timedelta(days=30))
    catch_up(posting, handbook=handbook)
    for entry in posting.entries:
        await conn.execute(
            "insert into entries (customer_id, sequence, kind, benefit, period, policy_no, units, service_year, star,"
            " edition, occurred_at, recorded_at, hash) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
            entry.customer_id,
            entry.sequence,
            entry.kind.value,
            entry.pool.benefit,
            entry.pool.term,
            entry.pool.policy_no,
            entry.units,
            entry.service_year,
            entry.star,
            entry.edition,
            entry.occurred_at,
            entry.recorded_at,
            entry.hash,
        )
    for pool, balance in posting.balances.items():
        await conn.execute(
            "insert into balances values ($1, $2, $3, $4, $5, $6, 0, 0, 0)",
            customer_id,
            pool.benefit,
            pool.term,
            pool.policy_no,
            balance.unlimited,
            balance.granted,
        )
    await conn.execute(
        "update ledger_heads set next_sequence = $2, last_hash = $3, last_recorded_at = $4, anchor = $5"
        " where customer_id = $1",
        customer_id,
        posting.next_sequence,
        posting.head.last_hash,
        posting.recorded_at,
        posting.head.anchor,
    )


def _later(spans: tuple[StarSpan, ...], days: int) -> list[StarSpan]:
    """The same spans with the last turn some days later."""
    *before, last = spans
    turn = last.start + timedelta(days=days)
    return [*before[:-1], replace(before[-1], end=turn), replace(last, start=turn)]


@pytest.fixture
async def released(server_dsn: str, template: str, handbook: Handbook) -> AsyncIterator[str]:
    """A database of that version: M0 to M2 as they would be rated now, M3 as only then."""
    name = f"released_{os.urandom(6).hex()}"
    server = await asyncpg.connect(server_dsn)
    await server.execute(f"create database {name}")
    dsn = on_database(server_dsn, name)
    try:
        await migrate_to_released(dsn)
        conn = await asyncpg.connect(dsn)
        await prepare_connection(conn)
        for number in range(4):
            await insert_customer(conn, number, handbook, later_days=1 if number == 3 else 0)
        await grant_as_released(conn, "M1", handbook)
        await conn.close()
        yield dsn
    finally:
        await server.execute(f"drop database {name} with (force)")
        await server.close()


async def test_the_first_start_rates_everybody_and_puts_editions_in_force(
    released: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    settings = Settings(data=tmp_path, DATABASE_URL=released, clock=NOW)
    async with open_services(settings) as services:
        active = services.handbooks
        assert isinstance(active, activations.ActiveHandbook)
        assert (active.activation.method, active.activation.activated_at) == (METHOD, NOW)
        rows = await services.pool.fetch("select customer_id, version, method from ratings order by 1, 2")
        assert [tuple(row) for row in rows] == [(1, 1, 1), (2, 1, 1), (3, 1, 1), (4, 1, 1), (4, 2, METHOD)]
        found = await reading.ratings(services.pool, [(4, None), (4, NOW - timedelta(seconds=1))])
        ends = [each.spans[-1].start.isoformat() for each in found.values()]
        assert ends == ["2044-01-10", "2044-01-11"], "what was known stays known"
        entries = await services.pool.fetchval("select count(*) from entries")
        assert entries > 0, "grants that are due are posted"
    assert "1 of 4 customers have another timeline" in capfd.readouterr().err
    pool = await connect_pool(released, min_size=0, max_size=2, service_role=True)
    assert await verify_ratings(pool, handbook=active) == []
    assert await verify(pool) == []
    told = await pool.fetch(
        "select customer_id, array_agg(distinct subject) as by from entries group by 1 order by 1"
    )
    assert {row["customer_id"]: row["by"] for row in told} == {2: [None], 3: ["cli"], 4: ["cli"]}, (
        "old entries tell nobody"
    )
    await pool.close()
    async with open_services(settings) as services:
        assert await services.pool.fetchval("select count(*) from activations") == 1
        assert await services.pool.fetchval("select count(*) from ratings") == 5
    assert capfd.readouterr().err == ""


async def test_a_newer_method_rates_everybody_by_the_same_editions(
    database, database_dsn, handbook, tmp_path, monkeypatch, capfd
):
    settings = Settings(data=tmp_path, DATABASE_URL=database_dsn, clock=NOW)
    for module in (
        "app.editions",
        "rating.activating",
        "rating.activations",
        "rating.change_rows",
        "rating.verifying",
    ):
        monkeypatch.setattr(f"{module}.METHOD", METHOD - 1)
    async with open_services(settings):
        pass
    monkeypatch.undo()
    async with open_services(settings) as services:
        rows = await services.pool.fetch("select handbook, method from activations order by id")
        assert [tuple(row) for row in rows] == [
            (handbook.fingerprint, METHOD - 1),
            (handbook.fingerprint, METHOD),
        ]
