"""Append-only tables refuse changes: by the service, by the owner, and with the session's role set to replica."""

import asyncpg
import pytest

from base.database import SERVICE_ROLE
from tests.ledger.books import a_car_t, a_hold, a_redeem, a_respond
from tests.ledger.stored import SetClock, contract, enrol, everything, journals

APPEND_ONLY = ("entries", "outcomes", "policy_events", "milestones")
# Guarded by the same triggers; the tests of the reconciliation fill them.
OF_STATEMENTS = (
    "statements",
    "statement_lines",
    "withdrawals",
    "carryovers",
    "decisions",
    "settlements",
    "settlement_lines",
    "close_proposals",
    "replies",
)
OF_ACTIVATIONS = ("handbooks", "activations")
OF_ACCESS = ("revocations", "audit_events")
# What an event id stands for, and the versions of ratings.
OTHERS = ("event_ids", "ratings", "rating_periods", "reratings")
# Of a term the end may be set, once.
ENDING = ("contract_terms",)
# Worked out beforehand, and thrown away: nothing of it was posted.
STAGED = ("staged_ratings", "staged_periods", "staged_cooling_offs")
UNTIL_CLOSED = ("findings", "line_members", "matches", "periods")
# What takes rows of open periods only.
WHILE_OPEN = {*OF_STATEMENTS, "findings", "line_members"} - {"statement_lines"}
CHANGES = {
    "update": "update {table} set recorded_at = recorded_at",
    "update of nothing else": "update {table} set customer_id = customer_id where false or customer_id > 0",
    "delete": "delete from {table}",
    "truncate": "truncate {table}",
    "truncate with others": "truncate {table}, balances cascade",
    "upsert": "insert into {table} select * from {table} on conflict ({key}) do update set recorded_at = now()",
    "merge": "merge into {table} t using {table} s on {same} when matched then delete",
}
KEYS = {
    "entries": ("customer_id", "sequence"),
    "outcomes": ("customer_id", "actor", "key"),
    "policy_events": ("customer_id", "arrival"),
    "milestones": ("customer_id", "actor", "key"),
}


@pytest.fixture
async def posted(database, handbook):
    """A database with a line in every append-only table."""
    await contract(database.pool, handbook, "v")
    await enrol(database.pool, handbook, "M1")
    async with journals(database.pool, handbook, SetClock()) as (journal,):
        await journal.post(a_redeem())
        held = await journal.post(a_hold("medical-butler"))
        await journal.post(a_respond(held.id))
    return database


def statement(change: str, table: str) -> str:
    same = " and ".join(f"t.{column} = s.{column}" for column in KEYS[table])
    return CHANGES[change].format(table=table, key=", ".join(KEYS[table]), same=same)


async def refusals(pool, first: str = "select 1") -> dict[tuple[str, str], str]:
    """How each change of each table fails; a change that goes through is missing."""
    found: dict[tuple[str, str], str] = {}
    async with pool.acquire() as conn:
        for table in APPEND_ONLY:
            for change in CHANGES:
                transaction = conn.transaction()
                await transaction.start()
                try:
                    await conn.execute(first)
                    await conn.execute(statement(change, table))
                except asyncpg.PostgresError as error:
                    found[change, table] = error.sqlstate
                finally:
                    await transaction.rollback()
    return found


def every(sqlstate: str) -> dict[tuple[str, str], str]:
    return {(change, table): sqlstate for table in APPEND_ONLY for change in CHANGES}


async def test_the_service_has_no_right_to_change_what_was_posted(posted):
    before = await everything(posted.pool)
    assert await refusals(posted.pool) == every("42501")
    assert await everything(posted.pool) == before


async def test_the_owner_is_stopped_by_the_triggers(posted):
    before = await everything(posted.pool)
    assert await refusals(posted.owner_pool) == every("23001")
    assert await everything(posted.pool) == before


async def test_the_triggers_fire_in_a_replica_too(posted):
    """Whoever may set it could otherwise switch the triggers off; the owner alone may not even set it."""
    async with posted.owner_pool.acquire() as conn:
        always = await conn.fetch(
            "select tgrelid::regclass::text as name, tgname, tgenabled from pg_trigger where not tgisinternal"
        )
    guarded = {(row["name"], row["tgname"]) for row in always}
    assert guarded == {
        (table, f"{table}_{kind}")
        for table in (*APPEND_ONLY, *OF_STATEMENTS, *OF_ACTIVATIONS, *OF_ACCESS, *OTHERS, *ENDING)
        for kind in ("append_only", "no_truncate")
    } | {(table, f"{table}_closed") for table in UNTIL_CLOSED} | {
        (table, f"{table}_closed_addition") for table in WHILE_OPEN
    } | {
        ("line_members", "line_members_closed_arrival"),
        ("periods", "periods_settled"),
        ("contract_terms", "contract_terms_priced"),
    }
    assert {row["tgenabled"] for row in always} == {b"A"}
    disguise = "set local session_replication_role = replica"
    if await posted.owner_pool.fetchval("select rolsuper from pg_roles where rolname = current_user"):
        assert await refusals(posted.owner_pool, disguise) == every("23001")
        return
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await posted.owner_pool.execute(disguise)
    try:
        superuser = await asyncpg.create_pool(posted.dsn, user="postgres", min_size=1, max_size=1)
    except (OSError, asyncpg.PostgresError):
        pytest.skip("this server lets nobody in who may disguise")
    async with superuser:
        assert await refusals(superuser, disguise) == every("23001")


