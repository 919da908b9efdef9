"""The worked examples of the rating rules, told to and asked of the API."""

import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from strawberry.utils.str_converters import to_camel_case

from rating.importing import import_history
from tests.schema.api import AUDITOR, Api

CASES = json.loads((Path(__file__).parents[1] / "cases" / "rating.json").read_text(encoding="utf-8"))
ENVELOPE = {"event_id", "member_no", "effective_on", "recorded_at"}
CODES = {"line", "coverage", "category", "design", "mode", "relation"}
TIER = """query ($memberNo: String!, $on: Date, $knownAt: DateTime) { customer(memberNo: $memberNo) {
    tier(on: $on, knownAt: $knownAt) { star ratedPremium contributions { amount counted reason } } } }"""


def as_input(event: dict[str, Any]) -> dict[str, Any]:
    """An event of the stream as the mutation takes it."""
    happened = {
        to_camel_case(name): value.upper() if name in CODES else value
        for name, value in event.items()
        if name not in ENVELOPE | {"type"}
    }
    envelope = {to_camel_case(name): event[name] for name in ENVELOPE if name in event}
    return {**envelope, to_camel_case(event["type"]): happened}


@pytest.mark.parametrize("case", CASES, ids=[case["title"] for case in CASES])
async def test_a_worked_example_holds_through_the_api(empty_api: Api, case: dict[str, Any]) -> None:
    await empty_api.record(*map(as_input, case["events"]))
    await holds(empty_api, case)


async def test_every_worked_example_holds_after_an_import(empty_api: Api) -> None:
    lines = b"".join(json.dumps(event).encode() + b"\n" for case in CASES for event in case["events"])
    async with empty_api.pool.acquire() as conn, conn.transaction():
        report = await import_history(
            conn, io.BytesIO(lines), now=empty_api.clock(), handbook=empty_api.handbook
        )
    assert (report.written, report.refused) == (True, 0)
    for case in CASES:
        await holds(empty_api, case)


async def holds(api: Api, case: dict[str, Any]) -> None:
    """Ask for every day of an example."""
    for expected in case["expect"]:
        asked = {"memberNo": case["member_no"], "on": expected["on"], "knownAt": expected.get("knownAt")}
        tier = (await api.data(TIER, AUDITOR, **asked))["customer"]["tier"]
        assert tier["star"] == expected["star"], expected
        assert Decimal(tier["ratedPremium"]) == Decimal(expected["ratedPremium"]), expected
        contributions = tier["contributions"]
        assert sum(Decimal(each["amount"]) for each in contributions) == Decimal(tier["ratedPremium"])
        assert all(each["counted"] == (each["reason"] == "COUNTED") for each in contributions)
