"""What a vendor's counter asks and posts, on the demo portfolio of 22 November 2026."""

from typing import Any

import pytest

from schema.context import Role
from tests.operations.conftest import Desk

pytestmark = pytest.mark.asyncio(loop_scope="module")
EXAM, DENTAL, ASSIST = "exam-1", "dental-1", "assist-1"


async def may(desk: Desk, vendor: str, member_no: str, benefit: str, **more: Any) -> dict[str, Any]:
    answer = await desk.ask(
        "lookup.graphql", Role.VENDOR, as_vendor=vendor, memberNo=member_no, benefit=benefit, **more
    )
    return dict(answer["eligibility"])


async def post(desk: Desk, vendor: str, operation: str, given: Any) -> Any:
    name = "inputs" if operation == "RedeemMany" else "input"
    return await desk.ask("redeem.graphql", Role.VENDOR, operation, as_vendor=vendor, **{name: given})


async def test_a_vendor_sees_who_it_is_and_what_it_is_contracted_for(desk):
    answer = await desk.ask(
        "lookup.graphql", Role.VENDOR, as_vendor=DENTAL, memberNo="M00001", benefit="dental-care"
    )
    assert answer["viewer"] == {
        "role": "VENDOR",
        "vendor": {
            "code": "dental-1",
            "name": "雅贝齿科",
            "benefits": [{"code": "dental-care", "name": "成人洁牙 / 儿童涂氟"}],
        },
    }


@pytest.mark.parametrize(
    ("vendor", "member_no", "benefit", "more", "code", "available_from"),
    [
        (EXAM, "M99999", "physical-exam", {}, "UNKNOWN_CUSTOMER", None),
        (EXAM, "M00001", "dental-care", {"option": "adult-cleaning"}, "VENDOR_NOT_CONTRACTED", None),
        (EXAM, "M00007", "physical-exam", {}, "NOT_A_MEMBER", "2026-12-05"),
        (EXAM, "M00005", "physical-exam", {}, "TIER_TOO_LOW", None),
        (EXAM, "M00011", "physical-exam", {}, "QUOTA_EXHAUSTED", "2027-03-23"),
        (DENTAL, "M00004", "dental-care", {}, "OPTION_REQUIRED", None),
        (ASSIST, "M00019", "second-opinion", {}, "WAITING_PERIOD", "2026-12-10"),
        (ASSIST, "M00018", "legal-consultation", {"beneficiary": "sibling"}, "BENEFICIARY_NOT_COVERED", None),
        (ASSIST, "M00018", "medical-butler", {"beneficiary": "spouse"}, "BENEFICIARY_NOT_COVERED", None),
        (ASSIST, "M00002", "policy-cover", {}, "POLICY_REQUIRED", None),
        (ASSIST, "M00002", "policy-cover", {"policyNo": "P0000203"}, "POLICY_NOT_ELIGIBLE", None),
        (ASSIST, "M00003", "legal-consultation", {"units": 16}, "QUOTA_EXHAUSTED", "2027-04-22"),
    ],
)
async def test_who_may_not_is_told_why_and_from_when(
    desk, vendor, member_no, benefit, more, code, available_from
):
    found = await may(desk, vendor, member_no, benefit, **more)
    assert not found["entitled"]
    assert (found["refusal"]["code"], found["refusal"]["availableFrom"]) == (code, available_from)
    assert found["refusal"]["message"].endswith("。")


async def test_who_may_is_told_what_is_left(desk):
    found = await may(desk, ASSIST, "M00003", "legal-consultation", units=15)
    assert found["entitled"]
    assert found["refusal"] is None
    assert found["quota"] == {
        "granted": 60,
        "used": 45,
        "held": 0,
        "remaining": 15,
        "resetsOn": "2027-04-22",
    }


async def test_the_last_unit_is_redeemed_once_and_the_same_key_answers_the_same(desk):
    given = {
        "memberNo": "M00004",
        "benefit": "dental-care",
        "idempotencyKey": "counter-1",
        "option": "adult-cleaning",
        "reference": "YC-77",
    }
    done = await post(desk, DENTAL, "Redeem", given)
    assert done["__typename"] == "Redemption"
    assert (done["status"], done["units"], done["replayed"], done["reference"]) == (
        "REDEEMED",
        1,
        False,
        "YC-77",
    )
    assert done["quota"] == {"granted": 1, "used": 1, "held": 0, "remaining": 0}
    assert await post(desk, DENTAL, "Redeem", given) == done | {"replayed": True}
    other = await post(desk, DENTAL, "Redeem", given | {"option": "child-fluoride", "units": 2})
    assert (other["code"], other["differing"]) == ("KEY_REUSED", ["option", "units"])
    second = await post(desk, DENTAL, "Redeem", given | {"idempotencyKey": "counter-2"})
    assert (second["code"], second["availableFrom"]) == ("QUOTA_EXHAUSTED", "2027-04-02")


async def test_an_appointment_is_held_and_confirmed_in_part(desk):
    given = {
        "memberNo": "M00018",
        "benefit": "legal-consultation",
        "idempotencyKey": "law-1",
        "units": 30,
        "beneficiary": "spouse",
        "holdHours": 48,
    }
    held = await post(desk, ASSIST, "Hold", given)
    assert (held["status"], held["expiresAt"]) == ("HELD", "2026-11-24T18:30:00+08:00")
    assert held["quota"] == {"granted": 60, "used": 20, "held": 30, "remaining": 10}
    assert held["beneficiary"]["relation"] == "SPOUSE"
    confirm = {"redemption": held["id"], "idempotencyKey": "law-2", "units": 25}
    done = await post(desk, ASSIST, "Confirm", confirm)
    assert (done["status"], done["units"]) == ("REDEEMED", 25)
    assert done["quota"] == {"granted": 60, "used": 45, "held": 0, "remaining": 15}
    back = await post(
        desk, ASSIST, "Reverse", {"redemption": held["id"], "idempotencyKey": "law-3", "reason": "重复"}
    )
    assert (back["status"], back["quota"]["used"]) == ("REVERSED", 20)


