"""Replies of vendors to findings in dispute: who may give them, to what, and that they are kept and shown."""

from dataclasses import replace
from typing import Any

import pytest

from ledger.reconciliation.values import LineFindingId
from tests.schema.api import AUDITOR, FINANCE, OTHER_VENDOR, VENDOR, Api
from tests.schema.october import close, findings, line, resolve, submit

ZHANG = replace(VENDOR, subject="exam-zhang")
REPLY = """mutation ($input: ReplyInput!) { replyToFinding(input: $input) { __typename
    ... on Finding { id open resolution { action } replies { message evidence by at } }
    ... on Refusal { code message } } }"""
REPLIES = """query ($period: String!) { period(vendor: "exam-1", period: $period) {
    findings(first: 9) { edges { node { id carriedFrom replies { message evidence by } } } } } }"""
SAID = {"message": "已提供，见签字单。\n客户电话可核实。", "evidence": ["签字单 2026-1003"]}


async def reply(
    api: Api, finding: str, viewer: Any = ZHANG, language: str = "zh", **given: Any
) -> dict[str, Any]:
    """Reply; the outcome."""
    data = await api.data(REPLY, viewer, language=language, input={"finding": finding, **SAID, **given})
    return dict(data["replyToFinding"])


async def told(api: Api, viewer: Any, period: str = "2026-10") -> list[dict[str, Any]]:
    """What is shown of a month's findings."""
    found = (await api.data(REPLIES, viewer, period=period))["period"]["findings"]["edges"]
    return [edge["node"] for edge in found]


@pytest.fixture
async def disputed(api: Api) -> str:
    """A line that nobody delivered, in dispute; its finding."""
    statement = await submit(api, line(1, 3, 2, "A"), line(2, 4, 2, "B"))
    finding = (await findings(api, statement["id"]))[0]["id"]
    await resolve(api, finding, "DISPUTE")
    return str(finding)


async def test_a_vendor_replies_to_a_dispute_and_both_sides_read_it(api: Api, disputed: str) -> None:
    answer = await reply(api, disputed)
    assert answer["__typename"] == "Finding", answer
    assert (answer["open"], answer["resolution"]) == (False, {"action": "DISPUTE"})
    assert await reply(api, disputed) == answer, "the same again is the same reply"
    more = await reply(api, disputed, message="补充", evidence=None)
    said = [{**SAID, "by": "exam-zhang"}, {"message": "补充", "evidence": [], "by": "exam-zhang"}]
    assert [{**each, "at": "…"} for each in more["replies"]] == [{**each, "at": "…"} for each in said]
    for viewer in (FINANCE, AUDITOR, VENDOR):
        first, second = await told(api, viewer)
        assert first["replies"] == said
        assert second["replies"] == []


async def test_a_dispute_that_was_carried_forward_takes_replies_in_its_new_month(
    api: Api, disputed: str
) -> None:
    await reply(api, disputed)
    (_, other) = await told(api, FINANCE)
    await resolve(api, other["id"], "ACCEPT")
    assert (await close(api))["__typename"] == "Settlement"
    late = await reply(api, disputed, message="又查到一份记录")
    assert late["code"] == "PERIOD_CLOSED"
    assert (await reply(api, disputed))["__typename"] == "Finding", "what was said stays said"
    api.clock.now = api.clock.now.replace(month=11)
    await submit(api, number="S-11", period="2026-11")
    (carried,) = await told(api, VENDOR, "2026-11")
    assert carried["carriedFrom"] == "2026-10"
    answer = await reply(api, carried["id"], message="又查到一份记录")
    assert [each["message"] for each in answer["replies"]] == [SAID["message"], "又查到一份记录"]
    await resolve(api, carried["id"], "ACCEPT")
    assert (await reply(api, carried["id"], message="多谢"))["code"] == "NOT_IN_DISPUTE"


async def test_a_reply_to_anything_else_is_refused(api: Api, disputed: str) -> None:
    _, other = await told(api, FINANCE)
    waiting = await reply(api, other["id"], language="en")
    assert (waiting["code"], waiting["message"][:26]) == ("NOT_IN_DISPUTE", "The finding is not in disp")
    for unknown in ("nonsense", LineFindingId(99, 9, 9).opaque):
        assert (await reply(api, unknown))["code"] == "UNKNOWN_FINDING"
    assert (await reply(api, disputed, viewer=OTHER_VENDOR))["code"] == "UNKNOWN_FINDING"
    assert await told(api, FINANCE) == await told(api, VENDOR)
    assert all(each["replies"] == [] for each in await told(api, FINANCE))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"message": " "}, "message 须为 1 至 1000 个可见字符"),
        ({"message": "x" * 1001}, "message 须为 1 至 1000 个可见字符"),
        ({"message": "a\u200bb"}, "message 须为 1 至 1000 个可见字符"),
        ({"evidence": ["A"] * 21}, "evidence 最多 20 项，收到 21 项"),
        ({"evidence": ["A", ""]}, "evidence[1] 须为 1 至 200 个可见字符"),
        ({"evidence": ["x" * 201]}, "evidence[0] 须为 1 至 200 个可见字符"),
    ],
)
async def test_texts_that_nobody_can_read_are_refused(
    api: Api, disputed: str, given: dict[str, Any], words: str
) -> None:
    answer = await reply(api, disputed, **given)
    assert answer["code"] == "INVALID"
    assert words in answer["message"]


async def test_a_finding_takes_fifty_replies(api: Api, disputed: str) -> None:
    await api.pool.execute(
        "insert into replies (period, statement, line_no, message, evidence, replied_by, replied_at)"
        " select period, statement, line_no, 'said ' || n, '{}', 'v', now() from findings, generate_series(1, 50) n"
        " where action = 'DISPUTE'"
    )
    answer = await reply(api, disputed)
    assert (answer["code"], "50" in answer["message"]) == ("INVALID", True)
