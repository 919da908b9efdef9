"""A killed activation leaves the old state or the new one; run again, it completes.

Two texts of zhenxuan-2 take turns, so that there is always something to put in force. Half of the kills come at a
random moment, the other half between two statements of the switch.
"""

import asyncio
import os
import random
import signal
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from app.start import main
from handbook import SHIPPED_EDITIONS, Handbook, load_handbook
from ledger.entitlement.loading import load_accounts
from ledger.posting.granting import grant_all
from ledger.quotas.card import quotas_on
from ledger.verifying.verify import verify
from rating import activating
from rating.activations import ActiveHandbook
from rating.customers import histories
from rating.tiers import star_on
from rating.timeline import timeline
from rating.verifying import verify_ratings
from tests.activation.conftest import FIRST_DAY, LAST_DAY, NOW, history, tell
from tests.activations import in_force, put_in_force
from tests.chaos.chance import chance, kills
from tests.commands import FORKS
from tests.editions import SECOND, Draft, six_stars

CUSTOMERS, BATCH = 24, 2
FEW = 2
"""Without `make chaos`: one kill at a random moment, one at a statement."""
LONGEST_S = 0.3
STATEMENTS = 12
"""Of the switch, and of clearing up after it."""


def _other_stars(folder: Path) -> Path:
    """Another text of the same review, which could correct it: other first thresholds."""

    def thresholds(draft: Draft) -> None:
        tiers = draft.top["tiers"]
        tiers["1"]["from"] = 30_000
        tiers["1"]["to"] = tiers["2"]["from"] = 46_000
        tiers["3"]["from"] = tiers["2"]["to"] = 170_000

    return six_stars(folder, str(FIRST_DAY), also=thresholds)


def _activate(environment: Mapping[str, str], statement: int | None, begun: "object") -> None:
    """In the forked process: `edition activate`, in small batches; killed before a statement of the switch, if told."""
    os.environ.clear()
    os.environ.update(environment)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(1, 2)

    class Counting(dict):
        """The statements; tells that the first is about to be sent, and ends the process before a certain one."""

        left: int | None = None

        def __getitem__(self, name: str) -> str:
            begun.set()
            if name == "end_others":
                self.left = statement
            if self.left is not None:
                if self.left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                self.left -= 1
            return super().__getitem__(name)

    activating._CUSTOMERS_A_BATCH = BATCH
    activating.SQL = Counting(activating.SQL)
    sys.argv = ["entitlements", "edition", "activate", SECOND]
    main()


def _run(environment: Mapping[str, str], rng: random.Random, number: int) -> bool:
    """Begin an activation and kill it; whether that came before its end."""
    begun = FORKS.Event()
    at_statement = number % 2 == 1
    statement = rng.randrange(STATEMENTS) if at_statement else None
    process = FORKS.Process(target=_activate, args=(environment, statement, begun))
    process.start()
    if not at_statement:
        assert begun.wait(30)
        process.join(rng.uniform(0, LONGEST_S))
        process.kill()
    process.join(30)
    code = process.exitcode
    process.close()
    assert code in (0, -signal.SIGKILL)
    return code != 0


async def _state(database) -> tuple[str, list[object]]:
    """What is in force, and everybody's star and quotas on both sides of the edition's day, in one snapshot."""
    async with database.pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        active = await ActiveHandbook.read(conn)
        ids = [row["id"] for row in await conn.fetch("select id from customers order by id")]
        shown: list[object] = []
        for day in (LAST_DAY, FIRST_DAY):
            accounts = await load_accounts(conn, ids, on=day, now=NOW)
            for each in ids:
                quotas = quotas_on(accounts[each], day, active.handbook, NOW)
                shown.append((day, each, star_on(accounts[each].spans, day), quotas))
    return active.handbook.fingerprint, shown


async def _expected(database, handbook: Handbook) -> list[object]:
    """The same, worked out from the events alone."""
    async with database.pool.acquire() as conn:
        ids = [row["id"] for row in await conn.fetch("select id from customers order by id")]
        told = await histories(conn, [(each, None) for each in ids])
        shown: list[object] = []
        for day in (LAST_DAY, FIRST_DAY):
            accounts = await load_accounts(conn, ids, on=day, now=NOW)
            for each in ids:
                spans = timeline(told[each, None], handbook)
                quotas = quotas_on(replace(accounts[each], spans=spans), day, handbook, NOW)
                shown.append((day, each, star_on(spans, day), quotas))
    return shown


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> tuple[Path, Path]:
    """Two folders, each with a zhenxuan-2 of its own."""
    first, second = (tmp_path_factory.mktemp(name) for name in ("six", "other"))
    six_stars(first)
    _other_stars(second)
    return first, second


@pytest.mark.parametrize(
    "times", [pytest.param(FEW, id="few"), pytest.param(kills(20), id="many", marks=pytest.mark.chaos)]
)
async def test_kills_leave_the_old_or_the_new_and_nothing_between(
    database, handbook, folders, tmp_path, times
):
    await put_in_force(database.pool, handbook, NOW)
    await tell(database.pool, await in_force(database.pool), *history(CUSTOMERS))
    await grant_all(database.pool, clock=lambda: NOW, handbook=handbook)
    books = [handbook, *(load_handbook(SHIPPED_EDITIONS, folder) for folder in folders)]
    expected = {book.fingerprint: await _expected(database, book) for book in books}
    assert len({str(shown) for shown in expected.values()}) == len(books)
    rng, killed, seen = chance("activation") if times > FEW else random.Random(20270101), 0, set()
    for number in range(3 * times):
        fingerprint, shown = await _state(database)
        assert shown == expected[fingerprint]
        seen.add(fingerprint)
        if killed == times:
            break
        folder = folders[1] if fingerprint == books[1].fingerprint else folders[0]
        killed += await asyncio.to_thread(_run, _environment(database, folder, tmp_path), rng, number)
        faults = [
            *await verify_ratings(database.pool, handbook=await in_force(database.pool)),
            *await verify(database.pool),
        ]
        assert [str(each) for each in faults] == []
    assert killed == times
    assert len(seen) > 1 or times == FEW, "some were killed after their switch, or came through"
    await _finish(database, books, expected, folders, tmp_path)


async def _finish(database, books, expected, folders, tmp_path) -> None:
    """Once more, and nobody disturbs it: it is in force."""
    fingerprint, _ = await _state(database)
    place = 1 if fingerprint != books[1].fingerprint else 2
    environment = _environment(database, folders[place - 1], tmp_path)
    begun = FORKS.Event()
    process = FORKS.Process(target=_activate, args=(environment, None, begun))
    process.start()
    await asyncio.to_thread(process.join, 60)
    assert process.exitcode == 0
    assert await _state(database) == (books[place].fingerprint, expected[books[place].fingerprint])
    assert await verify_ratings(database.pool, handbook=await in_force(database.pool)) == []
    assert await verify(database.pool) == []


def _environment(database, folder: Path, data: Path) -> dict[str, str]:
    hidden = ("ENTITLEMENTS_", "DATABASE_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    return environment | {
        "DATABASE_URL": database.dsn,
        "ENTITLEMENTS_DATA": str(data),
        "ENTITLEMENTS_EDITIONS": str(folder),
        "ENTITLEMENTS_CLOCK": NOW.isoformat(),
    }
