"""Every document that outsiders run, unchanged."""

from decimal import Decimal
from typing import Any

from tests.schema.api import AUDITOR, FINANCE, FRONTEND, OTHER_VENDOR, STAFF, VENDOR, Api, member

Json = dict[str, Any]


async def test_a_member_card_tells_star_reason_and_what_may_be_used(api: Api) -> None:
    card = (await api.data("member_card.graphql", memberNo="M1"))["customer"]
    assert card["memberNo"] == "M1"
    assert card["name"] == "张M1"
    assert card["tier"] == {
        "star": 4,
        "name": api.handbook.latest.tiers[3].name,
        "ratedPremium": "300000.00",
        "since": "2024-01-26",
        "until": "2034-01-10",
        "next": {"star": 5, "name": api.handbook.latest.tiers[4].name, "shortfall": "200000.00"},
    }
    assert card["serviceYear"] == {"number": 3, "start": "2026-01-26", "end": "2027-01-26"}
    quotas = {quota["benefit"]["code"]: quota for quota in card["quotas"]}
    assert set(quotas) == {benefit.code for benefit in api.handbook.latest.benefits}
    exam = quotas["physical-exam"]
    assert exam["allowance"] == {"__typename": "Counted", "unit": "TIMES", "units": 1, "per": "SERVICE_YEAR"}
    assert (exam["granted"], exam["used"], exam["held"], exam["remaining"]) == (1, 0, 0, 1)
    assert exam["entitled"]
    assert exam["refusal"] is None
    assert exam["resetsOn"] == "2027-01-26"
    assert quotas["vip-line"]["allowance"] == {"__typename": "Unlimited", "unit": "TIMES"}
    assert quotas["vip-line"]["remaining"] is None
    assert quotas["policy-cover"]["policy"] == {"policyNo": "P1"}


async def test_who_has_no_star_has_a_card_that_says_what_is_missing(api: Api) -> None:
    await api.record(*member("M9", premium="12000.00"))
    card = (await api.data("member_card.graphql", memberNo="M9"))["customer"]
    assert card["tier"]["star"] == 0
    assert card["tier"]["name"] is None
    assert card["tier"]["next"]["shortfall"] == "18000.00"
    assert card["serviceYear"] is None
    exam = next(quota for quota in card["quotas"] if quota["benefit"]["code"] == "physical-exam")
    assert not exam["entitled"]
    assert exam["refusal"]["code"] == "NOT_A_MEMBER"
    assert exam["refusal"]["requiredStar"] == 2


