"""`/readyz` says whether the service can do its work, writes included; `/healthz` whether it is alive."""

import asyncio
from urllib.parse import urlsplit

import asyncpg

from ledger.commands import Redeem
from tests.app.newer import migrate_further


async def ready(served):
    """The status of `/readyz`, and the conditions that do not hold, after another look."""
    await served.app.state.readiness.look()
    answer = await served.client.get("/readyz")
    told = answer.json()
    assert told.pop("status") == ("ready" if answer.status_code == 200 else "not ready")
    return answer.status_code, {name for name, holds in told.items() if not holds}


async def test_health_needs_no_token(served):
    assert (await served.client.get("/healthz")).json() == {"status": "alive"}
    answer = await served.client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready",
        "serving": True,
        "database": True,
        "migrated": True,
        "newest": True,
        "writable": True,
        "journal": True,
    }


async def test_it_is_not_ready_when_the_service_is_about_to_stop(served):
    served.app.state.draining = True
    assert await ready(served) == (503, {"serving"})


async def test_it_is_not_ready_when_the_journal_has_stopped(served):
    await served.services.journal.stop()
    assert await ready(served) == (503, {"journal"})


async def test_it_is_not_ready_while_a_command_waits_for_longer_than_its_deadline(serve, database):
    async with serve(deadline_s=0.1) as served, database.owner_pool.acquire() as owner, owner.transaction():
        await owner.execute("LOCK TABLE customers IN ACCESS EXCLUSIVE MODE")
        command = Redeem(vendor="v", member_no="M1", benefit="physical-exam", key="k")
        posting = asyncio.create_task(served.services.journal.post(command))
        await asyncio.sleep(0.2)
        assert "journal" in (await ready(served))[1]
        posting.cancel()


async def test_it_is_not_ready_when_a_migration_is_missing(served, database_dsn):
    owner = await asyncpg.connect(database_dsn)
    await owner.execute("DELETE FROM tortoise_migrations WHERE app = 'ledger'")
    await owner.close()
    assert await ready(served) == (503, {"migrated"})


async def test_it_is_not_ready_when_a_newer_version_has_migrated(served, database_dsn):
    await migrate_further(database_dsn)
    assert await ready(served) == (503, {"newest"})


async def test_it_is_not_ready_without_the_database_and_well_again_with_it(served, server_dsn, database_dsn):
    name = urlsplit(database_dsn).path[1:]
    owner = await asyncpg.connect(server_dsn)
    await owner.execute(f"ALTER DATABASE {name} CONNECTION LIMIT 0")
    await owner.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
    assert await ready(served) == (503, {"database", "migrated", "newest", "writable"})
    assert (await served.client.get("/healthz")).status_code == 200
    await owner.execute(f"ALTER DATABASE {name} CONNECTION LIMIT -1")
    await owner.close()
    assert await ready(served) == (200, set())


async def test_it_is_not_ready_on_a_database_that_only_reads(served, database):
    readiness = served.app.state.readiness
    await readiness._connection.execute("SET default_transaction_read_only = on")
    assert await ready(served) == (503, {"writable"})


async def test_it_is_not_ready_on_a_full_disk(served, monkeypatch):
    full = "DO $$ BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = '53100'; END $$"
    monkeypatch.setattr("app.readiness._TEMPORARY_FILE", full)
    assert await ready(served) == (503, {"writable"})
    monkeypatch.undo()
    assert await ready(served) == (200, set())


async def test_the_look_writes_to_the_log_and_to_a_file_and_leaves_nothing_behind(served, database):
    from app.readiness import _TEMPORARY_FILE

    connection = served.app.state.readiness._connection
    plan = await connection.fetch(f"EXPLAIN (ANALYZE, BUFFERS) {_TEMPORARY_FILE}")
    assert any("temp" in line[0] and "written=" in line[0] for line in plan)
    where = "SELECT pg_current_wal_flush_lsn()"
    size = "SELECT pg_database_size(current_database())"
    before = await database.owner_pool.fetchval(where), await database.owner_pool.fetchval(size)
    await served.app.state.readiness.look()
    after = await database.owner_pool.fetchval(where), await database.owner_pool.fetchval(size)
    assert after[0] > before[0]
    assert after[1] == before[1]


async def test_what_was_found_long_ago_says_nothing(served, monkeypatch):
    monkeypatch.setattr("app.readiness._STALE_S", 0.0)
    assert await ready(served) == (503, {"database", "migrated", "newest", "writable"})
