"""Every metric of the service: its name, its labels and what it means.

Labels have few values each, whatever clients send: an operation's name is a label only as `app.observability.requests`
allows. With several workers, counters and histograms are summed over all of them; gauges over the living ones, unless
defined otherwise.
"""

import math

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

# Otherwise each counter has a second series with its time of creation, which Prometheus does not need.
disable_created_metrics()  # type: ignore[no-untyped-call]

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, math.inf)
_ANY_SIZE = (1, 2, 4, 8, 16, 32, 64, 128, 256, math.inf)
_ANY_COST = (10, 100, 300, 1_000, 3_000, 10_000, 30_000, math.inf)


class Metrics:
    """The metrics of one process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests()
        self._journal()
        self._capacity()
        self._process()

    def _requests(self) -> None:
        self.requests = self._counter(
            "entitlements_requests",
            "GraphQL operations and files answered; `code` is OK, REFUSED (as data), or the first error's.",
            "operation",
            "class",
            "role",
            "code",
        )
        self.request_seconds = self._histogram(
            "entitlements_request_seconds", "From a request's headers to its answer's end.", _FAST, "class"
        )
        self.responses = self._counter(
            "entitlements_http_responses", "Responses of all routes.", "route", "status"
        )
        self.refusals = self._counter(
            "entitlements_refusals", "Refusals that mutations answered as data.", "code"
        )
        self.cost = self._histogram(
            "entitlements_operation_cost",
            "The cost of operations that ran, as estimated beforehand.",
            _ANY_COST,
            "class",
        )

        self.unplanned = self._counter(
            "entitlements_unplanned_operations",
            "Operations that graphql-core ran, because they have no plan; `reason` says why.",
            "reason",
        )
        self.limited = self._counter(
            "entitlements_rate_limited",
            "Requests answered with 429 because a budget was used up; `budget` says which.",
            "budget",
        )

    def _journal(self) -> None:
        self.journal_waiting = self._gauge(
            "entitlements_journal_waiting_commands", "Commands in no batch yet."
        )
        self.journal_resting = self._gauge(
            "entitlements_journal_resting_commands",
            "Commands set aside, as another transaction has locked their customer.",
        )
        self.batch_commands = self._histogram(
            "entitlements_journal_batch_commands", "Commands that were decided in one transaction.", _ANY_SIZE
        )
        self.commit_seconds = self._histogram(
            "entitlements_journal_commit_seconds",
            "One attempt at a batch, from waiting for a connection to the commit.",
            _FAST,
            "result",
        )
        self.lock_waits = self._counter(
            "entitlements_journal_lock_waits",
            "Times that a command was set aside because another transaction had locked its customer.",
        )
        self.retries = self._counter("entitlements_journal_retries", "Batches that were retried.")
        self.failures = self._counter(
            "entitlements_journal_failed_commands",
            "Commands answered with an error, because they were not committed.",
        )
        self.audit_waiting = self._gauge(
            "entitlements_audit_waiting_events", "Audit events that are not written yet."
        )
        self.entries = self._counter("entitlements_entries_posted", "Entries posted by commands.", "kind")

    def _capacity(self) -> None:
        self.pool_connections = self._gauge(
            "entitlements_pool_connections", "Connections to the database that are open.", "pool", "state"
        )
        self.pool_limit = self._gauge(
            "entitlements_pool_limit_connections", "Connections that a pool may open.", "pool"
        )
        self.pool_wait = self._histogram(
            "entitlements_pool_wait_seconds", "How long a connection was waited for.", _FAST, "pool"
        )

        self.in_flight = self._gauge("entitlements_admission_in_flight", "Places of a class in use.", "class")
        self.places = self._gauge("entitlements_admission_places", "Places of a class in total.", "class")
        self.queued = self._gauge(
            "entitlements_admission_waiting", "Operations that wait for a place of their class.", "class"
        )
        self.turned_away = self._counter(
            "entitlements_admission_refused",
            "Operations answered with 503: `reason` is full (no place came free) or late (past the deadline).",
            "class",
            "reason",
        )

        self.ready = Gauge(
            "entitlements_ready",
            "Whether each condition of /readyz holds: 1 or 0, the least of all workers.",
            ["check"],
            registry=self.registry,
            multiprocess_mode="livemin",
        )

    def _process(self) -> None:
        self.loop_lag = self._histogram(
            "entitlements_event_loop_lag_seconds", "By how much the event loop was late for a timer.", _FAST
        )
        self.clock_ahead = Gauge(
            "entitlements_clock_ahead_seconds",
            "By how much the clock of this machine is ahead of the database's; negative: behind.",
            registry=self.registry,
            multiprocess_mode="livemostrecent",
        )
        self.recorded_ahead = Gauge(
            "entitlements_recorded_ahead_seconds",
            "By how much the newest entry was recorded ahead of this machine's clock; 0 when it was not.",
            registry=self.registry,
            multiprocess_mode="livemostrecent",
        )
        self.memory = self._gauge("entitlements_resident_memory_bytes", "Memory that the workers hold.")

    def _counter(self, name: str, description: str, *labels: str) -> Counter:
        return Counter(name, description, labels, registry=self.registry)

    def _gauge(self, name: str, description: str, *labels: str) -> Gauge:
        return Gauge(name, description, labels, registry=self.registry, multiprocess_mode="livesum")

    def _histogram(self, name: str, description: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(name, description, labels, registry=self.registry, buckets=buckets)
