"""Closing: only when all is decided, once, for ever; what is in dispute or comes late goes on to the next month."""

import asyncio
from datetime import timedelta
from hashlib import sha256

import asyncpg
import pytest

from ledger.reconciliation.closing import check_seals, close_period
from ledger.reconciliation.matching import reconcile_period
from ledger.reconciliation.statements import withdraw
from ledger.reconciliation.values import LedgerFindingId, LineFindingId
from ledger.refusals import Refusal
from tests.reconciliation.month import EXAM, NOVEMBER, NOW, OCTOBER, PHONE, VENDOR, line, october
from tests.reconciliation.test_decisions import decide, of_line, of_redemption


async def close(month, which=OCTOBER):
    """Close a month of vendor v as Li of finance."""
    return await close_period(
        month.pool, vendor=VENDOR, month=which, by="li", handbook=month.handbook, now=month.clock.now
    )


async def closed(month, which=OCTOBER):
    """Close a month; what its settlement says."""
    period = await close(month, which)
    assert isinstance(period, int), period
    return await settled(month, period)


async def settled(month, period):
    """What a settlement says: payable, carried on, lines."""
    total = await month.pool.fetchrow("select * from settlements where period = $1", period)
    lines = await month.pool.fetch(
        "select * from settlement_lines where period = $1 order by 2, 3, 4", period
    )
    return (
        total["payable"],
        total["carried_forward"],
        [
            (row["benefit"], row["occurred_in"], row["correction"], row["units"], row["amount"])
            for row in lines
        ],
    )


async def found_in(month, which):
    """Kind and the month it was carried from, of what waits in a month."""
    assert isinstance(
        await reconcile_period(
            month.pool, vendor=VENDOR, month=which, handbook=month.handbook, now=month.clock.now
        ),
        int,
    )
    return [(row["kind"], row["carried_from"]) for row in await month.findings(which)]


async def test_a_month_in_which_all_agrees_is_settled_by_benefit(month):
    await month.deliver(october(3), "A", units=2)
    await month.deliver(october(4), "B")
    await month.deliver(october(5), "C", benefit=EXAM)
    await month.state(
        line(1, october(3), "A", units=2), line(2, october(4), "B"), line(3, october(5), "C", benefit=EXAM)
    )
    assert await closed(month) == (
        716,
        0,
        [(PHONE, OCTOBER, False, 3, 36), (EXAM, OCTOBER, False, 1, 680)],
    )


async def test_an_open_finding_refuses_the_close_and_is_named(month):
    await month.deliver(october(3), "A")
    await month.state(line(7, october(3), "A", units=2), line(8, october(9), "B"))
    refusal = await close(month)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "FINDINGS_OPEN"
    assert "line 7 of S-1 UNITS_DIFFER; line 8 of S-1 NOT_IN_LEDGER" in refusal.message("en")
    assert "第 7 行" in refusal.message("zh")
    assert await month.pool.fetchval("select closed_at from periods where month = $1", OCTOBER) is None


async def test_the_match_runs_once_more_before_the_close(month):
    await month.state()
    await month.deliver(october(20), "A", late=True)
    refusal = await close(month)
    assert isinstance(refusal, Refusal)
    assert "reference A NOT_IN_STATEMENT" in refusal.message("en")


async def test_a_month_closes_once(month):
    await month.state()
    assert await closed(month) == (0, 0, [])
    assert (await close(month)).code == "PERIOD_CLOSED"


async def test_of_two_who_close_at_once_one_settles(month):
    await month.deliver(october(3), "A")
    await month.state(line(1, october(3), "A"))
    outcomes = await asyncio.gather(*(close(month) for _ in range(8)))
    refusals = [each for each in outcomes if isinstance(each, Refusal)]
    assert [each.code for each in refusals] == ["PERIOD_CLOSED"] * 7
    assert await month.pool.fetchval("select count(*) from settlements") == 1
    assert await month.pool.fetchval("select payable from settlements") == 12


