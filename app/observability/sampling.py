"""Gauges that are sampled from time to time: lengths of queues, connections, memory, lateness."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from prometheus_client import Gauge, Histogram

from app.background import in_background

_EVERY_S = 0.5
_MEMORY = Path("/proc/self/statm")


class Sampler:
    """Samples gauges: every half second, and on demand."""

    def __init__(self, lag: Histogram) -> None:
        self._lag = lag
        self._readings: list[tuple[Gauge, Callable[[], float | None]]] = []

    def read(self, gauge: Gauge, reading: Callable[[], float | None]) -> None:
        """From now on set `gauge` to the result of `reading`, unless None; it must be fast and must not fail."""
        self._readings.append((gauge, reading))

    def sample(self) -> None:
        """Set all gauges."""
        for gauge, reading in self._readings:
            value = reading()
            if value is not None:
                gauge.set(value)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Sample while the block runs, and measure the lateness of the event loop."""
        async with in_background(self._sample_for_ever(), name="metrics"):
            yield

    async def _sample_for_ever(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _EVERY_S
            await asyncio.sleep(_EVERY_S)
            self._lag.observe(max(0.0, loop.time() - due))
            self.sample()


def resident_bytes() -> float | None:
    """The resident memory of this process; None on systems other than Linux."""
    try:
        pages = int(_MEMORY.read_text(encoding="ascii").split()[1])
    except OSError:
        return None
    return float(pages * os.sysconf("SC_PAGE_SIZE"))
