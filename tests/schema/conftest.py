"""A service for each test."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from handbook import Handbook
from tests.schema.api import Api, furnish, serving


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
