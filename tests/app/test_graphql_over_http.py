"""GraphQL over HTTP: the rules that the npm package `graphql-http` audits (`make audit` runs the package itself).

Not kept are those about GET, which may be kept or not: only POST executes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from app.requests.negotiation import GRAPHQL_JSON, JSON

NAME = {"query": "{ __typename }"}
WITH_VARIABLE = {"query": "query Type($name: String!) { __type(name: $name) { name } }"}
TWO = {"query": "query A { __typename } query B { __typename }"}
NO_OBJECTS: tuple[Any, ...] = ("array", 0, False, ["array"])


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A request and what its answer must be like."""

    says: str
    body: Any = None
    accept: str | None = GRAPHQL_JSON
    content_type: str | None = JSON
    method: str = "POST"
    status: range = range(200, 201)
    holds: Callable[[httpx.Response], bool] = lambda _: True


def without_errors(answer: httpx.Response) -> bool:
    return "errors" not in answer.json()


def without_data(answer: httpx.Response) -> bool:
    return "data" not in answer.json()


def answered_as(media_type: str) -> Callable[[httpx.Response], bool]:
    return lambda answer: answer.headers["content-type"].startswith(f"{media_type}; charset=utf-8")


EXACTLY_400 = range(400, 401)
CLIENTS_FAULT = range(400, 500)

RULES = [
    Rule(says="JSON is accepted and answered in", body=NAME, accept=JSON, holds=answered_as(JSON)),
    Rule(says="the own media type too", body=NAME, holds=answered_as(GRAPHQL_JSON)),
    Rule(says="*/* gets JSON", body=NAME, accept="*/*", holds=answered_as(JSON)),
    Rule(
        says="who accepts nothing special gets JSON",
        body=NAME,
        accept=None,
        holds=answered_as(JSON),
    ),
    Rule(
        says="JSON may name its charset",
        body=NAME,
        content_type="application/json; charset=utf-8",
    ),
    Rule(says="GET does not change anything", method="GET", accept=JSON, status=range(405, 406)),
    Rule(
        says="other bodies are refused",
        body="query=x",
        content_type="text/plain",
        status=CLIENTS_FAULT,
    ),
    Rule(says="a body needs its type", body=b"{}", content_type=None, status=CLIENTS_FAULT),
    Rule(says="no query, no answer", body={"notquery": "{ __typename }"}, status=EXACTLY_400),
    *(
        Rule(
            says=f"the query is no {value!r}",
            body={"query": value},
            accept=accept,
            status=EXACTLY_400,
        )
        for value in ({"obj": "ect"}, 0, False, ["array"])
        for accept in (GRAPHQL_JSON, JSON)
    ),
    Rule(says="a query may be alone", body=NAME, holds=without_errors),
    *(
        Rule(
            says=f"operationName is no {value!r}",
            body={**NAME, "operationName": value},
            accept=accept,
            status=EXACTLY_400,
        )
        for value in ({"obj": "ect"}, 0, False, ["array"])
        for accept in (GRAPHQL_JSON, JSON)
    ),
    Rule(
        says="operationName chooses",
        body={**TWO, "operationName": "A"},
        holds=without_errors,
    ),
    *(
        Rule(
            says=f"{name} may be null",
            body={**NAME, name: None},
            accept=accept,
            holds=without_errors,
        )
        for name in ("operationName", "variables", "extensions")
        for accept in (GRAPHQL_JSON, JSON)
    ),
    *(
        Rule(
            says=f"variables are no {value!r}",
            body={**NAME, "variables": value},
            accept=accept,
            status=EXACTLY_400,
        )
        for value in NO_OBJECTS
        for accept in (GRAPHQL_JSON, JSON)
    ),
    *(
        Rule(
            says="variables are a map",
            body={**WITH_VARIABLE, "variables": {"name": "String"}},
            accept=accept,
            holds=without_errors,
        )
        for accept in (GRAPHQL_JSON, JSON)
    ),
    *(
        Rule(
            says=f"extensions are no {value!r}",
            body={**NAME, "extensions": value},
            accept=accept,
            status=EXACTLY_400,
        )
        for value in NO_OBJECTS
        for accept in (GRAPHQL_JSON, JSON)
    ),
    *(
        Rule(
            says="extensions are a map",
            body={**NAME, "extensions": {"some": "value"}},
            accept=accept,
            holds=without_errors,
        )
        for accept in (GRAPHQL_JSON, JSON)
    ),
    *(
        Rule(says="no JSON is 400", body=b'{ "not a JSON', accept=accept, status=EXACTLY_400)
        for accept in (GRAPHQL_JSON, JSON)
    ),
    Rule(
        says="plain JSON: a document that cannot be parsed is 200",
        body={"query": "{"},
        accept=JSON,
    ),
    Rule(says="plain JSON: an invalid one too", body={"query": "{ 8f31403d }"}, accept=JSON),
    Rule(
        says="plain JSON: variables that do not fit too",
        body={"query": WITH_VARIABLE["query"], "variables": {"name": None}},
        accept=JSON,
    ),
    *(
        Rule(says=says, body=body, status=EXACTLY_400, holds=without_data)
        for says, body in (
            ("what cannot be parsed is 400, without data", {"query": "{"}),
            ("what is invalid is 400, without data", {"query": "{ 8f31403d }"}),
            ("variables that do not fit are 400", {**WITH_VARIABLE, "variables": {"name": None}}),
        )
    ),
]


async def test_each_rule_that_graphql_http_audits_is_kept(served):
    broken = []
    for rule in RULES:
        headers = {**served.header(), "accept": rule.accept, "content-type": rule.content_type}
        body = {"content": rule.body} if isinstance(rule.body, bytes | str) else {"json": rule.body}
        request = served.client.build_request(rule.method, "/graphql", **body)
        for name in ("accept", "content-type"):
            request.headers.pop(name, None)
        request.headers.update({name: value for name, value in headers.items() if value is not None})
        answer = await served.client.send(request)
        if answer.status_code not in rule.status or not rule.holds(answer):
            broken.append((rule.says, rule.accept, answer.status_code, answer.text))
    assert broken == []
