"""How many redemptions a second the journal takes, as a ratio to PostgreSQL committing one plain row at a time.

    python -m bench.redeeming --customers 2000 --redemptions 10000 --concurrency 64

Every redemption is of another unit, so all succeed; each is durable (fsync on) before it is answered.
"""

import argparse
import asyncio
import itertools
import tempfile
import time
from datetime import datetime
from pathlib import Path

from app.migrating import migrate
from app.postgres import EmbeddedPostgres
from base.database import Pool, connect_pool
from handbook import BUSINESS_ZONE, load_handbook
from ledger.commands import Redeem
from ledger.posting.journal import Journal
from ledger.posting.recording import record_events
from ledger.refusals import Refusal
from rating.events import parse_event

_PLAIN_ROWS = 1000
_BENEFIT = "family-doctor-video"


def main() -> None:
    """Run the benchmark and print its figures."""
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--customers", type=int, default=2000)
    arguments.add_argument("--redemptions", type=int, default=10_000)
    arguments.add_argument("--concurrency", type=int, default=64)
    given = arguments.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="entitlements-bench-") as folder,
        EmbeddedPostgres(Path(folder) / "data", durable=True) as postgres,
    ):
        asyncio.run(_measure(postgres.dsn, given.customers, given.redemptions, given.concurrency))


async def _measure(dsn: str, customers: int, redemptions: int, concurrency: int) -> None:
    await migrate(dsn)
    owner = await connect_pool(dsn, min_size=1, max_size=1, service_role=False)
    pool = await connect_pool(dsn, min_size=1, max_size=4, service_role=True)
    plain = await _plain_commits(owner)
    print(f"one plain row a commit: {plain:,.0f}/s")
    await _members(pool, customers)
    await owner.execute("insert into vendors values ('bench', 'bench', now())")
    await owner.execute(
        "insert into contract_terms (vendor, benefit, unit_price, starts_on) values ('bench', $1, 1, '2020-01-01')",
        _BENEFIT,
    )
    journal = Journal(pool, load_handbook(), _now)
    await journal.start()
    for level in (1, concurrency):
        count = redemptions if level > 1 else redemptions // 10
        rate = await _redeem(journal, customers, count, level)
        print(f"redemptions, {level} at a time: {rate:,.0f}/s = {rate / plain:.2f} x plain commits")
    await journal.stop()
    await pool.close()
    await owner.close()


async def _plain_commits(pool: Pool) -> float:
    await pool.execute("create table plain (id bigint generated always as identity primary key, body text)")
    started = time.perf_counter()
    for _ in range(_PLAIN_ROWS):
        await pool.execute("insert into plain (body) values ($1)", "x" * 200)
    return _PLAIN_ROWS / (time.perf_counter() - started)


async def _members(pool: Pool, customers: int) -> None:
    handbook = load_handbook()
    for first in range(1, customers + 1, 250):
        events = []
        for number in range(first, min(first + 250, customers + 1)):
            common: dict[str, object] = {"member_no": f"B{number}", "effective_on": "2024-01-10"}
            events.append(
                {**common, "event_id": f"B{number}-1", "type": "customer_registered", "name": "客户"}
            )
            events.append(
                {
                    **common,
                    "event_id": f"B{number}-2",
                    "type": "policy_issued",
                    "policy_no": "P1",
                    "line": "individual",
                    "coverage": "long",
                    "category": "whole_life",
                    "design": "traditional",
                    "mode": "annual",
                    "premium": "100000.00",
                    "term_years": 20,
                }
            )
        results = await record_events(
            pool, [parse_event(each) for each in events], now=_now(), handbook=handbook
        )
        if any(isinstance(each, Refusal) for each in results):
            raise RuntimeError(f"the benchmark's own events are refused: {results}")


async def _redeem(journal: Journal, customers: int, count: int, concurrency: int) -> float:
    numbers = itertools.count(1)
    prefix = f"{concurrency}-{time.perf_counter_ns()}"

    async def vendor() -> None:
        while (number := next(numbers)) <= count:
            outcome = await journal.post(
                Redeem(
                    vendor="bench",
                    member_no=f"B{number % customers + 1}",
                    benefit=_BENEFIT,
                    key=f"{prefix}-{number}",
                )
            )
            if isinstance(outcome, Refusal):
                raise RuntimeError(outcome.message("en"))

    started = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(concurrency):
            group.create_task(vendor())
    return count / (time.perf_counter() - started)


def _now() -> datetime:
    return datetime.now(BUSINESS_ZONE)


if __name__ == "__main__":
    main()