async def test_months_closed_at_once_follow_each_other(month):
    await month.state(number="O", month=OCTOBER)
    await month.state(number="N", month=NOVEMBER)
    outcomes = await asyncio.gather(close(month, OCTOBER), close(month, NOVEMBER))
    assert all(isinstance(each, int) for each in outcomes), outcomes
    assert await check_seals(month.pool) == []


async def test_nothing_of_a_closed_month_changes_any_more(month, database):
    await month.deliver(october(3), "A")
    await month.deliver(october(4), "B")
    statement = await month.state(line(1, october(3), "A"), line(2, october(4), "B", amount="1"))
    plain, differing = await of_line(month, 1), await of_line(month, 2)
    await decide(month, differing, "ACCEPT")
    await closed(month)
    assert (await decide(month, plain, "DISPUTE")).code == "PERIOD_CLOSED"
    assert (await decide(month, differing, "REOPEN")).code == "PERIOD_CLOSED"
    again = line(1, october(3), "A"), line(2, october(4), "B", amount="1")
    assert (await month.submit(*again)).replayed
    assert (await month.submit(line(1, october(3), "A"), number="S-2")).code == "PERIOD_CLOSED"
    gone = await withdraw(
        month.pool, statement=statement, note="x", by="li", handbook=month.handbook, now=month.clock.now
    )
    assert gone.code == "PERIOD_CLOSED"
    run = await reconcile_period(
        month.pool, vendor=VENDOR, month=OCTOBER, handbook=month.handbook, now=month.clock.now
    )
    assert run.code == "PERIOD_CLOSED"
    for change in (
        "update findings set payable = 100",
        "delete from findings",
        "delete from matches",
        "update matches set line_no = 9",
        "update periods set closed_at = null where month = '2026-10-01'",
        "update settlements set payable = 0",
        "delete from settlement_lines",
        "update statement_lines set amount = 0",
        "delete from decisions",
        "truncate statements cascade",
    ):
        with pytest.raises(asyncpg.RestrictViolationError):
            await database.owner_pool.execute(change)


CLOSED = "(select id from periods where month = '2026-10-01')"
OPEN = "(select id from periods where month = '2026-11-01')"
ADDED = {
    "a finding": f"insert into findings (period, customer_id, sequence, kind, benefit, occurred_on)"
    f" values ({CLOSED}, 1, 9, 'MATCHED', 'b', '2026-10-01')",
    "a finding among those of an open month": "insert into findings"
    " (period, customer_id, sequence, kind, benefit, occurred_on)"
    " select id, 1, 9, 'MATCHED', 'b', '2026-10-01' from periods",
    "a finding of an open month": f"update findings set period = {CLOSED} where period = {OPEN}",
    "a decision": "insert into decisions (period, statement, line_no, kind, action, note, decided_by, decided_at)"
    f" values ({CLOSED}, 1, 1, 'MATCHED', 'REOPEN', 'x', 'x', now())",
    "a statement": "insert into statements"
    " (period, vendor, number, lines, units, amount, content, submitted_by, submitted_at)"
    f" values ({CLOSED}, 'v', 'S-9', 0, 0, 0, sha256(''), 'x', now())",
    "a withdrawal": "insert into withdrawals"
    f" select id, 'x', 'x', now() from statements where period = {CLOSED}",
    "a line of a settlement": "insert into settlement_lines"
    f" values ({CLOSED}, 'b', '2026-09-01', false, 1, 1)",
    "what is carried on from it": f"insert into carryovers (period, carried_from) values ({OPEN}, {CLOSED})",
    "what is carried into it": f"insert into carryovers (period, carried_from) values ({CLOSED}, {OPEN})",
    "whose a line is": f"insert into line_members select id, 2, 1 from statements where period = {CLOSED}",
    "somebody else whose a line is": "update line_members set customer_id = 1 where statement in"
    f" (select id from statements where period = {CLOSED})",
    "whose a line of an open month is": "update line_members set line_no = 1, statement = o.id"
    f" from statements o where o.period = {CLOSED} and line_members.statement <> o.id",
    "nobody whose a line is": "delete from line_members where statement in"
    f" (select id from statements where period = {CLOSED})",
}


