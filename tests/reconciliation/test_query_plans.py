"""What is read of a statement of many lines finds its rows by an index: a page costs a page, wherever it stands."""

from datetime import date
from itertools import product

import pytest

from ledger.reconciliation.finding_pages import SQL, FindingFilter, ScopeKind, _page
from ledger.reconciliation.reading import _filled
from ledger.reconciliation.views import FindingPlace

FILL = """
insert into vendors values ('v', 'v', now());
insert into customers (id, member_no, name, registered_on, recorded_at)
    select n, 'M' || n, 'x', '2024-01-01', now() from generate_series(1, 1000) n;
insert into periods (vendor, month) select 'v', date '2024-01-01' + n * interval '1 month' from generate_series(0, 9) n;
insert into statements (period, vendor, number, lines, units, amount, content, submitted_by, submitted_at)
    select n, 'v', 'S-' || n, 3000, 3000, 3000, sha256('x'), 'x', now() from generate_series(1, 10) n;
insert into statement_lines (statement, line_no, member_no, customer_id, benefit, units, occurred_on, amount)
    select s, n, 'M' || n % 1000 + 1, n % 1000 + 1, 'b', 1, '2024-01-01', 1
    from generate_series(1, 10) s, generate_series(1, 3000) n;
insert into redemptions
    select n % 1000 + 1, s * 3000 + n, 'REDEEMED', 'b', null, 1, 1, '', null, null, 'v', 1, null, '[]', 4, null,
        timestamptz '2024-01-01', now(), now(), null
    from generate_series(1, 10) s, generate_series(1, 3000) n;
insert into matches
    select n % 1000 + 1, s * 3000 + n, s, n, 'EXACT', 'MATCHED'
    from generate_series(1, 10) s, generate_series(1, 3000) n where n % 5 > 0;
insert into findings (period, statement, line_no, kind, benefit, occurred_on, stated_units, stated_amount)
    select s, s, n, 'NOT_IN_LEDGER', 'b', '2024-01-01', 1, 1
    from generate_series(1, 10) s, generate_series(5, 3000, 5) n;
insert into findings (period, customer_id, sequence, kind, benefit, occurred_on, ledger_units, ledger_amount)
    select s, n % 1000 + 1, s * 3000 + n, 'NOT_IN_STATEMENT', 'b', '2024-01-01', 1, 1
    from generate_series(1, 10) s, generate_series(5, 3000, 5) n;
insert into decisions (period, statement, line_no, kind, action, note, decided_by, decided_at)
    select s, s, n, 'NOT_IN_LEDGER', 'ACCEPT', 'x', 'x', now()
    from generate_series(1, 10) s, generate_series(5, 3000, 5) n;
insert into carryovers (period, carried_from, statement, line_no)
    select s, s - 1, s - 1, n from generate_series(2, 10) s, generate_series(5, 3000, 5) n;
"""
LARGE = ("statement_lines", "redemptions", "matches", "findings", "decisions", "carryovers")
MIDDLE = FindingPlace(section=0, major=5, minor=1500)
AT_THE_END = FindingPlace(section=2, major=500, minor=0)


@pytest.fixture
async def filled(database):
    """Ten months of one vendor, three thousand lines each."""
    async with database.owner_pool.acquire() as conn:
        await conn.execute(FILL)
        await conn.execute("vacuum analyze")
        yield conn


async def scanned(conn, statement, *values):
    """The large tables that a statement reads from end to end."""
    plan = "\n".join(row[0] for row in await conn.fetch(f"explain {statement}", *values))
    return [table for table in LARGE if f"Seq Scan on {table} " in plan]


async def test_a_page_of_findings_reads_no_table_from_end_to_end(filled):
    wheres = (FindingFilter(), FindingFilter(open=True), FindingFilter(kinds=frozenset({"MATCHED"})))
    for kind, after, where in product(ScopeKind, (None, MIDDLE, AT_THE_END), wheres):
        statement, values = _page(kind, where, after)
        assert await scanned(filled, statement, [5], 101, *values) == [], (kind, after, where)


async def test_totals_and_history_read_no_table_from_end_to_end(filled):
    assert await scanned(filled, _filled("statement_tallies"), [5]) == []
    assert await scanned(filled, SQL["period_tally"], 5) == []
    keys = ([5, 5], [5, 5], [50, 100], [5], [51], [15_050])
    assert await scanned(filled, SQL["decisions"], *keys) == []
    assert await scanned(filled, SQL["line_of_delivery"], 5, 51, 15_050) == []
    assert await scanned(filled, SQL["period"], "v", date(2024, 5, 1)) == []
