"""The shipped handbook with zhenxuan-2 after it, and the product on it in June 2027, months after its first day."""

import io
import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest

from handbook import BUSINESS_ZONE, SHIPPED_EDITIONS, Handbook, load_handbook
from ledger.posting.first_grants import FirstGrants
from rating.importing import import_history
from tests.editions import six_stars
from tests.schema.api import STAFF, Api, serving

NOW = datetime(2027, 6, 1, 10, 0, tzinfo=BUSINESS_ZONE)
PRICES = {
    "physical-exam": "680.00",
    "legal-consultation": "5.00",
    "medical-butler": "60.00",
    "home-nursing": "300.00",
    "outpatient-escort": "260.00",
}


@pytest.fixture(scope="session")
def handbook(tmp_path_factory: pytest.TempPathFactory) -> Handbook:
    """The shipped edition until the end of 2026, zhenxuan-2 from then on."""
    folder = tmp_path_factory.mktemp("editions")
    six_stars(folder)
    return load_handbook(SHIPPED_EDITIONS, folder)


def history() -> list[dict[str, Any]]:
    """M6 of 1,000,000 a year with a relative of each kind that matters, M5 of 500,000."""
    events: list[dict[str, Any]] = []
    for member_no, premium in (("M6", "1000000.00"), ("M5", "500000.00")):
        common = {
            "member_no": member_no,
            "effective_on": "2024-01-10",
            "recorded_at": "2024-01-10T09:00:00+08:00",
        }
        events += [
            {"event_id": f"{member_no}-1", "type": "customer_registered", "name": f"张{member_no}", **common},
            {
                "event_id": f"{member_no}-2",
                "type": "policy_issued",
                "policy_no": "P1",
                "line": "individual",
                "coverage": "long",
                "category": "whole_life",
                "design": "traditional",
                "mode": "annual",
                "premium": premium,
                "term_years": 20,
                **common,
            },
        ]
        events += [
            {
                "event_id": f"{member_no}-{relation}",
                "type": "relative_registered",
                "relative_id": relation,
                "name": "李四",
                "relation": relation,
                **common,
            }
            for relation in ("spouse", "grandparent", "sibling")
        ]
    return events


@pytest.fixture
async def api(database: Any, handbook: Handbook) -> AsyncIterator[Api]:
    """The API in June 2027: M6 and M5 imported, and a vendor with a contract."""
    stream = io.BytesIO("\n".join(json.dumps(event) for event in history()).encode() + b"\n")

    grants = FirstGrants(clock=lambda: NOW, handbook=handbook, subject=None)
    async with database.pool.acquire() as conn, conn.transaction():
        await import_history(conn, stream, now=NOW, handbook=handbook, following=grants)
    async with serving(database, handbook) as served:
        served.clock.now = NOW
        terms = [
            {"benefit": benefit, "unitPrice": price, "from": "2026-01-01"}
            for benefit, price in PRICES.items()
        ]
        await served.data(
            "record.graphql", STAFF, operation="RegisterVendor", code="exam-1", name="体检", terms=terms
        )
        yield served
