"""How much a reconciliation costs, as a ratio to PostgreSQL taking the same lines into a plain table by COPY.

    python -m bench.reconciling                      # 10,000, 100,000 and 1,000,000 lines
    python -m bench.reconciling --sizes 100000 --shuffled --explain
    python -m bench.reconciling --sizes 1000000 --import csv

Each size has an embedded, durable server of its own with as many redemptions as lines. About 2 % of the lines differ
in known ways, and what is found is compared with what was planted. The time is that of `reconcile` with its commit, on
lines that were stored before in the same transaction, as `submit` does; it begins, as each COPY does, after a
checkpoint. `--import` instead takes a spreadsheet with the same lines through the command line.

Other load of the machine varies, and a COPY is short: so there are several rounds, each in a copy of the database with
COPYs before and after. The figures are the median of all runs, against the median of all COPYs.
"""

import argparse
import asyncio
import csv
import re
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import asyncpg
from openpyxl import Workbook

from app.migrating import migrate
from app.postgres import EmbeddedPostgres
from base.database import Connection, connect_pool, prepare_connection
from base.months import month_text
from bench.measuring import entitlements, own_memory
from bench.month_tables import NOW, fill_ledger, store_lines, write_lines
from bench.statement_month import MONTH, VENDOR, Month
from handbook import load_handbook
from ledger.reconciliation.matching import reconcile
from ledger.reconciliation.values import FindingKind, StatementLine

_SIZES = (10_000, 100_000, 1_000_000)
_ROUNDS = 7
_COPIES = 3
_EXPLAINED = re.compile(
    r"(insert|update|delete|with|select)\b|create temporary table \w+ on commit drop as\b"
)
_HEADINGS = ("预约号", "会员号", "服务项目", "次数", "服务日期", "金额")


