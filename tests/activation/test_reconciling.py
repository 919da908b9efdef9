"""Whoever settles with vendors writes by the editions in force, and stops when the program is outdated."""

import asyncio
from datetime import date

import pytest

from ledger.reconciliation.closing import close_period
from ledger.reconciliation.decisions import resolve
from ledger.reconciliation.matching import reconcile_period
from ledger.reconciliation.statements import Submitted, submit, withdraw
from ledger.reconciliation.values import Action, LineFindingId
from rating.activating import activate
from rating.activations import OutdatedProgramError
from rating.timeline import METHOD
from tests.activation.conftest import LATER, NOW, history, tell, top_up
from tests.activations import in_force, nobody, put_in_force, until_somebody_waits
from tests.ledger.stored import contract
from tests.reconciliation.month import line, stream

OCTOBER = date(2026, 10, 1)


@pytest.fixture
async def stated(database, handbook):
    """A vendor with a statement of one line, which is for nothing that was delivered."""
    await put_in_force(database.pool, handbook, NOW)
    await tell(database.pool, await in_force(database.pool), *history())
    await contract(database.pool, handbook, "v")
    assert await _submit(database.pool, await in_force(database.pool), "1") == Submitted(statement=1)
    return database


async def _submit(pool, handbook, number="2"):
    return await submit(
        pool,
        vendor="v",
        number=number,
        month=OCTOBER,
        lines=stream([line(1, date(2026, 10, 5), member_no="M3")]),
        by="finance:f",
        now=NOW,
        handbook=handbook,
    )


async def _withdraw(pool, handbook):
    return await withdraw(pool, statement=1, note="误交", by="finance:f", handbook=handbook, now=NOW)


async def _resolve(pool, handbook):
    return await resolve(
        pool,
        finding=LineFindingId(period=1, statement=1, line_no=1),
        action=Action.DISPUTE,
        note="待服务商举证",
        by="finance:f",
        handbook=handbook,
        now=NOW,
    )


async def _reconcile(pool, handbook):
    return await reconcile_period(pool, vendor="v", month=OCTOBER, handbook=handbook, now=NOW)


async def _close(pool, handbook):
    return await close_period(pool, vendor="v", month=OCTOBER, by="finance:f", handbook=handbook, now=NOW)


WORKS = [_submit, _withdraw, _resolve, _reconcile, _close]


@pytest.mark.parametrize("work", WORKS)
async def test_who_knows_only_the_old_editions_goes_on_by_the_new_ones(stated, reviewed, work):
    old = await in_force(stated.pool)
    await put_in_force(stated.pool, reviewed, LATER)
    await work(stated.pool, old)
    assert old.handbook.fingerprint == reviewed.fingerprint


@pytest.mark.parametrize("work", WORKS)
async def test_a_program_of_an_earlier_method_settles_no_more(stated, work):
    active = await in_force(stated.pool)
    await stated.pool.execute(
        "insert into activations (handbook, method, activated_at) select handbook, $1, activated_at from activations",
        METHOD + 1,
    )
    with pytest.raises(OutdatedProgramError):
        await work(stated.pool, active)


@pytest.mark.parametrize("work", WORKS)
async def test_while_a_switch_waits_for_a_match_everybody_else_works_on(stated, reviewed, work):
    active = await in_force(stated.pool)
    told = []
    async with stated.pool.acquire() as conn:
        transaction = conn.transaction()
        await transaction.start()
        await conn.execute("select from vendors where code = 'v' for update")
        matching = asyncio.create_task(work(stated.pool, active))
        await until_somebody_waits(stated, "transactionid")
        switching = asyncio.create_task(
            activate(stated.pool, lambda _: reviewed, clock=lambda: LATER, tell=told.append, progress=nobody)
        )
        await until_somebody_waits(stated, "advisory")
        assert told == ["an import or a match is under way: waiting for its end"]
        await asyncio.wait_for(tell(stated.pool, active, top_up("M0", "9000000.00", "t")), timeout=10)
        assert not switching.done()
        await transaction.commit()
    await asyncio.gather(matching, switching)
    assert (await in_force(stated.pool)).handbook.fingerprint == reviewed.fingerprint
