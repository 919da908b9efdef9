"""Metrics of answered requests.

Clients choose operation names, and a metric keeps every label value for ever: so only the first names get a value of
their own, the rest share one.
"""

from collections import Counter
from functools import cache

from app.observability.metrics import Metrics
from app.requests.access import MONITORING_ROUTES, Answered

_MOST_NAMES = 200
_LONGEST_NAME = 60
_NONE, _UNNAMED, _OTHER = "none", "unnamed", "other"


class RequestMetrics:
    """Counts requests."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._names: set[str] = set()
        # Their labels have few values each; looking one up in its metric takes as long as counting.
        self._responses = cache(metrics.responses.labels)
        self._requests = cache(metrics.requests.labels)
        self._seconds = cache(metrics.request_seconds.labels)
        self._cost = cache(metrics.cost.labels)

    def answered(self, answered: Answered) -> None:
        """Count a request that has been answered."""
        metrics, facts = self._metrics, answered.facts
        self._responses(answered.route, answered.status).inc()
        if answered.route in MONITORING_ROUTES:
            return
        kind = facts.get("class", _NONE)
        if "limited" in facts:
            metrics.limited.labels(facts["limited"]).inc()
        self._requests(
            self._operation(facts.get("operation"), ran="class" in facts),
            kind,
            facts.get("role", _NONE),
            facts.get("code", _code(answered.status)),
        ).inc()
        self._seconds(kind).observe(answered.seconds)
        if "cost" in facts:
            self._cost(kind).observe(facts["cost"])
        for code, count in Counter(facts.get("refusals", ())).items():
            metrics.refusals.labels(code).inc(count)

    def _operation(self, name: str | None, *, ran: bool) -> str:
        if not ran:
            return _NONE
        if name is None:
            return _UNNAMED
        if name not in self._names:
            if len(self._names) >= _MOST_NAMES or len(name) > _LONGEST_NAME:
                return _OTHER
            self._names.add(name)
        return name


def _code(status: int) -> str:
    """The label of an answer that has no code."""
    return "OK" if status < 400 else f"HTTP_{status}"  # noqa: PLR2004
