"""What is measured and what it needs: a database, the service with its portfolio, tokens, peers.

All run on this machine, over loopback or a Unix socket; the database syncs each commit to disk.
"""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import psutil

from app.postgres import EmbeddedPostgres
from app.postgres.cluster import programs
from app.postgres.postmaster import running
from bench.comparison.loads import HttpContestant
from bench.comparison.processes import Processes
from bench.comparison.values import Effort
from bench.documents import batched, body, operation
from bench.http_client import Connection
from bench.large import NOW, make
from bench.peers.running import Peer
from bench.served import BENEFIT, VENDOR, Served, bearer, served, serving
from bench.starred import starred

OURS = "entitlements"
ON_ALL = "a worker for each processor"
OURS_ON_ALL = f"{OURS}, {ON_ALL}"
_ACTIVE_MEMBERS, _REDEMPTIONS_EACH = 50, 20
SETTINGS = {
    "ENTITLEMENTS_CLOCK": NOW.isoformat(),
    "ENTITLEMENTS_LOG_LEVEL": "warning",
    # One token for all clients: budgets of single callers are not measured here.
    "ENTITLEMENTS_BUDGET_CALLER": "0",
    "ENTITLEMENTS_BUDGET_VENDOR": "0",
    "ENTITLEMENTS_BUDGET_LOOK_UPS": "0",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """The running PostgreSQL: its address, its processes, its programs."""

    dsn: str
    processes: Processes
    programs: Path

    @property
    def environment(self) -> dict[str, str]:
        """The address, as programs that rest on libpq take it from their environment."""
        parts = urlsplit(self.dsn)
        query = parse_qs(parts.query)
        return {
            "PGHOST": query["host"][0],
            "PGPORT": query["port"][0],
            "PGUSER": parts.username or "",
            "PGDATABASE": parts.path.lstrip("/"),
        }

    async def fresh(self, name: str) -> str:
        """Make a further database; its address."""
        conn = await asyncpg.connect(self.dsn)
        try:
            await conn.execute(f'create database "{name}"')
        finally:
            await conn.close()
        return self.dsn.replace("/entitlements?", f"/{name}?")


@dataclass(kw_only=True)
class Stage:
    """What runs. `members` are those with a star; the first of them, `active`, have redeemed something.

    `peers` are those that were started; `filled`: their tables are there.
    """

    database: Database
    service: Served
    folder: Path
    reader: str = field(repr=False)
    vendor: str = field(repr=False)
    opened: ExitStack
    members: list[str] = field(default_factory=list)
    peers: dict[str, Peer] = field(default_factory=dict)
    filled: bool = False

    @property
    def active(self) -> list[str]:
        """Members with redemptions in their ledger."""
        return self.members[:_ACTIVE_MEMBERS]

    @property
    def today(self) -> date:
        """The day of the service's fixed clock."""
        return NOW.date()

    @cached_property
    def processes(self) -> Processes:
        """The service's."""
        return Processes(self.service.pid)

    def ours(
        self, bodies: Iterator[bytes], *, vendor: bool = False, proof: bytes = b'"data":{', units: int = 1
    ) -> HttpContestant:
        """Our service, as a reader (a front end) or as a vendor; each answer holds `proof`, `units` times."""
        return HttpContestant(
            name=OURS,
            address=self.service.address,
            headers=bearer(self.vendor if vendor else self.reader),
            service=self.processes,
            database=self.database.processes,
            bodies=bodies,
            right=lambda body: b'"errors":' not in body and body.count(proof) >= units,
            units=units,
        )

    @cached_property
    def on_all_processors(self) -> "Stage":
        """The same database, served with a worker for each processor, as the service does unless it is told otherwise.

        For contestants whose work is PostgreSQL's: that, too, uses all processors.
        """
        settings = {**SETTINGS, "DATABASE_URL": self.database.dsn}
        service = self.opened.enter_context(serving(workers=psutil.cpu_count() or 1, settings=settings))
        return replace(
            self,
            service=service,
            reader=service.token("frontend"),
            vendor=service.token("vendor", "--vendor", VENDOR),
        )

    async def ask(self, text: str, *, vendor: bool = False, **variables: Any) -> Any:
        """The data of our answer. Raises RuntimeError when there are errors in it."""
        contestant = self.ours(iter(()), vendor=vendor)
        return await asked(contestant, text, **variables)


async def asked(contestant: HttpContestant, text: str, **variables: Any) -> Any:
    """The data of a contestant's answer to one operation. Raises RuntimeError when there are errors in it."""
    connection = await Connection.opened(contestant.address, contestant.headers)
    answer = await connection.send(body(text, **variables))
    connection.close()
    await asyncio.sleep(0)
    said = json.loads(answer.body)
    if "errors" in said:
        raise RuntimeError(f"{contestant.name}: {answer.body[:1000]!r}")
    return said["data"]


@asynccontextmanager
async def stage(effort: Effort) -> AsyncIterator[Stage]:
    """Start the database and the service with a portfolio; stop them, and all peers, at the end."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="entitlements-bench-")))
        database = stack.enter_context(_database(folder / "data"))
        settings = {**SETTINGS, "DATABASE_URL": database.dsn}
        opened = stack.enter_context(ExitStack())
        service = opened.enter_context(
            served(customers=effort.customers, workers=effort.workers, settings=settings)
        )
        yield await _opened(opened, database, folder, service)


async def grown_stage(first: Stage, folder: Path, customers: int, effort: Effort) -> Stage:
    """Start a further service with so many customers on its own database, made in the folder unless it is there."""
    database = first.opened.enter_context(_database(folder))
    made = folder / "made"
    if not made.exists():
        await make(database.dsn, customers)
        made.touch()
    settings = {**SETTINGS, "DATABASE_URL": database.dsn}
    service = first.opened.enter_context(serving(workers=effort.workers, settings=settings))
    return await _opened(first.opened, database, first.folder, service)


async def _opened(stack: ExitStack, database: Database, folder: Path, service: Served) -> Stage:
    opened = Stage(
        database=database,
        service=service,
        folder=folder,
        reader=service.token("frontend"),
        vendor=service.token("vendor", "--vendor", VENDOR),
        opened=stack,
    )
    opened.members.extend(await _starred(opened))
    await _use(opened)
    return opened


@contextmanager
def _database(folder: Path) -> Iterator[Database]:
    with EmbeddedPostgres(folder, durable=True) as postgres:
        found = running(folder / "postgres")
        if found is None:
            raise RuntimeError("PostgreSQL has ended")
        yield Database(
            dsn=postgres.dsn,
            processes=Processes(found.process.pid),
            programs=programs(folder / "postgres") / "bin",
        )


async def _starred(opened: Stage) -> list[str]:
    conn = await asyncpg.connect(opened.database.dsn)
    try:
        return await starred(conn, opened.today)
    finally:
        await conn.close()


async def _use(opened: Stage) -> None:
    """Let the active members redeem."""
    inputs = [
        {"memberNo": member, "benefit": BENEFIT, "idempotencyKey": f"before-{member}-{number}"}
        for member in opened.active
        for number in range(_REDEMPTIONS_EACH)
    ]
    for some in batched(inputs, 100):
        data = await opened.ask(operation("redeem", "RedeemMany"), vendor=True, inputs=some)
        refused = [each for each in data["redeemMany"] if each["__typename"] != "Redemption"]
        if refused:
            raise RuntimeError(f"the benchmark's own redemptions are refused: {refused[:3]}")
