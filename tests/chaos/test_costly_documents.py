"""Reading a document takes little whatever it holds: each known attack, by the processor time that it takes."""

import time
from contextlib import suppress

import pytest
from graphql import GraphQLError, get_introspection_query

from app.http.graphql_http import parse_request
from app.requests.errors import RequestError
from app.requests.negotiation import JSON
from schema.documents import DocumentCache
from schema.weights import weights
from tests.schema.api import SCHEMA

pytestmark = pytest.mark.chaos

MOST_S = 0.5
"""Ten times what the worst of them takes on a quiet machine."""

USAGE = '{ usage(from: "2026-01-01", to: "2026-02-01", %s) { total { units } } }'


def _spelled(count: int, each: str) -> str:
    return " ".join(each.replace("#", str(number)) for number in range(count))


def _web(count: int, inner: str) -> str:
    return " ".join(
        f"fragment F{n} on Query {{ {' '.join(f'...F{m}' for m in range(n + 1, count))} {inner} }}"
        for n in range(count)
    )


DOCUMENTS = {
    "unknown fields": f"{{ {_spelled(195, 'customer#')} }}",
    "long unknown fields": f"{{ {_spelled(195, 'customer' + 's' * 300 + '#')} }}",
    "unknown input fields": USAGE % f"where: {{ {_spelled(600, 'benefi#: 1')} }}",
    "unknown values": USAGE % f"groupBy: [{'BENEFI ' * 1_900}]",
    "unknown directives": f"{{ viewer {{ role {'@foo ' * 900} }} }}",
    "directives": f"{{ viewer {{ role {'@skip(if: true) ' * 280} }} }}",
    "unused variables": f"query ({_spelled(450, '$v#: Int')}) {{ viewer {{ role }} }}",
    "values": USAGE % ("where: {benefit: {in: [" + '"a" ' * 1_900 + "]}}"),
    "nested values": "{ customer(memberNo: " + "[" * 180 + "]" * 180 + ") { id } }",
    "fragments in a web": f"{{ ...F0 }} {_web(30, 'viewer { role }')}",
    "fragments in a circle": "{ ...F0 } "
    + " ".join(f"fragment F{n} on Query {{ {_spelled(35, '...F#')} }}" for n in range(20)),
    "operations": _spelled(200, "query Q# { viewer { role } }"),
    "operations that share": _spelled(20, "query Q# { ...F0 }")
    + _spelled(80, "fragment F# on Query { viewer { role } }"),
    "nested inline": "{ " + "... { " * 190 + "viewer { role } " + "} " * 191,
    "text": '{ node(id: "' + "a" * 65_000 + '") { id } }',
    "block": '{ node(id: """' + " \n" * 32_000 + '""") { id } }',
    "escapes": '{ node(id: "' + "\\u0061" * 10_000 + '") { id } }',
    "comment": "{ viewer { role } } #" + "a" * 65_000,
    "comments": "{ viewer { role } }" + "#\n" * 32_000,
    "number": "{ customers(first: " + "9" * 65_000 + ") { edges { cursor } } }",
    "introspection": get_introspection_query(),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_reading_a_document_takes_little(name: str) -> None:
    prepare = DocumentCache(SCHEMA.core, weights())
    started = time.process_time()
    with suppress(GraphQLError):
        prepared = prepare(DOCUMENTS[name])
        if not prepared.errors and len(prepared.operations) == 1:
            prepared.operation(None).analysis.cost({})
    assert time.process_time() - started < MOST_S


@pytest.mark.parametrize(
    "value",
    [
        b"[" + b"[]," * 240_000 + b"[]]",
        b"[" + b"1," * 500_000 + b"1]",
        b"[" * 500_000,
        b'{"a":' * 100_000,
        b"9" * 1_000_000,
        b'"' + b"\\ud83d\\ude00" * 80_000 + b'"',
    ],
    ids=["lists", "numbers", "brackets", "braces", "digits", "escapes"],
)
def test_reading_a_body_takes_little(value: bytes) -> None:
    started = time.process_time()
    with suppress(RequestError):
        parse_request(JSON, b'{"query": "{ viewer { role } }", "variables": {"a": ' + value + b"}}")
    assert time.process_time() - started < MOST_S
