"""pgbench, as PostgreSQL ships it: the rows of a redemption, one transaction each, with prepared statements.

What PostgreSQL itself can commit on this machine. It comes with the embedded PostgreSQL.
"""

import asyncio
import os
import re
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from base.sql import Queries
from bench.comparison.loads import Closed, Load
from bench.comparison.stage import Database, Stage
from bench.comparison.values import Run

PGBENCH = "pgbench"
_QUERIES = Queries(Path(__file__).with_suffix(".sql"))
_SCRIPT = Path(__file__).with_name("redemption.pgbench")
_THREADS = 2
_RATE = re.compile(r"tps = ([\d.]+) \(without initial connection time\)")
_MICROSECONDS = 2
"""The column of a transaction's latency in pgbench's log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pgbench:
    """A contestant: pgbench on copies of the ledger's tables for so many customers."""

    database: Database
    customers: int
    folder: Path
    name: str = PGBENCH

    @classmethod
    async def on(cls, stage: Stage, customers: int) -> "Pgbench":
        """Make the tables, anew if they are there."""
        conn = await asyncpg.connect(stage.database.dsn)
        try:
            await conn.execute("drop schema if exists bare cascade")
            await conn.execute(_QUERIES["create"])
            await conn.execute(_QUERIES["heads"], customers)
        finally:
            await conn.close()
        folder = stage.folder / "pgbench"
        folder.mkdir(exist_ok=True)
        return cls(database=stage.database, customers=customers, folder=folder)

    async def run(self, load: Load, seconds: float) -> Run:
        """Run a closed loop. Raises RuntimeError when pgbench fails, ValueError for another load."""
        if not isinstance(load, Closed):
            raise ValueError("pgbench runs a closed loop here")
        for left_over in self.folder.iterdir():
            left_over.unlink()
        options = ["--no-vacuum", "--protocol=prepared", f"--client={load.clients}"]
        options += [f"--jobs={min(_THREADS, load.clients)}", f"--time={max(1, round(seconds))}"]
        options += [f"--define=customers={self.customers}", f"--file={_SCRIPT}", "--log"]
        before_s = self.database.processes.cpu_s()
        process = await asyncio.create_subprocess_exec(
            str(self.database.programs / "pgbench"),
            *options,
            cwd=self.folder,
            env={**os.environ, **self.database.environment},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        said, complaint = await process.communicate()
        found = _RATE.search(said.decode())
        if process.returncode or found is None:
            raise RuntimeError(f"pgbench failed: {complaint.decode()[-1000:]}")
        waited = self._waited_s()
        return Run(
            count=len(waited),
            took_s=len(waited) / float(found[1]),
            waited_s=waited,
            service_cpu_s=0,
            database_cpu_s=self.database.processes.cpu_s() - before_s,
            memory_mib=0,
        )

    def _waited_s(self) -> list[float]:
        """The latencies of the transactions, ascending."""
        return sorted(
            int(line.split(" ", 4)[_MICROSECONDS]) / 1e6
            for log in self.folder.iterdir()
            for line in log.read_text(encoding="ascii").splitlines()
        )
