"""Files over HTTP: permissions, parameters, and neither truncated files nor leaked cursors."""

import json

import httpx
import pytest

from app.http.streaming import Download
from ledger.reports.exporting import stream_entries
from schema.context import Role
from tests.exports.conftest import fill, reading, soon

ENTRIES = "/exports/entries"


async def test_staff_may_have_the_ledger(site, database):
    await fill(database.owner_pool, 3)
    for role in (Role.FINANCE, Role.OPERATIONS, Role.AUDITOR):
        answer = await site.client.get(ENTRIES, params={"format": "jsonl"}, headers=site.header(role))
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/x-ndjson; charset=utf-8"
        assert "-entries.jsonl" in answer.headers["content-disposition"]
        assert answer.headers["cache-control"] == "no-store"
        assert len([json.loads(line) for line in answer.text.splitlines()]) == 30


async def test_others_are_told_that_they_may_not(site):
    for header in (site.header(Role.FRONTEND), site.header(Role.VENDOR, vendor="dental-1")):
        answer = await site.client.get(ENTRIES, headers=header)
        assert answer.status_code == 403
        assert answer.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_without_a_valid_token_there_is_no_file(site):
    for header in ({}, {"authorization": "Bearer x.y.z"}):
        answer = await site.client.get(ENTRIES, headers=header)
        assert answer.status_code == 401
        assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_parameters_filter_and_the_default_is_csv(site, database):
    await fill(database.owner_pool, 3)
    asked = {"vendor": ["dental-1", "clinic-2"], "kind": "REDEEM", "from": "2026-10-01", "to": "2026-10-02"}
    answer = await site.client.get(ENTRIES, params=asked, headers=site.header())
    assert answer.content.startswith(b"\xef\xbb\xbfcustomer_id,")
    assert len(answer.text.splitlines()) == 1 + 27
    later = await site.client.get(
        ENTRIES, params=asked | {"from": "2026-10-02", "to": ""}, headers=site.header()
    )
    assert later.status_code == 400


async def test_a_member_is_asked_for_in_a_form_and_never_in_an_address(site, database):
    await fill(database.owner_pool, 3)
    refused = await site.client.get(ENTRIES, params={"member": "M2"}, headers=site.header())
    assert refused.status_code == 400
    assert "POST" in refused.json()["errors"][0]["message"]
    answer = await site.client.post(
        ENTRIES, data={"member": ["M2"], "format": "jsonl"}, headers=site.header()
    )
    assert {json.loads(line)["member_no"] for line in answer.text.splitlines()} == {"M2"}


CANNOT_BE_MEANT = [
    {"format": "xml"},
    {"format": ["csv", "jsonl"]},
    {"from": "yesterday"},
    {"from": "0001-01-01"},
    {"to": "9999-12-31"},
    {"from": "20261001"},
    {"from": ["2026-10-01", "2026-10-02"]},
    {"from": "2026-10-02", "to": "2026-10-02"},
    {"vendors": "dental-1"},
    {"vendor": "nobody"},
    {"vendor": "\x00"},
    {"kind": "redeem"},
    {"benefit": "teeth"},
    {"vendor": ["x"] * 1001},
]


async def test_what_cannot_be_meant_is_refused_as_json(site):
    answers = [
        await site.client.get(ENTRIES, params=asked, headers=site.header()) for asked in CANNOT_BE_MEANT
    ]
    codes = [(each.status_code, each.json()["errors"][0]["extensions"]["code"]) for each in answers]
    assert codes == [(400, "BAD_REQUEST")] * len(CANNOT_BE_MEANT)


async def test_only_forms_of_a_bearable_length_are_read(site):
    as_json = await site.client.post(ENTRIES, json={"member": "M1"}, headers=site.header())
    assert as_json.status_code == 415
    long = await site.client.post(ENTRIES, data={"member": "M" * 300_000}, headers=site.header())
    assert long.status_code == 413
    wrong = await site.client.post(
        ENTRIES,
        content=b"member=%FF",
        headers={**site.header(), "content-type": "application/x-www-form-urlencoded"},
    )
    assert wrong.status_code == 400


def test_a_file_is_saved_under_its_name_whatever_the_client_knows():
    async def nothing():
        yield b""

    download = Download(nothing(), name='v"；\r\n.csv', media_type="text/csv")
    assert download.headers["content-disposition"] == (
        "attachment; filename=\"v____.csv\"; filename*=UTF-8''v%22%EF%BC%9B%0D%0A.csv"
    )


async def test_asking_for_the_head_makes_no_file(site):
    assert (await site.client.head(ENTRIES, headers=site.header())).status_code == 405


async def test_a_client_that_goes_away_ends_the_cursor(site, database):
    await fill(database.owner_pool, 5000)
    async with site.client.stream("GET", ENTRIES, headers=site.header()) as answer:
        body = answer.aiter_bytes()
        await anext(body)
        await soon(lambda: reading(database.owner_pool), 1)  # the file is longer than what buffers hold
    await soon(lambda: reading(database.owner_pool), 0)


async def test_an_error_in_the_middle_breaks_the_answer_off(site, database, monkeypatch):
    await fill(database.owner_pool, 200)

    async def failing(pool, where):
        async for batch in stream_entries(pool, where):
            yield batch
            raise ZeroDivisionError

    monkeypatch.setattr("app.exports.entries.stream_entries", failing)
    with pytest.raises(httpx.RemoteProtocolError):
        await site.client.get(ENTRIES, headers=site.header())
    await soon(lambda: reading(database.owner_pool), 0)


async def test_an_error_before_the_first_line_is_an_answer(site, monkeypatch):
    async def failing(pool, where):
        raise ZeroDivisionError
        yield

    monkeypatch.setattr("app.exports.entries.stream_entries", failing)
    answer = await site.client.get(ENTRIES, headers=site.header())
    assert answer.status_code == 500
    assert answer.json()["errors"][0]["extensions"]["code"] == "INTERNAL"


async def test_who_takes_nothing_for_long_is_left(site, database, monkeypatch):
    monkeypatch.setattr("app.http.streaming._SLOWEST_CHUNK_S", 0.3)
    await fill(database.owner_pool, 5000)
    async with site.client.stream("GET", ENTRIES, headers=site.header()) as answer:
        body = answer.aiter_bytes()
        await anext(body)
        await soon(lambda: reading(database.owner_pool), 0)
        with pytest.raises(httpx.RemoteProtocolError):
            _ = [chunk async for chunk in body]


async def test_exports_leave_connections_to_others_and_give_their_places_back(site, database):
    await fill(database.owner_pool, 5000)
    async with (
        site.client.stream("GET", ENTRIES, headers=site.header()) as first,
        site.client.stream("GET", ENTRIES, headers=site.header()) as second,
    ):
        assert (first.status_code, second.status_code) == (200, 200)
        third = await site.client.get(ENTRIES, headers=site.header())
        assert third.status_code == 503
        assert third.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
        assert third.headers["retry-after"]

    async def asked():
        return (await site.client.get(ENTRIES, params={"kind": "HOLD"}, headers=site.header())).status_code

    await soon(asked, 200)
