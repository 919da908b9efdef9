"""The what-if of a portfolio equals the effect of the activation."""

import asyncio
import sys
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import psutil
import pytest

from app.errors import StartError
from app.what_if import what_if_in_parallel
from handbook import Counted, Per, business_day
from ledger.entitlement.loading import load_accounts
from ledger.posting.granting import grant_all
from ledger.quotas.card import quotas_on
from ledger.quotas.liability import liability
from ledger.what_if.comparing import Question
from ledger.what_if.portfolio import what_if
from rating.activating import activate
from tests.demo import NOW, opened

pytestmark = pytest.mark.asyncio(loop_scope="module")

TODAY = business_day(NOW)
NEW_YEAR = date(2027, 1, 1)


async def accounts_on(pool: Any, day: date) -> dict[int, Any]:
    async with pool.acquire() as conn:
        ids = [row["customer_id"] for row in await conn.fetch("select customer_id from ledger_heads")]
        return await load_accounts(conn, ids, on=day, now=NOW)


async def stars_on(pool: Any, day: date) -> dict[str, int]:
    return {each.member_no: each.star_on(day) for each in (await accounts_on(pool, day)).values()}


async def granted(pool: Any, day: date, handbook: Any) -> tuple[Counter[str], dict[str, set[str]]]:
    """Units by benefit, and the members who have it, as everybody's quotas tell it."""
    units: Counter[str] = Counter()
    members: dict[str, set[str]] = defaultdict(set)
    for account in (await accounts_on(pool, day)).values():
        for quota in quotas_on(account, day, handbook, NOW):
            if quota.allowance is None:
                continue
            members[quota.benefit.code].add(account.member_no)
            if isinstance(quota.allowance, Counted):
                nothing = quota.allowance.per is Per.POLICY and quota.policy_no is None
                wished = quota.benefit.wished_number is not None
                taken = quota.used + quota.held
                units[quota.benefit.code] += taken if wished else 0 if nothing else quota.granted
    return units, members


async def owed(pool: Any, day: date, handbook: Any) -> dict[str, Decimal]:
    values: dict[str, Decimal] = defaultdict(lambda: Decimal("0.00"))
    for row in await liability(pool, day, handbook=handbook, now=NOW):
        values[row.benefit] += row.value or 0
    return values


async def fingerprint(pool: Any) -> list[Any]:
    """Every row of every table, in short."""
    tables = await pool.fetch(
        "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace order by 1"
    )
    return [
        (
            row["relname"],
            await pool.fetchrow(
                f"select count(*), md5(string_agg(t::text, '|' order by t::text)) from {row['relname']} t"
            ),
        )
        for row in tables
    ]


def is_gone(process: int) -> bool:
    """Whether a process has ended, also when nobody has taken note of it yet."""
    try:
        return psutil.Process(process).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.parametrize(
    "on", [TODAY - timedelta(days=60), TODAY, NEW_YEAR], ids=["a day gone by", "today", "next year"]
)
async def test_an_edition_equal_to_the_one_in_force_changes_nobody(demo_pool, handbook, on):
    question = Question(before=handbook, after=handbook, on=on, today=TODAY)
    lost: list[Any] = []
    found = await what_if(demo_pool, question, now=NOW, losses=lost.extend)
    assert (found.moves, lost) == ((), [])
    assert found.customers > 250
    for each in found.benefits:
        assert each.units_before == each.units_after
        assert each.liability_before == each.liability_after
        assert each.losing == each.gaining == 0
    assert {each.benefit: each.liability_after for each in found.benefits if each.liability_after} == {
        code: value for code, value in (await owed(demo_pool, on, handbook)).items() if value
    }


async def test_processes_and_one_process_tell_the_same_and_nothing_is_written(
    demo_dsn, demo_pool, handbook, six_star_handbook, monkeypatch
):
    for module in ("ledger.what_if.portfolio", "app.what_if"):
        monkeypatch.setattr(f"{module}.CUSTOMERS_A_BATCH", 60)
    question = Question(before=handbook, after=six_star_handbook, on=NEW_YEAR, today=TODAY)
    state = await fingerprint(demo_pool)
    lost: dict[int, list[Any]] = {1: [], 2: []}
    steps: list[tuple[int, int]] = []
    async with opened(demo_dsn, demo_pool, handbook) as services:
        one, two = [
            await what_if_in_parallel(
                services,
                question,
                progress=lambda done, total: steps.append((done, total)),
                losses=lost[workers].extend,
                workers=workers,
            )
            for workers in (1, 2)
        ]
    assert one == two
    assert lost[1] == lost[2] != []
    assert steps[-1] == (two.customers, two.customers)
    assert len(steps) > 8
    assert await fingerprint(demo_pool) == state


