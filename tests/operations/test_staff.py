"""What finance and operations ask and record, on the demo portfolio of 22 November 2026."""

from collections import Counter
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from schema.context import Role
from tests.operations.conftest import Desk

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def ledger(desk: Desk, **where: Any) -> list[dict[str, Any]]:
    """Every entry of the ledger that fits, newest first, page by page."""
    seen: list[dict[str, Any]] = []
    after = None
    while True:
        page = await desk.ask("usage.graphql", Role.FINANCE, "Ledger", where=where, first=150, after=after)
        seen += [edge["node"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return seen


async def usage(desk: Desk, vendor: str, from_: str, to: str) -> list[dict[str, Any]]:
    asked = {"vendor": vendor, "from": from_, "to": to}
    return list((await desk.ask("usage.graphql", Role.FINANCE, "VendorUsage", **asked))["usage"])


@pytest.mark.parametrize("vendor", ["exam-1", "dental-1", "assist-1"])
async def test_usage_is_what_the_ledger_says(desk, vendor):
    entries = await ledger(desk, vendor={"eq": vendor}, kind={"in": ["REDEEM", "REVERSE"]})
    delivered, redemptions, reversed_ = Counter(), Counter(), Counter()
    for entry in entries:
        benefit = entry["benefit"]["code"]
        (delivered if entry["kind"] == "REDEEM" else reversed_)[benefit] += entry["units"]
        redemptions[benefit] += entry["kind"] == "REDEEM"
    rows = await usage(desk, vendor, "2026-01-01", "2027-01-01")
    assert len(rows) >= len(delivered)
    for name, counted in (("units", delivered), ("redemptions", redemptions), ("reversedUnits", reversed_)):
        told = Counter()
        for row in rows:
            told[row["benefit"]["code"]] += row[name]
        assert +told == +counted, name
    for row in rows:
        payable = (row["units"] - row["reversedUnits"]) * Decimal(row["unitPrice"])
        assert Decimal(row["amount"]) == payable


async def test_a_raised_price_holds_from_its_day(desk):
    before = await usage(desk, "exam-1", "2026-06-01", "2026-09-01")
    after = await usage(desk, "exam-1", "2026-09-01", "2026-11-22")
    prices = [
        {row["unitPrice"] for row in rows if row["benefit"]["code"] == "physical-exam"}
        for rows in (before, after)
    ]
    assert prices == [{"680.00", "1980.00"}, {"720.00", "1980.00"}]  # the highest variant is priced apart


async def test_months_add_up_to_the_whole(desk):
    months = [
        "2026-06-01",
        "2026-07-01",
        "2026-08-01",
        "2026-09-01",
        "2026-10-01",
        "2026-11-01",
        "2026-12-01",
    ]
    whole = await usage(desk, "assist-1", months[0], months[-1])
    parts = [row for from_, to in pairwise(months) for row in await usage(desk, "assist-1", from_, to)]
    assert sum(row["units"] for row in whole) == sum(row["units"] for row in parts) > 1000
    assert sum(Decimal(row["amount"]) for row in whole) == sum(Decimal(row["amount"]) for row in parts)


async def test_the_ledger_is_read_newest_first_and_every_entry_once(desk):
    entries = await ledger(desk, occurredOn={"gte": "2026-10-01", "lt": "2026-11-01"})
    assert len({entry["id"] for entry in entries}) == len(entries) > 300
    recorded = [entry["recordedAt"] for entry in entries]
    assert recorded == sorted(recorded, reverse=True)
    assert all(entry["occurredAt"].startswith("2026-10") for entry in entries)


async def test_an_event_is_recorded_and_rates_at_once_and_again_changes_nothing(desk):
    def events() -> list[dict[str, Any]]:
        return [
            {
                "eventId": "DESK-1",
                "memberNo": "M00006",
                "effectiveOn": "2026-11-20",
                "premiumIncreased": {
                    "policyNo": "P0000601",
                    "componentId": "inc-1",
                    "mode": "ANNUAL",
                    "premium": "20001.00",
                    "termYears": 10,
                },
            },
            {
                "eventId": "DESK-2",
                "memberNo": "M00008",
                "effectiveOn": "2026-11-20",
                "lapsed": {"policyNo": "P0000801"},
            },
            {
                "eventId": "DESK-3",
                "memberNo": "M99999",
                "effectiveOn": "2026-11-20",
                "lapsed": {"policyNo": "P1"},
            },
        ]

    for repeated in (False, True):
        taken, illegal, nobody = await desk.ask("record.graphql", Role.OPERATIONS, "Record", events=events())
        assert taken == {
            "__typename": "Recorded",
            "eventId": "DESK-1",
            "repeated": repeated,
            "customer": {"memberNo": "M00006", "tier": {"star": 2, "ratedPremium": "50000.00"}},
        }
        assert (illegal["__typename"], illegal["code"]) == ("Refusal", "LIFE_CYCLE")
        assert (nobody["__typename"], nobody["code"]) == ("Refusal", "UNKNOWN_CUSTOMER")
    changed = events()[:1]
    changed[0]["premiumIncreased"]["premium"] = "30000.00"
    (refused,) = await desk.ask("record.graphql", Role.OPERATIONS, "Record", events=changed)
    assert (refused["code"], refused["differing"]) == ("EVENT_CHANGED", ["premium"])


async def test_a_vendor_is_registered_with_its_contract(desk):
    term = {"benefit": "car-t", "unitPrice": "5000.00", "from": "2026-12-01"}
    given = {"code": "lab-1", "name": "华安细胞实验室", "terms": [term]}
    for _ in range(2):
        vendor = await desk.ask("record.graphql", Role.OPERATIONS, "RegisterVendor", **given)
        assert (vendor["code"], vendor["name"]) == ("lab-1", "华安细胞实验室")


async def test_after_all_of_this_the_books_are_in_order(desk):
    from ledger.verifying.verify import verify

    assert await verify(desk.services.pool) == []