@pytest.fixture
async def october_closed(month):
    """October is closed, and November waits; in each a person has matched M1's line with M2's delivery."""
    for which, reference in ((OCTOBER, "A"), (NOVEMBER, "B")):
        delivered = await month.deliver(which.replace(day=1), reference, member_no="M2")
        statement = await month.state(
            line(3, which.replace(day=1), member_no="M1"), number=f"S-{which.month}", month=which
        )
        period = await month.pool.fetchval("select id from periods where month = $1", which)
        matched = await decide(month, LineFindingId(period, statement, 3), "MATCH", redemptions=[delivered])
        assert matched is None
    await closed(month)
    return month


@pytest.mark.parametrize("added", ADDED)
async def test_the_service_adds_nothing_to_a_closed_month(october_closed, added):
    with pytest.raises(asyncpg.RestrictViolationError, match=r"the period .* is closed"):
        await october_closed.pool.execute(ADDED[added])
    assert await check_seals(october_closed.pool) == []


@pytest.mark.parametrize(
    "change",
    [
        "update periods set closed_at = now()",
        "insert into periods (vendor, month, closed_at) values ('w', '2026-10-01', now())",
    ],
)
async def test_no_month_closes_without_a_settlement(month, change):
    await month.state()
    with pytest.raises(asyncpg.RestrictViolationError, match=r"the period \d+ has no settlement"):
        await month.pool.execute(change)
    assert await closed(month) == (0, 0, [])


async def test_a_settled_month_that_was_opened_again_is_told(month, database):
    await month.state()
    assert await closed(month) == (0, 0, [])
    async with database.owner_pool.acquire() as owner:
        await owner.execute("alter table periods disable trigger user")
        await owner.execute("update periods set closed_at = null")
    assert await check_seals(month.pool) == ["period v 2026-10: settled, and not closed"]


async def test_a_month_that_closed_without_a_settlement_is_told_and_gets_none_later(month, database):
    await month.state()
    async with database.owner_pool.acquire() as owner:
        await owner.execute("alter table periods disable trigger user")
        await owner.execute("update periods set closed_at = now()")
    assert await check_seals(month.pool) == ["period v 2026-10: closed without a settlement"]
    with pytest.raises(
        asyncpg.RestrictViolationError, match=r"the period \d+ of these settlements is closed"
    ):
        await month.pool.execute(
            "insert into settlements"
            " select id, 'v', 1, month, 0, 0, null, sha256(''), 'x', now() from periods"
        )


async def test_whose_a_line_is_may_change_where_it_was_carried_on_until_that_month_closes_too(month):
    await month.state(line(1, october(9), "Z"))
    disputed = await of_line(month, 1)
    await decide(month, disputed, "DISPUTE")
    await closed(month)
    changes = (
        "insert into line_members select statement, 1, 1 from carryovers",
        "update line_members set customer_id = 2",
        "delete from line_members",
        "insert into line_members select statement, 1, 1 from carryovers",
    )
    for change in changes:
        await month.pool.execute(change)
    await found_in(month, NOVEMBER)
    here = await month.pool.fetchval("select id from periods where month = $1", NOVEMBER)
    await decide(month, LineFindingId(here, disputed.statement, 1), "ACCEPT")
    await closed(month, NOVEMBER)
    for change in (*changes[1:3], "insert into line_members select statement, 2, 1 from carryovers"):
        with pytest.raises(asyncpg.RestrictViolationError, match=r"the period of line [12] of statement"):
            await month.pool.execute(change)


async def test_a_disputed_line_is_carried_on_and_found_again_in_the_next_month(month):
    await month.deliver(october(3), "A")
    await month.state(line(1, october(3), "A", amount="50"), line(2, october(9), "Z", units=2))
    for line_no in (1, 2):
        await decide(month, await of_line(month, line_no), "DISPUTE")
    assert await closed(month) == (0, 74, [])
    assert await found_in(month, NOVEMBER) == [("AMOUNT_DIFFERS", OCTOBER), ("NOT_IN_LEDGER", OCTOBER)]
    # The vendor posts what was missing; in November it is matched, marked with its month, and paid.
    await month.deliver(october(9), "Z", units=2, late=True)
    assert await found_in(month, NOVEMBER) == [("AMOUNT_DIFFERS", OCTOBER), ("MATCHED", OCTOBER)]
    disputed = await of_line(month, 1)
    here = await month.pool.fetchval("select id from periods where month = $1", NOVEMBER)
    await decide(month, LineFindingId(here, disputed.statement, 1), "ACCEPT")
    assert await closed(month, NOVEMBER) == (36, 0, [(PHONE, OCTOBER, False, 3, 36)])
    assert await check_seals(month.pool) == []


