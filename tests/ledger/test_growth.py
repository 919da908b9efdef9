"""What keeps a database of millions of customers quick: settings of tables, and updates that touch no index."""

from datetime import UTC, datetime, timedelta

from ledger.auditing import AuditEvent, write_events

APPENDED = ("entries", "outcomes", "milestones", "policy_events", "event_ids", "ratings", "rating_periods")
UPDATED = ("ledger_heads", "balances", "redemptions", "rating_heads", "policies")


async def options(pool, table):
    return await pool.fetchval("select reloptions from pg_class where oid = $1::text::regclass", table) or []


async def test_rows_that_never_change_are_frozen_as_they_come(database):
    for table in APPENDED:
        assert "autovacuum_freeze_min_age=0" in await options(database.pool, table), table
    now = datetime.now(UTC)
    for at in (now, now - timedelta(days=40)):
        await write_events(database.pool, [AuditEvent(at=at, subject="li", role="auditor", member_no="M1")])
    months = await database.pool.fetch(
        "select inhrelid::regclass::text as name from pg_inherits where inhparent = 'audit_events'::regclass"
    )
    assert len(months) == 2
    for month in months:
        assert "autovacuum_freeze_min_age=0" in await options(database.pool, month["name"])


async def test_old_rows_are_cleared_away_before_a_fifth_of_the_table_is_old(database):
    for table in UPDATED:
        assert "autovacuum_vacuum_scale_factor=0.02" in await options(database.pool, table), table


async def test_a_head_and_a_balance_are_updated_without_touching_an_index(database):
    async with database.owner_pool.acquire() as conn:
        await conn.execute("insert into ledger_heads (customer_id) select generate_series(1, 2000)")
        await conn.execute(
            "insert into balances select n, 'b', 1, '', false, 3, 0, 0, 0 from generate_series(1, 2000) n"
        )
        await conn.execute(
            "update ledger_heads set next_sequence = 2, last_hash = sha256('x') where customer_id % 20 = 0"
        )
        await conn.execute("update balances set used = 1 where customer_id % 20 = 0")
        await conn.execute("select pg_stat_force_next_flush()")
        counted = await conn.fetch(
            "select relname, n_tup_upd, n_tup_hot_upd from pg_stat_user_tables"
            " where relname in ('ledger_heads', 'balances') order by 1"
        )
    assert [tuple(row) for row in counted] == [("balances", 100, 100), ("ledger_heads", 100, 100)]


async def test_entries_have_the_indexes_that_their_lists_are_read_by_and_no_more(database):
    named = await database.pool.fetch(
        "select indexname from pg_indexes where tablename = 'entries' order by 1"
    )
    assert [row["indexname"] for row in named] == [
        "entries_by_vendor",
        "entries_newest_by_vendor",
        "entries_newest_first",
        "entries_newest_of_redemptions",
        "entries_pkey",
    ]
