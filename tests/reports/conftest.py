"""A copy of the demo portfolio for a module's tests."""

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from base.database import connect_pool


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def demo_pool(demo_dsn: str) -> AsyncIterator[Any]:
    """Connections to it, under the service's role."""
    pool = await connect_pool(demo_dsn, min_size=0, max_size=4, service_role=True)
    try:
        yield pool
    finally:
        await pool.close()
