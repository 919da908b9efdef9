"""GraphQL over HTTP: authentication, form of requests and of answers; always JSON, never a traceback."""

import json

import pytest
import structlog

from app.http.graphql_http import _written, parse_request
from app.requests.errors import RequestError
from app.requests.negotiation import GRAPHQL_JSON, JSON, answer_type, language, wants_html
from schema.context import Role

QUERY = {"query": "{ programme { edition } }"}
PAGE = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": "Bearer"},
        {"authorization": "Bearer "},
        {"authorization": "Bearer x.y.z"},
        {"authorization": "Basic dXNlcjpwYXNz"},
        {"authorization": "Bearer " + "x" * 20_000},
    ],
)
async def test_without_a_valid_token_nothing_is_answered(served, headers):
    answer = await served.client.post("/graphql", json=QUERY, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert "data" not in answer.json()


async def test_a_query_is_answered(served):
    answer = await served.client.post("/graphql", json=QUERY, headers=served.header())
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["data"] == {"programme": {"edition": "zhenxuan-1"}}
    assert answer.json().keys() == {"data", "extensions"}


async def test_the_scheme_of_the_token_is_not_case_sensitive(served):
    header = {"authorization": served.header()["authorization"].replace("Bearer", "bearer")}
    assert (await served.client.post("/graphql", json=QUERY, headers=header)).status_code == 200


async def test_variables_and_operation_name_are_used(served):
    body = {
        "query": "query A { programme { edition } } query B($on: Date) { programme(on: $on) { effectiveFrom } }",
        "operationName": "B",
        "variables": {"on": "2026-01-01"},
    }
    answer = await served.client.post("/graphql", json=body, headers=served.header())
    assert answer.json()["data"] == {"programme": {"effectiveFrom": "1990-01-01"}}


@pytest.mark.parametrize(
    ("content", "content_type", "status"),
    [
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b"null", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'[{"query": "{ programme { edition } }"}]', "application/json", 400),
        (b"{}", "application/json", 400),
        (b'{"query": 7}', "application/json", 400),
        (b'{"query": "{a}", "variables": []}', "application/json", 400),
        (b'{"query": "{a}", "variables": "{}"}', "application/json", 400),
        (b'{"query": "{a}", "operationName": 7}', "application/json", 400),
        (b'{"query": "{a}", "variables": {"n": NaN}}', "application/json", 400),
        (b'{"query": "{a}", "variables": {"n": ' + b"9" * 5000 + b"}}", "application/json", 400),
        (b'{"query": "{a}", "variables": {"n": ' + b"9" * 31 + b"}}", "application/json", 400),
        (b'{"query": "\xff"}', "application/json", 400),
        (b'{"query": "{a}", "variables": {"n": "\\ud800"}}', "application/json", 400),
        (b"[" * 10_000, "application/json", 400),
        (b'{"query": "{ programme { edition } }"}', "text/plain", 415),
        (b'{"query": "{ programme { edition } }"}', "", 415),
        (b"query=x", "application/x-www-form-urlencoded", 415),
        (b"{ programme { edition } }", "application/graphql", 415),
    ],
)
async def test_what_is_no_graphql_request_is_refused_as_json(served, content, content_type, status):
    headers = {**served.header(), "content-type": content_type}
    answer = await served.client.post("/graphql", content=content, headers=headers)
    assert answer.status_code == status
    assert answer.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (b"9" * 31, "more than 30 characters"),
        (b"-0." + b"1" * 500_000, "more than 30 characters"),
        (b"1e" + b"9" * 500_000, "more than 30 characters"),
        (b"[" + b"1," * 60_000 + b"1]", "more than 50000 values"),
        (b"[" + b"[]," * 30_000 + b"[]]", "more than 50000 values"),
        (b"[" + b"{}," * 30_000 + b"{}]", "more than 50000 values"),
    ],
)
def test_a_body_that_takes_long_to_read_is_refused_unread(value, words):
    with pytest.raises(RequestError, match=words) as refused:
        parse_request(JSON, b'{"query": "{a}", "variables": {"n": ' + value + b"}}")
    assert refused.value.status == 400


async def test_an_answer_that_is_too_long_says_so(served):
    served.services.settings.__dict__["max_answer_bytes"] = 2_000
    whole = {"query": "{ programme { benefits { code name nameEn content { text textEn } } } }"}
    for accept in (JSON, GRAPHQL_JSON):
        headers = {**served.header(), "accept": accept}
        answer = await served.client.post("/graphql", json=whole, headers=headers)
        assert answer.status_code == 200  # it ran: whatever it did is done
        (error,) = answer.json()["errors"]
        assert error["extensions"]["code"] == "ANSWER_TOO_LARGE"
        assert error["extensions"]["requestId"]
        assert "2000" in error["message"]
        assert answer.json()["data"] is None
        assert (await served.client.post("/graphql", json=QUERY, headers=headers)).json()["data"]


def test_an_answer_is_written_as_the_standard_library_would_write_it():
    payloads = (
        {},
        {"data": None},
        {"data": {}, "errors": []},
        {
            "data": {
                "a": [[], {}, [[{"x": [1, {"y": "三"}]}]], None, True, 1.5, "\u2028"],
                "b": {"c": {"d": {"e": {}}}},
            }
        },
    )
    for payload in payloads:
        assert json.loads(_written(payload, 1_000)) == payload
        assert (
            _written(payload, 1_000)
            == json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
        )


