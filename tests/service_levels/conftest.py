"""The API, with a vendor whose benefits carry promises."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from handbook import Handbook
from tests.schema.api import STAFF, Api, furnish, serving


@pytest.fixture
async def api(database: Any, handbook: Handbook) -> AsyncIterator[Api]:
    """The API with members and vendors; exam-1 also has the green channel and the medical butler."""
    async with serving(database, handbook) as served:
        await furnish(served)
        await served.data(
            "record.graphql",
            STAFF,
            operation="RegisterVendor",
            code="exam-1",
            name="体检",
            terms=[
                {"benefit": benefit, "unitPrice": "10.00", "from": "2026-01-01"}
                for benefit in ("medical-butler", "outpatient-green-channel")
            ],
        )
        yield served