async def test_processes_that_cannot_work_end_the_command_with_a_reason(
    demo_dsn, demo_pool, handbook, six_star_handbook
):
    question = Question(before=handbook, after=six_star_handbook, on=NEW_YEAR, today=TODAY)
    async with opened(demo_dsn, demo_pool, handbook) as services:
        with pytest.raises(StartError, match="a process that worked out the what-if has died"):
            await what_if_in_parallel(
                replace(services, service_dsn="postgres://nobody@127.0.0.1:1/nowhere"),
                question,
                progress=lambda _done, _total: None,
                losses=lambda _losses: None,
                workers=2,
            )


async def test_processes_end_when_their_command_is_killed(tmp_path):
    program = tmp_path / "command.py"
    program.write_text(
        "import multiprocessing, os, sys, time\n"
        "from concurrent.futures import ProcessPoolExecutor\n"
        "from base.parallel import end_with_the_command\n"
        "if __name__ == '__main__':\n"
        "    spawn = multiprocessing.get_context('spawn')\n"
        "    with ProcessPoolExecutor(1, mp_context=spawn, initializer=end_with_the_command) as executor:\n"
        "        print(executor.submit(os.getpid).result(), flush=True)\n"
        "        executor.submit(time.sleep, 60)\n"
        "        time.sleep(60)\n"
    )
    command = await asyncio.create_subprocess_exec(sys.executable, program, stdout=asyncio.subprocess.PIPE)
    worker = int(await command.stdout.readline())
    command.kill()
    await command.wait()
    for _ in range(200):
        if is_gone(worker):
            break
        await asyncio.sleep(0.05)
    else:
        pytest.fail("the worker goes on without its command")


async def test_what_is_told_beforehand_is_what_an_activation_then_does(
    demo_pool, handbook, six_star_handbook
):
    question = Question(before=handbook, after=six_star_handbook, on=NEW_YEAR, today=TODAY)
    lost: list[Any] = []
    told = await what_if(demo_pool, question, now=NOW, losses=lost.extend)
    stars, value = await stars_on(demo_pool, NEW_YEAR), await owed(demo_pool, NEW_YEAR, handbook)
    units, members = await granted(demo_pool, NEW_YEAR, handbook)

    done = await activate(
        demo_pool,
        lambda _active: six_star_handbook,
        clock=lambda: NOW,
        tell=lambda _line: None,
        progress=lambda _done, _total: None,
    )
    assert done is not None
    assert done.customers == told.customers
    await grant_all(demo_pool, clock=lambda: NOW, handbook=six_star_handbook)

    new_stars = await stars_on(demo_pool, NEW_YEAR)
    new_value = await owed(demo_pool, NEW_YEAR, six_star_handbook)
    new_units, new_members = await granted(demo_pool, NEW_YEAR, six_star_handbook)
    moves = Counter((stars[each], new_stars[each]) for each in stars if stars[each] != new_stars[each])
    assert {(each.from_star, each.to_star): each.customers for each in told.moves} == moves
    assert {(5, 6), (0, 1), (2, 1)} & moves.keys()
    for each in told.benefits:
        code = each.benefit
        assert (each.units_before, each.units_after) == (units[code], new_units[code]), code
        assert (each.liability_before, each.liability_after) == (value[code], new_value[code]), code
        assert each.losing == len(members[code] - new_members[code]), code
        assert each.gaining == len(new_members[code] - members[code]), code
    assert sum(each.liability_before for each in told.benefits) > 100_000
    on_the_day = {(each.loss.benefit, each.loss.member_no) for each in lost if each.loss.day == NEW_YEAR}
    assert on_the_day == {
        (code, each) for code in units | members for each in members[code] - new_members[code]
    }

    # And the books follow when the day has come.
    await grant_all(demo_pool, clock=lambda: NOW + timedelta(days=45), handbook=six_star_handbook)
    posted = await demo_pool.fetchval("select sum(granted) from balances where benefit = 'home-nursing'")
    nursing = next(each for each in told.benefits if each.benefit == "home-nursing")
    assert posted == nursing.units_after > 0
