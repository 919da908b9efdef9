"""What is read of a statement of many lines finds its rows by an index: a page costs a page, wherever it stands."""

from datetime import date
from itertools import product

import pytest

from ledger.reconciliation.finding_pages import SQL, FindingFilter, ScopeKind, findings_pages
from ledger.reconciliation.views import FindingPosition
from tests.ledger.books import NOW
from tests.plans import BOTH_WAYS, Explaining, explained, rows_read, scanned_tables

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
SOME_PAGES = 3000
MIDDLE = FindingPosition(section=0, major=5, minor=1500)
AT_THE_END = FindingPosition(section=2, major=500, minor=0)


@pytest.fixture
async def filled(database):
    """Ten months of one vendor, three thousand lines each."""
    async with database.owner_pool.acquire() as conn:
        await conn.execute(FILL)
        await conn.execute("vacuum analyze")
        yield conn


def page_costs(reader):
    """What the last plan read from end to end of the large tables, and whether it looked at more than some pages."""
    scanned = [table for table in scanned_tables(reader.nodes()) if table in LARGE]
    return scanned, rows_read(reader.nodes()) > SOME_PAGES


async def test_a_page_of_findings_costs_a_page(filled):
    wheres = (FindingFilter(), FindingFilter(open=True), FindingFilter(kinds=frozenset({"MATCHED"})))
    for mode, kind, after, where in product(BOTH_WAYS, ScopeKind, (None, MIDDLE, AT_THE_END), wheres):
        reader = Explaining(filled, mode)
        await findings_pages(reader, kind, [5], where=where, first=101, after=after, now=NOW)
        assert page_costs(reader) == ([], False), (mode, kind, after, where)


async def test_totals_and_history_read_no_table_from_end_to_end(filled):
    keys = ([5, 5], [5, 5], [50, 100], [5], [51], [15_050])
    asked = {
        "statement_tallies": ([5],),
        "period_tally": (5,),
        "decisions": keys,
        "line_of_delivery": (5, 51, 15_050),
        "period": ("v", date(2024, 5, 1)),
    }
    for mode, (name, values) in product(BOTH_WAYS, asked.items()):
        plan = await explained(filled, SQL[name], *values, mode=mode)
        assert [table for table in scanned_tables(plan) if table in LARGE] == [], (mode, name)
