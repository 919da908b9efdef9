"""The route /metrics, for Prometheus, also with several workers.

Several workers keep their metrics in files of one folder, by `prometheus_client`: any of them answers for all, and the
counts of dead workers stay.
"""

import asyncio
import hmac
import os
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from starlette.requests import Request
from starlette.responses import Response

from app.http.authentication import viewer_of
from app.identity.tokens import Tokens
from app.observability.folder import VARIABLE, lives
from app.observability.telemetry import Telemetry
from app.requests.errors import RequestError
from app.services import Services
from schema.permissions import may


class MetricsEndpoint:
    """Shows the metrics to the metrics' own token, and to tokens of operations and auditors."""

    def __init__(self, telemetry: Telemetry, services: Services, tokens: Tokens) -> None:
        self._telemetry = telemetry
        self._token = services.settings.metrics_token
        self._budgets = services.budgets
        self._tokens = tokens

    async def __call__(self, request: Request) -> Response:
        """Answer a request. Raises RequestError without a right to it."""
        if not self._has_metrics_token(request):
            viewer = await viewer_of(request, self._tokens, self._budgets)
            if not may(viewer, "GET /metrics"):
                raise RequestError(403, "FORBIDDEN", f"The role {viewer.role.value} may not read metrics.")
        self._telemetry.sampler.sample()
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        # Reading the files of all workers takes a while: in a thread, so that it blocks no requests.
        content = await asyncio.to_thread(lambda: encode(shown_registry(self._telemetry.metrics.registry)))
        return Response(content, headers={"content-type": content_type, "cache-control": "no-store"})

    def _has_metrics_token(self, request: Request) -> bool:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if self._token is None or scheme.lower() != "bearer":
            return False
        return hmac.compare_digest(given.strip().encode(), self._token.get_secret_value().encode())


def shown_registry(own: CollectorRegistry) -> CollectorRegistry:
    """The registry to show: this process's or, with several workers, one for all of them."""
    folder = os.environ.get(VARIABLE)
    if not folder:
        return own
    for process in _dead_processes(Path(folder)):
        mark_process_dead(process, folder)  # type: ignore[no-untyped-call]
    registry = CollectorRegistry()
    MultiProcessCollector(registry, folder)  # type: ignore[no-untyped-call]
    return registry


def _dead_processes(folder: Path) -> set[int]:
    """The processes with gauges in the folder that no longer exist."""
    named = {path.stem.rpartition("_")[2] for path in folder.glob("gauge_live*_*.db")}
    return {int(name) for name in named if name.isdecimal() and not lives(int(name))}
