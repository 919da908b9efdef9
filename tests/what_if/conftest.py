"""A copy of the demo portfolio for a module's tests, and the six-star edition to ask about."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from base.database import connect_pool
from handbook import Handbook, read_source, with_edition
from tests.editions import six_stars


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def demo_pool(demo_dsn: str) -> AsyncIterator[Any]:
    """Connections to it, under the service's role."""
    pool = await connect_pool(demo_dsn, min_size=0, max_size=4, service_role=True)
    try:
        yield pool
    finally:
        await pool.close()


@pytest.fixture(scope="session")
def six_star_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the six-star edition."""
    return six_stars(tmp_path_factory.mktemp("editions"))


@pytest.fixture(scope="session")
def six_star_handbook(handbook: Handbook, six_star_folder: Path) -> Handbook:
    """The handbook with the six-star edition, from 2027 on."""
    return with_edition(handbook, read_source(six_star_folder))