async def test_a_line_may_be_disputed_month_after_month(month):
    await month.state(line(1, october(9), "Z"))
    finding = await of_line(month, 1)
    await decide(month, finding, "DISPUTE")
    await closed(month)
    here = await month.pool.fetchval("select id from periods where month = $1", NOVEMBER)
    await reconcile_period(
        month.pool, vendor=VENDOR, month=NOVEMBER, handbook=month.handbook, now=month.clock.now
    )
    await decide(month, LineFindingId(here, finding.statement, 1), "DISPUTE")
    assert await closed(month, NOVEMBER) == (0, 12, [])
    assert await check_seals(month.pool) == []


async def test_what_is_delivered_or_posted_after_the_close_goes_to_the_open_month(month):
    await month.deliver(october(3), "A")
    await month.state(line(1, october(3), "A"))
    await closed(month)
    late = await month.deliver(october(20), "B", late=True)
    assert await found_in(month, NOVEMBER) == [("NOT_IN_STATEMENT", None)]
    await month.state(line(1, october(20), "B"), number="S-11", month=NOVEMBER)
    assert (await month.pairs())[1] == (late, "REFERENCE")
    assert await closed(month, NOVEMBER) == (12, 0, [(PHONE, OCTOBER, False, 1, 12)])


async def test_what_was_accepted_as_unstated_is_not_found_again_but_may_still_be_stated(month):
    delivered = await month.deliver(october(3), "A")
    await month.state()
    await decide(month, await of_redemption(month, delivered), "ACCEPT")
    assert await closed(month) == (0, 0, [])
    assert await found_in(month, NOVEMBER) == []
    await month.state(line(1, october(3), "A"), number="S-11", month=NOVEMBER)
    assert await closed(month, NOVEMBER) == (12, 0, [(PHONE, OCTOBER, False, 1, 12)])


async def test_what_was_disputed_as_unstated_is_found_again(month):
    delivered = await month.deliver(october(3), "A")
    await month.state()
    await decide(month, await of_redemption(month, delivered), "DISPUTE")
    assert await closed(month) == (0, 12, [])
    assert await found_in(month, NOVEMBER) == [("NOT_IN_STATEMENT", OCTOBER)]


@pytest.mark.parametrize("stated", [{}, {"units": 3}])
async def test_what_was_paid_and_is_reversed_later_is_taken_back_in_the_next_settlement_once(month, stated):
    delivered = await month.deliver(october(3), "A")
    await month.state(line(1, october(3), "A", **stated))
    if stated:
        await decide(month, await of_line(month, 1), "ACCEPT")
    assert (await closed(month))[0] == 12
    await month.reverse(delivered)
    assert await found_in(month, NOVEMBER) == [("REVERSED", None)]
    here = await month.pool.fetchval("select id from periods where month = $1", NOVEMBER)
    finding = LedgerFindingId(here, delivered.customer_id, delivered.sequence)
    await decide(month, finding, "DISPUTE")
    await decide(month, finding, "REOPEN")
    await decide(month, finding, "ACCEPT")
    assert await closed(month, NOVEMBER) == (-12, 0, [(PHONE, OCTOBER, True, -1, -12)])
    assert await check_seals(month.pool) == []
    month.clock.now = month.clock.now.replace(month=12)
    assert await found_in(month, NOVEMBER.replace(month=12)) == []


