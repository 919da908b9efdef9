"""The documents of outsiders, sent over HTTP with real tokens to a service on the demo portfolio."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest_asyncio
from pydantic import SecretStr

from app.identity.keys import KeyRing
from app.identity.tokens import Tokens
from app.server import create_app
from app.services import Services, open_services
from app.settings import Settings
from base.database import Pool
from schema.context import Role
from schema.work import WorkClass
from tests.demo import NOW

DOCUMENTS = Path(__file__).parent
SECRET = "an operations test's own secret, 32+"


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where a user sits: sends a document of the folder as somebody."""

    client: httpx.AsyncClient
    tokens: Tokens
    services: Services
    reads: Pool

    async def answer(
        self,
        document: str,
        role: Role,
        operation: str | None = None,
        *,
        as_: dict[str, str],
        **variables: Any,
    ) -> dict[str, Any]:
        """The whole answer."""
        request = {"query": (DOCUMENTS / document).read_text(encoding="utf-8"), "variables": variables}
        if operation is not None:
            request["operationName"] = operation
        header = {"authorization": f"Bearer {self.tokens.issue(role, **as_)}"}
        response = await self.client.post("/graphql", json=request, headers=header)
        assert response.status_code == 200, response.text
        return dict(response.json())

    async def ask(
        self,
        document: str,
        role: Role,
        operation: str | None = None,
        *,
        as_vendor: str | None = None,
        **variables: Any,
    ) -> Any:
        """The one field of an answer without errors."""
        as_ = {"vendor": as_vendor} if as_vendor is not None else {}
        answer = await self.answer(document, role, operation, as_=as_, **variables)
        assert "errors" not in answer, answer["errors"]
        (value,) = answer["data"].values() if len(answer["data"]) == 1 else (answer["data"],)
        return value


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(demo_dsn: str, tmp_path_factory: Any) -> AsyncIterator[Desk]:
    """The service in this process, on a copy of the demo portfolio, at the moment that it was loaded for."""
    settings = Settings(
        data=tmp_path_factory.mktemp("data"),
        DATABASE_URL=SecretStr(demo_dsn),
        token_key=SecretStr(SECRET),
        clock=NOW,
        pool_size=4,
    )
    tokens = Tokens(KeyRing(secret=SECRET.encode()), issuer="entitlements", audience="entitlements")
    app = create_app(open_services(settings), tokens)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            reads = app.state.gatekeeper.bulkheads[WorkClass.READS].pool
            yield Desk(client=client, tokens=tokens, services=app.state.services, reads=reads)