async def test_a_page_of_members_goes_on_where_the_last_one_ended(api: Api) -> None:
    for number in range(2, 6):
        await api.record(*member(f"M{number}", premium=f"{number}0000.00"))
    seen: list[str] = []
    after = None
    while True:
        page = (await api.data("members.graphql", first=2, after=after))["customers"]
        seen += [edge["node"]["memberNo"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        assert after == page["edges"][-1]["cursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert seen == ["M1", "M2", "M3", "M4", "M5"]


async def test_members_are_found_by_star_and_number(api: Api) -> None:
    for number, premium in ((2, "20000.00"), (3, "31000.00"), (4, "160000.00")):
        await api.record(*member(f"M{number}", premium=premium))

    async def found(where: Json) -> list[tuple[str, int]]:
        page = (await api.data("members.graphql", first=100, where=where))["customers"]
        return [(edge["node"]["memberNo"], edge["node"]["tier"]["star"]) for edge in page["edges"]]

    assert await found({"star": {"gte": 3}}) == [("M1", 4), ("M4", 3)]
    assert await found({"star": {"eq": 0}}) == [("M2", 0)]
    assert await found({"star": {"gt": 0, "lt": 4}, "memberNo": {"in": ["M1", "M3", "M8"]}}) == [("M3", 1)]
    assert await found({"star": {"in": []}}) == []
    assert await found({"memberNo": {"eq": "M2"}}) == [("M2", 0)]


async def test_the_programme_is_the_handbook_as_data(api: Api) -> None:
    programme = (await api.data("programme.graphql"))["programme"]
    assert programme["edition"] == "zhenxuan-1"
    assert [tier["from"] for tier in programme["tiers"]] == [
        "30000.00",
        "45000.00",
        "150000.00",
        "300000.00",
        "500000.00",
    ]
    assert programme["tiers"][4]["to"] is None
    assert len(programme["benefits"]) == 19
    assert {row["base"] for row in programme["coefficients"]} == {"ANNUALISED_PREMIUM", "SINGLE_PREMIUM"}
    exam = next(benefit for benefit in programme["benefits"] if benefit["code"] == "physical-exam")
    assert [grade["allowance"] and grade["allowance"]["units"] for grade in exam["grid"]] == [
        None,
        1,
        1,
        1,
        1,
    ]
    assert exam["discrepancies"]


async def test_a_star_is_explained_component_by_component(api: Api) -> None:
    explained = (
        await api.data(
            "tier_explained.graphql",
            memberNo="M1",
            on="2024-01-20",
            **{"from": "2024-01-01", "to": "2024-03-01"},
        )
    )["customer"]
    assert explained["tier"]["star"] == 0
    assert explained["tier"]["contributions"] == [
        {
            "policyNo": "P1",
            "componentId": "base",
            "kind": "BASE",
            "base": "300000.00",
            "coefficient": "1.00",
            "amount": "0.00",
            "counted": False,
            "reason": "COOLING_OFF",
            "countedFrom": "2024-01-26",
            "countedUntil": "2034-01-10",
        }
    ]
    assert explained["tierHistory"] == [
        {"star": 0, "ratedPremium": "0.00", "from": "2024-01-10", "to": "2024-01-26"},
        {"star": 4, "ratedPremium": "300000.00", "from": "2024-01-26", "to": "2024-03-01"},
    ]
    (policy,) = explained["policies"]
    assert policy["status"] == "IN_FORCE"
    assert policy["coolingOffEndsOn"] == "2024-01-25"
    assert policy["components"] == [
        {
            "componentId": "base",
            "mode": "ANNUAL",
            "premium": "300000.00",
            "termYears": 10,
            "startsOn": "2024-01-10",
        }
    ]


async def test_a_premium_and_a_status_are_told_as_of_a_day_and_else_as_of_today(api: Api) -> None:
    event = {"eventId": "E", "memberNo": "M1", "effectiveOn": "2027-01-10"}
    await api.record({
        **event, "premiumReduced": {"policyNo": "P1", "componentId": "base", "premium": "200000.00"},
    })  # fmt: skip
    document = """{ customer(memberNo: "M1") { policies { components {
        premium eve: premium(on: "2027-01-09") then: premium(on: "2027-01-10") before: premium(on: "2020-01-01")
    } before: status(on: "2024-01-09") first: status(on: "2024-01-10") } } }"""
    (policy,) = (await api.data(document))["customer"]["policies"]
    assert policy == {
        "components": [
            {"premium": "300000.00", "eve": "300000.00", "then": "200000.00", "before": "300000.00"}
        ],
        "before": None,
        "first": "IN_FORCE",
    }


async def test_a_gift_policy_of_premium_0_is_shown_and_adds_nothing(api: Api) -> None:
    gift = member("M1", premium="0")[1]
    gift["policyIssued"]["policyNo"] = "GIFT"
    await api.record({**gift, "eventId": "E-gift"})
    document = """{ customer(memberNo: "M1") { policies { policyNo components { premium } }
        tier { star ratedPremium contributions { policyNo base amount counted reason } } } }"""
    customer = (await api.data(document))["customer"]
    assert {each["policyNo"]: each["components"] for each in customer["policies"]}["GIFT"] == [
        {"premium": "0.00"}
    ]
    assert (customer["tier"]["star"], customer["tier"]["ratedPremium"]) == (4, "300000.00")
    (told,) = (each for each in customer["tier"]["contributions"] if each["policyNo"] == "GIFT")
    assert (told["base"], told["counted"], told["reason"]) == ("0.00", True, "COUNTED")
    assert Decimal(told["amount"]) == 0


async def test_what_was_known_before_a_correction_can_still_be_asked(api: Api) -> None:
    lapse = {
        "eventId": "L",
        "memberNo": "M1",
        "effectiveOn": "2026-03-01",
        "recordedAt": "2026-06-01T00:00:00+08:00",
    }
    await api.record({**lapse, "lapsed": {"policyNo": "P1"}})
    document = (
        'query ($knownAt: DateTime) { customer(memberNo: "M1") { tier(on: "2026-04-01", knownAt: $knownAt) '
        "{ star contributions { reason explanation } } } }"
    )
    now = (await api.data(document))["customer"]["tier"]
    before = (await api.data(document, knownAt="2026-05-31T23:59:59+08:00"))["customer"]["tier"]
    never = (await api.data(document, knownAt="2020-01-01T00:00:00Z"))["customer"]["tier"]
    assert (now["star"], now["contributions"][0]["reason"]) == (0, "LAPSED")
    assert (before["star"], before["contributions"][0]["reason"]) == (4, "COUNTED")
    assert (never["star"], never["contributions"]) == (0, [])
    assert "失效" in now["contributions"][0]["explanation"]
    in_english = (await api.data(document, language="en"))["customer"]["tier"]
    assert "lapsed" in in_english["contributions"][0]["explanation"]


async def test_activity_is_the_ledger_newest_first(api: Api) -> None:
    await api.redeem(beneficiary="R1", reference="ref-1")
    activity = (await api.data("activity.graphql", memberNo="M1", first=1))["customer"]
    assert [year["number"] for year in activity["serviceYears"]] == [1, 2, 3]
    (edge,) = activity["entries"]["edges"]
    node = edge["node"]
    assert node["kind"] == "REDEEM"
    assert node["benefit"]["code"] == "physical-exam"
    assert node["vendor"] == {"code": "exam-1", "name": "供应商 exam-1"}
    assert node["redemption"]["status"] == "REDEEMED"
    assert node["beneficiary"] == {"name": "李四", "relation": "SPOUSE"}
    assert node["recordedAt"].endswith("+08:00")
    assert activity["entries"]["pageInfo"]["hasNextPage"]
    after = activity["entries"]["pageInfo"]["endCursor"]
    rest = (await api.data("activity.graphql", memberNo="M1", first=500, after=after))["customer"]["entries"]
    sequences = [edge["node"]["sequence"] for edge in rest["edges"]]
    assert sequences == sorted(sequences, reverse=True)
    assert sequences[-1] == 1
    assert sequences[0] == node["sequence"] - 1
    other_year = (await api.data("activity.graphql", memberNo="M1", first=5, serviceYear=2))["customer"]
    assert all(edge["node"]["serviceYear"] == 2 for edge in other_year["entries"]["edges"])


async def test_a_vendor_asks_whether_a_customer_may(api: Api) -> None:
    asked = await api.data("lookup.graphql", VENDOR, memberNo="M1", benefit="physical-exam")
    assert asked["viewer"]["role"] == "VENDOR"
    assert asked["viewer"]["vendor"]["code"] == "exam-1"
    codes = {benefit["code"] for benefit in asked["viewer"]["vendor"]["benefits"]}
    assert codes == {"physical-exam", "critical-surgery-admission", "legal-consultation"}
    assert asked["eligibility"] == {
        "entitled": True,
        "refusal": None,
        "quota": {"granted": 1, "used": 0, "held": 0, "remaining": 1, "resetsOn": "2027-01-26"},
    }
    refused = await api.data("lookup.graphql", VENDOR, memberNo="M1", benefit="dental-care", units=None)
    assert refused["eligibility"]["refusal"]["code"] == "VENDOR_NOT_CONTRACTED"
    assert refused["eligibility"]["quota"] is None
    nobody = await api.data("lookup.graphql", VENDOR, memberNo="M0", benefit="physical-exam")
    assert nobody["eligibility"]["refusal"]["code"] == "UNKNOWN_CUSTOMER"
    nothing = await api.data("lookup.graphql", STAFF, memberNo="M1", benefit="yoga")
    assert nothing["eligibility"]["refusal"]["code"] == "UNKNOWN_BENEFIT"
    sibling = await api.data(
        "lookup.graphql", VENDOR, memberNo="M1", benefit="physical-exam", beneficiary="R2"
    )
    assert sibling["eligibility"]["refusal"]["code"] == "BENEFICIARY_NOT_COVERED"


async def test_a_redemption_is_answered_with_its_quota_and_repeated_by_its_key(api: Api) -> None:
    first = await api.redeem(idempotencyKey="k")
    again = await api.redeem(idempotencyKey="k")
    assert (first["__typename"], first["status"], first["replayed"]) == ("Redemption", "REDEEMED", False)
    assert first["quota"] == {"granted": 1, "used": 1, "held": 0, "remaining": 0}
    assert again == {**first, "replayed": True}
    other = await api.redeem(idempotencyKey="k", units=2)
    assert (other["code"], other["differing"]) == ("KEY_REUSED", ["units"])
    refused = await api.redeem(idempotencyKey="k2")
    assert (refused["code"], refused["availableFrom"]) == ("QUOTA_EXHAUSTED", "2027-01-26")


async def test_a_refusal_is_said_in_the_language_asked_for(api: Api) -> None:
    given = {"memberNo": "M0", "benefit": "physical-exam", "idempotencyKey": "k"}
    chinese = await api.data("redeem.graphql", VENDOR, operation="Redeem", input=given)
    english = await api.data("redeem.graphql", VENDOR, operation="Redeem", language="en", input=given)
    assert "没有" in chinese["redeem"]["message"]
    assert "There is no customer" in english["redeem"]["message"]


async def test_a_hold_lives_through_confirm_release_no_show_and_reverse(api: Api) -> None:
    held = await api.redeem(operation="Hold", benefit="legal-consultation", units=30, holdHours=5)
    assert held["status"] == "HELD"
    assert held["expiresAt"] == "2026-10-20T15:00:00+08:00"
    confirmed = await api.follow("Confirm", redemption=held["id"], units=20)
    assert (confirmed["status"], confirmed["units"]) == ("REDEEMED", 20)
    assert confirmed["quota"] == {"granted": 60, "used": 20, "held": 0, "remaining": 40}
    reversed_ = await api.follow("Reverse", FINANCE, redemption=held["id"], reason="误录")
    assert reversed_["status"] == "REVERSED"
    one = await api.redeem(operation="Hold")
    assert (await api.follow("Release", redemption=one["id"]))["status"] == "RELEASED"
    two = await api.redeem(operation="Hold", idempotencyKey="two")
    assert (await api.follow("NoShow", redemption=two["id"], reason="未到"))["status"] == "NO_SHOW"
    closed = await api.follow("Release", redemption=two["id"], idempotencyKey="late")
    assert closed["code"] == "HOLD_NOT_OPEN"


async def test_the_answer_of_a_mutation_tells_the_reason_as_the_redemption_does(api: Api) -> None:
    held = await api.redeem(operation="Hold")
    release = "mutation ($input: CloseHoldInput!) { release(input: $input) { ... on Redemption { reason } } }"
    given = {"redemption": held["id"], "idempotencyKey": "r", "reason": "客户改期"}
    for _ in ("new", "again"):
        assert (await api.data(release, VENDOR, input=given))["release"] == {"reason": "客户改期"}
    node = "query ($id: ID!) { node(id: $id) { ... on Redemption { reason } } }"
    assert (await api.data(node, VENDOR, id=held["id"]))["node"] == {"reason": "客户改期"}


async def test_another_vendors_redemption_is_unknown(api: Api) -> None:
    held = await api.redeem(operation="Hold")
    for operation in ("Confirm", "Release", "NoShow"):
        assert (await api.follow(operation, OTHER_VENDOR, redemption=held["id"]))[
            "code"
        ] == "UNKNOWN_REDEMPTION"
    reversal = await api.follow("Reverse", OTHER_VENDOR, redemption=held["id"], reason="x")
    assert reversal["code"] == "UNKNOWN_REDEMPTION"


async def test_many_redemptions_are_answered_each_on_its_own_in_order(api: Api) -> None:
    one = {"memberNo": "M1", "benefit": "physical-exam", "idempotencyKey": "1"}
    inputs = [one, {**one, "idempotencyKey": "2"}, {**one, "units": 0}, {**one, "holdHours": 3}, one]
    outcomes = (await api.data("redeem.graphql", VENDOR, operation="RedeemMany", inputs=inputs))["redeemMany"]
    assert [outcome.get("status") or outcome["code"] for outcome in outcomes] == [
        "REDEEMED",
        "QUOTA_EXHAUSTED",
        "UNITS_INVALID",
        "INVALID",
        "REDEEMED",
    ]
    assert outcomes[4]["replayed"]


async def test_a_vendor_lists_its_own_redemptions(api: Api) -> None:
    held = await api.redeem(operation="Hold", reference="A-1")
    where = {
        "status": {"in": ["HELD"]},
        "benefit": {"in": ["physical-exam"]},
        "occurredOn": {"gte": "2026-10-01", "lt": "2026-11-01"},
    }
    page = (await api.data("my_redemptions.graphql", VENDOR, first=10, where=where))["redemptions"]
    (edge,) = page["edges"]
    assert edge["node"]["id"] == held["id"]
    assert edge["node"]["reference"] == "A-1"
    assert (await api.data("my_redemptions.graphql", OTHER_VENDOR, first=10))["redemptions"]["edges"] == []
    empty = await api.data(
        "my_redemptions.graphql", VENDOR, first=10, where={"occurredOn": {"lt": "2026-10-20"}}
    )
    assert empty["redemptions"]["edges"] == []
    assert len((await api.data("my_redemptions.graphql", AUDITOR, first=10))["redemptions"]["edges"]) == 1


async def test_a_hold_that_has_run_out_reads_as_expired_before_anybody_posts_it(api: Api) -> None:
    await api.redeem(operation="Hold", holdHours=1)
    api.clock.now = api.clock.now.replace(hour=11)

    async def statuses(where: Json | None) -> list[str]:
        page = (await api.data("my_redemptions.graphql", VENDOR, first=10, where=where))["redemptions"]
        return [edge["node"]["status"] for edge in page["edges"]]

    assert await statuses(None) == ["EXPIRED"]
    assert await statuses({"status": {"eq": "HELD"}}) == []
    assert await statuses({"status": {"eq": "EXPIRED"}}) == ["EXPIRED"]


async def test_usage_counts_what_was_delivered_at_the_price_of_the_day(api: Api) -> None:
    await api.redeem(
        benefit="legal-consultation", units=20, idempotencyKey="1", occurredAt="2026-10-01T00:00:00+08:00"
    )
    second = await api.redeem(benefit="legal-consultation", units=15, idempotencyKey="2")
    await api.follow("Reverse", redemption=second["id"], reason="误录")
    new_price = [{"benefit": "legal-consultation", "unitPrice": "4.00", "from": "2026-10-21"}]
    await api.data(
        "record.graphql", STAFF, operation="RegisterVendor", code="exam-1", name="体检一", terms=new_price
    )
    api.clock.now = api.clock.now.replace(day=21)
    await api.redeem(benefit="legal-consultation", units=10, idempotencyKey="3")
    usage = await api.data(
        "usage.graphql",
        FINANCE,
        operation="VendorUsage",
        vendor="exam-1",
        **{"from": "2026-10-01", "to": "2026-11-01"},
    )
    assert usage["vendor"]["name"] == "体检一"
    rows = [{key: row[key] for key in row if key != "benefit"} for row in usage["vendor"]["usage"]]
    assert rows == [
        {"redemptions": 2, "units": 35, "reversedUnits": 15, "unitPrice": "3.50", "amount": "70.00"},
        {"redemptions": 1, "units": 10, "reversedUnits": 0, "unitPrice": "4.00", "amount": "40.00"},
    ]
    before = await api.data(
        "usage.graphql",
        FINANCE,
        operation="VendorUsage",
        vendor="exam-1",
        **{"from": "2026-09-01", "to": "2026-10-01"},
    )
    assert before["vendor"]["usage"] == []


async def test_finance_reads_the_ledger_of_all_customers_page_by_page(api: Api) -> None:
    await api.record(*member("M2"))
    for number in ("M1", "M2"):
        await api.redeem(memberNo=number)
    where = {
        "vendor": {"eq": "exam-1"},
        "occurredOn": {"gte": "2026-10-01", "lt": "2026-11-01"},
        "kind": {"in": ["REDEEM", "REVERSE"]},
    }
    seen = []
    after = None
    while True:
        page = (
            await api.data("usage.graphql", FINANCE, operation="Ledger", first=1, after=after, where=where)
        )["entries"]
        seen += [edge["node"]["memberNo"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert seen == ["M2", "M1"]
    grants = await api.data(
        "usage.graphql",
        FINANCE,
        operation="Ledger",
        first=500,
        where={"memberNo": {"eq": "M2"}, "kind": {"eq": "GRANT"}},
    )
    assert {edge["node"]["memberNo"] for edge in grants["entries"]["edges"]} == {"M2"}
    assert {edge["node"]["vendor"] for edge in grants["entries"]["edges"]} == {None}


async def test_recording_tells_event_by_event_what_became_of_it(api: Api) -> None:
    lapse = {"eventId": "E-9", "memberNo": "M1", "effectiveOn": "2026-03-01"}
    events = [
        {**lapse, "lapsed": {"policyNo": "P1"}},
        {**lapse, "eventId": "E-10"},
        {**lapse, "eventId": "E-11", "reinstated": {"policyNo": "P2"}},
        member("M1")[1],
        {**member("M1")[0], "effectiveOn": "2024-01-11"},
        {**lapse, "eventId": "E-12", "memberNo": "M0", "lapsed": {"policyNo": "P1"}},
        {**lapse, "eventId": "E-13", "topUpPaid": {"policyNo": "P1", "componentId": "t", "premium": "0.001"}},
    ]
    answers = (await api.data("record.graphql", STAFF, operation="Record", events=events))[
        "recordPolicyEvents"
    ]
    assert [answer.get("code") or answer["repeated"] for answer in answers] == [
        False,
        "INVALID",
        "LIFE_CYCLE",
        True,
        "EVENT_CHANGED",
        "UNKNOWN_CUSTOMER",
        "INVALID",
    ]
    assert answers[6]["message"].startswith("premium：")
    assert answers[0]["customer"] == {"memberNo": "M1", "tier": {"star": 0, "ratedPremium": "0.00"}}
    assert answers[4]["differing"] == ["effectiveOn"]
    card = (await api.data("member_card.graphql", FRONTEND, memberNo="M1", on="2026-02-28"))["customer"]
    assert card["tier"]["star"] == 4
