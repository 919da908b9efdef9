"""A service for each test."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from handbook import Handbook
from tests.schema.api import Api, furnish, serving
from tests.schema.october import with_every_difference


@pytest.fixture
async def empty_api(database: Any, handbook: Handbook) -> AsyncIterator[Api]:
    """The API on an empty database."""
    async with serving(database, handbook) as api:
        yield api


@pytest.fixture
async def api(empty_api: Api) -> Api:
    """The API with two vendors and a member."""
    await furnish(empty_api)
    return empty_api


@pytest.fixture
async def october(api: Api) -> dict[str, Any]:
    """A statement with every kind of difference; what it was answered with."""
    return await with_every_difference(api)
