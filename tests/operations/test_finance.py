"""One month of a vendor from its statement to the settlement, by finance's own document, over HTTP."""

from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio

from schema.context import Role
from tests.operations.conftest import Desk

pytestmark = pytest.mark.asyncio(loop_scope="module")
VENDOR, MEMBER, BENEFIT = "tele-1", "M00002", "family-doctor-phone"
DELIVERED = {"T-1": 2, "T-2": 3, "T-3": 4, "T-4": 5}
"""What was delivered in November, by reference and day."""


def line(line_no: int, reference: str, day: int, **other: Any) -> dict[str, Any]:
    return {
        "lineNo": line_no,
        "reference": reference,
        "memberNo": MEMBER,
        "benefit": BENEFIT,
        "units": 1,
        "occurredOn": f"2026-11-{day:02}",
        "amount": "12.00",
        **other,
    }


def statement(**other: Any) -> dict[str, Any]:
    lines = [
        line(3, "T-3", 4, amount="15.00"),
        line(1, "T-1", 2),
        line(2, "T-2", 3),
        line(4, "T-9", 28),
    ]
    return {"vendor": VENDOR, "number": "2026-11/1", "period": "2026-11", "lines": lines, **other}


async def reconcile(desk: Desk, operation: str, **variables: Any) -> Any:
    return await desk.ask("reconcile.graphql", Role.FINANCE, operation, **variables)


async def bridge(desk: Desk, operation: str, **variables: Any) -> Any:
    return await desk.ask("bridge.graphql", Role.FINANCE, operation, **variables)


async def resolve(desk: Desk, finding: str, action: str, **other: Any) -> Any:
    given = {"finding": finding, "action": action, "note": "已与服务商核对", **other}
    return await reconcile(desk, "Resolve", input=given)


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def delivered(desk: Desk) -> None:
    """A vendor of telephone advice, and what it delivered; the second delivery was reversed."""
    terms = [{"benefit": BENEFIT, "unitPrice": "12.00", "from": "2026-01-01"}]
    await desk.ask(
        "record.graphql", Role.OPERATIONS, "RegisterVendor", code=VENDOR, name="电话医生", terms=terms
    )
    for reference, day in DELIVERED.items():
        given = {
            "memberNo": MEMBER,
            "benefit": BENEFIT,
            "idempotencyKey": reference,
            "reference": reference,
            "occurredAt": f"2026-11-{day:02}T09:00:00+08:00",
        }
        answer = await desk.ask("redeem.graphql", Role.VENDOR, "Redeem", as_vendor=VENDOR, input=given)
        assert answer["__typename"] == "Redemption", answer
        if reference == "T-2":
            back = {"redemption": answer["id"], "idempotencyKey": "R-2", "reason": "重复录入"}
            await desk.ask("redeem.graphql", Role.VENDOR, "Reverse", as_vendor=VENDOR, input=back)


