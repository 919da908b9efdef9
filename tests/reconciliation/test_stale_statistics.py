"""A run of the match looks few rows up one by one, whatever the planner believes of tables that are just being filled.

While a statement is stored and matched, in one transaction, nobody else sees its lines. Should autovacuum come by
meanwhile (an attempt that failed left something to clean up, say), it writes down that the table is empty, though it
has a thousand pages. A plan that rests on this reads all lines again for each of them, and does not end.
"""

import pytest

from bench.month_tables import NOW, fill_ledger, store_lines, write_lines
from bench.statement_month import Month
from ledger.reconciliation.matching import reconcile

MONTH = Month(10_000)
FILLED = ("statement_lines", "matches", "findings")
ROWS_READ = """
select relname, (seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint as rows_read
from pg_stat_xact_user_tables
where relname in ('statement_lines', 'redemptions', 'matches', 'findings')
"""


@pytest.mark.chaos
async def test_no_row_is_read_again_and_again_while_the_statistics_call_the_tables_empty(
    database, handbook, tmp_path
):
    write_lines(tmp_path / "lines.tsv", MONTH)
    async with database.owner_pool.acquire() as owner:
        await fill_ledger(owner, MONTH, tmp_path / "ledger.tsv")
        async with database.pool.acquire() as conn, conn.transaction():
            await store_lines(conn, tmp_path / "lines.tsv")
            for table in FILLED:
                await owner.execute(f"vacuum analyze {table}")
            believed = await conn.fetchrow(
                "select relpages, reltuples from pg_class where relname = 'statement_lines'"
            )
            assert believed["relpages"] > 100
            assert believed["reltuples"] == 0
            await reconcile(conn, 1, handbook=handbook, now=NOW)
            read = {row["relname"]: row["rows_read"] for row in await conn.fetch(ROWS_READ)}
        found = await owner.fetch("select kind, count(*) from findings group by kind")
    assert dict(found) == {
        kind.value: number for kind, number in MONTH.expected.items() if kind.value != "MATCHED"
    }
    assert max(read.values()) < 10 * MONTH.places, read
