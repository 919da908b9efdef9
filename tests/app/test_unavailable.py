"""When the service cannot answer now: every client gets 503, `Retry-After`, and a code that says to retry."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import asyncpg
import pytest

from app.requests.negotiation import GRAPHQL_JSON, JSON
from ledger.refusals import Refusal, busy
from schema.context import Role

CUSTOMER = {"query": '{ customer(memberNo: "M1") { memberNo } }'}
REDEEM = {
    "query": """mutation { redeem(input: {memberNo: "M1", benefit: "physical-exam", idempotencyKey: "k"}) {
        ... on Refusal { code } } }"""
}
REGISTER = {
    "query": """mutation { registerVendor(code: "v", name: "V", terms: [
        {benefit: "physical-exam", unitPrice: "1", from: "2026-01-01"}]) { code } }"""
}
PARTLY = {"query": '{ programme { edition } customer(memberNo: "M1") { memberNo } }'}


@pytest.fixture
def away(server_dsn: str, database_dsn: str):
    """The database takes no connection, and those that it had are cut, while the block runs."""
    name = urlsplit(database_dsn).path[1:]

    @asynccontextmanager
    async def held_away() -> AsyncIterator[None]:
        owner = await asyncpg.connect(server_dsn)
        try:
            await owner.execute(f"ALTER DATABASE {name} CONNECTION LIMIT 0")
            await owner.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name
            )
            yield
        finally:
            await owner.execute(f"ALTER DATABASE {name} CONNECTION LIMIT -1")
            await owner.close()

    return held_away


async def test_a_query_without_the_database_is_503_in_every_form_and_language(served, away):
    async with away():
        for accept in (JSON, GRAPHQL_JSON):
            for language, words in (("zh", "请稍后原样重发"), ("en", "Send the same again later")):
                headers = {"accept": accept, "accept-language": language, "x-request-id": "r-1"}
                answer = await served.client.post(
                    "/graphql", json=CUSTOMER, headers=served.header() | headers
                )
                assert answer.status_code == 503
                (error,) = answer.json()["errors"]
                assert words in error["message"]
                assert error["extensions"] == {
                    "code": "UNAVAILABLE",
                    "retryAfter": int(answer.headers["retry-after"]),
                    "requestId": "r-1",
                }
    assert (await served.client.post("/graphql", json=CUSTOMER, headers=served.header())).status_code == 200


async def test_nothing_that_needs_the_database_is_answered_otherwise_than_503(served, away):
    vendor = served.header(Role.VENDOR, vendor="exam-1")
    finance = served.header(Role.FINANCE)
    sheet = {"data": {"vendor": "v", "period": "2026-10"}, "files": {"file": ("S.csv", b"x")}}
    async with away():
        answers = [
            await served.client.post("/graphql", json=REDEEM, headers=vendor),
            await served.client.post("/graphql", json=REGISTER, headers=served.header()),
            await served.client.post("/graphql", json=PARTLY, headers=served.header()),
            await served.client.get("/exports/entries", headers=finance),
            await served.client.post("/statements", headers=finance, **sheet),
        ]
    for answer in answers:
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        extensions = answer.json()["errors"][0]["extensions"]
        assert extensions["code"] == "UNAVAILABLE"
        assert extensions["requestId"] == answer.headers["x-request-id"]
    # What was had before is there, but nobody takes it for all.
    assert answers[2].json()["data"] == {"programme": {"edition": "zhenxuan-1"}, "customer": None}
    again = await served.client.post("/graphql", json=REDEEM, headers=vendor)
    assert again.json()["data"] == {"redeem": {"code": "UNKNOWN_CUSTOMER"}}


async def test_an_operation_whose_vendor_is_locked_is_503_in_every_form(served, monkeypatch):
    async def wait_in_vain(**_asked: object) -> Refusal:
        return busy()

    monkeypatch.setattr("schema.mutations.register_vendor.register_vendor", wait_in_vain)
    for accept in (JSON, GRAPHQL_JSON):
        headers = served.header() | {"accept": accept}
        answer = await served.client.post("/graphql", json=REGISTER, headers=headers)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
        (error,) = answer.json()["errors"]
        assert (error["extensions"]["code"], error["extensions"]["retryAfter"]) == ("BUSY", 2)


async def test_every_error_bears_the_id_of_its_request(served, monkeypatch):
    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(served.app.state.downloads, "_files", {"entries": (frozenset(Role), broken)})
    for path, document, status in (
        ("/nowhere", {}, 404),
        ("/exports/nothing", {}, 404),
        ("/exports/entries", {}, 500),
        ("/graphql", {}, 400),
        ("/graphql", {"query": "{ nothing }"}, 200),
    ):
        answer = await served.client.post(path, json=document, headers=served.header())
        assert answer.status_code == status
        ids = {each["extensions"]["requestId"] for each in answer.json()["errors"]}
        assert ids == {answer.headers["x-request-id"]}
