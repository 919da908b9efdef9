"""Each long command, killed at random moments: it is done or not begun, or whole customer by customer; run again, it is
finished, and says so. An activation stands in tests/activation/test_killed.py.
"""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from app.postgres.postmaster import running
from base.database import Pool, connect_pool
from handbook import Handbook
from ledger.posting.recording import record_events
from ledger.reconciliation.closing import check_seals
from ledger.verifying.verify import verify
from rating.verifying import verify_ratings
from tests.activations import in_force, put_in_force
from tests.chaos.chance import chance, kills
from tests.chaos.members import history_of
from tests.commands import kill_command, run_command
from tests.conftest import copy_of
from tests.rating.build import issued, registered
from tests.reconciliation.month import NOW, a_month, line, october
from tests.served import serving
from tests.statements.sheets import HEADER, csv_of

pytestmark = pytest.mark.chaos

MEMBERS = 700
"""More than the commands take at once: a kill falls between their transactions too."""
_TABLES = "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')"
_PRIVATE: set[str] = set()
_OTHERS = (
    "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A command, what is there before it, and what it says when everything is done already."""

    arguments: tuple[str, ...]
    prepare: Callable[[Pool, Handbook], Awaitable[None]]
    again: str
    atomic: bool = True
    now: datetime = NOW
    name: str = ""
    content: bytes = b""
    """The file that it is given, if any."""


async def _nothing(pool: Pool, handbook: Handbook) -> None:
    """The handbook in force is all there is."""


async def _members(pool: Pool, handbook: Handbook) -> None:
    """Members of star 2, with the grants of this service year."""
    for first in range(0, MEMBERS, 100):
        events = []
        for number in range(first, first + 100):
            who = {"member_no": f"N{number}"}
            policy = issued("2024-03-01", policy_no=f"N{number}-P", premium="60000.00", **who)
            events += [registered("2024-03-01", **who), policy]
        await record_events(pool, events, now=NOW - timedelta(days=60), handbook=handbook)


async def _otherwise_rated(pool: Pool, handbook: Handbook) -> None:
    """Members who were rated by a handbook that asks for a quarter as much, and so have another star."""
    edition = handbook.latest
    tiers = tuple(
        replace(tier, from_=tier.from_ / 4, to=None if tier.to is None else tier.to / 4)
        for tier in edition.tiers
    )
    await _members(pool, Handbook([replace(edition, tiers=tiers)]))


async def _deliveries(pool: Pool, handbook: Handbook) -> None:
    """A vendor's month that nobody has stated."""
    async with a_month(pool, handbook) as month:
        await month.deliver(october(5), "A-1")
        await month.deliver(october(6), "A-2", units=2)


async def _agreed(pool: Pool, handbook: Handbook) -> None:
    """A vendor's month that is stated, and in which nothing is open."""
    async with a_month(pool, handbook) as month:
        for number in range(100):
            await month.deliver(october(1 + number % 28), f"A-{number}")
        await month.state(
            *(line(1 + number, october(1 + number % 28), f"A-{number}") for number in range(100))
        )


SHEET = csv_of(
    HEADER, *(("M1", "家庭医生电话咨询", "1", "2026-10-05", "12.00", f"A-{n}") for n in range(3000))
)
NEXT_YEAR = NOW + timedelta(days=400)
MONTH = ("--vendor", "v", "--period", "2026-10")
CASES = {
    "import": Case(
        arguments=("import",),
        name="history.jsonl",
        content=history_of(f"N{number}" for number in range(MEMBERS)).encode(),
        prepare=_nothing,
        again=f"events taken 0, repeated {2 * MEMBERS}",
    ),
    "grant": Case(
        arguments=("grant",), prepare=_members, now=NEXT_YEAR, again=" 0 entries posted", atomic=False
    ),
    "rerate": Case(
        arguments=("rerate",), prepare=_otherwise_rated, again=" 0 customers rated otherwise", atomic=False
    ),
    "statement import": Case(
        arguments=("statement", "import", *MONTH),
        name="RK.csv",
        content=SHEET,
        prepare=_deliveries,
        again="nothing was changed: the statement had been imported before",
    ),
    "period close": Case(
        arguments=("period", "close", *MONTH, "--language", "en"), prepare=_agreed, again="is closed"
    ),
}


@pytest.mark.parametrize("name", CASES)
async def test_a_command_that_is_killed_is_done_or_not_begun_and_finished_when_it_is_run_again(
    name, server_dsn, database_dsn, handbook, tmp_path
):
    case, rng = CASES[name], chance(f"{name} killed")
    async with _opened(database_dsn) as pool:
        await put_in_force(pool, handbook, NOW)
        await case.prepare(pool, handbook)
        before = await _state(pool)
    arguments = [*case.arguments]
    if case.name:
        (tmp_path / case.name).write_bytes(case.content)
        arguments.append(str(tmp_path / case.name))

    def finish(environment) -> str:
        done = run_command(*arguments, environment=environment)
        said = f" {done.stdout}{done.stderr}"
        assert done.returncode == 0 or case.again in said, said
        return said

    async with _copy(server_dsn, database_dsn, case.now, tmp_path) as (environment, pool):
        begun = time.monotonic()
        said = await asyncio.to_thread(finish, environment)
        took_s = time.monotonic() - begun
        after = await _state(pool)
        assert after != before, said
        assert case.again in await asyncio.to_thread(finish, environment)
    for _ in range(kills(5)):
        async with _copy(server_dsn, database_dsn, case.now, tmp_path) as (environment, pool):
            await asyncio.to_thread(
                kill_command, *arguments, environment=environment, after_s=rng.uniform(0, took_s)
            )
            await _alone(pool)
            state = await _state(pool)
            assert not case.atomic or state in (before, after)
            assert await _faults(pool, ratings=name != "rerate") == []
            said = await asyncio.to_thread(finish, environment)
            assert (case.again in said) == (_counts(state) == _counts(after)), said
            assert _counts(await _state(pool)) == _counts(after)
            assert await _faults(pool, ratings=True) == []


def _counts(state: dict[str, tuple[int, str]]) -> dict[str, int]:
    return {table: count for table, (count, _) in state.items()}


@asynccontextmanager
async def _opened(dsn: str) -> AsyncIterator[Pool]:
    pool = await connect_pool(dsn, min_size=0, max_size=2, service_role=True)
    try:
        yield pool
    finally:
        await pool.close()


@asynccontextmanager
async def _copy(
    server_dsn: str, database_dsn: str, now: datetime, folder: Path
) -> AsyncIterator[tuple[dict[str, str], Pool]]:
    """A copy of the prepared database: the environment of commands that work on it, and connections to it."""
    hidden = ("ENTITLEMENTS_", "DATABASE_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    async with copy_of(server_dsn, urlsplit(database_dsn).path[1:]) as dsn, _opened(dsn) as pool:
        environment |= {"DATABASE_URL": dsn, "ENTITLEMENTS_DATA": str(folder)}
        yield environment | {"ENTITLEMENTS_CLOCK": now.isoformat()}, pool


async def _state(pool: Pool) -> dict[str, tuple[int, str]]:
    """Of each table, how many rows there are, and a fingerprint of what they say."""
    tables = [row["relname"] for row in await pool.fetch(_TABLES)]
    found = {}
    for table in sorted(set(tables) - _PRIVATE):
        row = await pool.fetchrow(
            f"select count(*), coalesce(md5(string_agg(t::text, ' ' order by t::text)), '') from {table} as t"
        )
        found[table] = tuple(row)
    return found


async def _alone(pool: Pool) -> None:
    """Return when the server has noticed that the command is gone."""
    for _ in range(200):
        if await pool.fetchval(_OTHERS) < pool.get_size():
            return
        await asyncio.sleep(0.05)
    raise TimeoutError


async def _faults(pool: Pool, *, ratings: bool) -> list[str]:
    found = [*await verify(pool), *await check_seals(pool)]
    if ratings:
        found += await verify_ratings(pool, handbook=await in_force(pool))
    return [str(each) for each in found]


async def test_a_first_start_that_is_killed_is_finished_by_the_next():
    rng, took_s = chance("first start killed"), 4.0
    for _ in range(kills(3)):
        with serving() as service:
            starting = asyncio.create_task(asyncio.to_thread(service.start))
            await asyncio.sleep(rng.uniform(0.1, took_s))
            assert service.process is not None
            service.process.kill()
            await asyncio.gather(starting, return_exceptions=True)
            server = running(service.folder / "postgres")
            if server is not None and rng.random() < 0.5:
                server.process.kill()
            begun = time.monotonic()
            await asyncio.to_thread(service.start)
            took_s = time.monotonic() - begun
            checked = service.command("verify")
            assert checked.returncode == 0, checked.stderr
            assert await asyncio.to_thread(service.end, signal.SIGTERM)
