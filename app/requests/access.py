"""Request ids and the access log: one line for each answered request.

The id is the client's `X-Request-ID` if it has at most 64 plain characters, otherwise a new one. It is in every log
line of the request and in the answer. The line has no query parameters, headers or body.

An unexpected exception is answered here too, so that this answer has the id as well.
"""

import re
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from secrets import token_hex
from typing import Any, TypeAlias

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PLAIN = re.compile(r"[A-Za-z0-9._-]{1,64}")
MONITORING_ROUTES = frozenset({"/healthz", "/readyz", "/metrics"})
"""Asked every few seconds by monitoring: neither traced nor counted among the operations."""
_ROUTES = {"/graphql", "/exports", "/statements", *MONITORING_ROUTES}
_CLIENT_LEFT, _SERVER_ERROR = 499, 500
_FACTS = "entitlements.facts"
ANSWERED = "entitlements.answered"
"""The key in the scope of a request for its `Answered`."""

log = structlog.get_logger("access")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An answered request. `route` has few values; `facts` were added by handlers."""

    request_id: str
    route: str
    status: int
    seconds: float
    facts: Mapping[str, Any]


Failed: TypeAlias = Callable[[Request, Exception], Awaitable[Response]]
"""Makes the response to a request that failed with an unexpected exception."""


def remark(scope: MutableMapping[str, Any], **facts: Any) -> None:
    """Add facts to the log line and the metrics of this request; those that are None are left out."""
    known = {name: fact for name, fact in facts.items() if fact is not None}
    scope.setdefault(_FACTS, {}).update(known)


def route_of(scope: MutableMapping[str, Any]) -> str:
    """The first part of a request's path if it is a known one, otherwise `other`: metrics need few label values."""
    first = "/" + scope["path"].removeprefix("/").partition("/")[0]
    return first if first in _ROUTES else "other"


def request_id() -> str | None:
    """The id of the request that is being answered."""
    found: str | None = structlog.contextvars.get_contextvars().get("request_id")
    return found


def identified(extensions: Mapping[str, Any]) -> dict[str, Any]:
    """The extensions of an error, with the id of the request that is being answered."""
    told = request_id()
    return dict(extensions) if told is None else {**extensions, "requestId": told}


class AccessLog:
    """The middleware. `observe` is called with each request after its line."""

    def __init__(
        self, app: ASGIApp, failed: Failed, observe: Callable[[Answered], None] | None = None
    ) -> None:
        self._app = app
        self._failed = failed
        self._observe = observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; log how it was answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _PLAIN.fullmatch(given) else token_hex(16)
        scope[_FACTS] = {}
        status: int | None = None
        began = time.perf_counter()

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["x-request-id"] = request_id
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, send_with_id)
            except ClientDisconnect:
                status = status or _CLIENT_LEFT
            except Exception as error:
                if status is not None:
                    raise  # the answer has begun: the web server aborts it, and logs the error
                log.exception("request failed")
                answer = await self._failed(Request(scope), error)
                await answer(scope, receive, send_with_id)
            finally:
                answered = Answered(
                    request_id=request_id,
                    route=route_of(scope),
                    status=status or _SERVER_ERROR,
                    seconds=time.perf_counter() - began,
                    facts=scope[_FACTS],
                )
                scope[ANSWERED] = answered
                self._tell(scope, answered)

    def _tell(self, scope: Scope, answered: Answered) -> None:
        if answered.route not in MONITORING_ROUTES or answered.status >= _SERVER_ERROR:
            log.info(
                "request",
                method=scope["method"],
                path=scope["path"][:100],
                status=answered.status,
                duration_ms=round(answered.seconds * 1000, 1),
                **answered.facts,
            )
        if self._observe is not None:
            self._observe(answered)