def main() -> None:
    """Run the benchmark and print its figures."""
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--sizes", type=int, nargs="+", default=_SIZES, help="multiples of 10,000")
    arguments.add_argument("--shuffled", action="store_true", help="lines in no order, not in that of time")
    arguments.add_argument(
        "--without-references", action="store_true", help="no line has one: each is decided one by one"
    )
    arguments.add_argument("--explain", action="store_true", help="tell the plans too (and take longer)")
    arguments.add_argument("--import", dest="sheet", choices=("csv", "xlsx"), help="by the command line")
    arguments.add_argument(
        "--rounds", type=int, default=_ROUNDS, help="how often, each in a copy of the database"
    )
    given = arguments.parse_args()
    for size in given.sizes:
        month = Month(size, shuffled=given.shuffled, without_references=given.without_references)
        with tempfile.TemporaryDirectory(prefix="entitlements-bench-") as name:
            bench = _Bench(folder=Path(name), month=month, sheet=given.sheet, explain=given.explain)
            with EmbeddedPostgres(bench.folder / "data", durable=True) as postgres:
                asyncio.run(bench.measure(postgres.dsn, given.rounds))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Round:
    """The time of each COPY, and time and memory of each run."""

    copies: list[float]
    runs: dict[str, tuple[float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bench:
    """The parameters of a measurement."""

    folder: Path
    month: Month
    sheet: str | None
    explain: bool

    @property
    def _file(self) -> Path:
        return self.folder / "lines.tsv"

    async def measure(self, dsn: str, rounds: int) -> None:
        """Measure some rounds, and print their figures."""
        await migrate(dsn)
        async with _owner_of(dsn) as owner:
            redemptions = await fill_ledger(owner, self.month, self.folder / "ledger.tsv")
        lines = write_lines(self._file, self.month)
        print(f"\n{lines:,} lines ({self._file.stat().st_size / 2**20:.0f} MiB), {redemptions:,} redemptions")
        measured = [await self._round(dsn, f"round_{number}") for number in range(1, rounds + 1)]
        copies = sorted(took for each in measured for took in each.copies)
        copy = statistics.median(copies)
        print(f"  COPY: {copy:.2f} s (of {len(copies)}: {copies[0]:.2f} to {copies[-1]:.2f})")
        for run in measured[0].runs:
            runs = sorted(each.runs[run][0] for each in measured)
            took, peak_mib = statistics.median(runs), max(each.runs[run][1] for each in measured)
            print(
                f"  {run}: {took:.2f} s (of {rounds}: {runs[0]:.2f} to {runs[-1]:.2f}) = {took / copy:.1f} x COPY, "
                f"{lines / took:,.0f} lines/s, peak memory of the process {peak_mib:.0f} MiB"
            )

    async def _round(self, dsn: str, name: str) -> _Round:
        """Measure in a copy of the database."""
        async with _owner_of(dsn) as owner:
            await owner.execute(
                f"CREATE DATABASE {name} STRATEGY FILE_COPY TEMPLATE {urlsplit(dsn).path[1:]}"
            )
        copied = urlsplit(dsn)._replace(path=f"/{name}").geturl()
        async with _owner_of(copied) as owner:
            copies = await _copy_plainly(owner, copied, self._file)
            runs = await self._run(copied)
            await _check(owner, self.month)
            copies += await _copy_plainly(owner, copied, self._file)
        async with _owner_of(dsn) as owner:
            await owner.execute(f"DROP DATABASE {name}")
        return _Round(copies=copies, runs=runs)

    async def _run(self, dsn: str) -> dict[str, tuple[float, float]]:
        if self.sheet is not None:
            return {
                f"imported from {self.sheet} and reconciled": _import(
                    dsn, self.folder, self.month, self.sheet
                )
            }
        return await (_explain(dsn, self._file) if self.explain else _reconcile(dsn, self._file))


@asynccontextmanager
async def _owner_of(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    owner = await asyncpg.connect(dsn)
    try:
        await prepare_connection(owner)
        yield owner
    finally:
        await owner.close()


async def _reconcile(dsn: str, file: Path) -> dict[str, tuple[float, float]]:
    """Seconds and MiB of a first run and of a second, which changes nothing."""
    pool = await connect_pool(dsn, min_size=1, max_size=1, service_role=True)
    runs: dict[str, tuple[float, float]] = {}
    handbook = load_handbook()
    try:
        for name in ("reconciled", "once more"):
            with own_memory() as memory:
                async with pool.acquire() as conn, conn.transaction():
                    if not runs:
                        await store_lines(conn, file)
                    await _checkpoint(dsn)
                    started = time.perf_counter()
                    await reconcile(conn, 1, handbook=handbook, now=NOW)
                took = time.perf_counter() - started
            runs[name] = took, memory.mib
    finally:
        await pool.close()
    return runs


async def _explain(dsn: str, file: Path) -> dict[str, tuple[float, float]]:
    """Print the time of every SQL statement of the match, and the plans of those that write."""
    pool = await connect_pool(dsn, min_size=1, max_size=1, service_role=True)
    try:
        async with pool.acquire() as conn, conn.transaction():
            await store_lines(conn, file)
            explaining = cast("Connection", _Explaining(conn))
            await reconcile(explaining, 1, handbook=load_handbook(), now=NOW)
    finally:
        await pool.close()
    return {}


class _Explaining:
    """A connection that reports the time of its statements."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def cursor(self, statement: str, *arguments: Any, **options: Any) -> AsyncIterator[asyncpg.Record]:
        """Read as ever, and tell the plan before."""
        for row in await self._conn.fetch(f"EXPLAIN (ANALYZE, BUFFERS) {statement}", *arguments):
            print(f"    {row[0]}")
        started = time.perf_counter()
        async for row in self._conn.cursor(statement, *arguments, **options):
            yield row
        print(f"\n{time.perf_counter() - started:.3f} s: read, decided and written, member by member")

    def __getattr__(self, method: str) -> Callable[..., Awaitable[Any]]:
        async def run(statement: str, *arguments: Any) -> Any:
            words = " ".join(line for line in statement.splitlines() if not line.lstrip().startswith("--"))
            started = time.perf_counter()
            plan: list[asyncpg.Record] = []
            if method == "execute" and _EXPLAINED.match(" ".join(words.split())):
                plan = await self._conn.fetch(f"EXPLAIN (ANALYZE, BUFFERS) {statement}", *arguments)
                wrote = re.search(r"->.*actual.* rows=(\d+)", "\n".join(row[0] for row in plan))
                answer = f"INSERT 0 {wrote[1]}" if wrote else ""
            else:
                answer = await getattr(self._conn, method)(statement, *arguments)
            print(f"\n{time.perf_counter() - started:.3f} s: {' '.join(words.split())[:120]}")
            for row in plan:
                print(f"    {row[0]}")
            return answer

        return run


async def _check(owner: asyncpg.Connection, month: Month) -> None:
    """Print the findings, and raise AssertionError unless they are exactly what was planted."""
    rows = await owner.fetch(
        """
        SELECT 'MATCHED' AS kind, count(*) AS number FROM matches WHERE kind = 'MATCHED'
        UNION ALL
        SELECT kind, count(*) FROM findings WHERE kind <> 'MATCHED' GROUP BY kind
        """
    )
    found = {row["kind"]: row["number"] for row in rows}
    if month.without_references:
        print(f"  found {found}")
        of_lines = sum(number for kind, number in found.items() if kind != FindingKind.NOT_IN_STATEMENT)
        if of_lines != await owner.fetchval("SELECT count(*) FROM statement_lines"):
            raise AssertionError("not every line is accounted for once")
        return
    print(
        "  found, as planted: " + ", ".join(f"{kind} {number:,}" for kind, number in month.expected.items())
        if found == month.expected
        else f"  found {found}"
    )
    if found != month.expected:
        raise AssertionError(f"planted were {month.expected}")


async def _copy_plainly(owner: asyncpg.Connection, dsn: str, file: Path) -> list[float]:
    """Seconds that a copy into an empty table takes, some times."""
    took = []
    for _ in range(_COPIES):
        await owner.execute("CREATE TABLE plain (LIKE statement_lines)")
        await _checkpoint(dsn)
        started = time.perf_counter()
        await owner.copy_to_table("plain", source=file)
        took.append(time.perf_counter() - started)
        await owner.execute("DROP TABLE plain")
    return took


async def _checkpoint(dsn: str) -> None:
    """Run a checkpoint, which could otherwise happen during the measurement."""
    superuser = await asyncpg.connect(dsn, user="postgres")
    try:
        await superuser.execute("CHECKPOINT")
    finally:
        await superuser.close()


def _import(dsn: str, folder: Path, month: Month, kind: str) -> tuple[float, float]:
    """Seconds and MiB of the command that takes a spreadsheet with the lines of the month."""
    file = folder / f"S-202610.{kind}"
    if kind == "csv":
        _write_csv(file, month)
    else:
        _write_xlsx(file, month)
    return entitlements(
        ["statement", "import", "--vendor", VENDOR, "--period", month_text(MONTH), file],
        {"DATABASE_URL": dsn, "ENTITLEMENTS_CLOCK": NOW.isoformat()},
    )


def _cells(line: StatementLine) -> tuple[object, ...]:
    return (
        *(line.reference, line.member_no, line.benefit),
        *(line.units, line.occurred_on, line.amount),
    )


def _write_csv(file: Path, month: Month) -> None:
    with file.open("w", encoding="gb18030", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(_HEADINGS)
        writer.writerows(_cells(line) for line in month.lines())


def _write_xlsx(file: Path, month: Month) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("对账单")
    sheet.append(_HEADINGS)
    for line in month.lines():
        sheet.append(_cells(line))
    book.save(file)


if __name__ == "__main__":
    main()