async def test_the_appointment_from_before_the_lapse_is_honoured(desk):
    page = await desk.ask(
        "my_redemptions.graphql",
        Role.VENDOR,
        as_vendor=ASSIST,
        first=100,
        where={"status": {"in": ["HELD"]}, "benefit": {"in": ["outpatient-green-channel"]}},
    )
    (held,) = (edge["node"] for edge in page["edges"] if edge["node"]["memberNo"] == "M00010")
    done = await post(desk, ASSIST, "Confirm", {"redemption": held["id"], "idempotencyKey": "lapse-1"})
    assert (done["__typename"], done["status"]) == ("Redemption", "REDEEMED")


@pytest.mark.parametrize(("operation", "status"), [("Release", "RELEASED"), ("NoShow", "NO_SHOW")])
async def test_an_appointment_ends_otherwise(desk, operation, status):
    key = operation.lower()
    held = await post(
        desk,
        EXAM,
        "Hold",
        {"memberNo": "M00002", "benefit": "physical-exam", "idempotencyKey": f"{key}-1"},
    )
    assert held["__typename"] == "Redemption", held
    close = {"redemption": held["id"], "idempotencyKey": f"{key}-2", "reason": "客户取消"}
    assert (await post(desk, EXAM, operation, close))["status"] == status
    again = await post(desk, EXAM, operation, close | {"idempotencyKey": f"{key}-3"})
    assert again["code"] == "HOLD_NOT_OPEN"
    back = close | {"idempotencyKey": f"{key}-4", "reason": "客户其实到了"}
    reversed_ = await post(desk, EXAM, "Reverse", back)
    assert reversed_.get("code") == ("NOT_REDEEMED" if status == "RELEASED" else None)
    assert reversed_.get("status") == ("REVERSED" if status == "NO_SHOW" else None)


async def test_many_at_once_are_answered_each_on_its_own(desk):
    one = {"memberNo": "M00024", "benefit": "medical-butler"}
    answers = await post(
        desk,
        ASSIST,
        "RedeemMany",
        [
            one | {"idempotencyKey": "many-1", "units": 2},
            one | {"idempotencyKey": "many-2", "units": 2},
            one | {"idempotencyKey": "many-3", "benefit": "nothing"},
            one | {"idempotencyKey": "many-4"},
            one | {"idempotencyKey": "many-1", "units": 2},
        ],
    )
    assert [each.get("code") or each["quota"]["remaining"] for each in answers] == [
        1,
        "QUOTA_EXHAUSTED",
        "UNKNOWN_BENEFIT",
        0,
        1,
    ]
    assert answers[4]["replayed"]


async def test_a_vendor_lists_what_it_delivered_in_a_month(desk):
    where = {"benefit": {"in": ["physical-exam"]}, "occurredOn": {"gte": "2026-10-01", "lt": "2026-11-01"}}
    seen, after = [], None
    while True:
        page = await desk.ask(
            "my_redemptions.graphql", Role.VENDOR, as_vendor=EXAM, first=5, after=after, where=where
        )
        seen += [edge["node"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert len({each["id"] for each in seen}) == len(seen) > 5
    assert {each["benefit"]["code"] for each in seen} == {"physical-exam"}
    assert {each["occurredAt"][:7] for each in seen} == {"2026-10"}
    nothing = await desk.ask("my_redemptions.graphql", Role.VENDOR, as_vendor=DENTAL, first=5, where=where)
    assert nothing["edges"] == []


async def test_a_vendor_knows_before_it_asks_whom_it_may_serve_and_what_is_needed(desk):
    asked = {"memberNo": "M00018", "benefit": "legal-consultation"}
    answer = await desk.ask("relatives.graphql", Role.VENDOR, as_vendor=ASSIST, **asked)
    relatives = answer["customer"]["relatives"]
    assert {each["relation"] for each in relatives} <= {"SPOUSE", "PARENT", "CHILD"}
    assert "spouse" in {each["relativeId"] for each in relatives}
    assert all(each["name"].endswith("**") for each in relatives)
    assert answer["benefit"]["name"] == "线上法律咨询（电话）"
    assert answer["benefit"]["requires"] == {
        "units": True,
        "option": False,
        "policy": False,
        "wishedNumber": False,
        "facilities": [],
        "evidence": [],
        "relation": None,
        "hours": None,
        "waitingDays": 0,
    }
    for each in relatives:
        found = await may(
            desk, ASSIST, "M00018", "legal-consultation", beneficiary=each["relativeId"], units=1
        )
        assert found["entitled"], each


async def test_a_vendor_is_told_that_a_benefit_is_not_of_its_contract(desk):
    answer = await desk.answer(
        "relatives.graphql",
        Role.VENDOR,
        as_={"vendor": DENTAL},
        memberNo="M00018",
        benefit="legal-consultation",
    )
    assert answer["data"]["customer"] is None
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert "legal-consultation" in error["message"]


async def test_what_dental_care_asks_for_is_named_by_its_option(desk):
    asked = {"memberNo": "M00018", "benefit": "dental-care"}
    answer = await desk.ask("relatives.graphql", Role.VENDOR, as_vendor=DENTAL, **asked)
    assert (answer["benefit"]["requires"]["option"], answer["benefit"]["requires"]["relation"]) == (
        True,
        "CHILD",
    )
