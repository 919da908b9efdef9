"""What the tests of the reconciliation share."""

import pytest

from tests.reconciliation.month import a_month


@pytest.fixture
async def month(database, handbook):
    """Vendor v in October 2026, seen from 2 November; nothing delivered yet."""
    async with a_month(database.pool, handbook) as made:
        yield made
