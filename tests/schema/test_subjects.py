"""Every append keeps the subject of the token, or its role where it has none. Staff may read it."""

from dataclasses import replace
from typing import Any

import pytest

from handbook import Handbook
from ledger.verifying.verify import verify
from schema.context import Role, Viewer
from tests.schema.api import AUDITOR, FINANCE, MEMBER_M1, NOW, STAFF, VENDOR, Api, member

CLERK = replace(STAFF, subject="clerk-li")
DESK = replace(VENDOR, subject="desk-7")
BOOKS = replace(FINANCE, subject="books-3")
ENTRIES = "{ entries(first: 100) { edges { node { vendor { code } recordedBy } } } }"
TERMS = '{ vendor(code: "exam-1") { terms { benefit { code } recordedBy } } }'


async def subjects(api: Api, table: str) -> list[str | None]:
    rows = await api.pool.fetch(f"select distinct subject from {table} order by subject")
    return [row["subject"] for row in rows]


async def act(api: Api, document: str, viewer: Viewer, **given: Any) -> dict[str, Any]:
    data = await api.data(document, viewer, **given)
    assert data
    return data


async def test_each_table_that_is_appended_to_tells_who_did_it(empty_api, handbook: Handbook):
    api = empty_api
    register = """mutation($terms: [ContractTermInput!]!) {
      registerVendor(code: "exam-1", name: "检", terms: $terms) { code }
    }"""
    terms = [
        {"benefit": each, "unitPrice": "100.00", "from": "2020-01-01"}
        for each in ("physical-exam", "medical-butler")
    ]
    await act(api, register, CLERK, terms=terms)
    record = "mutation($events: [PolicyEventInput!]!) { recordPolicyEvents(events: $events) { __typename } }"
    await act(api, record, CLERK, events=member("M1"))
    assert await subjects(api, "policy_events") == ["clerk-li"]
    assert await subjects(api, "contract_terms") == ["clerk-li"]
    assert await subjects(api, "entries") == ["clerk-li"], "the grants that follow an event are its teller's"

    api.clock.now = NOW.replace(year=NOW.year + 1)
    redeemed = await api.redeem(DESK)
    held = await api.redeem(DESK, operation="Hold", benefit="medical-butler")
    respond = 'mutation($id: ID!) { respond(input: {redemption: $id, idempotencyKey: "r"}) { __typename } }'
    await act(api, respond, DESK, id=held["id"])
    assert await subjects(api, "milestones") == ["desk-7"]
    by_kind = {
        (row["kind"], row["subject"]) for row in await api.pool.fetch("select kind, subject from entries")
    }
    assert ("EXPIRE", "desk-7") in by_kind, "what fell due is of whoever acted"
    assert {("REDEEM", "desk-7"), ("HOLD", "desk-7"), ("GRANT", "clerk-li"), ("GRANT", "desk-7")} <= by_kind

    refused = await api.redeem(replace(DESK, subject="desk-8"), idempotencyKey="once-more")
    assert refused["__typename"] == "Refusal"
    assert await subjects(api, "outcomes") == ["desk-7", "desk-8"]
    again = await api.redeem(replace(DESK, subject="desk-9"))
    assert again["replayed"] is True, "who asks is no part of the request"

    await api.follow("Reverse", BOOKS, redemption=redeemed["id"], reason="误录")
    last = await api.pool.fetchrow("select kind, subject from entries order by sequence desc limit 1")
    assert tuple(last) == ("REVERSE", "books-3")
    assert await verify(api.pool) == []


async def test_without_a_subject_the_role_is_kept(api):
    await api.redeem(VENDOR)
    assert await subjects(api, "outcomes") == [Role.VENDOR.value]


async def test_staff_reads_the_subject_of_entries_and_terms(api):
    await api.redeem(DESK)
    for viewer in (STAFF, FINANCE, AUDITOR):
        edges = (await api.data(ENTRIES, viewer))["entries"]["edges"]
        told = {(each["node"]["vendor"] is not None, each["node"]["recordedBy"]) for each in edges}
        assert told == {(True, "desk-7"), (False, "operations")}
        terms = (await api.data(TERMS, viewer))["vendor"]["terms"]
        assert {each["recordedBy"] for each in terms} == {"operations"}


@pytest.mark.parametrize(
    ("document", "viewer"),
    [
        ('{ customer(memberNo: "M1") { entries(first: 5) { edges { node { recordedBy } } } } }', MEMBER_M1),
        (TERMS, VENDOR),
    ],
)
async def test_vendors_and_front_ends_do_not(api, document, viewer):
    await api.redeem(DESK)
    assert await api.codes(document, viewer) == ["FORBIDDEN"]
    assert await api.codes(document.replace("recordedBy", "__typename"), viewer) == []


async def test_each_subject_of_finance_has_idempotency_keys_of_its_own(api: Api):
    first, second = [
        (await api.redeem(DESK, benefit="legal-consultation", units=1, idempotencyKey=key))["id"]
        for key in ("one", "two")
    ]
    reverse = """mutation($id: ID!) { reverse(input: {redemption: $id, idempotencyKey: "k", reason: "误录"}) {
        ... on Redemption { id status replayed } ... on Refusal { code } } }"""
    by_li = await act(api, reverse, BOOKS, id=first)
    by_wang = await act(api, reverse, replace(FINANCE, subject="books-4"), id=second)
    assert by_li["reverse"]["status"] == by_wang["reverse"]["status"] == "REVERSED"
    assert (await act(api, reverse, BOOKS, id=first))["reverse"] == {**by_li["reverse"], "replayed": True}
    assert (await act(api, reverse, BOOKS, id=second))["reverse"] == {"code": "KEY_REUSED"}
