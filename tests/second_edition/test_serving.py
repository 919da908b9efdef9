"""Redemptions and holds under an edition with other numbers: each is the edition's, in the rule and in the words."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from handbook import BUSINESS_ZONE
from ledger.verifying.verify import verify
from rating.verifying import verify_ratings
from tests.schema.api import VENDOR, Api
from tests.second_edition.conftest import NOW

ENTRIES = """query ($memberNo: String!) { customer(memberNo: $memberNo) { entries(first: 500) {
    edges { node { kind star edition benefit { code } units } } } } }"""


async def redeem(api: Api, benefit: str, **fields: Any) -> dict[str, Any]:
    return await api.redeem(memberNo="M6", benefit=benefit, **fields)


async def uses(api: Api) -> list[tuple[str, int, str, str]]:
    edges = (await api.data(ENTRIES, memberNo="M6"))["customer"]["entries"]["edges"]
    return [
        (node["benefit"]["code"], node["units"], node["star"], node["edition"])
        for node in (edge["node"] for edge in reversed(edges))
        if node["kind"] in ("HOLD", "REDEEM")
    ]


async def in_order(api: Api) -> bool:
    return not [
        *await verify(api.pool),
        *await verify_ratings(api.pool, handbook=api.handbook),
    ]


async def test_six_stars_take_what_six_stars_have_and_no_more(api):
    assert (await redeem(api, "legal-consultation", units=100))["quota"]["remaining"] == 20
    refused = await redeem(api, "legal-consultation", units=30)
    assert (refused["code"], refused["message"].partition("。")[0]) == (
        "QUOTA_EXHAUSTED",
        "「线上法律咨询（电话）」额度不足：共 120，已用 100，占用 0，剩余 20，本次需要 30",
    )
    assert (await redeem(api, "home-nursing"))["quota"]["remaining"] == 1
    assert await uses(api) == [
        ("legal-consultation", 100, 6, "zhenxuan-2"),
        ("home-nursing", 1, 6, "zhenxuan-2"),
    ]
    assert await in_order(api)


async def test_what_the_edition_dropped_is_unknown_from_its_first_day(api):
    refused = await redeem(api, "outpatient-escort")
    assert refused["code"] == "UNKNOWN_BENEFIT"
    assert "home-nursing" in refused["message"]


@pytest.mark.parametrize(("days", "taken"), [(100, True), (120, True), (121, False)])
async def test_a_use_may_lie_back_as_far_as_the_edition_says(api, days, taken):
    outcome = await redeem(api, "physical-exam", occurredAt=(NOW - timedelta(days=days)).isoformat())
    if taken:
        assert outcome["status"] == "REDEEMED"
    else:
        assert outcome["code"] == "OCCURRED_TOO_LONG_AGO"
        assert "最多补记 120 天" in outcome["message"]
    assert await in_order(api)


async def test_the_edition_of_today_says_how_far_back_and_the_edition_of_the_day_judges(api):
    api.clock.now = datetime(2027, 1, 20, 10, 0, tzinfo=BUSINESS_ZONE)
    then = "2026-10-12T10:00:00+08:00"
    assert (await redeem(api, "outpatient-escort", occurredAt=then))["status"] == "REDEEMED"
    refused = await redeem(api, "physical-exam", occurredAt=then, beneficiary="grandparent")
    assert refused["code"] == "BENEFICIARY_NOT_COVERED"
    assert "（配偶、父母、子女）" in refused["message"]
    assert await uses(api) == [("outpatient-escort", 1, 5, "zhenxuan-1")]
    assert await in_order(api)


async def test_the_family_is_the_editions_in_the_rule_and_in_the_words(api):
    served = await redeem(api, "physical-exam", beneficiary="grandparent")
    assert (served["status"], served["beneficiary"]["relation"]) == ("REDEEMED", "GRANDPARENT")
    asked = {"benefit": "legal-consultation", "units": 5, "beneficiary": "sibling", "memberNo": "M6"}
    refused = await api.redeem(**asked)
    assert (refused["code"], refused["message"]) == (
        "BENEFICIARY_NOT_COVERED",
        "「线上法律咨询（电话）」仅限客户及其已登记的直系亲属（配偶、父母、子女、祖父母）使用；「sibling」不在其中。",
    )
    english = await api.data(
        "redeem.graphql",
        operation="Redeem",
        viewer=VENDOR,
        language="en",
        input={**asked, "idempotencyKey": "en"},
    )
    assert english["redeem"]["message"].endswith(
        "is for the customer and the registered immediate family (spouse, parents, children, grandparents); "
        "sibling is none of them."
    )


async def test_a_hold_lasts_as_long_and_takes_as_much_as_the_edition_lets_it(api):
    held = await redeem(api, "legal-consultation", operation="Hold", units=60)
    assert held["expiresAt"] == (NOW + timedelta(hours=48)).isoformat()
    longest = await redeem(api, "medical-butler", operation="Hold", holdHours=1000)
    assert longest["expiresAt"] == (NOW + timedelta(hours=1000)).isoformat()
    too_long = await redeem(api, "medical-butler", operation="Hold", holdHours=1001)
    assert (too_long["code"], "1000" in too_long["message"]) == ("INVALID", True)
    too_much = await redeem(api, "legal-consultation", units=601)
    assert (too_much["code"], "600" in too_much["message"]) == ("UNITS_INVALID", True)
