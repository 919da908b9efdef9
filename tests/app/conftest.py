"""The web service on a fresh database, called in this process."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette

from app.identity.keys import KeyRing
from app.identity.tokens import Tokens
from app.observability.telemetry import Telemetry, telemetry_of
from app.server import create_app
from app.services import Services, open_services
from app.settings import Settings
from schema.context import Role

SECRET = "0123456789abcdef0123456789abcdef"


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """The running service: a client without a token, and the tokens."""

    app: Starlette
    client: httpx.AsyncClient
    tokens: Tokens
    services: Services

    def header(self, role: Role = Role.OPERATIONS, **claims: str) -> dict[str, str]:
        """The header that proves a role."""
        return {"authorization": f"Bearer {self.tokens.issue(role, **claims)}"}


Serve = Callable[..., AbstractAsyncContextManager[Served]]


@pytest.fixture
def serve(database_dsn: str, tmp_path: Path) -> Serve:
    """Serves with the settings that are given."""
    return partial(serving, database_dsn, tmp_path)


@pytest.fixture
async def served(database_dsn: str, tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(database_dsn, tmp_path) as found:
        yield found


@asynccontextmanager
async def serving(
    database_dsn: str, data: Path, telemetry: Telemetry | None = None, **more: Any
) -> AsyncIterator[Served]:
    """The service with settings of its own."""
    settings = Settings(
        data=data,
        DATABASE_URL=SecretStr(database_dsn),
        token_key=SecretStr(SECRET),
        max_body_bytes=20_000,
        pool_size=4,
        **more,
    )
    tokens = Tokens(KeyRing(secret=SECRET.encode()), issuer="entitlements", audience="entitlements")
    telemetry = telemetry or telemetry_of(settings)
    app = create_app(open_services(settings, telemetry=telemetry), tokens, telemetry)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            yield Served(app=app, client=client, tokens=tokens, services=app.state.services)