async def test_the_owner_cannot_take_back_what_an_event_id_stands_for_nor_a_rating(posted):
    tables = ("event_ids", "ratings", "rating_periods")
    before = await everything(posted.pool, tables)
    assert all(before.values())
    for table in tables:
        for change in (
            f"update {table} set customer_id = customer_id",
            f"delete from {table}",
            f"truncate {table}",
        ):
            with pytest.raises(asyncpg.RestrictViolationError, match=f"{table} is append-only"):
                await posted.owner_pool.execute(change)
    assert await everything(posted.pool, tables) == before


async def test_only_the_end_of_a_price_can_be_set_and_only_once(posted):
    before = await everything(posted.pool, ENDING)
    for change in (
        "update contract_terms set unit_price = 1",
        "update contract_terms set ends_on = '2027-01-01', starts_on = '2026-01-01'",
        "update contract_terms set subject = 'nobody'",
        "update contract_terms set ends_on = ends_on",
        "delete from contract_terms",
        "truncate contract_terms",
    ):
        with pytest.raises(asyncpg.RestrictViolationError):
            await posted.owner_pool.execute(change)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await posted.pool.execute("update contract_terms set unit_price = 1")
    assert await everything(posted.pool, ENDING) == before
    await posted.pool.execute("update contract_terms set ends_on = '2027-01-01'")
    with pytest.raises(asyncpg.RestrictViolationError):
        await posted.pool.execute("update contract_terms set ends_on = '2027-02-01'")


async def test_the_message_says_what_to_do_instead(posted):
    with pytest.raises(
        asyncpg.RestrictViolationError, match="entries is append-only: UPDATE is refused"
    ) as refused:
        await posted.owner_pool.execute("update entries set units = 2 where units = 1")
    assert refused.value.hint == "Post a further line that corrects the earlier one."


async def test_the_service_owns_nothing_and_may_not_become_more(posted):
    async with posted.pool.acquire() as conn:
        assert await conn.fetchval("select current_user") == SERVICE_ROLE
        owned = await conn.fetch(
            "select relname as name from pg_class where pg_get_userbyid(relowner) = $1"
            " union all select proname from pg_proc where pg_get_userbyid(proowner) = $1"
            " union all select nspname from pg_namespace where pg_get_userbyid(nspowner) = $1",
            SERVICE_ROLE,
        )
        assert owned == []
        role = await conn.fetchrow("select * from pg_roles where rolname = $1", SERVICE_ROLE)
        powers = ("rolsuper", "rolcreaterole", "rolcreatedb", "rolcanlogin", "rolreplication", "rolbypassrls")
        assert not any(role[power] for power in powers)
        for forbidden in (
            "alter table entries disable trigger all",
            "drop trigger entries_append_only on entries",
            "drop table entries",
            "create table mine (id int)",
            "create or replace function refuse_change() returns trigger language plpgsql as 'begin return new; end'",
            "delete from balances",
            "delete from ledger_heads",
            "delete from redemptions",
            "delete from customers",
            "delete from rating_periods",
            "update rating_periods set star = 5",
            "update event_ids set arrival = 0",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await conn.execute(forbidden)


async def test_lines_can_be_added_all_the_same(posted, handbook):
    before = await posted.pool.fetchval("select count(*) from entries")
    async with journals(posted.pool, handbook, SetClock()) as (journal,):
        assert (await journal.post(a_car_t())).status == "REDEEMED"
    assert await posted.pool.fetchval("select count(*) from entries") == before + 1


async def test_no_table_was_forgotten(posted):
    """Every table that the service may insert into but not update as a whole is guarded by triggers, or is staged."""
    rows = await posted.pool.fetch(
        "select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where n.nspname = 'public' and c.relkind in ('r', 'p') and has_table_privilege($1, c.oid, 'insert')"
        " and not has_table_privilege($1, c.oid, 'update')",
        SERVICE_ROLE,
    )
    assert {row["name"] for row in rows} == {
        *APPEND_ONLY,
        *OF_STATEMENTS,
        *OTHERS,
        *ENDING,
        *OF_ACTIVATIONS,
        *OF_ACCESS,
        *STAGED,
    } - {"reratings"}  # of an earlier version: nobody adds to it
