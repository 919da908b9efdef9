"""Whom of a member's family somebody sees, and for what."""

from typing import Any

import pytest

from schema.context import Role, Viewer
from tests.schema.api import AUDITOR, FRONTEND, OTHER_VENDOR, STAFF, VENDOR, Api, member
from tests.schema.test_statements import counted

TEXT = """query ($memberNo: String!, $benefit: String) {
    customer(memberNo: $memberNo) { relatives(benefit: $benefit) { relativeId relation name } } }"""
SPOUSE = {"relativeId": "R1", "relation": "SPOUSE", "name": "李四"}
SIBLING = {"relativeId": "R2", "relation": "SIBLING", "name": "王五"}


async def seen(api: Api, viewer: Viewer, benefit: str | None = None) -> list[dict[str, Any]]:
    found = await api.data(TEXT, viewer, memberNo="M1", benefit=benefit)
    return list(found["customer"]["relatives"])


async def refused(api: Api, viewer: Viewer, benefit: str | None) -> tuple[str, str]:
    answer = await api.ask(TEXT, viewer, memberNo="M1", benefit=benefit)
    (error,) = answer["errors"]
    return error["extensions"]["code"], error["message"]


async def test_a_vendor_lists_whom_it_may_serve_with_masked_names(api: Api) -> None:
    found = await api.data("relatives.graphql", VENDOR, memberNo="M1", benefit="physical-exam")
    assert found["customer"]["relatives"] == [{"relativeId": "R1", "relation": "SPOUSE", "name": "李**"}]
    assert found["benefit"]["code"] == "physical-exam"
    redeemed = await api.redeem(beneficiary=found["customer"]["relatives"][0]["relativeId"])
    assert redeemed["__typename"] == "Redemption"


async def test_a_benefit_that_the_family_does_not_share_serves_no_relative(api: Api) -> None:
    assert await seen(api, VENDOR, "critical-surgery-admission") == []
    assert await seen(api, FRONTEND, "critical-surgery-admission") == []


async def test_a_vendor_is_refused_without_a_benefit_of_its_contract(api: Api) -> None:
    code, message = await refused(api, VENDOR, None)
    assert (code, "name the `benefit`" in message) == ("FORBIDDEN", True)
    code, message = await refused(api, OTHER_VENDOR, "physical-exam")
    assert code == "FORBIDDEN"
    assert "dental-1 has no contract for physical-exam" in message
    assert (await refused(api, VENDOR, "yoga"))[0] == "FORBIDDEN"
    assert (await refused(api, Viewer(role=Role.VENDOR, vendor="nobody"), "physical-exam"))[0] == "FORBIDDEN"
    assert (await refused(api, Viewer(role=Role.VENDOR), "physical-exam"))[0] == "FORBIDDEN"


async def test_a_contract_that_is_over_or_ahead_shows_nobody(api: Api) -> None:
    term = {"benefit": "car-t", "unitPrice": "9.00", "from": "2026-10-21"}
    await api.data(
        "record.graphql", STAFF, operation="RegisterVendor", code="exam-1", name="供应商 exam-1", terms=[term]
    )
    assert (await refused(api, VENDOR, "car-t"))[0] == "FORBIDDEN"
    api.clock.now = api.clock.now.replace(day=21)
    assert [each["relativeId"] for each in await seen(api, VENDOR, "car-t")] == ["R1"]


async def test_who_reads_everything_sees_all_relatives_or_those_for_a_benefit(api: Api) -> None:
    for viewer in (FRONTEND, STAFF, AUDITOR):
        assert await seen(api, viewer) == [SPOUSE, SIBLING]
        assert await seen(api, viewer, "physical-exam") == [SPOUSE]


async def test_a_benefit_that_there_is_not_is_an_error_that_names_those_there_are(api: Api) -> None:
    code, message = await refused(api, FRONTEND, "yoga")
    assert code == "BAD_USER_INPUT"
    assert "physical-exam" in message


async def test_a_relative_who_is_registered_ahead_is_not_served_yet(api: Api) -> None:
    await api.record(
        {
            "eventId": "M1-R9",
            "memberNo": "M1",
            "effectiveOn": "2026-10-25",
            "recordedAt": "2026-10-20T09:00:00+08:00",
            "relativeRegistered": {"relativeId": "R9", "name": "赵六", "relation": "CHILD"},
        }
    )
    assert [each["relativeId"] for each in await seen(api, VENDOR, "physical-exam")] == ["R1"]
    api.clock.now = api.clock.now.replace(day=25)
    assert [each["relativeId"] for each in await seen(api, VENDOR, "physical-exam")] == ["R1", "R9"]


async def test_a_vendor_sees_beneficiaries_masked_wherever_they_stand(api: Api) -> None:
    done = await api.redeem(beneficiary="R1")
    assert done["beneficiary"] == {"name": "李**", "relation": "SPOUSE"}
    again = await api.redeem(beneficiary="R1")
    assert again["beneficiary"] == done["beneficiary"]
    text = "{ redemptions(first: 1) { edges { node { beneficiary { relativeId name } } } } }"
    for viewer, name in ((VENDOR, "李**"), (AUDITOR, "李四")):
        (edge,) = (await api.data(text, viewer))["redemptions"]["edges"]
        assert edge["node"]["beneficiary"] == {"relativeId": "R1", "name": name}


async def test_a_page_of_members_takes_one_statement_for_all_their_relatives(api: Api) -> None:
    await api.record(*[event for number in range(2, 12) for event in member(f"M{number:02}")])
    text = """query ($first: Int!) { customers(first: $first) { edges { node {
        relatives(benefit: "physical-exam") { name } } } } }"""
    taken = {}
    for first in (1, 11):
        async with counted(api.pool) as statements:
            page = await api.data(text, first=first)
        assert len(page["customers"]["edges"]) == first
        taken[first] = len(statements)
    assert taken == {1: 2, 11: 2}  # the page, the relatives


async def test_a_vendor_reads_contract_and_relatives_in_a_statement_each(api: Api) -> None:
    async with counted(api.pool) as statements:
        await api.data(TEXT, VENDOR, memberNo="M1", benefit="physical-exam")
    assert len([each for each in statements if "relatives" in each]) == 1
    assert len(statements) <= 4


@pytest.mark.parametrize("viewer", [VENDOR, OTHER_VENDOR])
async def test_when_a_relative_was_registered_is_not_for_vendors(api: Api, viewer: Viewer) -> None:
    text = '{ customer(memberNo: "M1") { relatives(benefit: "physical-exam") { registeredOn } } }'
    assert await api.codes(text, viewer) == ["FORBIDDEN"]
    assert await api.codes(text, FRONTEND) == []
