"""The web service: what is at which address, and its life from opening the services to closing them.

No token is needed for `/healthz` (the process lives) and `/readyz` (it can do its work); everything else needs one.
"""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from threading import Thread

import asyncpg
import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from tortoise.exceptions import BaseORMException

from app.access import AccessLog
from app.downloads import Downloads
from app.endpoint import GraphQLEndpoint
from app.graphql_http import RequestError, unavailable
from app.keys import key_ring
from app.logging import configure_logging
from app.migrating import differences
from app.negotiation import language
from app.services import Services, open_services
from app.settings import load_settings
from app.tokens import Tokens, tokens_of
from app.uploads import Uploads
from rating.outages import UnavailableError, is_outage
from schema.build import build_schema
from schema.errors import Unavailability, outages

_READY_S = 3.0
_MAY_BE_OUTAGES = (
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    BaseORMException,
    UnavailableError,
)
_LOCK_TIMEOUT = timedelta(seconds=5)
"""How long a request waits for somebody else's lock before it is refused as BUSY; less than its deadline."""


def create() -> Starlette:
    """The service as the environment says; for each worker of the web server."""
    settings = load_settings()
    configure_logging(settings.log_level)
    _end_with_parent()
    return create_app(
        open_services(settings, lock_timeout=_LOCK_TIMEOUT), tokens_of(settings, key_ring(settings))
    )


def _end_with_parent() -> None:
    """Make one of several workers stop in order when the process that started it is gone, `kill -9` included.

    Otherwise it would serve on, watched by nobody, and keep the port from the next start.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)

    Thread(target=watch, name="parent's end", daemon=True).start()


def create_app(opening: AbstractAsyncContextManager[Services], tokens: Tokens) -> Starlette:
    """The service on services that are opened when it starts and closed when it stops."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with opening as services, tokens.revocations.kept_current(services.pool):
            app.state.services = services
            app.state.graphql = GraphQLEndpoint(build_schema(), services, tokens)
            app.state.downloads = Downloads(services, tokens)
            app.state.uploads = Uploads(services, tokens)
            yield

    app = Starlette(
        routes=[
            Route("/graphql", _graphql, methods=["GET", "POST"]),
            Route("/exports/{what}", _export, methods=["GET", "POST"]),
            Route("/statements", _upload, methods=["POST"]),
            Route("/healthz", _alive, methods=["GET"]),
            Route("/readyz", _ready, methods=["GET"]),
        ],
        middleware=[Middleware(AccessLog)],
        exception_handlers={
            HTTPException: _refused,
            **dict.fromkeys(_MAY_BE_OUTAGES, _not_available),
            Exception: _failed,
        },
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False  # an address is right or wrong; a redirected POST would lose its body
    return app


async def _graphql(request: Request) -> Response:
    endpoint: GraphQLEndpoint = request.app.state.graphql
    return await endpoint(request)


async def _export(request: Request) -> Response:
    downloads: Downloads = request.app.state.downloads
    return await downloads(request)


async def _upload(request: Request) -> Response:
    uploads: Uploads = request.app.state.uploads
    return await uploads(request)


async def _alive(_: Request) -> Response:
    return JSONResponse({"status": "alive"})


async def _ready(request: Request) -> Response:
    """Whether requests can be served: 200, or 503 with what is missing."""
    services: Services = request.app.state.services
    checks = {"database": False, "migrated": False, "newest": False, "journal": services.journal.running}
    try:
        async with asyncio.timeout(_READY_S):
            found = await differences(services.pool)
            checks |= {"migrated": not found.missing, "newest": not found.unknown}
        checks["database"] = True
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        pass
    ready = all(checks.values())
    return JSONResponse({"status": "ready" if ready else "not ready", **checks}, 200 if ready else 503)


async def _refused(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    code = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}.get(status, "BAD_REQUEST")
    detail = error.detail if isinstance(error, HTTPException) else "Bad request"
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    return RequestError(status, code, detail, headers).response()


async def _not_available(request: Request, error: Exception) -> Response:
    if not is_outage(error):
        raise error
    outages.tell(error)
    return unavailable(Unavailability.OUTAGE, language(request.headers.get("accept-language"))).response()


async def _failed(request: Request, _: Exception) -> Response:
    # The web server logs the exception; its words stay inside. The middleware that knows the id is left already.
    request_id = request.scope.get("entitlements.request_id", "")
    with structlog.contextvars.bound_contextvars(request_id=request_id):
        headers = {"x-request-id": request_id}
        return RequestError(500, "INTERNAL", "Something went wrong on our side.", headers).response()
