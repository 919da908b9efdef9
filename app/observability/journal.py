"""The journal's work, as metrics and traces."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from app.observability.metrics import Metrics
from ledger.posting.observing import JournalObserver

if TYPE_CHECKING:
    from app.observability.tracing import Tracing


class ObservedJournal(JournalObserver):
    """Counts, measures and, where enabled, traces the work of a journal."""

    def __init__(self, metrics: Metrics, tracing: "Tracing | None") -> None:
        self._metrics = metrics
        self._tracing = tracing

    def caller(self) -> object:
        """The span of the request that posts a command."""
        return self._tracing.caller() if self._tracing is not None else None

    @contextmanager
    def batch(self, callers: Sequence[object]) -> Iterator[None]:
        """Measure an attempt to commit a batch."""
        traced = self._tracing.batch(callers) if self._tracing is not None else nullcontext()
        result = "failed"
        began = time.perf_counter()
        try:
            with traced:
                yield
            result = "committed"
        finally:
            self._metrics.batch_commands.observe(len(callers))
            self._metrics.commit_seconds.labels(result).observe(time.perf_counter() - began)

    def posted(self, kinds: Iterable[str]) -> None:
        """Count entries."""
        for kind in kinds:
            self._metrics.entries.labels(kind).inc()

    def set_aside(self, commands: int) -> None:
        """Count commands that were set aside because of a lock."""
        self._metrics.lock_waits.inc(commands)

    def retried(self) -> None:
        """Count a batch that is retried."""
        self._metrics.retries.inc()

    def failed(self, commands: int) -> None:
        """Count commands whose batch could not be committed."""
        self._metrics.failures.inc(commands)
