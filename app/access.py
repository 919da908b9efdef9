"""Each request gets an id and one line in the log when it is answered.

The id comes from the client's `X-Request-ID` if it is short and plain, else it is made; it stands in every line that is
logged meanwhile and goes back in the answer. The line holds no address parameters, no headers and no body.
"""

import re
import time
from collections.abc import Mapping, MutableMapping
from typing import Any
from uuid import uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PLAIN = re.compile(r"[A-Za-z0-9._-]{1,64}")
_QUIET_PATHS = {"/healthz", "/readyz"}
_SERVER_ERROR = 500

log = structlog.get_logger("access")


def remark(scope: MutableMapping[str, Any], **facts: str | None) -> None:
    """Add facts to the line that is logged for this request."""
    known = {name: fact for name, fact in facts.items() if fact is not None}
    scope.setdefault("entitlements.facts", {}).update(known)


def identified(extensions: Mapping[str, Any]) -> dict[str, Any]:
    """The extensions of an error, with the id of the request that is being answered."""
    request_id = structlog.contextvars.get_contextvars().get("request_id")
    return dict(extensions) if request_id is None else {**extensions, "requestId": request_id}


class AccessLog:
    """The middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; log how it was answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _PLAIN.fullmatch(given) else uuid4().hex
        scope["entitlements.request_id"] = request_id
        status = _SERVER_ERROR
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
            finally:
                if scope["path"] not in _QUIET_PATHS or status >= _SERVER_ERROR:
                    log.info(
                        "request",
                        method=scope["method"],
                        path=scope["path"][:100],
                        status=status,
                        duration_ms=round((time.perf_counter() - began) * 1000, 1),
                        **scope.get("entitlements.facts", {}),
                    )
