"""The conditions of benefits through the API: each refusal, and a number from its application to its policy."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from ledger.verifying.verify import verify
from tests.schema.api import STAFF, VENDOR, Api

CONTRACT = (
    "vip-line",
    "dental-care",
    "car-t",
    "second-opinion",
    "proton-therapy",
    "policy-cover",
    "lucky-policy-number",
)
SHOWN = """query ($id: ID!) { node(id: $id) { ... on Redemption {
    status facility wishedNumber policy { policyNo } quota { granted used held remaining } } } }"""


@pytest.fixture
async def contracted(api: Api) -> Api:
    """The furnished API, whose vendor exam-1 may serve all that these tests ask for."""
    terms = [{"benefit": each, "unitPrice": "1.00", "from": "2026-01-01"} for each in CONTRACT]
    await api.data(
        "record.graphql", STAFF, operation="RegisterVendor", code="exam-1", name="供应商", terms=terms
    )
    return api


def opinion(**more: Any) -> list[dict[str, Any]]:
    return [{"kind": "first-opinion", "reference": "O-1", **more}]


def slip(**more: Any) -> list[dict[str, Any]]:
    return [{"kind": "admission-slip", "reference": "S-1", **more}]


@pytest.mark.parametrize(
    ("benefit", "more", "code", "missing", "available_from"),
    [
        ("vip-line", {"occurredAt": "2026-10-18T12:00:00+08:00"}, "OUTSIDE_SERVICE_HOURS", [], "2026-10-19"),
        ("dental-care", {"option": "child-fluoride"}, "BENEFICIARY_NOT_COVERED", ["beneficiary"], None),
        (
            "dental-care",
            {"option": "child-fluoride", "beneficiary": "R1"},
            "BENEFICIARY_NOT_COVERED",
            [],
            None,
        ),
        ("car-t", {}, "EVIDENCE_MISSING", ["approval"], None),
        ("second-opinion", {"evidence": opinion()}, "EVIDENCE_MISSING", ["diagnosedOn"], None),
        ("second-opinion", {"evidence": opinion(diagnosedOn="2024-02-20")}, "WAITING_PERIOD", [], None),
        ("second-opinion", {"evidence": opinion(diagnosedOn="2026-10-21")}, "INVALID", [], None),
        (
            "proton-therapy",
            {"evidence": slip(diagnosedOn="2026-10-02")},
            "FACILITY_REQUIRED",
            ["facility"],
            None,
        ),
        ("physical-exam", {"facility": "shanghai"}, "INVALID", [], None),
        ("physical-exam", {"wishedNumber": "12345678"}, "INVALID", [], None),
        ("legal-consultation", {}, "UNITS_INVALID", ["units"], None),
        ("lucky-policy-number", {"policyNo": "P1"}, "POLICY_NOT_ELIGIBLE", [], None),
    ],
)
async def test_what_a_condition_forbids_is_refused(contracted, benefit, more, code, missing, available_from):
    refusal = await contracted.redeem(benefit=benefit, **more)
    assert (refusal["__typename"], refusal["code"]) == ("Refusal", code), refusal
    assert (refusal["missing"], refusal["availableFrom"]) == (missing, available_from)


@pytest.mark.parametrize(
    ("number", "more", "code"),
    [
        (None, {}, "WISHED_NUMBER_REQUIRED"),
        ("1234567", {}, "WISHED_NUMBER_REQUIRED"),
        ("1234-678", {}, "WISHED_NUMBER_REQUIRED"),
        ("12345678", {"policyNo": "P1"}, "POLICY_NOT_ELIGIBLE"),
        ("12345678", {"policyNo": "NOT-YET"}, "POLICY_NOT_ELIGIBLE"),  # which policies there are is not told
    ],
)
async def test_an_application_names_a_number_and_no_policy(contracted, number, more, code):
    refusal = await contracted.redeem(
        operation="Hold", benefit="lucky-policy-number", wishedNumber=number, **more
    )
    assert refusal["code"] == code


async def test_what_meets_its_conditions_is_taken_and_shown(contracted):
    done = await contracted.redeem(
        benefit="proton-therapy", facility="zhuozhou", evidence=slip(diagnosedOn="2026-10-02")
    )
    assert done["status"] == "REDEEMED", done
    shown = (await contracted.data(SHOWN, VENDOR, id=done["id"]))["node"]
    assert (shown["facility"], shown["wishedNumber"]) == ("zhuozhou", None)
    one = await contracted.redeem(benefit="physical-exam", units=None)
    assert one["units"] == 1
    call = await contracted.redeem(benefit="vip-line", occurredAt="2026-10-19T09:00:00+08:00")
    assert call["status"] == "REDEEMED"
    assert await verify(contracted.pool) == []


async def test_a_number_is_applied_for_and_confirmed_with_the_policy_that_was_issued(contracted):
    api = contracted
    wish: dict[str, Any] = {"operation": "Hold", "benefit": "lucky-policy-number", "holdHours": 500}
    held = await api.redeem(wishedNumber="Abcd1234", **wish)
    assert (held["status"], held["quota"]) == ("HELD", {"granted": 2, "used": 0, "held": 1, "remaining": 1})
    again = await api.redeem(wishedNumber="Abcd1234", idempotencyKey="again", **wish)
    assert again["code"] == "INVALID"
    shown = (await api.data(SHOWN, VENDOR, id=held["id"]))["node"]
    assert (shown["wishedNumber"], shown["policy"]) == ("Abcd1234", None)
    assert shown["quota"] == held["quota"]
    early = await api.follow("Confirm", redemption=held["id"], policyNo="P1")
    assert early["code"] == "POLICY_NOT_ELIGIBLE"
    assert "2026-10-22" in early["message"]
    api.clock.now += timedelta(days=5)
    issued = {
        "eventId": "M1-N1",
        "memberNo": "M1",
        "effectiveOn": "2026-10-22",
        "policyIssued": {
            "policyNo": "N1",
            "line": "INDIVIDUAL",
            "coverage": "LONG",
            "category": "WHOLE_LIFE",
            "design": "TRADITIONAL",
            "mode": "ANNUAL",
            "premium": "1000.00",
            "termYears": 10,
        },
    }
    await api.record(issued)
    missing = await api.follow("Confirm", redemption=held["id"], idempotencyKey="no policy")
    assert (missing["code"], missing["missing"]) == ("POLICY_REQUIRED", ["policyNo"])
    done = await api.follow("Confirm", redemption=held["id"], policyNo="N1")
    assert (done["status"], done["quota"]) == (
        "REDEEMED",
        {"granted": 1, "used": 1, "held": 0, "remaining": 0},
    )
    shown = (await api.data(SHOWN, VENDOR, id=held["id"]))["node"]
    assert (shown["status"], shown["policy"]) == ("REDEEMED", {"policyNo": "N1"})
    assert shown["quota"] == done["quota"]
    replayed = await api.follow("Confirm", redemption=held["id"], policyNo="N1")
    assert replayed == {**done, "replayed": True}
    assert await verify(api.pool) == []


async def test_whether_a_call_is_answered_now_is_told_before(contracted):
    asked = await contracted.data("lookup.graphql", VENDOR, memberNo="M1", benefit="vip-line")
    assert asked["eligibility"]["entitled"]
    contracted.clock.now = datetime.fromisoformat("2026-10-20T18:00:00+08:00")
    asked = await contracted.data("lookup.graphql", VENDOR, memberNo="M1", benefit="vip-line")
    refusal = asked["eligibility"]["refusal"]
    assert (refusal["code"], refusal["availableFrom"]) == ("OUTSIDE_SERVICE_HOURS", "2026-10-21")
    minutes = await contracted.data("lookup.graphql", VENDOR, memberNo="M1", benefit="legal-consultation")
    assert minutes["eligibility"]["entitled"]
