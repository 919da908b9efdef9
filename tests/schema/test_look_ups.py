"""A vendor cannot enumerate member numbers, nor learn from an answer what it does not need to know."""

import json
from typing import Any

import pytest

from app.budgets import CallerBudgets
from app.settings import Settings
from ledger.ids import opaque_id
from schema.context import Role, Viewer
from schema.look_ups import FOUND_COST, UNKNOWN_COST
from tests.schema.api import FINANCE, FRONTEND, OTHER_VENDOR, STAFF, VENDOR, Api, member
from tests.schema.october import line, submit

SIZE = 100
CUSTOMER = "query ($memberNo: String!) { customer(memberNo: $memberNo) { name } }"
REFUSED = "... on Refusal { code message availableFrom requiredStar missing differing retryAfter }"
OUTCOME = f"{{ __typename ... on Redemption {{ id }} {REFUSED} }}"


@pytest.fixture
async def counted(api: Api) -> Api:
    """The API with a small budget of look-ups, a member M1 whom exam-1 has served and M2 whom it has not."""
    await api.record(*member("M2"))
    await api.redeem()
    api.budgets = CallerBudgets(Settings(budget_look_ups=SIZE))
    return api


async def left(api: Api, vendor: str = "exam-1") -> int:
    assert api.budgets is not None
    level = await api.budgets.look_ups(vendor)
    assert level is not None
    return level.left


async def use_up(api: Api) -> None:
    assert api.budgets is not None
    await api.budgets.looked_up("exam-1", frozenset(), 10 * SIZE)


def asking(path: str, *numbers: str, **more: Any) -> tuple[str, dict[str, Any]]:
    """A document that asks for member numbers by one of the ways there are, and its variables."""
    inputs = [
        {"memberNo": number, "benefit": "legal-consultation", "units": 1, "idempotencyKey": path, **more}
        for number in numbers
    ]
    if path == "customer":
        return CUSTOMER, {"memberNo": numbers[0]}
    if path == "eligibility":
        given = {name: value for name, value in inputs[0].items() if name != "idempotencyKey"}
        types = {"memberNo": "String!", "benefit": "String!", "units": "Int", "beneficiary": "ID"}
        types |= {"policyNo": "String", "option": "String"}
        heads = ", ".join(f"${name}: {types[name]}" for name in given)
        values = ", ".join(f"{name}: ${name}" for name in given)
        fields = f"entitled refusal {{ {REFUSED.removeprefix('... on Refusal { ')}"
        return f"query ({heads}) {{ eligibility({values}) {{ {fields} quota {{ used }} }} }}", given
    if path == "redeemMany":
        return f"mutation ($inputs: [RedeemInput!]!) {{ redeemMany(inputs: $inputs) {OUTCOME} }}", {
            "inputs": inputs
        }
    return f"mutation ($input: RedeemInput!) {{ {path}(input: $input) {OUTCOME} }}", {"input": inputs[0]}


PATHS = ("customer", "eligibility", "redeem", "hold", "redeemMany")


async def test_an_unknown_number_is_paid_for_once_in_each_operation(counted):
    for times, path in enumerate(PATHS, 1):
        document, variables = asking(path, f"NOBODY-{path}")
        for _ in range(2):
            await counted.ask(document, VENDOR, **variables)
            assert await left(counted) == SIZE - times * UNKNOWN_COST, path
    document, variables = asking("customer", "NOBODY-customer")
    told = (await counted.ask(document, OTHER_VENDOR, **variables))["extensions"]["cost"]["lookUps"]
    assert (told["maximumAvailable"], told["currentlyAvailable"]) == (SIZE, SIZE - UNKNOWN_COST)


async def test_a_customers_number_costs_little_and_a_delivery_nothing(counted):
    costs = {"customer": 1, "eligibility": 1, "hold": 1, "redeem": 0, "redeemMany": 0}
    paid = 0
    for number, (path, cost) in enumerate(costs.items(), 3):
        await counted.record(*member(f"M{number}"))
        document, variables = asking(path, f"M{number}")
        await counted.ask(document, VENDOR, **variables)
        paid += cost * FOUND_COST
        assert await left(counted) == SIZE - paid, path


async def test_many_unknown_numbers_are_many_look_ups_and_may_be_owed(counted):
    document, variables = asking("redeemMany", *(f"X{number}" for number in range(10)))
    outcomes = (await counted.data(document, VENDOR, **variables))["redeemMany"]
    assert {each["code"] for each in outcomes} == {"UNKNOWN_CUSTOMER"}
    assert await left(counted) == SIZE - 10 * UNKNOWN_COST < 0


