"""How much an import costs, as a ratio to PostgreSQL taking the same lines into a plain table by COPY.

    python -m bench.importing --customers 100000

Imports a generated stream twice through the command line, with an embedded database of its own, and prints the peak
memory of the importing processes together. The second time everything is a repetition.
"""

import argparse
import asyncio
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

import asyncpg

from app.migrating import migrate
from app.postgres import EmbeddedPostgres
from bench.history_stream import stream
from bench.measuring import entitlements
from handbook.dates import start_of
from rating.events import content_text, parse_event

_UNTIL = date(2026, 11, 1)
_NOW = start_of(_UNTIL + timedelta(days=1))
"""The stream is imported when its last event has been recorded, whatever this machine's clock says."""


def main() -> None:
    """Run the benchmark and print its figures."""
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--customers", type=int, default=100_000)
    customers = arguments.parse_args().customers
    with tempfile.TemporaryDirectory(prefix="entitlements-bench-") as folder:
        file = Path(folder) / "stream.jsonl"
        with file.open("wb") as out:
            events = 0
            for event in stream(customers, until=_UNTIL):
                out.write(content_text(parse_event(event)) + b"\n")
                events += 1
        print(f"{customers} customers, {events} events, {file.stat().st_size / 2**20:.0f} MiB")
        with EmbeddedPostgres(Path(folder) / "data", durable=True) as postgres:
            asyncio.run(migrate(postgres.dsn))
            copying = asyncio.run(copy_plainly(postgres.dsn, file))
            print(f"COPY into a plain table: {copying:.2f} s")
            for name in ("first import", "same file again"):
                took, peak_mib = entitlements(
                    ["import", file], {"DATABASE_URL": postgres.dsn, "ENTITLEMENTS_CLOCK": _NOW.isoformat()}
                )
                print(
                    f"{name}: {took:.1f} s = {took / copying:.0f} x COPY, {events / took:,.0f} events/s, "
                    f"peak memory of the importing processes {peak_mib:.0f} MiB"
                )


async def copy_plainly(dsn: str, file: Path) -> float:
    """The seconds that PostgreSQL takes the lines of a file in, as they are."""
    conn = await asyncpg.connect(dsn)
    try:
        await conn.execute("create table plain (line text)")
        started = time.perf_counter()
        await conn.copy_to_table("plain", source=file, format="csv", delimiter="\x01", quote="\x02")
        took = time.perf_counter() - started
        await conn.execute("drop table plain")
        return took
    finally:
        await conn.close()


if __name__ == "__main__":
    main()
