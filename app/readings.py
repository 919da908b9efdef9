"""The gauges of the services that are sampled: queues, pools, places, readiness, the clock."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial

from app.audit import AuditLog
from app.capacity.bulkheads import Bulkhead
from app.observability.clocks import clock_watched
from app.observability.sampling import resident_bytes
from app.observability.telemetry import Telemetry
from app.readiness import Readiness
from app.services import Services
from base.database import Pool
from ledger.posting.journal import Journal
from schema.work import WorkClass


@asynccontextmanager
async def observed(
    telemetry: Telemetry,
    services: Services,
    *,
    bulkheads: Mapping[WorkClass, Bulkhead],
    audit: AuditLog,
    readiness: Readiness,
) -> AsyncIterator[None]:
    """Sample the services while the block runs; afterwards send the remaining traces."""
    sampler, metrics = telemetry.sampler, telemetry.metrics
    _read_journal(telemetry, services.journal)
    _read_pool(telemetry, "service", services.pool)
    sampler.read(metrics.audit_waiting, lambda: audit.waiting)
    for check in readiness.checks:
        sampler.read(metrics.ready.labels(check), partial(_holds, readiness, check))
    for kind, bulkhead in bulkheads.items():
        _read_pool(telemetry, kind.value, bulkhead.pool)
        _read_bulkhead(telemetry, kind.value, bulkhead)
    sampler.read(metrics.memory, resident_bytes)
    async with sampler.running(), clock_watched(services.pool, services.clock, metrics):
        yield
    await telemetry.close()


def _read_journal(telemetry: Telemetry, journal: Journal) -> None:
    telemetry.sampler.read(telemetry.metrics.journal_waiting, lambda: journal.waiting)
    telemetry.sampler.read(telemetry.metrics.journal_resting, lambda: journal.set_aside)


def _read_bulkhead(telemetry: Telemetry, kind: str, bulkhead: Bulkhead) -> None:
    telemetry.metrics.places.labels(kind).set(bulkhead.places.at_once)
    telemetry.sampler.read(telemetry.metrics.in_flight.labels(kind), lambda: bulkhead.in_flight)
    telemetry.sampler.read(telemetry.metrics.queued.labels(kind), lambda: bulkhead.waiting)


def _read_pool(telemetry: Telemetry, name: str, pool: Pool) -> None:
    telemetry.metrics.pool_limit.labels(name).set(pool.get_max_size())
    connections = telemetry.metrics.pool_connections
    telemetry.sampler.read(connections.labels(name, "idle"), pool.get_idle_size)
    telemetry.sampler.read(connections.labels(name, "used"), lambda: pool.get_size() - pool.get_idle_size())


def _holds(readiness: Readiness, check: str) -> bool:
    return readiness.checks[check]