async def test_an_unknown_vendor_and_a_month_ahead_cannot_be_closed(month):
    unknown = await close_period(
        month.pool, vendor="x", month=OCTOBER, by="li", handbook=month.handbook, now=month.clock.now
    )
    assert (unknown.code, "vendor" in unknown.message("en")) == ("INVALID", True)
    ahead = await close(month, NOVEMBER.replace(month=12))
    assert (ahead.code, "2026-12" in ahead.message("en")) == ("INVALID", True)
    assert await month.pool.fetchval("select count(*) from periods") == 0


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("findings", "update findings set payable = payable - 1, payable_units = 0"),
        ("decisions", "update decisions set note = 'other'"),
        ("statements", "update statements set amount = amount + 1"),
        ("settlements", "update settlements set payable = payable + 1"),
        ("settlement_lines", "update settlement_lines set amount = amount + 1"),
        ("matches", "update matches set pass = 'EXACT'"),
    ],
)
async def test_whoever_changes_what_a_settlement_rests_on_breaks_its_seal(month, database, table, change):
    await month.deliver(october(3), "A")
    await month.deliver(october(4), "B")
    await month.state(line(1, october(3), "A"), line(2, october(4), "B", amount="1"))
    await decide(month, await of_line(month, 2), "ACCEPT")
    await closed(month)
    assert await check_seals(month.pool) == []
    async with database.owner_pool.acquire() as owner:
        await owner.execute(f"alter table {table} disable trigger user")
        await owner.execute(change)
    [*wrong] = await check_seals(month.pool)
    assert any(each.startswith("settlement v 2026-10") for each in wrong)


OF_A_FINDING = "period v 2026-10: statement S-1: line 1 is matched"
PAIRED = {
    "a line that was accepted as not in the ledger": ("id, 1, 'REFERENCE', 'MATCHED'", "S-1", OF_A_FINDING),
    "the line as somebody else's, by hand": ("id, 1, 'HAND', 'REVERSED'", "S-1", OF_A_FINDING),
    "a line that agrees, once more": (
        "id, 2, 'EXACT', 'MATCHED'",
        "S-1",
        "period v 2026-10: statement S-1: line 2 is matched",
    ),
    "a line that differs, once more": (
        "id, 3, 'EXACT', 'AMOUNT_DIFFERS'",
        "S-1",
        "period v 2026-10: statement S-1: line 3 is matched",
    ),
    "a line that the statement does not have": (
        "id, 9, 'EXACT', 'MATCHED'",
        "S-1",
        "period v 2026-10: statement S-1: line 9 is matched",
    ),
    "a line of a statement that was withdrawn": (
        "id, 1, 'EXACT', 'UNITS_DIFFER'",
        "S-0",
        "period v 2026-10: statement S-0: line 1 is matched",
    ),
    "a line of no statement": ("id + 99, 1, 'EXACT', 'MATCHED'", "S-1", "statement 10"),
    "a line that was disputed, and then accepted": (
        "id, 4, 'EXACT', 'MATCHED'",
        "S-1",
        "period v 2026-10: statement S-1: line 4 is matched",
    ),
}


@pytest.mark.parametrize("paired", PAIRED)
async def test_whoever_hides_a_late_delivery_behind_a_pair_is_found(month, paired):
    await month.deliver(october(4), "B")
    await month.deliver(october(5), "C")
    gone = await month.state(line(1, october(6), "X"), number="S-0")
    await withdraw(
        month.pool, statement=gone, note="更正", by="li", handbook=month.handbook, now=month.clock.now
    )
    await month.state(
        line(1, october(3), "A"),
        line(2, october(4), "B"),
        line(3, october(5), "C", amount="1"),
        line(4, october(9), "D"),
    )
    for line_no, action in ((1, "ACCEPT"), (3, "ACCEPT"), (4, "DISPUTE")):
        await decide(month, await of_line(month, line_no), action)
    await closed(month)
    await found_in(month, NOVEMBER)
    here = await month.pool.fetchval("select id from periods where month = $1", NOVEMBER)
    disputed = await of_line(month, 4)
    await decide(month, LineFindingId(here, disputed.statement, 4), "ACCEPT")
    await closed(month, NOVEMBER)
    assert await check_seals(month.pool) == []
    month.clock.now = month.clock.now.replace(month=12)
    late = await month.deliver(NOVEMBER.replace(day=20), "L", member_no="M2", late=True)
    row, number, told = PAIRED[paired]
    await month.pool.execute(
        f"insert into matches select $1, $2, {row} from statements where number = $3",
        late.customer_id,
        late.sequence,
        number,
    )
    assert await found_in(month, NOVEMBER.replace(month=12)) == []
    [wrong] = await check_seals(month.pool)
    assert wrong.startswith(told)
    assert f"redemption {late.sequence} of customer {late.customer_id}" in wrong


