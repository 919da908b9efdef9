"""A ledger with something in it, and the web service on it as clients meet it: through a socket."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import uvicorn
from pydantic import SecretStr

from app.identity.keys import KeyRing
from app.identity.tokens import Tokens
from app.server import create_app
from app.services import Services, open_services
from app.settings import Settings
from app.settings.types import Places
from ledger.reconciliation.closing import close_period
from schema.context import Role
from tests.reconciliation.month import EXAM, OCTOBER, VENDOR, a_month, line, october
from tests.reconciliation.test_decisions import decide, of_line, of_redemption
from tests.served import free_port

SECRET = "0123456789abcdef0123456789abcdef"

FILL = """
insert into vendors values ('dental-1', 'D', now()), ('clinic-2', 'C', now()) on conflict do nothing;
insert into customers (id, member_no, name, registered_on, recorded_at)
    select n, 'M' || n, '张三', '2024-01-01', now() from generate_series(1, $1) n;
insert into entries
    select n, s, case s when 1 then 'GRANT' else 'REDEEM' end, 'dental-care', 1, '', 1, 1,
        case when s > 1 then 'dental-1' end, case when s > 1 then s end, null, null, '预约' || n, 4, 'zhenxuan-1', '{}',
        '2026-10-01 08:00+08', '2026-10-01 08:00+08', sha256((n || '-' || s)::bytea)
    from generate_series(1, $1) n, generate_series(1, 10) s;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The web service behind a real socket."""

    port: int
    client: httpx.AsyncClient
    tokens: Tokens
    services: Services

    def header(self, role: Role = Role.FINANCE, **claims: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self.tokens.issue(role, **claims)}"}


@pytest.fixture
async def site(database_dsn: str, tmp_path: Path) -> AsyncIterator[Site]:
    settings = Settings(
        data=tmp_path,
        DATABASE_URL=SecretStr(database_dsn),
        token_key=SecretStr(SECRET),
        files=Places(at_once=2, waiting=0),
    )
    tokens = Tokens(KeyRing(secret=SECRET.encode()), issuer="entitlements", audience="entitlements")
    app = create_app(open_services(settings), tokens)
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, lifespan="on", ws="none"))
    task = asyncio.create_task(server.serve())
    while not server.started:
        assert not task.done(), task
        await asyncio.sleep(0.05)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as client:
        yield Site(port=port, client=client, tokens=tokens, services=app.state.services)
    server.should_exit = True
    await task


@pytest.fixture
async def month(database, handbook):
    """October of vendor v: one line agrees, one has a unit too many, one nobody delivered; one delivery is unstated."""
    async with a_month(database.pool, handbook) as made:
        await made.deliver(october(3), "=1+1")
        await made.deliver(october(4), "R-2", benefit=EXAM)
        made.unstated = await made.deliver(october(20))
        await made.state(
            line(2, october(3), "=1+1"),
            line(3, october(4), "R-2", benefit=EXAM, units=2),
            line(4, october(5), "R-3"),
        )
        yield made


@pytest.fixture
async def settled(month):
    """The same, closed: the unit too many is not paid, what nobody delivered is in dispute."""
    assert await decide(month, await of_line(month, 3), "ACCEPT", note="只付一次") is None
    assert await decide(month, await of_line(month, 4), "DISPUTE") is None
    assert await decide(month, await of_redemption(month, month.unstated), "ACCEPT") is None
    closed = await close_period(
        month.pool, vendor=VENDOR, month=OCTOBER, by="li", handbook=month.handbook, now=month.clock.now
    )
    assert isinstance(closed, int), closed
    return month


async def fill(owner_pool, customers: int) -> None:
    """Ten entries of each of some customers; their hashes are no real ones."""
    async with owner_pool.acquire() as conn:
        for statement in FILL.replace("$1", str(customers)).strip().removesuffix(";").split(";\n"):
            await conn.execute(statement)


async def reading(owner_pool) -> int:
    """How many connections of the service hold a snapshot, as a file does for as long as it is made.

    So does every other statement, while it runs: the service's audit trail writes at times of its own.
    """
    return await owner_pool.fetchval(
        "select count(*) from pg_stat_activity where datname = current_database()"
        " and pid <> pg_backend_pid() and backend_type = 'client backend' and backend_xmin is not null"
    )


async def soon(what: Callable[[], Awaitable[object]], wanted: object) -> None:
    """Wait until the awaited answer is the one wanted."""
    for _ in range(100):
        if await what() == wanted:
            return
        await asyncio.sleep(0.1)
    assert await what() == wanted
