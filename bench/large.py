"""Makes a large portfolio in minutes: so many customers are imported, use something, and are copied.

    python -m bench.large --customers 1000000 --data FOLDER

The database is an embedded one in the folder, for `entitlements serve --data FOLDER` and others. `--customers` is a
multiple of the 10,000 (`--originals`) that are imported and copied.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import asyncpg

from app.postgres import EmbeddedPostgres
from base.database import connect_pool, prepare_connection
from bench.copies import multiply
from bench.documents import batched
from bench.history_stream import stream
from bench.measuring import entitlements
from bench.served import BENEFIT, VENDOR
from bench.starred import starred
from handbook import BUSINESS_ZONE, load_handbook
from ledger.commands import Command, Hold, Redeem
from ledger.posting.journal import Journal
from ledger.refusals import Refusal

ORIGINALS = 10_000
UNTIL = date(2026, 11, 1)
NOW = datetime(2026, 11, 2, 9, tzinfo=BUSINESS_ZONE)
"""The stream ends the day before."""
_OPENED = NOW - timedelta(hours=1)
_EVERY_THIRD = 3
_AT_ONCE = 250
_SIZE = """
select format(
    '%s customers, %s events, %s entries, %s redemptions: %s',
    (select count(*) from customers), (select count(*) from policy_events), (select count(*) from entries),
    (select count(*) from redemptions), pg_size_pretty(pg_database_size(current_database())))
"""


def main() -> None:
    """Make it, and print how long it took and how large it is."""
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--customers", type=int, default=1_000_000)
    arguments.add_argument("--originals", type=int, default=ORIGINALS)
    arguments.add_argument("--data", type=Path, required=True)
    given = arguments.parse_args()
    with EmbeddedPostgres(given.data, durable=True) as postgres:
        print(asyncio.run(_made(postgres.dsn, given.customers, given.originals)))


async def _made(dsn: str, customers: int, originals: int) -> str:
    started = time.perf_counter()
    await make(dsn, customers, originals=originals, progress=_say)
    took_s = time.perf_counter() - started
    conn = await asyncpg.connect(dsn)
    told = await conn.fetchval(_SIZE)
    await conn.close()
    return f"{told} in {took_s:.0f} s"


def _say(done: int, total: int) -> None:
    sys.stderr.write(f"{done:,} of {total:,} customers\n")


async def make(
    dsn: str,
    customers: int,
    *,
    originals: int = ORIGINALS,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> None:
    """Fill an empty database, as its owner: the first customers by the service, the others as copies of them.

    `progress` gets how many customers there are, of how many.
    """
    originals = min(originals, customers)
    settings = {"DATABASE_URL": dsn, "ENTITLEMENTS_CLOCK": _OPENED.isoformat()}
    with tempfile.TemporaryDirectory(prefix="entitlements-bench-") as folder:
        file = Path(folder) / "stream.jsonl"
        with file.open("w", encoding="utf-8") as out:
            for event in stream(originals, until=UNTIL):
                out.write(json.dumps(event, ensure_ascii=False) + "\n")
        entitlements(["import", file], settings)
    entitlements(["vendor", "add", VENDOR, "--name", "Bench", "--benefit", f"{BENEFIT}=1.00"], settings)
    await _use(dsn, NOW.date())
    owner = await asyncpg.connect(dsn)
    try:
        await prepare_connection(owner)
        await multiply(owner, customers, progress=progress)
    finally:
        await owner.close()


async def _use(dsn: str, today: date) -> None:
    """Let every third member with a star use something, within the hour after the import."""
    pool = await connect_pool(dsn, min_size=1, max_size=2, service_role=True)
    now = _OPENED
    journal = Journal(pool, load_handbook(), lambda: now)
    await journal.start()
    try:
        members = (await starred(pool, today))[::_EVERY_THIRD]
        groups = list(batched(_commands(members), _AT_ONCE))
        for group in groups:
            now += (NOW - _OPENED) / (len(groups) + 1)
            refused = [each for each in await journal.post_many(group) if isinstance(each, Refusal)]
            if refused:
                raise RuntimeError(f"the benchmark's own uses are refused: {refused[:3]}")
    finally:
        await journal.stop()
        await pool.close()


def _commands(members: Sequence[str]) -> Iterator[Command]:
    """A redemption for each member, and for some a hold."""
    for number, member in enumerate(members):
        yield Redeem(vendor=VENDOR, member_no=member, benefit=BENEFIT, key=f"redeemed-{number}")
        if number % 3 == 0:
            yield Hold(vendor=VENDOR, member_no=member, benefit=BENEFIT, key=f"held-{number}")


if __name__ == "__main__":
    main()
