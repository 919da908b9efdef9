"""Members' data shown to vendors and staff is logged soon, or not shown."""

import asyncio
from contextlib import suppress

import pytest

from app import audit as audit_module
from app.audit import AuditLog
from ledger.auditing import AuditEvent, AuditFilter, events_page
from schema.viewer import Role, Viewer
from tests.app.conftest import serving

LOOKUP = 'query Lookup { customer(memberNo: "M1") { name } }'
RECORD = """mutation Record($events: [PolicyEventInput!]!) {
  recordPolicyEvents(events: $events) { ... on Recorded { customer { memberNo } } }
}"""
FINANCE = Viewer(role=Role.FINANCE, subject="li")


def registered(member_no: str) -> dict[str, object]:
    return {
        "eventId": f"e-{member_no}",
        "memberNo": member_no,
        "effectiveOn": "2024-01-01",
        "customerRegistered": {"name": "张三"},
    }


async def ask(served, role: Role, query: str = LOOKUP, variables: object = None, **claims: str):
    headers = {**served.header(role, **claims), "x-request-id": f"asked-as-{role.value}"}
    return await served.client.post(
        "/graphql", json={"query": query, "variables": variables}, headers=headers
    )


async def logged(pool) -> list[AuditEvent]:
    return (await events_page(pool, where=AuditFilter(), first=1000, after=None))[::-1]


async def until_logged(pool, events: int) -> None:
    """Wait until so many events are in the log: they are written soon after the answers."""
    async with asyncio.timeout(30):
        while len(await logged(pool)) < events:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


@pytest.fixture
async def furnished(served):
    """The service with members M1 and M2; what was logged of their recording is among the events."""
    await ask(served, Role.OPERATIONS, RECORD, {"events": [registered("M1"), registered("M2")]})
    return served


async def test_what_vendors_and_staff_are_shown_is_logged_and_auditors_read_it(furnished):
    for role, claims in (
        (Role.FRONTEND, {}),
        (Role.FRONTEND, {"member": "M1"}),
        (Role.VENDOR, {"vendor": "exam-1"}),
        (Role.FINANCE, {"subject": "li"}),
        (Role.AUDITOR, {}),
    ):
        assert "errors" not in (await ask(furnished, role, **claims)).json()
    await ask(furnished, Role.FINANCE, "{ customers(first: 9) { edges { node { id } } } }")
    await ask(furnished, Role.FINANCE, 'query Nobody { customer(memberNo: "M9") { name } }')
    await furnished.client.get(
        "/exports/entries?kind=GRANT&format=csv", headers=furnished.header(Role.FINANCE)
    )
    await furnished.client.post(
        "/exports/entries", data={"member": "M2"}, headers=furnished.header(Role.FINANCE)
    )
    await until_logged(furnished.services.pool, 9)
    read = await ask(
        furnished,
        Role.AUDITOR,
        "{ auditEvents(first: 100) { edges { node { subject role vendor operation requestId memberNo scope } } } }",
    )
    events = [tuple(edge["node"].values()) for edge in read.json()["data"]["auditEvents"]["edges"]][::-1]
    staff = "asked-as-finance"
    assert sorted(events[:2]) == [
        ("operations", "OPERATIONS", None, "Record", "asked-as-operations", member, None)
        for member in ("M1", "M2")
    ]
    assert events[2:5] == [
        ("exam-1", "VENDOR", "exam-1", "Lookup", "asked-as-vendor", "M1", None),
        ("li", "FINANCE", None, "Lookup", staff, "M1", None),
        ("auditor", "AUDITOR", None, "Lookup", "asked-as-auditor", "M1", None),
    ]
    assert sorted(events[5:7]) == [
        ("finance", "FINANCE", None, None, staff, member, None) for member in ("M1", "M2")
    ]
    (file, of_one), rest = events[7:9], events[9:]
    assert (file[3], file[5], file[6]) == ("export entries", None, "kind=GRANT&format=csv")
    assert (of_one[3], of_one[5], of_one[6]) == ("export entries", "M2", "everything")
    assert not rest
    tokens = [event.token_id for event in await logged(furnished.services.pool)]
    assert None not in tokens


