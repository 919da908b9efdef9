"""What is read from time to time instead of being counted: lengths of queues, connections, memory, lateness."""

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
    """Reads what is to be shown: every half second, and whenever asked."""

    def __init__(self, lag: Histogram) -> None:
        self._lag = lag
        self._readings: list[tuple[Gauge, Callable[[], float | None]]] = []

    def read(self, gauge: Gauge, reading: Callable[[], float | None]) -> None:
        """From now on set `gauge` to what `reading` gives, unless None; it must be quick and may not fail."""
        self._readings.append((gauge, reading))

    def sample(self) -> None:
        """Set all gauges."""
        for gauge, reading in self._readings:
            value = reading()
            if value is not None:
                gauge.set(value)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Sample while the block runs, and measure by how much the event loop is late."""
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
    """The memory that this process holds; None where the system does not tell it as Linux does."""
    try:
        pages = int(_MEMORY.read_text(encoding="ascii").split()[1])
    except OSError:
        return None
    return float(pages * os.sysconf("SC_PAGE_SIZE"))
