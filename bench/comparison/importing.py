"""The insurer's stream: imported, rated again, granted for the next year, verified; against COPY of the same events.

Each command runs as an operator runs it, on a database of its own.
"""

import json
from datetime import date
from pathlib import Path

import asyncpg

from app.migrating import migrate
from bench.comparison.stage import SETTINGS, Stage
from bench.comparison.values import Effort, Goal, Line, Result, Spread, figure
from bench.history_stream import stream
from bench.importing import copy_plainly
from bench.measuring import entitlements

_UNTIL = date(2026, 11, 1)
_NEXT_YEAR = "2027-11-02T09:00:00+08:00"
_VERIFIED_PER_S = 100_000
_COPIES = 3


async def measure(stage: Stage, effort: Effort) -> Result:
    """Measure. COPY takes turns with the commands; each command runs once."""
    file, events = _written(stage.folder, effort.imported)
    dsn = await stage.database.fresh("imported")
    await migrate(dsn)
    environment = {**SETTINGS, "DATABASE_URL": dsn}
    next_year = {**environment, "ENTITLEMENTS_CLOCK": _NEXT_YEAR}
    lines: list[Line] = []
    commands: tuple[tuple[str, list[str | Path], dict[str, str], float], ...] = (
        ("first import, rated and granted", ["import", file], environment, 40),
        ("rerate", ["rerate"], environment, 12),
        ("grant, a year later", ["grant"], next_year, 15),
    )
    for work, command, settings, most in commands:
        copies = [await copy_plainly(dsn, file) for _ in range(_COPIES)]
        took_s, peak_mib = entitlements(command, settings)
        lines.append(
            Line(
                work=work,
                against="COPY of the same events into a plain table",
                ratio=Spread.of(took_s / each for each in copies),
                goal=Goal(at_most=most),
                ours=f"{figure(took_s)} s, {figure(events / took_s)} events/s, {peak_mib:.0f} MiB",
                theirs=f"{Spread.of(copies).median:.3g} s",
            )
        )
    lines.append(await _verified(dsn, next_year))
    return Result(lines=lines)


async def _verified(dsn: str, environment: dict[str, str]) -> Line:
    conn = await asyncpg.connect(dsn)
    entries: int = await conn.fetchval("select count(*) from entries")
    await conn.close()
    took_s, peak_mib = entitlements(["verify"], environment)
    return Line(
        work="verify",
        against="entries a second",
        ratio=Spread.of([entries / took_s]),
        goal=Goal(at_least=_VERIFIED_PER_S),
        ours=f"{figure(took_s)} s, {peak_mib:.0f} MiB",
        theirs=f"{entries:,} entries",
    )


def _written(folder: Path, customers: int) -> tuple[Path, int]:
    """The stream as a file, and how many events it has."""
    file, events = folder / "imported.jsonl", 0
    with file.open("w", encoding="utf-8") as out:
        for event in stream(customers, until=_UNTIL):
            out.write(json.dumps(event, ensure_ascii=False) + "\n")
            events += 1
    return file, events
