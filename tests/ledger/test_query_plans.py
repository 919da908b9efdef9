"""The statements that every redemption and every member card run find their rows by an index."""

from datetime import timedelta
from itertools import product

import pytest

from base.connected import SQL as CONNECTED
from base.database import PLANS_ONCE
from ledger.entitlement.loading import SQL as ACCOUNTS
from ledger.posting.batch import SQL as POSTING
from ledger.verifying.clocks import SQL as CLOCKS
from ledger.verifying.verify import SQL as VERIFYING
from rating.customers import SQL as READING
from tests.ledger.books import NOW
from tests.plans import ANALYZE, BOTH_WAYS, explained, scanned_tables

SQL = {**ACCOUNTS, **POSTING, **VERIFYING, **CONNECTED}

ASKED = [17, 4_000, 11_999]
FILL = """
insert into customers (id, member_no, name, registered_on, recorded_at)
    select n, 'M' || n, 'x', '2024-01-01', now() from generate_series(1, 12000) n;
insert into ledger_heads (customer_id) select n from generate_series(1, 12000) n;
insert into rating_heads select n, 3, 2 from generate_series(1, 12000) n;
insert into rating_periods
    select n, v, date '2024-01-01' + s, null, 4, 300000, 'zhenxuan-1'
    from generate_series(1, 12000) n, generate_series(1, 2) v, generate_series(0, 1) s;
insert into ratings (customer_id, version, known_from, computed_at, handbook)
    select n, v, now(), now(), 'x' from generate_series(1, 12000) n, generate_series(1, 2) v;
insert into policies
    select n, 'P' || n, 'individual', 'long', 'annuity', 'traditional', '2024-01-01', null, '[]', '[]'
    from generate_series(1, 12000) n;
insert into relatives select n, 'R1', 'x', 'spouse', '2024-01-01' from generate_series(1, 12000) n;
insert into entries
    select n, s, case s when 1 then 'GRANT' else 'REDEEM' end, 'b' || s % 3, 1, '', 1, 1, case when s > 1 then 'v' end,
        case when s > 1 then s end, null, null, null, 4, 'zhenxuan-1', '{}',
        timestamptz '2024-01-01' + (s * 12000 + n) * interval '1 minute',
        timestamptz '2024-01-01' + (s * 12000 + n) * interval '1 minute', sha256('x')
    from generate_series(1, 12000) n, generate_series(1, 6) s;
insert into balances
    select n, 'b' || s, 1, '', false, 3, 1, 0, 0 from generate_series(1, 12000) n, generate_series(1, 3) s;
insert into redemptions
    select n, s, case when s = 3 and n % 50 = 0 then 'HELD' else 'REDEEMED' end, 'b' || s, null, 1, 1, '', null,
        null, 'v', 1, null, '[]', 4, null, timestamptz '2024-01-01' + (s * 12000 + n) * interval '1 minute',
        timestamptz '2024-01-01' + (s * 12000 + n) * interval '1 minute', now(), null
    from generate_series(1, 12000) n, generate_series(2, 4) s;
insert into milestones (customer_id, redemption, kind, occurred_at, actor, key, recorded_at)
    select n, 2, 'RESPONDED', now(), 'vendor:v', 'k' || s, now()
    from generate_series(1, 12000) n, generate_series(1, 2) s;
insert into outcomes
    select n, 'vendor:v', 'k' || s, '{}', '{}', now() from generate_series(1, 12000) n, generate_series(1, 3) s;
insert into vendors (code, name, registered_at) select 'v' || n, 'x', now() from generate_series(1, 2000) n;
insert into contract_terms (vendor, benefit, unit_price, starts_on)
    select 'v' || n, 'b' || s, 1, '2024-01-01' from generate_series(1, 2000) n, generate_series(1, 3) s;
"""
THREE = [2, 3, 4]
HOT = {
    "lock_heads": [ASKED],
    "lock_free_heads": [ASKED, ["M17", "M4000", "M11999"]],
    "known_customers": [ASKED, ["M17", "M4000", "M11999"]],
    "accounts": [ASKED],
    "read": [
        *(ASKED, ASKED, THREE, NOW, ["88888888"], ["b1", "b2"]),
        *(ASKED, ["vendor:v"] * 3, ["k1", "k2", "nothing"], ["v7"]),
    ],
    "rated_accounts": [ASKED, NOW],
    "rated_accounts_by_member_no": [["M17", "M4000", "M11999"], NOW],
    "balances": [ASKED, ["b1", "b2"]],
    "write": [*([] for _ in range(68)), ASKED, THREE, [bytes(32)] * 3, [NOW] * 3, [None] * 3],
    "taken_now": [ASKED, NOW],
    "taken_by": [ASKED, NOW + timedelta(days=400)],
    "customers_to_verify": [5_000, 200],
    "entries_of": [ASKED],
    "redemptions_of": [ASKED],
    "heads_of": [ASKED],
    "milestones_of": [ASKED],
    "outcomes_of": [ASKED],
}
NOT_BY_CUSTOMER = {
    "export_snapshot",  # names what the transaction sees
    "rows_of_nobody",  # looks at everything
}
ONLY_WRITES = ("insert into",)


@pytest.fixture
async def filled(database):
    """A database with some ten thousand rows in every table."""
    async with database.owner_pool.acquire() as conn:
        await conn.execute(FILL)
        await conn.execute(ANALYZE)
    return database


async def test_hot_statements_use_indexes_however_many_customers_there_are(filled):
    asked = {name: (SQL[name], arguments) for name, arguments in HOT.items()}
    asked["customers_after"] = (READING["customers_after"], [5_000, 200])
    asked["moments"] = (CLOCKS["moments"], [])
    scanned = {}
    async with filled.pool.acquire() as conn:
        for mode, (name, (statement, arguments)) in product(BOTH_WAYS, asked.items()):
            plan = await explained(conn, statement, *arguments, mode=mode)
            scanned[mode, name] = scanned_tables(plan)
        whole = await explained(conn, "select from entries where reference = 'x'")
    assert {name: tables for name, tables in scanned.items() if tables} == {}
    assert scanned_tables(whole) == ["entries"]


async def test_what_the_journal_plans_before_there_are_rows_serves_when_there_are_many(database):
    """Its connections plan a query once; in an empty table PostgreSQL would rather read all of it."""
    scanned = {}
    async with database.pool.acquire() as conn:
        for setting, value in PLANS_ONCE.items():
            await conn.execute(f"set {setting} = {value}")
        for name in ("lock_free_heads", "known_customers", "read", "write"):
            plan = await explained(conn, SQL[name], *HOT[name], mode="force_generic_plan")
            joins = {node["Node Type"] for node in plan} & {"Hash Join", "Merge Join"}
            scanned[name] = [*scanned_tables(plan), *joins]
        await conn.execute("reset all")
    assert {name: found for name, found in scanned.items() if found} == {}


def test_every_statement_is_hot_or_said_not_to_be():
    writes = {name for name, statement in SQL.items() if _code(statement).startswith(ONLY_WRITES)}
    assert set(SQL) == {*HOT, *NOT_BY_CUSTOMER, *writes}


def _code(statement: str) -> str:
    lines = (line for line in statement.splitlines() if not line.lstrip().startswith("--"))
    return "\n".join(lines).strip()