async def test_two_months_whose_statements_come_at_once_share_no_delivery(month):
    await month.deliver(october(31), "A")
    await asyncio.gather(
        *(
            month.state(line(1, october(31), "A"), number=f"{which}-{each}", month=which)
            for each in range(4)
            for which in (OCTOBER, NOVEMBER)
        )
    )
    assert len(await month.pairs()) == 1
    kinds = [*await month.kinds(OCTOBER), *await month.kinds(NOVEMBER)]
    assert kinds == [(1, "DUPLICATE_LINE")] * 7


async def test_what_october_missed_and_november_states_is_missing_no_more(month):
    await month.deliver(october(3), "A")
    await month.state()
    assert await month.kinds() == [(None, "NOT_IN_STATEMENT")]
    await month.state(line(1, october(3), "A"), number="S-11", month=NOVEMBER)
    assert await month.kinds() == []
    assert await closed(month) == (0, 0, [])
    assert await closed(month, NOVEMBER) == (12, 0, [(PHONE, OCTOBER, False, 1, 12)])


async def test_a_withdrawn_statement_counts_no_more_and_its_twin_takes_its_place(month):
    delivered = await month.deliver(october(3), "A")
    first = await month.state(line(1, october(3), "A"), line(2, october(9), "Z"))
    await decide(month, await of_line(month, 2), "ACCEPT")
    second = await month.state(line(5, october(3), "A"), number="S-2")
    assert [row["kind"] for row in await month.findings()] == ["NOT_IN_LEDGER", "DUPLICATE_LINE"]
    for replayed in (False, True):
        done = await withdraw(
            month.pool, statement=first, note="已更正", by="li", handbook=month.handbook, now=month.clock.now
        )
        assert done.replayed is replayed
    assert await month.findings() == []
    assert await month.pairs() == {5: (delivered, "REFERENCE")}
    unknown = await withdraw(
        month.pool, statement=second + 9, note="x", by="li", handbook=month.handbook, now=month.clock.now
    )
    assert unknown.code == "UNKNOWN_STATEMENT"
    empty = await withdraw(
        month.pool, statement=second, note=" ", by="li", handbook=month.handbook, now=month.clock.now
    )
    assert empty.code == "INVALID"
    assert await closed(month) == (12, 0, [(PHONE, OCTOBER, False, 1, 12)])
    assert await check_seals(month.pool) == []


async def test_what_came_after_a_close_by_a_clock_that_was_ahead_is_found_all_the_same(month):
    paid = await month.deliver(october(3), "A")
    await month.state(line(1, october(3), "A"))
    month.clock.now = NOW + timedelta(days=365)
    await closed(month)
    month.clock.now = NOW + timedelta(hours=1)
    await month.reverse(paid)
    await month.deliver(october(20), "B", late=True)
    assert sorted(await found_in(month, NOVEMBER)) == [("NOT_IN_STATEMENT", None), ("REVERSED", None)]


async def test_a_statement_is_known_by_one_spelling_of_its_lines_for_ever(month):
    """Seals of settlements closed long ago rest on it."""
    await month.state(line(2, october(4), amount="0.50"), line(1, october(3), "预约 “A”\\", units=2))
    spelled = (
        '[1, "预约 “A”\\\\", "M1", "family-doctor-phone", 2, "2026-10-03", "24.00"]',
        '[2, null, "M1", "family-doctor-phone", 1, "2026-10-04", "0.50"]',
    )
    content = await month.pool.fetchval("select content from statements")
    assert content == sha256(b"".join(sha256(each.encode()).digest() for each in spelled)).digest()
