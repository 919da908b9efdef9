"""Traces: a span for each request, below it one for each SQL query and each batch of the journal.

The lower layers call observers, which create spans here. A query's span has its name, never its text or values. A
batch decides commands of several requests: its span is in the trace of the first, and is linked with all.

Exporter, sampling and service name are configured by the standard variables (`OTEL_EXPORTER_OTLP_ENDPOINT`,
`OTEL_TRACES_SAMPLER`, `OTEL_SERVICE_NAME`, …).
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Thread
from typing import TYPE_CHECKING

import structlog
from opentelemetry.context import Context
from opentelemetry.trace import (
    Link,
    Span,
    SpanKind,
    Status,
    StatusCode,
    Tracer,
    format_trace_id,
    get_current_span,
    set_span_in_context,
    use_span,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from app.errors import StartError
from app.requests.access import ANSWERED, MONITORING_ROUTES, Answered, route_of
from base.sql import query_name

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

_NAME = "entitlements"
_SERVER_ERROR = 500
_LAST_TRACES_S = 3.0
_NANOSECONDS = 1_000_000_000


def configured() -> "Tracing":
    """Traces configured by the standard variables. Raises StartError without the packages for it."""
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise StartError("ENTITLEMENTS_TRACING: install `entitlements[tracing]`, or switch it off") from None
    resource = Resource.create({SERVICE_NAME: _NAME}).merge(OTELResourceDetector().detect())
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Tracing(provider)


class Tracing:
    """The spans of one process."""

    def __init__(self, provider: "TracerProvider") -> None:
        self._provider = provider
        self._tracer = provider.get_tracer(_NAME)

    @property
    def middleware(self) -> Middleware:
        """The middleware that creates a span for each request."""
        return Middleware(TracedRequests, tracer=self._tracer)

    @staticmethod
    def caller() -> Span | None:
        """The span of the calling task; None unless it is recorded."""
        span = get_current_span()
        return span if span.is_recording() else None

    @contextmanager
    def batch(self, callers: Sequence[object]) -> Iterator[None]:
        """Surround a batch of the journal, a command for each caller, with a span that is linked with theirs."""
        spans = list(dict.fromkeys(each for each in callers if isinstance(each, Span)))
        if not spans:
            yield
            return
        with self._tracer.start_as_current_span(
            "journal batch",
            context=set_span_in_context(spans[0], Context()),
            links=[Link(each.get_span_context()) for each in spans],
            attributes={"entitlements.commands": len(callers)},
            record_exception=False,  # its message may quote values
            set_status_on_exception=False,
        ) as span:
            for each in spans[1:]:
                each.add_link(span.get_span_context())
            try:
                yield
            except BaseException as error:
                span.set_status(Status(StatusCode.ERROR, type(error).__name__))
                raise

    def query(self, text: str, seconds: float, error: BaseException | None) -> None:
        """Record a query that ended just now as a span below the current one, if that is recorded."""
        if not get_current_span().is_recording():
            return
        name = query_name(text)
        ended = time.time_ns()
        span = self._tracer.start_span(
            name,
            kind=SpanKind.CLIENT,
            attributes={"db.system.name": "postgresql", "db.query.summary": name},
            start_time=ended - int(seconds * _NANOSECONDS),
        )
        if error is not None:
            span.set_status(Status(StatusCode.ERROR, type(error).__name__))
        span.end(ended)

    async def close(self) -> None:
        """Send what is left, for at most three seconds, so that an absent collector does not delay the end."""
        loop, sent = asyncio.get_running_loop(), asyncio.Event()

        def send() -> None:
            self._provider.shutdown()
            with suppress(RuntimeError):  # the event loop has ended
                loop.call_soon_threadsafe(sent.set)

        # A daemon thread: one of asyncio's would be waited for at the end, however long it takes.
        Thread(target=send, name="last traces", daemon=True).start()
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_TRACES_S):
                await sent.wait()


class TracedRequests:
    """The middleware: a span for each request, in the trace that the client's `traceparent` names, if it does."""

    def __init__(self, app: ASGIApp, tracer: Tracer) -> None:
        self._app = app
        self._tracer = tracer
        self._propagator = TraceContextTextMapPropagator()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http" or (route := route_of(scope)) in MONITORING_ROUTES:
            await self._app(scope, receive, send)
            return
        span = self._tracer.start_span(
            f"{scope['method']} {route}",
            context=self._propagator.extract(dict(Headers(scope=scope)), Context()),
            kind=SpanKind.SERVER,
            attributes={"http.request.method": scope["method"], "http.route": route},
        )
        trace_id = format_trace_id(span.get_span_context().trace_id)
        with (
            use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False),
            structlog.contextvars.bound_contextvars(trace_id=trace_id),
        ):
            try:
                await self._app(scope, receive, send)
            finally:
                answered: Answered | None = scope.get(ANSWERED)
                if answered is not None and span.is_recording():
                    _describe(span, answered)


def _describe(span: Span, answered: Answered) -> None:
    facts = answered.facts
    span.set_attribute("http.response.status_code", answered.status)
    span.set_attribute("entitlements.request_id", answered.request_id)
    for name in ("class", "cost", "role", "code"):
        if name in facts:
            span.set_attribute(f"entitlements.{name}", facts[name])
    if "operation" in facts:
        span.set_attribute("graphql.operation.name", facts["operation"])
        span.update_name(facts["operation"])
    if answered.status >= _SERVER_ERROR:
        span.set_status(Status(StatusCode.ERROR))
