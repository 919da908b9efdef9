"""A vendor with a month of deliveries, the command line and the web service on it."""

import os
import subprocess
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import httpx
import pytest
from pydantic import SecretStr

from app.identity.keys import KeyRing
from app.identity.tokens import Tokens
from app.server import create_app
from app.services import open_services
from app.settings import Settings
from schema.context import Role
from tests.commands import run_command
from tests.reconciliation.month import NOW, Month, a_month, october
from tests.served import REPOSITORY

SECRET = "0123456789abcdef0123456789abcdef"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
async def month(database, handbook) -> AsyncIterator[Month]:
    """Vendor v in October 2026: two deliveries with a reference, one without."""
    async with a_month(database.pool, handbook) as made:
        await made.deliver(october(5), "A-1")
        await made.deliver(october(6), "A-2", units=2)
        await made.deliver(october(7), member_no="M2")
        yield made


@pytest.fixture
def environment(month, database_dsn, tmp_path) -> dict[str, str]:
    """What a process needs to work on the month's database."""
    hidden = ("ENTITLEMENTS_", "DATABASE_")
    return {name: value for name, value in os.environ.items() if not name.startswith(hidden)} | {
        "DATABASE_URL": database_dsn,
        "ENTITLEMENTS_DATA": str(tmp_path / "data"),
        "ENTITLEMENTS_CLOCK": NOW.isoformat(),
        "PYTHONPATH": REPOSITORY,
        "PYTHONUTF8": "1",
    }


@pytest.fixture
def run(environment, tmp_path) -> Run:
    """The command line."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return run_command(*arguments, environment=environment, folder=tmp_path)

    return run


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The web service, and tokens for it."""

    client: httpx.AsyncClient
    tokens: Tokens

    async def send(
        self,
        content: bytes,
        name: str = "2026-10.csv",
        *,
        role: Role = Role.FINANCE,
        language: str = "zh",
        **form: str,
    ) -> httpx.Response:
        """Send a file as a statement."""
        token = self.tokens.issue(role, vendor="v" if role is Role.VENDOR else None, subject="李会计")
        return await self.client.post(
            "/statements",
            data={"vendor": "v", "period": "2026-10", **form},
            files={"file": (name, content)},
            headers={"authorization": f"Bearer {token}", "accept-language": language},
        )


@pytest.fixture
async def desk(month, database_dsn, tmp_path) -> AsyncIterator[Desk]:
    settings = Settings(
        data=tmp_path,
        DATABASE_URL=SecretStr(database_dsn),
        token_key=SecretStr(SECRET),
        clock=NOW,
        max_upload_bytes=200_000,
        pool_size=4,
    )
    tokens = Tokens(KeyRing(secret=SECRET.encode()), issuer="entitlements", audience="entitlements")
    app = create_app(open_services(settings), tokens)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            yield Desk(client=client, tokens=tokens)