async def test_a_walk_in_large_steps_learns_no_more_in_the_long_run(counted, monkeypatch):
    """A step may be owed, and is paid back before the next: ten hours give ten hours' worth, and one step."""
    now = [1000.0]
    monkeypatch.setattr("throttled.utils.now_mono_f", lambda: now[0])
    counted.budgets = CallerBudgets(Settings(budget_look_ups=SIZE))
    hours, step, learned = 10, 10, 0
    for minute in range(0, hours * 60, 10):
        now[0] = 1000.0 + minute * 60
        document, variables = asking("redeemMany", *(f"W{minute}-{number}" for number in range(step)))
        outcomes = (await counted.data(document, VENDOR, **variables))["redeemMany"]
        learned += sum(each["code"] == "UNKNOWN_CUSTOMER" for each in outcomes)
    assert SIZE / UNKNOWN_COST * (hours - 1) <= learned <= SIZE / UNKNOWN_COST * (hours + 1) + step


async def test_when_the_budget_is_used_up_no_answer_tells_whether_a_number_is_anybodys(counted):
    await use_up(counted)
    for path in PATHS:
        answers = []
        for number in ("M2", "NO"):
            document, variables = asking(path, number)
            answer = await counted.ask(document, VENDOR, **variables)
            assert "RATE_LIMITED" in json.dumps(answer)
            assert '"retryAfter": ' in json.dumps(answer)
            answers.append([answer["data"], answer["errors"]])
        assert answers[0] == answers[1]


async def test_with_an_empty_budget_members_served_before_are_served_and_others_are_not(counted):
    await use_up(counted)
    assert (await counted.data(CUSTOMER, VENDOR, memberNo="M1"))["customer"] == {"name": "张**"}
    document, variables = asking("redeemMany", "M1", "M2", "NO")
    outcomes = (await counted.data(document, VENDOR, **variables))["redeemMany"]
    assert [each["__typename"] for each in outcomes] == ["Redemption", "Refusal", "Refusal"]
    assert outcomes[1] == outcomes[2]
    assert outcomes[1]["code"] == "RATE_LIMITED"
    stored = await counted.pool.fetchval("select count(*) from outcomes where key = 'redeemMany'")
    assert stored == 1  # what was not looked up is not stored: the key is free
    document, variables = asking("redeemMany", "M1")
    assert (await counted.data(document, VENDOR, **variables))["redeemMany"][0]["__typename"] == "Redemption"


async def test_each_vendor_has_a_budget_of_look_ups_of_its_own(counted):
    await use_up(counted)
    for viewer in (FRONTEND, STAFF, FINANCE, OTHER_VENDOR):
        assert (await counted.data(CUSTOMER, viewer, memberNo="M2"))["customer"] is not None
    assert "lookUps" not in (await counted.ask(CUSTOMER, FRONTEND, memberNo="M2"))["extensions"]["cost"]
    other_token = Viewer(role=Role.VENDOR, vendor="exam-1", subject="another clerk")
    assert await counted.codes(CUSTOMER, other_token, memberNo="M2") == ["RATE_LIMITED"]


# --- what an answer must not tell ----------------------------------------------------------------------------------


def without_ids(answer: Any, *ids: str) -> str:
    text = json.dumps(answer, ensure_ascii=False, sort_keys=True)
    for each in ids:
        text = text.replace(each, "…")
    return text


async def test_relatives_not_covered_and_relatives_unknown_are_refused_alike(api):
    future = {
        "eventId": "M1-R3",
        "memberNo": "M1",
        "effectiveOn": "2026-12-01",
        "relativeRegistered": {"relativeId": "R3", "name": "赵六", "relation": "SPOUSE"},
    }
    await api.record(future)
    for path in ("eligibility", "redeem", "hold"):
        answers = set()
        for relative in ("R2", "R3", "R9"):  # a sibling; a spouse from December on; nobody
            more = {"benefit": "physical-exam", "beneficiary": relative, "idempotencyKey": path + relative}
            document, variables = asking(path, "M1", **more)
            answer = await api.ask(document, VENDOR, language="en", **variables)
            assert "none of them" in json.dumps(answer)
            answers.add(without_ids(answer["data"], relative))
        assert len(answers) == 1
    document, variables = asking("eligibility", "M1", benefit="physical-exam", beneficiary="R2")
    assert "sibling" in json.dumps(await api.ask(document, STAFF, language="en", **variables))


