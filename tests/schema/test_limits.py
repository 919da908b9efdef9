"""What one request may cost, and that checking it costs little."""

import pytest
from graphql import get_introspection_query, get_variable_values

from schema.documents import DocumentCache, parse
from schema.limits import MOST_ALIASES, MOST_ALIKE, MOST_COST, MOST_DEPTH, MOST_TOKENS
from schema.weights import weights
from tests.schema.api import OPERATIONS, SCHEMA, VENDOR, Api
from tests.schema.test_print import WHOLE

CORE = SCHEMA.core
DAY = "2026-10-20"


def cost(text: str, operation: str | None = None, **variables: object) -> int:
    """What an operation costs, whether it may run or not."""
    asked = DocumentCache(CORE, weights())(text).operation(operation)
    values = get_variable_values(CORE, asked.variables, variables)
    assert not isinstance(values, list), values
    return asked.analysis.cost(values.coerced)


async def refused(api: Api, text: str, **variables: object) -> str:
    """The message of the one error with which a document is refused before it runs."""
    answer = await api.ask(text, **variables)
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert answer["data"] is None
    return str(error["message"])


async def test_depth_is_limited(empty_api: Api) -> None:
    nested = "{ __typename }"
    for _ in range(MOST_DEPTH):
        nested = f"{{ section {nested} }}"
    assert "depth" in await refused(empty_api, f"{{ programme {nested} }}")


async def test_aliases_are_limited_also_inside_fragments_that_are_spread_often(empty_api: Api) -> None:
    many = " ".join(f"a{number}: viewer {{ role }}" for number in range(MOST_ALIASES + 1))
    assert "aliases" in await refused(empty_api, f"{{ {many} }}")
    few = " ".join(f"a{number}: viewer {{ role }}" for number in range(MOST_ALIASES))
    assert not await empty_api.codes(f"{{ {few} }}")
    chain = "".join(
        f"fragment F{number} on Query {{ x{number}: viewer {{ role }} ...F{number + 1} ...F{number + 1} }} "
        for number in range(25)
    )
    text = f"{{ ...F0 }} {chain} fragment F25 on Query {{ viewer {{ role }} }}"
    assert "aliases" in await refused(empty_api, text)