async def test_a_body_that_announces_a_number_beyond_reason_is_too_long(served):
    headers = {**served.header(), "content-type": "application/json", "content-length": "9" * 5_000}
    for address in ("/graphql", "/statements"):
        sent = served.client.build_request("POST", address, content=b"{}", headers=headers)
        if address == "/statements":
            sent.headers["content-type"] = "multipart/form-data; boundary=x"
            sent.headers["authorization"] = served.header(Role.FINANCE)["authorization"]
        assert (await served.client.send(sent)).status_code == 413


async def test_a_body_that_is_too_long_is_refused_whether_it_says_so_or_not(served):
    async def chunks():
        for _ in range(30):
            yield b"x" * 1000

    headers = {**served.header(), "content-type": "application/json"}
    for content in (b"x" * 20_001, chunks()):
        answer = await served.client.post("/graphql", content=content, headers=headers)
        assert answer.status_code == 413
        assert answer.json()["errors"][0]["extensions"]["code"] == "PAYLOAD_TOO_LARGE"


async def test_a_compressed_body_is_refused_and_says_so(served):
    for encoding, status in (("gzip", 415), ("br", 415), ("identity", 200)):
        headers = {**served.header(Role.FRONTEND), "content-encoding": encoding}
        answer = await served.client.post("/graphql", json=QUERY, headers=headers)
        assert answer.status_code == status
        if status != 200:
            assert "uncompressed" in answer.json()["errors"][0]["message"]


async def test_an_error_before_execution_has_its_status_in_the_new_form_only(served):
    for query, status in (("{ nothing }", 400), ("{", 400), ("", 400)):
        new = await served.client.post(
            "/graphql", json={"query": query}, headers={**served.header(), "accept": GRAPHQL_JSON}
        )
        assert (new.status_code, new.headers["content-type"]) == (status, f"{GRAPHQL_JSON}; charset=utf-8")
        old = await served.client.post(
            "/graphql", json={"query": query}, headers={**served.header(), "accept": JSON}
        )
        assert old.status_code == 200
        for answer in (new, old):
            assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
            assert "data" not in answer.json()


async def test_what_a_role_may_not_see_is_forbidden(served):
    body = {"query": "{ entries(first: 1) { edges { node { id } } } }"}
    headers = {**served.header(Role.VENDOR, vendor="dental-1"), "accept": GRAPHQL_JSON}
    answer = await served.client.post("/graphql", json=body, headers=headers)
    assert answer.status_code == 403
    assert answer.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_a_client_that_takes_neither_form_is_told(served):
    answer = await served.client.post(
        "/graphql", json=QUERY, headers={**served.header(), "accept": "image/png"}
    )
    assert answer.status_code == 406


async def test_a_browser_gets_the_query_page(served):
    page = await served.client.get("/graphql", headers=PAGE)
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "GraphiQL" in page.text


async def test_operations_are_not_taken_from_an_address(served):
    answer = await served.client.get("/graphql", params=QUERY, headers=served.header())
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"
    assert answer.json()["errors"]


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/", 404), ("GET", "/graphql/", 404), ("PUT", "/graphql", 405)]
)
async def test_other_addresses_and_methods_are_refused_as_json(served, method, path, status):
    answer = await served.client.request(method, path)
    assert answer.status_code == status
    assert answer.json()["errors"][0]["extensions"]["code"]


async def test_each_answer_has_an_id_which_a_client_may_give(served):
    mine = await served.client.get("/healthz", headers={"x-request-id": "mine-1"})
    assert mine.headers["x-request-id"] == "mine-1"
    for bad in ("", "a b", "x" * 65, 'a"b'):
        other = await served.client.get("/healthz", headers={"x-request-id": bad})
        assert len(other.headers["x-request-id"]) == 32


async def test_the_log_holds_neither_token_nor_member(served):
    query = "query Card($no: String!) { customer(memberNo: $no) { name } }"
    body = {"query": query, "variables": {"no": "M-SECRET"}, "operationName": "Card"}
    with structlog.testing.capture_logs() as lines:
        await served.client.post("/graphql?no=M-SECRET", json=body, headers=served.header(Role.FRONTEND))
    logged = json.dumps(lines)
    assert "M-SECRET" not in logged
    assert "eyJ" not in logged
    assert [
        (line["operation"], line["role"], line["status"]) for line in lines if line["event"] == "request"
    ] == [("Card", "frontend", 200)]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, JSON),
        ("*/*", JSON),
        (JSON, JSON),
        (GRAPHQL_JSON, GRAPHQL_JSON),
        (f"{GRAPHQL_JSON}, {JSON};q=0.9", GRAPHQL_JSON),
        (f"{JSON}, {GRAPHQL_JSON};q=0.5", JSON),
        (f"{GRAPHQL_JSON};q=0, {JSON}", JSON),
        ("application/*", JSON),
        ("text/html", None),
        (f"{JSON};q=high", None),
    ],
)
def test_the_form_of_the_answer_is_what_the_client_prefers(header, expected):
    assert answer_type(header) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, "zh"),
        ("", "zh"),
        ("fr", "zh"),
        ("en", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en;q=0.5, zh;q=0.4", "en"),
        ("en;q=0", "zh"),
        (";;;,,,q=", "zh"),
    ],
)
def test_messages_are_chinese_unless_english_is_preferred(header, expected):
    assert language(header) == expected


def test_only_a_browser_wants_a_page():
    assert wants_html(PAGE["accept"])
    assert not wants_html("*/*")
    assert not wants_html(None)


@pytest.mark.parametrize("path", ["/graphql", "/statements"])
async def test_a_length_of_thousands_of_digits_is_too_long(served, path):
    told = {"content-length": "9" * 5000, "content-type": "multipart/form-data; boundary=x"}
    answer = await served.client.post(path, content=b"{}", headers=served.header(Role.FINANCE) | told)
    assert answer.status_code == 413
