"""The work of one pool of connections, as metrics and traces."""

from typing import TYPE_CHECKING

from app.observability.metrics import Metrics
from base.observing import DatabaseObserver

if TYPE_CHECKING:
    from app.observability.tracing import Tracing


class ObservedDatabase(DatabaseObserver):
    """Measures how long connections are waited for; traces queries where there are traces."""

    def __init__(self, pool: str, metrics: Metrics, tracing: "Tracing | None") -> None:
        self._wait = metrics.pool_wait.labels(pool)
        self._tracing = tracing
        self.hears_queries = tracing is not None

    def waited(self, seconds: float) -> None:
        """Measure a wait."""
        self._wait.observe(seconds)

    def ran(self, text: str, seconds: float, error: BaseException | None) -> None:
        """Trace a query."""
        if self._tracing is not None:
            self._tracing.query(text, seconds, error)
