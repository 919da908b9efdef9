"""Traces: a span for each request, its SQL statements by name below it, and batches linked with their requests."""

import asyncio
import subprocess
import sys
import threading

import pytest
import structlog
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from app.errors import StartError
from app.observability.telemetry import Telemetry, telemetry_of
from app.observability.tracing import Tracing
from app.settings import Settings
from schema.context import Role
from tests.app.conftest import serving
from tests.app.test_metrics import REDEEM
from tests.ledger.stored import contract, enrol

TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def spans():
    return InMemorySpanExporter()


@pytest.fixture
async def traced(database_dsn, tmp_path, spans):
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    async with serving(database_dsn, tmp_path, Telemetry(Tracing(provider))) as service:
        await contract(service.services.pool, service.services.handbook, "v")
        await enrol(service.services.pool, service.services.handbook, "M1", now=service.services.clock())
        yield service


async def redeem(service, key: str, **headers: str) -> None:
    answer = await service.client.post(
        "/graphql",
        headers={**service.header(Role.VENDOR, vendor="v"), **headers},
        json={"query": REDEEM, "operationName": "R", "variables": {"member": "M1", "key": key}},
    )
    assert answer.json()["data"] == {"redeem": {"__typename": "Redemption"}}


async def test_a_redemption_is_traced_down_to_its_statements_without_their_values(traced, spans):
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        await redeem(traced, "1", traceparent=f"00-{TRACE}-b7ad6b7169203331-01")
    await asyncio.sleep(0)  # statements are told soon after they ended
    found = [span for span in spans.get_finished_spans() if f"{span.context.trace_id:032x}" == TRACE]
    by_name = {span.name: span for span in found}
    request, batch, locking = (by_name[name] for name in ("R", "journal batch", "batch.lock_free_heads"))
    assert f"{request.parent.span_id:016x}" == "b7ad6b7169203331"
    told = {"class": "redemptions", "role": "vendor", "code": "OK"}
    assert {name: request.attributes[f"entitlements.{name}"] for name in told} == told
    assert request.attributes["graphql.operation.name"] == "R"
    assert request.attributes["entitlements.cost"] > 0
    assert batch.parent.span_id == request.context.span_id
    assert locking.parent.span_id == batch.context.span_id
    assert locking.start_time < locking.end_time
    assert "COMMIT" in by_name
    assert [line["trace_id"] for line in lines if line["event"] == "request"] == [TRACE]
    assert "M1" not in "".join(span.to_json() for span in spans.get_finished_spans())


async def test_a_batch_is_linked_with_every_request_that_waited_for_it(traced, spans):
    await asyncio.gather(*(redeem(traced, str(number)) for number in range(3)))
    await asyncio.sleep(0)
    finished = spans.get_finished_spans()
    requests = {span.context.span_id for span in finished if span.name == "R"}
    batches = [span for span in finished if span.name == "journal batch"]
    assert {link.context.span_id for batch in batches for link in batch.links} == requests
    linked = {link.context.span_id for span in finished if span.name == "R" for link in span.links}
    parents = {batch.parent.span_id for batch in batches}
    assert linked <= {batch.context.span_id for batch in batches}
    assert len(parents) == len(batches)


async def test_health_is_not_traced(traced, spans):
    spans.clear()
    await traced.client.get("/readyz")
    await asyncio.sleep(0)
    assert spans.get_finished_spans() == ()


def test_without_traces_no_library_for_them_is_loaded():
    code = (
        "import sys; from app.observability.telemetry import Telemetry; Telemetry();"
        "ours = ('opentelemetry.sdk.trace', 'opentelemetry.exporter');"
        "print([name for name in sys.modules if name.startswith(ours)])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "[]\n"


async def test_a_collector_that_stands_still_does_not_keep_the_service_from_ending(monkeypatch):
    monkeypatch.setattr("app.observability.tracing._LAST_TRACES_S", 0.05)
    released = threading.Event()
    provider = TracerProvider()
    monkeypatch.setattr(provider, "shutdown", released.wait)
    await asyncio.wait_for(Tracing(provider).close(), timeout=30)
    released.set()


def test_traces_without_their_packages_stop_the_start(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(StartError, match="ENTITLEMENTS_TRACING"):
        telemetry_of(Settings(data=tmp_path, tracing=True))
