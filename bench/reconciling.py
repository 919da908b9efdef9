"""How much a reconciliation costs, as a ratio to PostgreSQL taking the same lines into a plain table by COPY.

    python -m bench.reconciling                      # 10,000, 100,000 and 1,000,000 lines
    python -m bench.reconciling --sizes 100000 --shuffled --explain
    python -m bench.reconciling --sizes 1000000 --import csv

Each size has an embedded, durable database of its own with as many redemptions as lines. About 2 % of the lines differ
in known ways, and what is found is compared with what was planted. The time is that of `reconcile` with its commit, on
lines that were stored before in the same transaction, as `submit` does. `--import` instead takes a spreadsheet with the
same lines through the command line.
"""

import argparse
import asyncio
import csv
import re
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import asyncpg
from openpyxl import Workbook

from app.migrating import migrate
from app.postgres import EmbeddedPostgres
from bench.measuring import entitlements, own_memory
from bench.statement_month import MONTH, OTHER_VENDOR, PRICES, VENDOR, Month, member_no
from ledger.reconciliation.matching import reconcile
from ledger.reconciliation.values import StatementLine, month_text
from rating.database import Connection, connect_pool, prepare_connection

_SIZES = (10_000, 100_000, 1_000_000)
_COPIES = 2
_NOW = datetime(2026, 11, 5, 1, tzinfo=UTC)
_STATEMENT = 1
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
    arguments.add_argument("--explain", action="store_true", help="tell the plans too (and take longer)")
    arguments.add_argument("--import", dest="sheet", choices=("csv", "xlsx"), help="by the command line")
    given = arguments.parse_args()
    for size in given.sizes:
        month = Month(size, shuffled=given.shuffled)
        with tempfile.TemporaryDirectory(prefix="entitlements-bench-") as name:
            folder = Path(name)
            with EmbeddedPostgres(folder / "data", durable=True) as postgres:
                asyncio.run(_measure(postgres.dsn, folder, month, sheet=given.sheet, explain=given.explain))


async def _measure(dsn: str, folder: Path, month: Month, *, sheet: str | None, explain: bool) -> None:
    await migrate(dsn)
    owner = await asyncpg.connect(dsn)
    await prepare_connection(owner)
    try:
        redemptions = await _fill_ledger(owner, month, folder / "ledger.tsv")
        file = folder / "lines.tsv"
        lines = _write(file, (_stored(line) for line in month.lines()))
        await _checkpoint(dsn)
        print(f"\n{lines:,} lines ({file.stat().st_size / 2**20:.0f} MiB), {redemptions:,} redemptions")
        copies = await _copy_plainly(owner, file)
        if sheet is not None:
            runs = {f"imported from {sheet} and reconciled": _import(dsn, folder, month, sheet)}
        else:
            runs = await (_explain(dsn, file) if explain else _reconcile(dsn, file))
        await _check(owner, month)
        # Before and after: who else uses the machine comes and goes.
        copying = statistics.median(copies + await _copy_plainly(owner, file))
        print(f"  COPY into a plain table: {copying:.2f} s")
        for name, (took, peak_mib) in runs.items():
            print(
                f"  {name}: {took:.2f} s = {took / copying:.1f} x COPY, {lines / took:,.0f} lines/s, "
                f"peak memory of the process {peak_mib:.0f} MiB"
            )
    finally:
        await owner.close()


async def _reconcile(dsn: str, file: Path) -> dict[str, tuple[float, float]]:
    """Seconds and MiB of a first run and of a second, which changes nothing."""
    pool = await connect_pool(dsn, min_size=1, max_size=1, service_role=True)
    runs: dict[str, tuple[float, float]] = {}
    try:
        for name in ("reconciled", "once more"):
            with own_memory() as memory:
                async with pool.acquire() as conn, conn.transaction():
                    if not runs:
                        await _store_lines(conn, file)
                    started = time.perf_counter()
                    await reconcile(conn, 1, now=_NOW)
                took = time.perf_counter() - started
            runs[name] = took, memory.mib
    finally:
        await pool.close()
    return runs


async def _explain(dsn: str, file: Path) -> dict[str, tuple[float, float]]:
    """Tell of every statement of the match how long it took, and the plan of those that write."""
    pool = await connect_pool(dsn, min_size=1, max_size=1, service_role=True)
    try:
        async with pool.acquire() as conn, conn.transaction():
            await _store_lines(conn, file)
            await reconcile(cast("Connection", _Explaining(conn)), 1, now=_NOW)
    finally:
        await pool.close()
    return {}


