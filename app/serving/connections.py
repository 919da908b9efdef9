"""One connection: uvicorn's protocol, and the bounds that uvicorn does not have.

Slow clients must not hold resources: each part of an exchange has a bound, and a connection that exceeds it is cut.

| part | bound |
|---|---|
| the headers of a request | complete within `header_timeout_s` of the connection or of their first byte; 64 KiB |
| its body | `least_bytes_per_s` on average over each `body_timeout_s`, or complete |
| the answer | taken by the client at that rate over each `answer_timeout_s` |
| between two requests | `keep_alive_s` (uvicorn's own) |
| connections of a process | `max_connections`; a further one takes the place of one that idles, or gets 503 unread |
| requests of a process | as many as all classes of work have places and queues; a further one gets 503 unread |

The last bound is for sudden crowds: reading token and document takes a processor ten times as long as refusing unread.
The classes' own bounds (`app.capacity`) lie behind it and are reached first, so a full class does not affect the
others: its queue is bounded, and its refusals are fast.
"""

import asyncio
from collections import defaultdict
from enum import Enum, auto
from time import monotonic
from typing import cast
from uuid import uuid4

import structlog
from starlette.types import Receive, Scope, Send
from uvicorn._types import ASGI3Application
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)
from uvicorn.server import ServerState

from app.capacity.returns import Returns
from app.requests.access import MONITORING_ROUTES
from app.requests.errors import RequestError, unavailable
from app.requests.negotiation import language
from app.serving.transport import Transport
from app.settings import Settings
from base.outage_log import LogLimit
from schema.errors import Unavailability

log = structlog.get_logger(__name__)

_MOST_HEADER_BYTES = 64 * 1024
# So many connections beyond the bound are answered 503; further ones are closed without an answer.
_MOST_REFUSED = 256
_LEAST_IDLE_S = 1.0
# Discarding so much costs less than a new connection.
_SMALL_BODY_BYTES = 64 * 1024
_TOO_SLOW = RequestError(408, "REQUEST_TIMEOUT", "The request did not come in time.")
_TOO_LONG = RequestError(431, "HEADERS_TOO_LARGE", f"The headers are longer than {_MOST_HEADER_BYTES} bytes.")


def _too_many(retry_after_s: int) -> RequestError:
    return unavailable(Unavailability.FULL, language(None), retry_after_s=retry_after_s)


