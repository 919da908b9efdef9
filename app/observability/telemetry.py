"""The telemetry of this process, as configured: one object that provides all observers.

Metrics are counted in memory (with several workers in memory-mapped files); a thread sends traces, and drops those that
the collector does not accept. Requests wait for neither.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.middleware import Middleware

from app.observability.database import ObservedDatabase
from app.observability.journal import ObservedJournal
from app.observability.metrics import Metrics
from app.observability.requests import RequestMetrics
from app.observability.sampling import Sampler
from app.requests.access import Answered
from app.settings import Settings
from base.observing import DatabaseObserver
from ledger.posting.observing import JournalObserver
from schema.work import WorkClass

if TYPE_CHECKING:
    from app.observability.tracing import Tracing


class Telemetry:
    """The metrics of this process, its traces if any, and their observers."""

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
        """The middlewares around the handling of requests."""
        return [self._tracing.middleware] if self._tracing is not None else []

    @property
    def journal(self) -> JournalObserver:
        """An observer for a journal."""
        return ObservedJournal(self.metrics, self._tracing)

    def database(self, pool: str) -> DatabaseObserver:
        """An observer for a pool of connections; `pool` is its label in the metrics."""
        return ObservedDatabase(pool, self.metrics, self._tracing)

    def turned_away(self, kind: WorkClass) -> Callable[[str], None]:
        """Counts operations of a class that are answered with 503, by the reason."""
        return lambda reason: self.metrics.turned_away.labels(kind.value, reason).inc()

    def unplanned(self, why: str) -> None:
        """Count an operation that has no plan."""
        self.metrics.unplanned.labels(why).inc()

    async def close(self) -> None:
        """Send the traces that are left."""
        if self._tracing is not None:
            await self._tracing.close()


def telemetry_of(settings: Settings) -> Telemetry | None:
    """The telemetry that the settings enable; None without any. Raises StartError."""
    if not (settings.metrics or settings.tracing):
        return None
    if not settings.tracing:
        return Telemetry()
    # Imported here: not needed without traces.
    from app.observability.tracing import configured

    return Telemetry(configured())
