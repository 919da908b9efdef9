"""What is observed of this process, as the settings say: one object that others ask for their observers.

Metrics are counted in memory (with several workers in files that are mapped into it); traces are sent by a thread of
their own, which drops what the collector does not take. Requests wait for neither.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from starlette.middleware import Middleware

from app.audit import AuditLog
from app.capacity.bulkheads import Bulkhead
from app.http.access import Answered
from app.observability.clocks import clock_watched
from app.observability.database import ObservedDatabase
from app.observability.journal import ObservedJournal
from app.observability.metrics import Metrics
from app.observability.requests import RequestMetrics
from app.observability.sampling import Sampler, resident_bytes
from app.readiness import Readiness
from app.services import Services
from app.settings import Settings
from ledger.journal import Journal
from ledger.observing import JournalObserver
from rating.database import Pool
from rating.observing import DatabaseObserver
from schema.work import WorkClass

if TYPE_CHECKING:
    from app.observability.tracing import Tracing


class Telemetry:
    """The metrics of this process, its traces if any, and who fills them."""

    def __init__(self, tracing: "Tracing | None" = None) -> None:
        self.metrics = Metrics()
        self.sampler = Sampler(self.metrics.loop_lag)
        self._tracing = tracing
        self._requests = RequestMetrics(self.metrics)

    def answered(self, answered: Answered) -> None:
        """Count a request that has been answered."""
        self._requests.answered(answered)

    @property
    def middleware(self) -> list[Middleware]:
        """What surrounds the handling of requests."""
        return [self._tracing.middleware] if self._tracing is not None else []

    @property
    def journal(self) -> JournalObserver:
        """For a journal to tell of its work."""
        return ObservedJournal(self.metrics, self._tracing)

    def database(self, pool: str) -> DatabaseObserver:
        """For a pool of connections to tell of its work; `pool` is its name among the metrics."""
        return ObservedDatabase(pool, self.metrics, self._tracing)

    def turned_away(self, kind: WorkClass) -> Callable[[str], None]:
        """Counts operations of a class that are answered with 503, by the reason."""
        return lambda reason: self.metrics.turned_away.labels(kind.value, reason).inc()

    @asynccontextmanager
    async def running(
        self,
        services: Services,
        bulkheads: Mapping[WorkClass, Bulkhead],
        audit: AuditLog,
        readiness: Readiness,
    ) -> AsyncIterator[None]:
        """Read the services from time to time while the block runs; afterwards send the traces that are left."""
        self._read_journal(services.journal)
        self._read_pool("service", services.pool)
        self.sampler.read(self.metrics.audit_waiting, lambda: audit.waiting)
        for check in readiness.checks:
            self.sampler.read(self.metrics.ready.labels(check), partial(_holds, readiness, check))
        for kind, bulkhead in bulkheads.items():
            self._read_pool(kind.value, bulkhead.pool)
            self._read_bulkhead(kind.value, bulkhead)
        self.sampler.read(self.metrics.memory, resident_bytes)
        async with self.sampler.running(), clock_watched(services.pool, services.clock, self.metrics):
            yield
        if self._tracing is not None:
            await self._tracing.close()

    def _read_journal(self, journal: Journal) -> None:
        self.sampler.read(self.metrics.journal_waiting, lambda: journal.waiting)
        self.sampler.read(self.metrics.journal_resting, lambda: journal.resting)

    def _read_bulkhead(self, kind: str, bulkhead: Bulkhead) -> None:
        self.metrics.places.labels(kind).set(bulkhead.places.at_once)
        self.sampler.read(self.metrics.in_flight.labels(kind), lambda: bulkhead.in_flight)
        self.sampler.read(self.metrics.queued.labels(kind), lambda: bulkhead.waiting)

    def _read_pool(self, name: str, pool: Pool) -> None:
        self.metrics.pool_limit.labels(name).set(pool.get_max_size())
        connections = self.metrics.pool_connections
        self.sampler.read(connections.labels(name, "idle"), pool.get_idle_size)
        self.sampler.read(connections.labels(name, "used"), lambda: pool.get_size() - pool.get_idle_size())


def _holds(readiness: Readiness, check: str) -> bool:
    return readiness.checks[check]


def telemetry_of(settings: Settings) -> Telemetry | None:
    """What the settings switch on; None when that is nothing. Raises StartError."""
    if not (settings.metrics or settings.tracing):
        return None
    if not settings.tracing:
        return Telemetry()
    # Only here: who traces nothing needs none of it.
    from app.observability.tracing import configured

    return Telemetry(configured())
