"""Which operation may begin when: places and connections for each class of work."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from rating.database import Pool
from schema.work import Work


class Gatekeeper:
    """Gives operations their places."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @asynccontextmanager
    async def admitted(self, _work: Work) -> AsyncIterator[Pool]:
        """Keep a place for an operation while the block runs, and say by which pool it reads."""
        yield self._pool