class _Explaining:
    """A connection that tells what its statements took."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

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
    """Tell what was found, and raise AssertionError unless it is exactly what was planted."""
    rows = await owner.fetch(
        """
        SELECT 'MATCHED' AS kind, count(*) AS number FROM matches WHERE kind = 'MATCHED'
        UNION ALL
        SELECT kind, count(*) FROM findings WHERE kind <> 'MATCHED' GROUP BY kind
        """
    )
    found = {row["kind"]: row["number"] for row in rows}
    print(
        "  found, as planted: " + ", ".join(f"{kind} {number:,}" for kind, number in month.expected.items())
        if found == month.expected
        else f"  found {found}"
    )
    if found != month.expected:
        raise AssertionError(f"planted were {month.expected}")


async def _copy_plainly(owner: asyncpg.Connection, file: Path) -> list[float]:
    """Seconds that a copy into an empty table takes, some times."""
    took = []
    for _ in range(_COPIES):
        await owner.execute("CREATE TABLE plain (LIKE statement_lines)")
        started = time.perf_counter()
        await owner.copy_to_table("plain", source=file)
        took.append(time.perf_counter() - started)
        await owner.execute("DROP TABLE plain")
    return took


async def _fill_ledger(owner: asyncpg.Connection, month: Month, file: Path) -> int:
    """Fill what the ledger holds before the statement comes; how many redemptions."""
    _write(file, ((n, member_no(n), f"客户{n}", "2025-01-01", _NOW) for n in range(1, month.members + 1)))
    await owner.copy_to_table("customers", source=file)
    for code in (VENDOR, OTHER_VENDOR):
        await owner.execute("INSERT INTO vendors VALUES ($1, $1, $2)", code, _NOW)
        await owner.executemany(
            "INSERT INTO contract_terms (vendor, benefit, variant, starts_on, ends_on, unit_price)"
            " VALUES ($1, $2, $3, $4, $5, $6)",
            [(code, *term) for term in PRICES],
        )
    count = _write(
        file,
        (
            (
                *(
                    each.customer_id,
                    each.sequence,
                    each.status,
                    each.benefit,
                    each.variant,
                    1,
                    1,
                    "",
                    None,
                    None,
                ),
                *(each.vendor, each.units, each.reference, "[]", each.star, "2024-01"),
                *(each.occurred_at, each.occurred_at, None, None),
            )
            for each in month.deliveries()
        ),
    )
    await owner.copy_to_table("redemptions", source=file)
    for table in ("customers", "vendors", "contract_terms", "redemptions"):
        await owner.execute(f"VACUUM (ANALYZE) {table}")
    return count


async def _checkpoint(dsn: str) -> None:
    """Let PostgreSQL write down what was loaded, which else it may do in the middle of what is measured."""
    superuser = await asyncpg.connect(dsn, user="postgres")
    try:
        await superuser.execute("CHECKPOINT")
    finally:
        await superuser.close()


async def _store_lines(conn: Connection, file: Path) -> None:
    """Put the statement where `submit` puts it, in the transaction in which it is matched."""
    await conn.execute("INSERT INTO periods (vendor, month) VALUES ($1, $2)", VENDOR, MONTH)
    await conn.copy_to_table("statement_lines", source=file)
    await conn.execute(
        """
        INSERT INTO statements
            (period, vendor, number, lines, units, amount, first_day, last_day, content, submitted_by,
             submitted_at)
        SELECT 1, $1, 'S-202610', count(*), sum(units), sum(amount), min(occurred_on), max(occurred_on),
            sha256('made up'), 'bench', $2
        FROM statement_lines
        """,
        VENDOR,
        _NOW,
    )


def _stored(line: StatementLine) -> tuple[object, ...]:
    known = int(line.member_no[1:]) if len(line.member_no) == len(member_no(1)) else None
    return (
        *(_STATEMENT, line.line_no, line.reference, line.member_no, known),
        *(line.benefit, line.units, line.occurred_on, line.amount),
    )


def _import(dsn: str, folder: Path, month: Month, kind: str) -> tuple[float, float]:
    """Seconds and MiB of the command that takes a spreadsheet with the lines of the month."""
    file = folder / f"S-202610.{kind}"
    if kind == "csv":
        _write_csv(file, month)
    else:
        _write_xlsx(file, month)
    return entitlements(
        ["statement", "import", "--vendor", VENDOR, "--period", month_text(MONTH), file],
        {"DATABASE_URL": dsn, "ENTITLEMENTS_CLOCK": _NOW.isoformat()},
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


def _write(file: Path, rows: Iterable[tuple[object, ...]]) -> int:
    """Write rows as COPY reads them, none of whose texts needs an escape; how many."""
    count = 0
    with file.open("w", encoding="utf-8") as out:
        for row in rows:
            out.write("\t".join("\\N" if value is None else str(value) for value in row) + "\n")
            count += 1
    return count


if __name__ == "__main__":
    main()
