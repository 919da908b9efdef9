"""The work of reading a document is bounded, and so is the memory of cached documents."""

from datetime import date

import pytest
from graphql import Executor, get_introspection_query

import schema.documents
from planned import PlanCache
from schema.build import build_schema
from schema.documents import DocumentCache
from schema.limits import LONGEST_DOCUMENT, LONGEST_NUMBER, MOST_ERRORS, MOST_OPERATIONS
from schema.weights import weights
from tests.schema.api import SCHEMA, VENDOR, Api
from tests.schema.test_limits import refused

VIEWER = "{ viewer { role } }"
USAGE = 'usage(from: "2026-01-01", to: "2026-02-01", %s) { total { units } }'


@pytest.mark.parametrize(
    "filling",
    [
        "#" * LONGEST_DOCUMENT,
        "#\n" * LONGEST_DOCUMENT,
        "," * LONGEST_DOCUMENT,
        "\ufeff" * LONGEST_DOCUMENT,
        '{ node(id: "' + "a" * LONGEST_DOCUMENT + '") { id } }',
        '{ node(id: """' + " \n" * LONGEST_DOCUMENT + '""") { id } }',
    ],
    ids=["comment", "comments", "commas", "marks", "text", "block"],
)
async def test_length_is_limited_whatever_it_consists_of(empty_api: Api, filling: str) -> None:
    assert "characters" in await refused(empty_api, filling + VIEWER)


async def test_comments_count_as_tokens(empty_api: Api) -> None:
    assert "token" in await refused(empty_api, VIEWER + "#\n" * 3_000)


@pytest.mark.parametrize(
    "text",
    [
        "{ " + " ".join(f"custome{number}" for number in range(190)) + " }",
        "{ " + USAGE % ("where: {" + " ".join(f"benefi{number}: 1" for number in range(600)) + "}") + " }",
        "{ " + USAGE % ("groupBy: [" + "BENEFI " * 1_900 + "]") + " }",
        "{ viewer { role " + "@foo " * 900 + "} }",
        "query (" + " ".join(f"$v{number}: Int" for number in range(400)) + ") " + VIEWER,
        "{ viewer(" + " ".join(f"a{number}: 1" for number in range(600)) + ") { role } }",
    ],
    ids=["fields", "input fields", "values", "directives", "variables", "arguments"],
)
async def test_only_the_first_errors_are_looked_for(empty_api: Api, text: str) -> None:
    errors = (await empty_api.ask(text))["errors"]
    assert len(errors) == MOST_ERRORS + 1
    assert "aborted" in errors[-1]["message"]
    assert {error["extensions"]["code"] for error in errors} == {"BAD_USER_INPUT"}


async def test_only_the_first_errors_of_variables_are_looked_for(empty_api: Api) -> None:
    text = "query ($where: CustomerWhere) { customers(first: 1, where: $where) { edges { cursor } } }"
    errors = (await empty_api.ask(text, where={"memberNo": {"in": [1] * 5_000}}))["errors"]
    assert len(errors) == MOST_ERRORS + 1


async def test_operations_are_few(empty_api: Api) -> None:
    several = " ".join(f"query Q{number} {VIEWER}" for number in range(MOST_OPERATIONS))
    assert not await empty_api.codes(several, operation="Q0")
    assert "operations" in await refused(empty_api, several + f" query Z {VIEWER}")


async def test_a_web_of_fragments_is_refused_before_it_is_compared(empty_api: Api) -> None:
    web = " ".join(
        f"fragment F{n} on Query {{ {' '.join(f'...F{m}' for m in range(n + 1, 35))} viewer {{ role }} }}"
        for n in range(35)
    )
    assert "one name in one place" in await refused(empty_api, f"{{ ...F0 }} {web}")


@pytest.mark.parametrize(
    "number",
    ["9" * (LONGEST_NUMBER + 1), "9" * 5_000, "-" + "9" * 60_000, "1e" + "9" * 5_000, "0." + "1" * 60_000],
    ids=["just", "python's limit", "many", "exponent", "fraction"],
)
async def test_long_numbers_are_refused_unread(empty_api: Api, number: str) -> None:
    expected = f"A number has more than {LONGEST_NUMBER} characters."
    rows = "customers(first: %s) { pageInfo { hasNextPage } }"
    assert await refused(empty_api, f"{{ {rows % number} }}") == expected
    assert await refused(empty_api, f"query ($n: Int = {number}) {{ {rows % '$n'} }}") == expected
    assert await refused(empty_api, f"{{ {USAGE % f'where: {{star: {{in: [{number}]}}}}'} }}") == expected
    assert await refused(empty_api, f"{{ viewer @skip(if: {number}) {{ role }} }}") == expected


