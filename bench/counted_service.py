"""The whole service within this process, so that what a request makes it do can be counted."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, MutableMapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import SecretStr
from starlette.applications import Starlette

from app.identity.keys import key_ring
from app.identity.tokens import Tokens, tokens_of
from app.logging import configure_logging
from app.observability.telemetry import Telemetry
from app.postgres import EmbeddedPostgres
from app.server import create_app
from app.services import Services, open_services
from app.settings import Settings
from app.settings.types import LogLevel
from base.observing import DatabaseObserver
from bench.history_stream import stream
from bench.served import BENEFIT, VENDOR
from bench.starred import starred
from handbook import BUSINESS_ZONE
from ledger.posting.recording import record_events
from ledger.refusals import Refusal
from rating.events import parse_event
from schema.context import Role

_UNTIL = date(2026, 11, 1)
_NOW = datetime(2026, 11, 2, 9, tzinfo=BUSINESS_ZONE)
_BATCH = 500


class Statements(DatabaseObserver):
    """Counts the statements that are sent to the database, those that begin, end and reset included."""

    hears_queries = True

    def __init__(self) -> None:
        self.sent: Counter[str] = Counter()

    def ran(self, text: str, seconds: float, error: BaseException | None) -> None:  # noqa: ARG002
        """Count one."""
        self.sent[text] += 1


class _Counting(Telemetry):
    """The telemetry of production, except that statements are counted."""

    def __init__(self, statements: Statements) -> None:
        super().__init__()
        self._statements = statements

    def database(self, pool: str) -> DatabaseObserver:  # noqa: ARG002 - all are counted together
        return self._statements


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedService:
    """The service, the statements that it sends, a token for each role, and members with a star."""

    app: Starlette
    statements: Statements
    tokens: Tokens = field(repr=False)
    members: Sequence[str]

    def token(self, role: Role) -> str:
        """A token; a vendor's is that of the portfolio's only vendor."""
        return self.tokens.issue(role, vendor=VENDOR if role is Role.VENDOR else None)

    async def send(self, body: bytes, token: str) -> bytes:
        """The body of the answer to a request. Raises RuntimeError when it is an error or a refusal."""
        headers = {
            "authorization": f"Bearer {token}",
            "content-type": "application/json",
            "content-length": str(len(body)),
        }
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": "/graphql",
            "raw_path": b"/graphql",
            "query_string": b"",
            "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
            "state": {},
        }
        said: list[bytes] = []
        sent = iter([body])

        async def receive() -> MutableMapping[str, Any]:
            for each in sent:
                return {"type": "http.request", "body": each, "more_body": False}
            await asyncio.Event().wait()  # the client stays connected
            raise AssertionError("nobody ends the wait")

        async def send(message: MutableMapping[str, Any]) -> None:
            said.append(message.get("body", b""))

        await self.app(scope, receive, send)
        answer = b"".join(said)
        if b'"errors":' in answer or b'"__typename":"Refusal"' in answer:
            raise RuntimeError(f"the request to be counted fails: {answer[:500]!r}")
        return answer


@asynccontextmanager
async def counted_service(customers: int) -> AsyncIterator[CountedService]:
    """The service with a generated portfolio of so many customers, on a database that is thrown away."""
    configure_logging(LogLevel.WARNING)
    statements = Statements()
    with (
        TemporaryDirectory(prefix="entitlements-counts-") as folder,
        EmbeddedPostgres(Path(folder) / "data", durable=False) as postgres,
    ):
        settings = Settings(
            data=Path(folder) / "data",
            DATABASE_URL=SecretStr(postgres.dsn),
            clock=_NOW,
            budget_caller=0,
            budget_vendor=0,
            budget_look_ups=0,
        )
        tokens = tokens_of(settings, key_ring(settings))
        telemetry = _Counting(statements)
        async with open_services(settings, telemetry=telemetry) as services:
            await _record(services, customers)
        app = create_app(open_services(settings, telemetry=telemetry), tokens, telemetry)
        async with app.router.lifespan_context(app):
            members = await starred(app.state.services.pool, _NOW.date())
            yield CountedService(app=app, statements=statements, tokens=tokens, members=members)


async def _record(services: Services, customers: int) -> None:
    events = [parse_event(each) for each in stream(customers, until=_UNTIL)]
    for begin in range(0, len(events), _BATCH):
        results = await record_events(
            services.pool, events[begin : begin + _BATCH], now=_NOW, handbook=services.handbook
        )
        refused = [each for each in results if isinstance(each, Refusal)]
        if refused:
            raise RuntimeError(f"the portfolio's own events are refused: {refused[0].message('en')}")
    await services.pool.execute(
        "insert into vendors (code, name, registered_at) values ($1, $1, now())", VENDOR
    )
    await services.pool.execute(
        "insert into contract_terms (vendor, benefit, unit_price, starts_on) values ($1, $2, 1, '2020-01-01')",
        VENDOR,
        BENEFIT,
    )