class State(ServerState):
    """What the connections of a process share."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings
        self.draining = False
        """Whether each connection is closed after the answer to its next request."""
        self.idle: dict[Connection, None] = {}
        """Those between two requests, the longest idle first."""
        self.returns = Returns()
        """When clients that are refused unread may retry."""
        self._limits: defaultdict[str, LogLimit] = defaultdict(LogLimit)

    def log_refusal(self, what: str) -> None:
        """Log that a connection or a request is refused unread, at most one line in a while."""
        left_out = self._limits[what].admit()
        if left_out is not None:
            log.warning("too many at once: one is refused unread", what=what, more_since_last_line=left_out)


class Awaited(Enum):
    """A part of a request that the client has not sent completely."""

    HEADERS = auto()
    BODY = auto()
    NOTHING = auto()


class Connection(HttpToolsProtocol):
    """The protocol of one connection."""

    server_state: State

    def __init__(
        self,
        config: Config,
        server_state: State,
        app_state: dict[str, object],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._settings = server_state.settings
        self._awaited = Awaited.HEADERS
        self._since = monotonic()
        self._received = 0
        self._unsent_since: float | None = None
        self._taken = 0

    # ---- what uvicorn and the parser call

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin; or refuse, unread, where there are too many."""
        beyond = len(self.connections) - self._settings.max_connections
        self._transport = Transport(transport, still_sending=lambda: self._awaited is not Awaited.NOTHING)
        super().connection_made(cast("asyncio.Transport", self._transport))
        if beyond < 0:
            return
        if self._make_room():
            return
        self.server_state.log_refusal("connection")
        if beyond < _MOST_REFUSED:
            self._answer(_too_many(self.server_state.returns.next_s()))
            self.transport.close()
        else:
            transport.abort()

    def data_received(self, data: bytes) -> None:
        """Receive data from the client; after a close it is discarded."""
        if self.transport.is_closing():
            return
        self.server_state.idle.pop(self, None)
        if self._awaited is Awaited.NOTHING and self._answered:
            self._await(Awaited.HEADERS)
        super().data_received(data)
        if self._awaited is Awaited.HEADERS:
            self._received += len(data)
            if self._received > _MOST_HEADER_BYTES and not self.transport.is_closing():
                self._cut(_TOO_LONG, "headers too long")

    def on_message_begin(self) -> None:
        """A request begins, maybe in the middle of what was received."""
        super().on_message_begin()
        self._await(Awaited.HEADERS)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; trailers after the body are dropped."""
        if self._awaited is Awaited.HEADERS:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Start the request."""
        self._await(Awaited.BODY)
        super().on_headers_complete()
        if self.server_state.draining:
            self.cycle.keep_alive = False

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """Handle a request; beyond `most_requests` at once, refuse it unread."""
        if len(self.tasks) >= self._settings.most_requests and cycle.scope["path"] not in MONITORING_ROUTES:
            self.server_state.log_refusal("request")
            app = cast("ASGI3Application", self._shed)
        super()._start_asgi_task(cycle, app)

    async def _shed(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The application for excess requests. The connection is kept, unless much of a body may follow."""
        answer = _too_many(self.server_state.returns.next_s()).response()
        headers = dict(scope["headers"])
        length = headers.get(b"content-length", b"0")
        if b"transfer-encoding" in headers or not length.isdigit() or int(length) > _SMALL_BODY_BYTES:
            answer.headers["connection"] = "close"
        await answer(scope, receive, send)

    def on_body(self, body: bytes) -> None:
        """Count and pass on a part of the body."""
        self._received += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The client has sent all of its request."""
        self._await(Awaited.NOTHING)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Begin to be idle, or answer the next request."""
        super().on_response_complete()
        if self._awaited is Awaited.NOTHING and self._answered and not self.transport.is_closing():
            self._await(Awaited.NOTHING)
            self.server_state.idle[self] = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self.server_state.idle.pop(self, None)
        super().connection_lost(exc)

    def drain(self) -> None:
        """Close after the answer that is under way, if one is."""
        if not self._answered:
            self.cycle.keep_alive = False

    # ---- the bounds

    def _make_room(self) -> bool:
        """Close the connection that has idled longest; False if none idles."""
        idle = self.server_state.idle
        longest = next(iter(idle), None)
        if longest is None or monotonic() - longest._since < _LEAST_IDLE_S:  # noqa: SLF001 - one of ours
            return False
        del idle[longest]
        longest.transport.close()
        return True

    def look(self, now: float) -> None:
        """Cut the connection if its client is too slow; called from time to time."""
        self._look_at_reader(now)
        if self.transport.is_closing():
            return
        waited_s = now - self._since
        if self._awaited is Awaited.HEADERS:
            if waited_s > self._settings.header_timeout_s and self._answered:
                self._cut(_TOO_SLOW if self._received else None, "headers too slow")
        elif self._awaited is Awaited.BODY and waited_s > self._settings.body_timeout_s:
            if self._held_up_by_us or self._received >= self._least(waited_s):
                self._await(Awaited.BODY)
            else:
                self._cut(None if self._answered else _TOO_SLOW, "body too slow")

    def _look_at_reader(self, now: float) -> None:
        """Reset the connection if the client has not read enough of what was sent to it."""
        if not self._transport.unsent:
            self._unsent_since = None
        elif self._unsent_since is None:
            self._unsent_since, self._taken = now, self._transport.taken
        elif (waited_s := now - self._unsent_since) > self._settings.answer_timeout_s:
            taken = self._transport.taken
            if taken - self._taken < self._least(waited_s):
                log.info("connection cut", reason="answer not taken", client=self._client_address)
                self._transport.reset()
            self._unsent_since, self._taken = now, taken

    def _await(self, awaited: Awaited) -> None:
        self._awaited, self._since, self._received = awaited, monotonic(), 0

    def _least(self, seconds: float) -> float:
        return self._settings.least_bytes_per_s * seconds

    @property
    def _answered(self) -> bool:
        return self.cycle is None or self.cycle.response_complete  # type: ignore[redundant-expr]  # uvicorn's type

    @property
    def _held_up_by_us(self) -> bool:
        return self.flow.read_paused or self.cycle.waiting_for_100_continue

    @property
    def _client_address(self) -> str | None:
        return self.client[0] if self.client else None

    def _cut(self, error: RequestError | None, reason: str) -> None:
        """End a request that is not complete: with an answer, unless one has begun; the application sees it leave."""
        if not self._answered:
            if self.cycle.response_started:
                error = None
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        with structlog.contextvars.bound_contextvars(request_id=uuid4().hex):
            log.info("connection cut", reason=reason, client=self._client_address)
            if error is not None:
                self._answer(error)
        self.transport.close()

    def _answer(self, error: RequestError) -> None:
        """Send an answer of our own, and nothing after it."""
        answer = error.response()
        lines = [STATUS_LINE[answer.status_code]]
        for name, value in (*self.server_state.default_headers, *answer.raw_headers):
            lines += (name, b": ", value, b"\r\n")
        self.transport.write(b"".join((*lines, b"connection: close\r\n\r\n", answer.body)))
