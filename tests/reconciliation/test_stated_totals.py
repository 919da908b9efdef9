"""What finance states that a statement comes to: compared before a line is taken, kept, and sealed."""

from decimal import Decimal

import asyncpg
import pytest

from ledger.reconciliation.closing import SQL, check_seals
from ledger.reconciliation.reading import statements_by_id
from ledger.reconciliation.statements import Submitted, submit
from ledger.reconciliation.values import StatedTotal
from ledger.refusals import Refusal
from tests.reconciliation.month import OCTOBER, VENDOR, Month, line, october, stream
from tests.reconciliation.test_closing import close

LINES = (line(1, october(5), "A"), line(2, october(6), "B", units=2))
OLD = """
select sha256(coalesce(string_agg(sha256(convert_to(jsonb_build_array(
    s.number, s.lines, s.units, s.amount::text, encode(s.content, 'hex'), w.statement is not null
)::text, 'UTF8')), ''::bytea order by s.id), ''::bytea))
from statements s left join withdrawals w on w.statement = s.id
where s.period = $1
"""
"""What was sealed of statements before totals could be stated."""


async def state(month: Month, total: StatedTotal, number: str = "S-1") -> Submitted | Refusal:
    return await submit(
        month.pool,
        vendor=VENDOR,
        number=number,
        month=OCTOBER,
        lines=stream(LINES),
        total=total,
        by="li",
        now=month.clock.now,
        handbook=month.handbook,
    )


@pytest.mark.parametrize(
    ("total", "differing", "words"),
    [
        (StatedTotal(amount=Decimal("36.10")), ("total.amount",), "金额应为 36.10，明细加起来是 36.00"),
        (StatedTotal(units=4, amount=Decimal(36)), ("total.units",), "数量应为 4，明细加起来是 3"),
        (StatedTotal(units=0, amount=Decimal("NaN")), ("total.units", "total.amount"), "NaN"),
    ],
)
async def test_nothing_is_taken_of_lines_that_are_not_what_was_stated(month, total, differing, words):
    answer = await state(month, total)
    assert isinstance(answer, Refusal)
    assert (answer.code, answer.differing) == ("TOTAL_DIFFERS", differing)
    assert words in answer.message()
    assert "none of the 2 lines was taken" in answer.message("en")
    assert not await month.pool.fetchval("select count(*) from statements")


async def test_a_stated_total_is_kept_and_the_same_statement_is_known_with_any_right_one(month):
    total = StatedTotal(units=3, amount=Decimal("36.00"))
    first = await state(month, total)
    assert isinstance(first, Submitted)
    views = await statements_by_id(month.pool, [first.statement])
    assert views[first.statement].total == total
    again = await state(month, StatedTotal())
    assert again == Submitted(statement=first.statement, replayed=True)
    wrong = await state(month, StatedTotal(units=5))
    assert isinstance(wrong, Refusal)


async def test_a_stated_total_is_sealed_and_statements_without_one_as_they_always_were(month, database):
    assert isinstance(await state(month, StatedTotal()), Submitted)
    period = await month.pool.fetchval("select id from periods")
    sealed = await month.pool.fetchrow(SQL["digests"], period)
    assert sealed["statements"] == await month.pool.fetchval(OLD, period)
    assert isinstance(await state(month, StatedTotal(units=3), "S-2"), Submitted)
    sealed = await month.pool.fetchrow(SQL["digests"], period)
    assert sealed["statements"] != await month.pool.fetchval(OLD, period)
    with pytest.raises(asyncpg.CheckViolationError):
        await database.owner_pool.execute(
            "insert into statements (period, vendor, number, lines, units, amount, content, submitted_by, submitted_at,"
            " total_units) values ($1, 'v', 'S-3', 0, 0, 0, sha256(''), 'li', now(), 1)",
            period,
        )


async def test_whoever_changes_a_stated_total_breaks_the_seal(month, database):
    for each in LINES:
        await month.deliver(each.occurred_on, each.reference, units=each.units)
    assert isinstance(await state(month, StatedTotal(units=3, amount=Decimal(36))), Submitted)
    assert isinstance(await close(month), int)
    assert await check_seals(month.pool) == []
    await database.owner_pool.execute("alter table statements disable trigger user")
    await database.owner_pool.execute("update statements set total_amount = null")
    assert "the seal is not that of what it rests on" in (await check_seals(month.pool))[0]
