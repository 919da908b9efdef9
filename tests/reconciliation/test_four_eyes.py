"""Four eyes: who accepted an exception above the limit proposes the close; it holds until the month changes."""

import asyncio
from decimal import Decimal

import asyncpg
import pytest

from ledger.reconciliation.closing import check_seals, close_period, close_proposal
from ledger.refusals import Refusal
from tests.reconciliation.month import OCTOBER, VENDOR, line, october
from tests.reconciliation.test_decisions import decide, of_line


async def close(month, by, above="10"):
    return await close_period(
        month.pool,
        vendor=VENDOR,
        month=OCTOBER,
        by=by,
        handbook=month.handbook,
        now=month.clock.now,
        four_eyes_above=Decimal(above) if above is not None else None,
    )


async def who(month):
    row = await month.pool.fetchrow("select closed_by, approved_by from settlements")
    return tuple(row) if row is not None else None


async def an_exception(month, line_no=1, by="li", pay=12):
    """Two lines that nobody delivered; one is paid by exception, the other is disputed."""
    await month.state(line(1, october(3), "A"), line(2, october(4), "B"))
    assert await decide(month, await of_line(month, line_no), "ACCEPT", pay=Decimal(pay), by=by) is None
    assert await decide(month, await of_line(month, 3 - line_no), "DISPUTE", by=by) is None


async def test_who_accepted_an_exception_proposes_and_another_confirms(month):
    await an_exception(month)
    for _ in range(2):
        refusal = await close(month, "li")
        assert refusal.code == "FOUR_EYES"
    period = await month.pool.fetchval("select id from periods where month = $1", OCTOBER)
    assert (await close_proposal(month.pool, period)).by == "li"
    assert await month.pool.fetchval("select count(*) from close_proposals") == 1
    assert isinstance(await close(month, "wang"), int)
    assert await who(month) == ("li", "wang")
    assert await check_seals(month.pool) == []


@pytest.mark.parametrize(("above", "pay"), [(None, 12), ("12", 12), ("0", 0)])
async def test_without_a_limit_or_below_it_one_person_closes(month, above, pay):
    await an_exception(month, pay=pay)
    assert isinstance(await close(month, "li", above), int)
    assert await who(month) == ("li", None)


async def test_somebody_who_accepted_nothing_closes_at_once(month):
    await an_exception(month)
    assert isinstance(await close(month, "wang"), int)
    assert await who(month) == ("wang", None)


async def test_two_who_accepted_exceptions_see_each_others(month):
    await month.state(line(1, october(3), "A"), line(2, october(4), "B"))
    for number, by in ((1, "li"), (2, "wang")):
        assert await decide(month, await of_line(month, number), "ACCEPT", pay=Decimal(12), by=by) is None
    assert (await close(month, "li")).code == "FOUR_EYES"
    assert isinstance(await close(month, "wang"), int)
    assert await who(month) == ("li", "wang")


async def test_a_proposal_falls_away_when_the_month_changes(month):
    await an_exception(month)
    assert (await close(month, "li")).code == "FOUR_EYES"
    assert await decide(month, await of_line(month, 2), "REOPEN", by="wang") is None
    assert await decide(month, await of_line(month, 2), "ACCEPT", pay=Decimal(11), by="wang") is None
    period = await month.pool.fetchval("select id from periods where month = $1", OCTOBER)
    assert await close_proposal(month.pool, period) is None
    refusal = await close(month, "wang")
    assert refusal.code == "FOUR_EYES", "what Li proposed was another month"
    assert "第 2 行" in refusal.message("zh")
    assert isinstance(await close(month, "li"), int)
    assert await who(month) == ("wang", "li")


async def test_what_is_taken_back_is_no_exception_any_more(month):
    await an_exception(month)
    assert await decide(month, await of_line(month, 1), "REOPEN") is None
    assert await decide(month, await of_line(month, 1), "ACCEPT") is None
    assert isinstance(await close(month, "li"), int)


async def test_two_who_confirm_at_once_close_it_once(month):
    await an_exception(month)
    assert (await close(month, "li")).code == "FOUR_EYES"
    answers = await asyncio.gather(close(month, "wang"), close(month, "zhao"))
    (refusal,) = [each for each in answers if isinstance(each, Refusal)]
    assert refusal.code == "PERIOD_CLOSED"
    assert (await who(month))[0] == "li"


async def test_neither_a_proposal_nor_who_approved_can_be_changed(month, database):
    await an_exception(month)
    await close(month, "li")
    for change in ("update close_proposals set proposed_by = 'x'", "delete from close_proposals"):
        with pytest.raises(asyncpg.PostgresError):
            await month.pool.execute(change)
    await close(month, "wang")
    async with database.owner_pool.acquire() as owner, owner.transaction():
        await owner.execute("alter table settlements disable trigger user")
        await owner.execute("update settlements set approved_by = 'zhao'")
        await owner.execute("alter table settlements enable trigger user")
    assert "the seal is not" in (await check_seals(month.pool))[0]