async def test_a_month_from_the_statement_to_the_settlement(desk):
    taken = await reconcile(desk, "SubmitStatement", input=statement())
    assert taken["__typename"] == "Statement", taken
    assert taken["vendor"] == {"code": VENDOR}
    assert (taken["period"], taken["status"], taken["lines"]) == ("2026-11", "OPEN", 4)
    assert (taken["stated"], taken["matched"]) == (
        {"units": 4, "amount": "51.00"},
        {"units": 1, "amount": "12.00"},
    )
    assert (taken["payable"], taken["open"]) == ("12.00", 4)
    assert await reconcile(desk, "SubmitStatement", input=statement()) == taken

    found = await reconcile(desk, "Reconciliation", statement=taken["id"], first=2)
    rest = await reconcile(
        desk,
        "Reconciliation",
        statement=taken["id"],
        first=100,
        after=found["findings"]["pageInfo"]["endCursor"],
    )
    findings = [edge["node"] for page in (found, rest) for edge in page["findings"]["edges"]]
    assert [(each["line"] and each["line"]["lineNo"], each["kind"]) for each in findings] == [
        (1, "MATCHED"),
        (2, "REVERSED"),
        (3, "AMOUNT_DIFFERS"),
        (4, "NOT_IN_LEDGER"),
        (None, "NOT_IN_STATEMENT"),
    ]
    assert all(each["reason"].endswith("。") for each in findings)
    assert findings[4]["redemption"]["reference"] == "T-4"

    refused = await reconcile(desk, "Close", vendor=VENDOR, period="2026-11")
    assert refused["code"] == "FINDINGS_OPEN"
    assert "2026-11/1" in refused["message"]
    waiting = await reconcile(desk, "Reconciliation", statement=taken["id"], first=9, where={"open": True})
    for edge in waiting["findings"]["edges"]:
        action = "DISPUTE" if edge["node"]["kind"] == "NOT_IN_LEDGER" else "ACCEPT"
        decided = await resolve(desk, edge["node"]["id"], action)
        assert decided["resolution"]["action"] == action
        assert decided["resolution"]["note"] == "已与服务商核对"

    settled = await reconcile(desk, "Close", vendor=VENDOR, period="2026-11")
    assert settled["__typename"] == "Settlement", settled
    assert (settled["payable"], settled["carriedForward"]) == ("24.00", "12.00")
    assert settled["lines"] == [{"benefit": {"code": BENEFIT}, "units": 2, "amount": "24.00"}]
    assert settled["period"] == "2026-11"

    after = await reconcile(desk, "SubmitStatement", input=statement())
    assert (after["id"], after["status"], after["payable"]) == (taken["id"], "CLOSED", "24.00")
    changed = await reconcile(desk, "SubmitStatement", input=statement(period="2026-10"))
    assert (changed["code"], changed["differing"]) == ("KEY_REUSED", ["period"])
    late = await resolve(desk, findings[1]["id"], "REOPEN")
    assert late["code"] == "PERIOD_CLOSED"


async def test_the_way_from_stated_to_payable_and_many_decisions_at_once(desk):
    period = await bridge(desk, "Bridge", vendor=VENDOR, period="2026-11")
    assert period["status"] == "CLOSED"
    amounts = {each["step"]: Decimal(each["amount"]) for each in period["bridge"]}
    assert amounts["STATED"] == 51
    assert sum(amounts.values()) == Decimal(period["bridge"][-1]["runningTotal"]) == 24
    assert all(each["label"] for each in period["bridge"])
    assert (period["settlement"]["payable"], period["settlement"]["approvedBy"]) == ("24.00", None)

    lines = [line(1, "T-3", 4), line(2, "T-4", 6), line(3, "T-7", 9)]
    taken = await reconcile(
        desk, "SubmitStatement", input=statement(number="10/1", period="2026-10", lines=lines)
    )
    found = await reconcile(desk, "Reconciliation", statement=taken["id"], first=9, where={"open": True})
    waiting = [edge["node"]["id"] for edge in found["findings"]["edges"]]
    inputs = [{"finding": each, "action": "DISPUTE", "note": "请服务商说明"} for each in (*waiting, "?")]
    outcomes = await bridge(desk, "ResolveMany", inputs=inputs)
    assert [each.get("id", each.get("code")) for each in outcomes] == [*waiting, "UNKNOWN_FINDING"]
    assert {each["resolution"]["action"] for each in outcomes[:-1]} == {"DISPUTE"}
    group = await bridge(desk, "Group", finding=waiting[0])
    assert [each["lineNo"] for each in group["lines"]] == [1]
    assert group["related"] == []


async def test_only_finance_decides_and_closes_and_no_vendor_submits_for_another(desk):
    for role in (Role.VENDOR, Role.OPERATIONS, Role.AUDITOR, Role.FRONTEND):
        as_ = {"vendor": "exam-1"} if role is Role.VENDOR else {}
        for operation, variables in (
            ("SubmitStatement", {"input": statement()}),
            ("Resolve", {"input": {"finding": "x", "action": "ACCEPT", "note": "x"}}),
            ("Close", {"vendor": VENDOR, "period": "2026-11"}),
        ):
            answer = await desk.answer("reconcile.graphql", role, operation, as_=as_, **variables)
            assert {error["extensions"]["code"] for error in answer["errors"]} == {"FORBIDDEN"}
