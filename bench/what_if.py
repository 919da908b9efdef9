"""How long a what-if of a whole portfolio takes, as a ratio to PostgreSQL sending the same events by COPY.

    python -m bench.what_if --customers 100000

Imports a generated portfolio into an embedded database of its own, then runs the command line's what-if for an edition
with lower thresholds and a higher weight of single premiums. Prints customers a second and the peak memory of all
processes together.
"""

import argparse
import asyncio
import shutil
import tempfile
import time
from datetime import date
from pathlib import Path

import asyncpg

from app.postgres import EmbeddedPostgres
from bench.history_stream import stream
from bench.measuring import entitlements
from handbook import SHIPPED_EDITIONS
from rating.events import content_text, parse_event

_CANDIDATE = "zhenxuan-2"
_CHANGES = (
    ("code: zhenxuan-1", f"code: {_CANDIDATE}"),
    ("effective_from: 1990-01-01", "effective_from: 2027-01-01"),
    ("    from: 30000\n    to: 45000", "    from: 25000\n    to: 40000"),
    ("    from: 45000\n    to: 150000", "    from: 40000\n    to: 160000"),
    ("    from: 150000\n", "    from: 160000\n"),
    ('coefficient: "0.02"', 'coefficient: "0.05"'),
)


def main() -> None:
    """Run the benchmark and print its figures."""
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--customers", type=int, default=100_000)
    customers = arguments.parse_args().customers
    with tempfile.TemporaryDirectory(prefix="entitlements-bench-") as place:
        folder = Path(place)
        file = folder / "stream.jsonl"
        with file.open("wb") as out:
            for event in stream(customers, until=date(2026, 11, 1)):
                out.write(content_text(parse_event(event)) + b"\n")
        candidate = write_candidate(folder)
        with EmbeddedPostgres(folder / "data", durable=False) as postgres:
            environment = {"DATABASE_URL": postgres.dsn, "ENTITLEMENTS_CLOCK": "2026-11-01T12:00:00"}
            importing, _ = entitlements(["import", file], environment)
            copying = asyncio.run(_copy(postgres.dsn, folder / "events.copy"))
            print(f"{customers} customers; import {importing:.0f} s; COPY of their events {copying:.2f} s")
            asked: list[str | Path] = [
                "edition",
                "what-if",
                candidate,
                "--out",
                folder / "out.txt",
                "--losing",
                folder / "losing.csv",
            ]
            took, peak_mib = entitlements(asked, environment)
        lines = (folder / "losing.csv").read_bytes().count(b"\n") - 1
        print((folder / "out.txt").read_text(encoding="utf-8"))
        print(
            f"what-if: {took:.1f} s = {took / copying:.0f} x COPY, {customers / took:,.0f} customers/s, {lines} losses,"
            f" peak memory of the asking processes {peak_mib:.0f} MiB"
        )


def write_candidate(folder: Path) -> Path:
    """Write the candidate edition."""
    candidate = folder / _CANDIDATE
    shutil.copytree(SHIPPED_EDITIONS / "zhenxuan-1", candidate)
    file = candidate / "edition.yaml"
    text = file.read_text(encoding="utf-8")
    for old, new in _CHANGES:
        if old not in text:
            raise ValueError(f"the shipped edition no longer has {old!r}")
        text = text.replace(old, new, 1)
    file.write_text(text, encoding="utf-8")
    return candidate


async def _copy(dsn: str, file: Path) -> float:
    """COPY all events out of the database; return the seconds."""
    conn = await asyncpg.connect(dsn)
    try:
        started = time.perf_counter()
        await conn.copy_from_table("policy_events", output=file)
        return time.perf_counter() - started
    finally:
        await conn.close()


if __name__ == "__main__":
    main()