@pytest.mark.parametrize("digits", ["9" * 30, "9" * 5_000])
async def test_ids_with_long_numbers_are_ids_of_nothing(empty_api: Api, digits: str) -> None:
    from ledger.ids import opaque_id

    text = "query ($id: ID!) { node(id: $id) { id } }"
    assert await empty_api.codes(text, id=opaque_id("Statement", digits)) == ["BAD_USER_INPUT"]


async def test_the_cost_is_that_of_the_values_that_run(empty_api: Api) -> None:
    text = "query ($f: Int = 7) { customers(first: $f) { edges { node { quotas { used } } } } }"
    operation = DocumentCache(SCHEMA.core, weights())(text).operation(None)
    for given, counted in (({"f": 100.0}, 100), ({"f": 1}, 1), ({}, 7)):
        values = SCHEMA._variables(operation, given)
        assert values.coerced["f"] == counted
        assert operation.analysis.cost(values.coerced) == operation.analysis.cost({"f": counted})
    for wrong in ("100", 1.5, True, 2**31, [100]):
        assert await empty_api.codes(text, f=wrong) == ["BAD_USER_INPUT"]
    assert not await empty_api.codes(text, f=100.0)
    # Null is no value for what must have one; the default is for what is left out.
    assert await empty_api.codes(text, f=None) == ["BAD_USER_INPUT"]


async def test_values_reach_the_resolvers_as_they_were_counted(empty_api: Api) -> None:
    text = "query ($on: Date, $known: Boolean!) { settings(on: $on) @include(if: $known) { backdatingDays } }"
    assert (await empty_api.data(text, on="2026-10-20", known=True))["settings"]["backdatingDays"]
    assert await empty_api.data(text, known=False) == {}
    operation = DocumentCache(SCHEMA.core, weights())(text).operation(None)
    assert SCHEMA._variables(operation, {"on": "2026-10-20", "known": True}).coerced["on"] == date(
        2026, 10, 20
    )


async def test_invalid_documents_are_not_cached(empty_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    parse = schema.documents.parse
    monkeypatch.setattr(schema.documents, "parse", lambda text: (read.append(text), parse(text))[1])
    for text in ("{ viewer { nonsense } }", "{ viewer {", "{ viewer { role } }#kept"):
        for _ in range(3):
            await empty_api.ask(text)
    assert read.count("{ viewer { nonsense } }") == 3
    assert read.count("{ viewer {") == 3
    assert read.count("{ viewer { role } }#kept") == 1


def test_the_cached_documents_stay_within_their_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema.documents, "MOST_KEPT_BYTES", 50_000)
    prepared = DocumentCache(SCHEMA.core, weights())
    first = prepared("{ viewer { role } }")
    assert prepared("{ viewer { role } }") is first
    assert first.weight > 1_000
    for number in range(10):
        prepared(f"query Q{number} {{ viewer {{ role }} }}")
    assert prepared("{ viewer { role } }") is not first


async def test_introspection_is_answered_from_a_cache(
    empty_api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[str] = []
    execution = SCHEMA.execution_context_class
    assert execution is not None
    execute = execution.execute_operation

    def counted(self: Executor) -> object:
        assert self.operation.loc is not None
        runs.append(self.operation.loc.source.body)
        return execute(self)

    monkeypatch.setattr(execution, "execute_operation", counted)
    text = get_introspection_query(descriptions=False)
    answers = [await empty_api.data(text, VENDOR) for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert answers[0]["__schema"]["queryType"]["name"] == "Query"
    assert runs.count(text) == 1
    one = "query ($name: String!) { __type(name: $name) { name } }"
    assert [
        (await empty_api.data(one, name=name))["__type"]["name"] for name in ("Tier", "Quota", "Tier")
    ] == [
        "Tier",
        "Quota",
        "Tier",
    ]
    assert runs.count(one) == 2


async def test_asking_for_the_schema_again_and_again_costs_what_it_takes(empty_api: Api) -> None:
    many = " ".join(
        f"a{number}: __schema {{ types {{ fields {{ type {{ fields {{ name description args {{ name }} }} }} }} }} }}"
        for number in range(20)
    )
    assert "would cost" in await refused(empty_api, f"{{ {many} }}")
    names = " ".join(f"... {{ __typename }} b{number}: __typename" for number in range(20))
    assert not await empty_api.codes(f"{{ {names} }}")


async def test_introspection_can_be_switched_off(empty_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.schema.api.SCHEMA", build_schema(introspection=False, plans=PlanCache()))
    for text in ("{ __schema { queryType { name } } }", '{ __type(name: "Tier") { name } }'):
        errors = (await empty_api.ask(text))["errors"]
        assert "introspection has been disabled" in errors[0]["message"]
        assert errors[0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert await empty_api.data("{ __typename viewer { __typename } }") == {
        "__typename": "Query",
        "viewer": {"__typename": "Viewer"},
    }
