"""The web application: its routes, and its lifespan from opening the services to closing them.

`/healthz` (liveness) and `/readyz` (readiness) need no token; everything else does.
"""

import multiprocessing
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from threading import Thread

import asyncpg
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send
from tortoise.exceptions import BaseORMException

from app.audit import AuditLog
from app.capacity.admission import Gatekeeper, open_gate, timeouts
from app.http.downloads import Downloads
from app.http.endpoint import GraphQLEndpoint
from app.http.metrics import MetricsEndpoint
from app.http.uploads import Uploads
from app.identity.keys import key_ring
from app.identity.tokens import Tokens, tokens_of
from app.logging import configure_logging
from app.observability.telemetry import Telemetry, telemetry_of
from app.readiness import Readiness
from app.readings import observed
from app.requests.access import AccessLog, remark
from app.requests.errors import RequestError, unavailable
from app.requests.negotiation import language
from app.services import Services, open_services
from app.settings import load_settings
from base.outage_log import log_outage
from base.outages import OutageError, is_outage
from planned import PlanCache
from schema.build import build_schema
from schema.errors import Unavailability

_MAY_BE_OUTAGES = (
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    BaseORMException,
    OutageError,
)


def create() -> Starlette:
    """The service as the environment says; for each worker of the web server."""
    settings = load_settings()
    configure_logging(settings.log_level)
    _end_with_parent()
    telemetry = telemetry_of(settings)
    tokens = tokens_of(settings, key_ring(settings))
    opening = open_services(settings, timeouts=timeouts(settings.deadline_s), telemetry=telemetry)
    return create_app(opening, tokens, telemetry)


def _end_with_parent() -> None:
    """Make one of several workers stop in order when its parent process has ended, `kill -9` included.

    Otherwise it would keep serving without supervision, and occupy the port.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)

    Thread(target=watch, name="parent's end", daemon=True).start()


def create_app(
    opening: AbstractAsyncContextManager[Services], tokens: Tokens, telemetry: Telemetry | None = None
) -> Starlette:
    """The service on services that are opened when it starts and closed when it stops."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with (
            opening as services,
            tokens.revocations.kept_current(services.pool),
            open_gate(services, telemetry) as gatekeeper,
            AuditLog(services.pool).writing() as audit,
            Readiness(services).watching() as readiness,
            _observed(telemetry, services, gatekeeper, audit, readiness),
        ):
            app.state.services = services
            app.state.readiness = readiness
            app.state.gatekeeper = gatekeeper
            schema = build_schema(
                introspection=services.settings.allows_introspection, plans=_plans(telemetry, services)
            )
            app.state.graphql = GraphQLEndpoint(schema, services, tokens, gatekeeper, audit)
            app.state.downloads = Downloads(services, tokens, gatekeeper, audit)
            app.state.uploads = Uploads(services, tokens, gatekeeper)
            app.state.metrics = _metrics(telemetry, services, tokens)
            yield

    app = Starlette(
        routes=[
            Route("/graphql", _GraphQL(), methods=["GET", "POST"]),
            Route("/exports/{what}", _export, methods=["GET", "POST"]),
            Route("/statements", _upload, methods=["POST"]),
            Route("/healthz", _alive, methods=["GET"]),
            Route("/readyz", _ready, methods=["GET"]),
            Route("/metrics", _show_metrics, methods=["GET"]),
        ],
        middleware=[
            *(telemetry.middleware if telemetry is not None else ()),
            Middleware(
                AccessLog, failed=_failed, observe=telemetry.answered if telemetry is not None else None
            ),
        ],
        exception_handlers={
            HTTPException: _refused,
            RequestError: _refused,
            **dict.fromkeys(_MAY_BE_OUTAGES, _not_available),
        },
        lifespan=lifespan,
    )
    app.state.draining = False  # set when the service is about to stop
    app.router.redirect_slashes = False  # no redirects: a redirected POST would lose its body
    return app


def _observed(
    telemetry: Telemetry | None,
    services: Services,
    gatekeeper: Gatekeeper,
    audit: AuditLog,
    readiness: Readiness,
) -> AbstractAsyncContextManager[None]:
    if telemetry is None:
        return nullcontext()
    return observed(telemetry, services, bulkheads=gatekeeper.bulkheads, audit=audit, readiness=readiness)


def _plans(telemetry: Telemetry | None, services: Services) -> PlanCache | None:
    """The plans of operations, as configured."""
    if not services.settings.plans:
        return None
    return PlanCache(fell_back=telemetry.unplanned) if telemetry is not None else PlanCache()


def _metrics(telemetry: Telemetry | None, services: Services, tokens: Tokens) -> MetricsEndpoint | None:
    if telemetry is None or not services.settings.metrics:
        return None
    return MetricsEndpoint(telemetry, services, tokens)


class _GraphQL:
    """The endpoint as an application: functions are wrapped by Starlette to handle exceptions once more."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        request = Request(scope, receive, send)
        endpoint: GraphQLEndpoint = request.app.state.graphql
        response = await endpoint(request)
        await response(scope, receive, send)


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
    readiness: Readiness = request.app.state.readiness
    checks = {"serving": not request.app.state.draining, **readiness.checks}
    ready = all(checks.values())
    return JSONResponse({"status": "ready" if ready else "not ready", **checks}, 200 if ready else 503)


async def _show_metrics(request: Request) -> Response:
    endpoint: MetricsEndpoint | None = request.app.state.metrics
    if endpoint is None:
        raise HTTPException(404)
    return await endpoint(request)


async def _not_available(request: Request, error: Exception) -> Response:
    if not is_outage(error):
        raise error
    log_outage(error)
    chosen = language(request.headers.get("accept-language"))
    return await _refused(request, unavailable(Unavailability.OUTAGE, chosen))


async def _refused(request: Request, error: Exception) -> Response:
    """The answer to a request that no handler could take."""
    if isinstance(error, HTTPException):
        code = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}.get(error.status_code, "BAD_REQUEST")
        error = RequestError(error.status_code, code, error.detail, dict(error.headers or {}))
    if not isinstance(error, RequestError):
        raise error
    remark(request.scope, code=error.code)
    return error.response()


async def _failed(request: Request, _: Exception) -> Response:
    # The log has the exception; its message is not shown to clients.
    return await _refused(request, RequestError(500, "INTERNAL", "Something went wrong on our side."))