async def test_tokens_and_breadth_are_limited(empty_api: Api) -> None:
    assert "token" in await refused(empty_api, "{ " + "viewer { role } " * (MOST_TOKENS // 4 + 1) + "}")
    assert "side by side" in await refused(empty_api, "{ " + "viewer { role } " * 201 + "}")


async def test_what_is_asked_for_again_and_again_is_limited_however_it_is_spread(empty_api: Api) -> None:
    stars = "tier { star } " * (MOST_ALIKE // 4)
    customer = f'customer(memberNo: "M1") {{ {stars} }} '
    assert not await empty_api.codes(f"{{ {customer * 4} }}")
    assert "one name in one place is 25" in await refused(empty_api, f"{{ {customer * 5} }}")
    spread = f"{{ {customer * 3} ...A ... {{ {customer} }} }} fragment A on Query {{ {customer} }}"
    assert "one name in one place is 25" in await refused(empty_api, spread)


async def test_fragments_that_multiply_are_not_spelled_out_to_their_end(empty_api: Api) -> None:
    chain = "".join(
        f"fragment F{level} on Section {{ {' '.join(f'f{n} {{ ...F{level + 1} }}' for n in range(9))} }} "
        for level in range(9)
    )
    text = f"{{ programme {{ ...F0 }} }} {chain} fragment F9 on Section {{ code }}"
    assert "spelled out" in await refused(empty_api, text)


async def test_nesting_beyond_reason_is_an_error_of_the_client(empty_api: Api) -> None:
    assert await refused(empty_api, "{ a" * 900 + " }" * 900)
    deep: object = []
    for _ in range(400):
        deep = [deep]
    assert await refused(
        empty_api,
        "query ($where: CustomerWhere) { customers(first: 1, where: $where) { edges { cursor } } }",
        where=deep,
    )


async def test_fragments_in_a_circle_are_an_error_of_the_client(empty_api: Api) -> None:
    text = "{ ...A } fragment A on Query { viewer { role } ...B } fragment B on Query { ...A }"
    assert await refused(empty_api, text)


async def test_cost_is_refused_before_anything_runs(empty_api: Api) -> None:
    text = """query ($many: Int = 500) { customers(first: 100) { edges { node {
        entries(first: $many) { edges { node { id } } } } } } }"""
    assert str(MOST_COST) in await refused(empty_api, text)
    assert str(MOST_COST) in await refused(empty_api, text, many=499)
    assert not await empty_api.codes(text, many=20)


def test_cost_counts_rows_by_first_and_shared_fragments_each_time() -> None:
    one, ten, many = (
        cost(f"{{ customers(first: {n}) {{ edges {{ node {{ tier {{ star }} }} }} }} }}")
        for n in (1, 10, 100)
    )
    assert one < ten < many
    assert many - ten == pytest.approx(10 * (ten - one), rel=0.05)
    variable = "query ($n: Int!) { customers(first: $n) { edges { node { tier { star } } } } }"
    assert cost(variable, n=10) == ten
    doubled = "".join(
        f"fragment F{n} on Customer {{ a{n}: tier {{ star }} ...F{n + 1} b: serviceYear {{ ...Y }} ...F{n + 1} }} "
        for n in range(40)
    )
    leaves = "fragment F40 on Customer { id } fragment Y on ServiceYear { number }"
    text = f'{{ customer(memberNo: "M1") {{ ...F0 }} }} {doubled} {leaves}'
    assert cost(text) > 2**40


def test_what_is_kept_of_a_costs_sum_changes_no_cost_of_other_variables() -> None:
    """Parts of a document that do not depend on variables are added up once."""
    text = """query ($n: Int!, $star: Int) {
        customers(first: $n, where: {star: {gte: $star}}) {
            edges { node { tier { star } entries(first: 50) { edges { node { kind } } } } } } }"""
    operation = DocumentCache(CORE, weights())(text).operation(None)
    asked = [{"n": n, "star": star} for n in (1, 7, 100, 7, *range(20), 1) for star in (None, 3)]
    assert [operation.analysis.cost(each) for each in asked] == [cost(text, **each) for each in asked]


LINES = [
    {"lineNo": n, "memberNo": "M1", "benefit": "b", "units": 1, "occurredOn": DAY, "amount": "1.00"}
    for n in range(5_000)
]
REDEMPTION = {"memberNo": "M1", "benefit": "physical-exam", "idempotencyKey": "k"}
EVENT = {
    "eventId": "E",
    "memberNo": "M1",
    "effectiveOn": DAY,
    "premiumReduced": {"policyNo": "P1", "componentId": "base", "premium": "1.00"},
}
SPAN = {"from": "2019-01-01", "to": "2027-01-01"}
LARGEST: list[tuple[str, str | None, dict[str, object]]] = [
    ("members", None, {"first": 100}),
    ("member_card", None, {"memberNo": "M1", "on": DAY}),
    ("programme", None, {"on": DAY}),
    ("activity", None, {"memberNo": "M1", "first": 500}),
    ("tier_explained", None, {"memberNo": "M1", "on": DAY, "knownAt": f"{DAY}T00:00:00Z", **SPAN}),
    ("usage", "VendorUsage", {"vendor": "exam-1", **SPAN}),
    ("usage", "Ledger", {"first": 500}),
    (
        "reconcile",
        "SubmitStatement",
        {"input": {"vendor": "v", "number": "1", "period": "2026-10", "lines": LINES}},
    ),
    ("reconcile", "Reconciliation", {"statement": "x", "first": 100}),
    ("bridge", "ResolveMany", {"inputs": [{"finding": "f", "action": "ACCEPT", "note": "-"}] * 500}),
    ("reconcile", "Close", {"vendor": "v", "period": "2026-10"}),
    ("editions", "Diff", {"from": "a", "to": "b"}),
    ("editions", "WhatIfEdition", {"edition": "b"}),
    ("editions", "WhatIf", {"memberNo": "M1", "events": [EVENT] * 100, "edition": "b", "on": DAY}),
    ("record", "Record", {"events": [EVENT] * 100}),
    ("lookup", None, {"memberNo": "M1", "benefit": "b"}),
    ("my_redemptions", None, {"first": 100}),
    ("redeem", "RedeemMany", {"inputs": [REDEMPTION] * 100}),
    ("relatives", None, {"memberNo": "M1", "benefit": "b"}),
]
"""The documents of outsiders, as much at once as they may ask for."""


@pytest.mark.parametrize(("name", "operation", "variables"), LARGEST, ids=lambda each: str(each)[:20])
def test_the_documents_of_outsiders_are_admitted_at_their_largest(
    name: str, operation: str | None, variables: dict[str, object]
) -> None:
    text = (OPERATIONS / f"{name}.graphql").read_text(encoding="utf-8")
    assert cost(text, operation, **variables) <= MOST_COST


def test_a_page_of_members_with_all_that_there_is_to_them_can_be_asked_for() -> None:
    text = """query ($first: Int!) { customers(first: $first) { edges { node {
        tier { star next { star } contributions { amount } } serviceYear { number } relatives { name }
        policies { policyNo components { premium } }
        quotas { benefit { section { code } } refusal { code } allowance { __typename } policy { policyNo } }
    } } } }"""
    assert cost(text, first=50) < MOST_COST


def test_a_what_if_costs_what_rating_anew_takes() -> None:
    text = """query ($first: Int!) { customers(first: $first) { edges { node { %s } } } }"""
    plain = cost(text % "tier { star } quotas { used }", first=10)
    one = "whatIf { on tier { star } quotas { used } }"
    assert cost(text % one, first=10) > plain
    each = [f'a{number}: whatIf(on: "2027-01-0{number}") {{ on }}' for number in range(1, 9)]
    none, first, all_of_them = (cost(text % " ".join(asked), first=100) for asked in (["id"], each[:1], each))
    assert all_of_them - none == pytest.approx(8 * (first - none), rel=0.05)


def test_a_what_if_costs_by_the_events_that_it_supposes_wherever_it_stands() -> None:
    text = 'query ($events: [PolicyEventInput!]) { customer(memberNo: "M1") { %s } }'
    of_one = text % "whatIf(events: $events) { on }"
    none, many = (cost(of_one, events=[EVENT] * count) for count in (0, 100))
    assert many - none > 100 * 25
    several = text % " ".join(f"a{number}: whatIf(events: $events) {{ on }}" for number in range(20))
    assert cost(several, events=[EVENT] * 100) > MOST_COST


def test_an_argument_that_makes_more_work_costs_more_where_it_has_a_value() -> None:
    text = "query ($on: Date) { customers(first: 20) { edges { node { quotas(on: $on) { used } } } } }"
    assert cost(text) == cost(text, on=None)
    assert cost(text, on=DAY) > cost(text)
    literal = text.replace("query ($on: Date)", "query").replace("$on", f'"{DAY}"')
    assert cost(literal) == pytest.approx(cost(text, on=DAY), rel=0.1)


def test_inputs_cost_by_their_number_as_literals_and_as_variables() -> None:
    redeem = (OPERATIONS / "redeem.graphql").read_text(encoding="utf-8")
    one, ten = (cost(redeem, "RedeemMany", inputs=[REDEMPTION] * count) for count in (1, 10))
    assert ten > one + 9 * 15
    where = "query ($where: CustomerWhere) { customers(first: 1, where: $where) { edges { cursor } } }"
    short, long = (cost(where, where={"memberNo": {"in": ["M1"] * count}}) for count in (1, 10_000))
    assert long > short + 1_900
    literal = where.replace("query ($where: CustomerWhere) ", "").replace(
        "$where", "{memberNo: {in: [" + '"M1" ' * 1_000 + "]}}"
    )
    assert cost(literal) > short + 50
    documents = [{"kind": "invoice", "reference": "x"}] * 5_000
    assert cost(redeem, "RedeemMany", inputs=[{**REDEMPTION, "evidence": documents}]) > one + 5_000
    lines = "mutation ($lines: [StatementLineInput!]!) { submitStatement(input: {%s, lines: $lines}) { __typename } }"
    text = lines % 'vendor: "v", number: "1", period: "2026-10"'
    assert cost(text, lines=LINES) > 10 * cost(text, lines=LINES[:1])


def test_the_whole_handbook_can_be_asked_for_at_once() -> None:
    assert cost(WHOLE) < MOST_COST


async def test_the_tools_of_developers_may_ask_for_the_whole_schema(empty_api: Api) -> None:
    text = get_introspection_query(descriptions=True, input_value_deprecation=True)
    answer = await empty_api.data(text, VENDOR)
    assert answer["__schema"]["queryType"]["name"] == "Query"


async def test_a_document_is_parsed_and_validated_once(
    empty_api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    import schema.documents

    def counted(text: str) -> object:
        calls.append(text)
        return parse(text)

    monkeypatch.setattr(schema.documents, "parse", counted)
    text = "{ viewer { role } programme { edition } }"
    for _ in range(5):
        await empty_api.data(text)
    assert calls == [text]