async def test_auditors_find_events_by_member_and_page_through_them(furnished):
    for _ in range(3):
        await ask(furnished, Role.FINANCE, subject="li")
    await until_logged(furnished.services.pool, 5)
    query = """query($after: String, $first: Int!, $where: AuditWhere) {
      auditEvents(first: $first, after: $after, where: $where) {
        edges { node { memberNo subject } } pageInfo { hasNextPage endCursor } } }"""
    where = {"memberNo": {"eq": "M1"}, "subject": {"eq": "li"}, "operation": {"eq": "Lookup"}}
    first = (await ask(furnished, Role.AUDITOR, query, {"first": 2, "where": where})).json()["data"]
    page = first["auditEvents"]["pageInfo"]
    assert page["hasNextPage"]
    more = {"first": 2, "where": where, "after": page["endCursor"]}
    second = (await ask(furnished, Role.AUDITOR, query, more)).json()["data"]["auditEvents"]
    assert [each["node"] for each in second["edges"]] == [{"memberNo": "M1", "subject": "li"}]
    for wrong in (
        {"first": 501},
        {"first": 0},
        {"first": 1, "after": "x"},
        {"first": 1, "after": page["endCursor"] + "A"},
    ):
        answer = (await ask(furnished, Role.AUDITOR, query, wrong)).json()
        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    forbidden = (await ask(furnished, Role.OPERATIONS, query, {"first": 1})).json()
    assert forbidden["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_what_waits_at_the_end_of_the_service_is_written(database_dsn, database, tmp_path, monkeypatch):
    monkeypatch.setattr(audit_module, "_WRITE_EVERY_S", 3600.0)
    async with serving(database_dsn, tmp_path) as served:
        await ask(served, Role.OPERATIONS, RECORD, {"events": [registered("M1")]})
        assert not await logged(served.services.pool)
    assert [event.member_no for event in await logged(database.pool)] == ["M1"]


async def test_what_cannot_be_logged_is_not_shown(furnished, monkeypatch):
    monkeypatch.setattr(audit_module, "_MOST_WAITING", 0)
    for role, claims in ((Role.FINANCE, {}), (Role.VENDOR, {"vendor": "exam-1"})):
        answer = await ask(furnished, role, **claims)
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert answer.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
        assert "data" not in answer.json()
    export = await furnished.client.get("/exports/entries", headers=furnished.header(Role.FINANCE))
    assert export.status_code == 503
    assert "errors" not in (await ask(furnished, Role.FRONTEND)).json()
    monkeypatch.undo()
    assert "errors" not in (await ask(furnished, Role.FINANCE)).json()


async def test_a_command_that_could_not_be_logged_is_not_carried_out(furnished, monkeypatch):
    with monkeypatch.context() as full:
        full.setattr(audit_module, "_MOST_WAITING", 0)
        refused = await ask(furnished, Role.OPERATIONS, RECORD, {"events": [registered("M3")]})
        assert refused.status_code == 503
    found = await ask(furnished, Role.FRONTEND, 'query { customer(memberNo: "M3") { name } }')
    assert found.json()["data"]["customer"] is None


async def test_while_the_database_takes_nothing_the_events_wait(database, monkeypatch):
    monkeypatch.setattr(audit_module, "_WRITE_EVERY_S", 0.01)
    monkeypatch.setattr(audit_module, "_RETRY_EVERY_S", 0.01)
    audit = AuditLog(database.pool)
    async with audit.writing():
        await database.owner_pool.execute("ALTER TABLE audit_events RENAME TO away")
        audit.note(FINANCE, operation="A", members={"M1", "M2"})
        await asyncio.sleep(0.1)
        assert audit.admits(FINANCE)
        await database.owner_pool.execute("ALTER TABLE away RENAME TO audit_events")
        await until_logged(database.pool, 2)


async def test_a_write_that_hangs_is_given_up_and_tried_again(database, monkeypatch):
    monkeypatch.setattr(audit_module, "_WRITE_EVERY_S", 0.01)
    monkeypatch.setattr(audit_module, "_RETRY_EVERY_S", 0.01)
    monkeypatch.setattr(audit_module, "_LONGEST_WRITE_S", 0.2)
    audit = AuditLog(database.pool)
    async with audit.writing(), database.owner_pool.acquire() as conn:
        held = conn.transaction()
        await held.start()
        await conn.execute("LOCK TABLE audit_events")
        audit.note(FINANCE, operation="A", members={"M1"})
        await asyncio.sleep(0.5)
        await held.rollback()
        async with asyncio.timeout(20):
            while audit.waiting:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    assert len(await logged(database.pool)) == 1


async def test_without_a_writer_nothing_is_shown_that_must_be_logged(database):
    audit = AuditLog(database.pool)
    assert not audit.admits(FINANCE)
    assert audit.admits(Viewer(role=Role.FRONTEND))
    async with audit.writing():
        assert audit.admits(FINANCE)
        assert audit._writer is not None
        audit._writer.cancel()
        with suppress(asyncio.CancelledError):
            await audit._writer
        assert not audit.admits(FINANCE)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.FRONTEND])
def test_everybody_but_a_front_end_is_logged(role):
    assert audit_module.is_logged(Viewer(role=role))
    assert not audit_module.is_logged(Viewer(role=Role.FRONTEND))