async def test_another_members_policy_and_an_unknown_one_are_refused_alike(api):
    await api.record(*member("M2"))
    await api.record(
        {
            "eventId": "M2-2",
            "memberNo": "M2",
            "effectiveOn": "2024-01-10",
            "recordedAt": "2024-01-10T09:00:00+08:00",
            "policyIssued": {
                "policyNo": "P2",
                "line": "INDIVIDUAL",
                "coverage": "LONG",
                "category": "WHOLE_LIFE",
                "design": "TRADITIONAL",
                "mode": "ANNUAL",
                "premium": "300000.00",
                "termYears": 10,
            },
        }
    )
    terms = [
        {"benefit": benefit, "unitPrice": "1.00", "from": "2026-01-01"}
        for benefit in ("policy-cover", "lucky-policy-number")
    ]
    await api.data(
        "record.graphql", STAFF, operation="RegisterVendor", code="exam-1", name="供应商 exam-1", terms=terms
    )
    for benefit, policies in (
        ("policy-cover", ("P2", "NONE")),
        ("lucky-policy-number", ("P1", "P2", "NONE")),  # nor does a vendor learn whether the customer has one
    ):
        for path in ("eligibility", "redeem", "hold"):
            answers = set()
            for policy in policies:
                more = {
                    "benefit": benefit,
                    "policyNo": policy,
                    "idempotencyKey": f"{benefit}-{path}-{policy}",
                }
                document, variables = asking(path, "M1", **more)
                answer = await api.ask(document, VENDOR, **variables)
                assert "POLICY_NOT_ELIGIBLE" in json.dumps(answer)
                answers.add(without_ids(answer["data"], policy))
            assert len(answers) == 1, (benefit, path, answers)


async def test_a_redemption_of_another_vendor_and_one_that_there_is_not_look_alike(api):
    held = (await api.redeem(operation="Hold"))["id"]
    nobodys = [opaque_id("Redemption", 1, 10**6), opaque_id("Redemption", 10**6, 1), "nonsense"]
    for operation in ("Confirm", "Release", "NoShow", "Reverse"):
        more = {"idempotencyKey": operation, **({"reason": "x"} if operation == "Reverse" else {})}
        for _ in range(2):  # nothing of either is kept under the key, so the second answer is the first
            answers = {
                without_ids(await api.follow(operation, OTHER_VENDOR, redemption=each, **more))
                for each in (held, *nobodys)
            }
            assert len(answers) == 1, answers
            assert "UNKNOWN_REDEMPTION" in answers.pop()


async def test_ids_of_other_things_tell_a_vendor_nothing(api):
    held = (await api.redeem(operation="Hold"))["id"]
    await submit(api, line(1, 5, 30))
    customer = (await api.data('{ customer(memberNo: "M1") { id } }'))["customer"]["id"]
    found = await api.data("{ statements(first: 1) { edges { node { id } } } }", FINANCE)
    statement = found["statements"]["edges"][0]["node"]["id"]
    there = await api.data(
        "query ($id: ID!) { statement(id: $id) { findings(first: 1) { edges { node { id } } } } }",
        FINANCE,
        id=statement,
    )
    finding = there["statement"]["findings"]["edges"][0]["node"]["id"]
    for own, other in (
        (held, opaque_id("Redemption", 10**6, 1)),
        (customer, opaque_id("Customer", 10**6)),
        (statement, opaque_id("Statement", 10**6)),
        (finding, finding),
        (opaque_id("Entry", 1, 1), opaque_id("Entry", 10**6, 1)),
    ):
        answers = {
            without_ids(await api.ask("query ($id: ID!) { node(id: $id) { id } }", OTHER_VENDOR, id=each))
            for each in (own, other)
        }
        assert len(answers) == 1
        assert "FORBIDDEN" in answers.pop()


async def test_a_list_of_redemptions_tells_nothing_of_numbers_that_are_not_its_own(api):
    await api.redeem()
    text = (
        "query ($n: String!) { redemptions(first: 5, where: {memberNo: {eq: $n}}) { edges { node { id } } } }"
    )
    answers = [await api.data(text, OTHER_VENDOR, n=number) for number in ("M1", "NOBODY")]
    assert answers[0] == answers[1] == {"redemptions": {"edges": []}}


async def test_a_statements_findings_do_not_tell_a_vendor_whether_a_number_is_anybodys(api):
    await api.record(*member("M2"))
    number = (await submit(api, line(1, 5, 30, memberNo="M2"), line(2, 5, 30, memberNo="NOBODY")))["id"]
    text = """query ($id: ID!) { statement(id: $id) { findings(first: 5) { edges { node {
        kind differences matchedBy reason unitsDifference candidates { id } line { memberNo } } } } } }"""

    async def reasons(viewer: Viewer) -> list[str]:
        found = await api.data(text, viewer, id=number)
        nodes = [edge["node"] for edge in found["statement"]["findings"]["edges"]]
        return [without_ids(each, "M2", "NOBODY") for each in nodes]

    first, second = await reasons(VENDOR)
    assert first == second
    first, second = await reasons(FINANCE)
    assert first != second
