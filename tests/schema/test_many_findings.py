"""Decisions on many findings at once, and what a finding shows of others."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from tests.schema.api import FINANCE, VENDOR, Api
from tests.schema.october import EVERYTHING, deliver, findings, line, resolve, submit

MANY = """mutation ($inputs: [ResolveInput!]!) { resolveFindings(inputs: $inputs) { __typename
    ... on Finding { id kind payable open resolution { action note by } } ... on Refusal { code message } } }"""


async def resolve_many(api: Api, *inputs: dict[str, Any]) -> list[dict[str, Any]]:
    """Decide together; the outcomes."""
    data = await api.data(MANY, FINANCE, inputs=[{"note": "查过", **each} for each in inputs])
    return list(data["resolveFindings"])


async def test_many_findings_are_decided_each_on_its_own_in_the_order_of_the_inputs(api: Api) -> None:
    await deliver(api, 8, 2, "A")
    statement = await submit(api, line(1, 8, 3, "A"), line(2, 9, 2, "B"), line(3, 10, 2, "C"))
    first, second, third = [each["id"] for each in await findings(api, statement["id"])]
    outcomes = await resolve_many(
        api,
        {"finding": third, "action": "DISPUTE"},
        {"finding": "nonsense", "action": "ACCEPT"},
        {"finding": first, "action": "ACCEPT", "note": "按实付"},
        {"finding": second, "action": "MATCH"},
        {"finding": second, "action": "ACCEPT", "pay": "1.00"},
    )
    assert [each.get("code", each.get("id")) for each in outcomes] == [
        third,
        "UNKNOWN_FINDING",
        first,
        "INVALID",
        second,
    ]
    assert [each["payable"] for each in outcomes if "id" in each] == ["0.00", "7.00", "1.00"]
    assert outcomes[2]["resolution"]["note"] == "按实付"
    assert [each["open"] for each in await findings_open(api, statement["id"])] == [False] * 3


async def findings_open(api: Api, statement: str) -> list[dict[str, Any]]:
    data = await api.data(EVERYTHING, FINANCE, statement=statement, first=10)
    return [edge["node"] for edge in data["statement"]["findings"]["edges"]]


async def test_each_of_many_decisions_sees_what_those_before_it_made_of_its_finding(api: Api) -> None:
    """Of two lines of one day the first has the delivery; a decision frees it, and the next gives it to the other."""
    delivered = await deliver(api, 8, 2, "A")
    statement = await submit(api, line(1, 8, 2, "A"), line(2, 8, 2, "X"))
    first, second = [each["id"] for each in await findings(api, statement["id"])]
    taken, freed, kept, reopened, again = await resolve_many(
        api,
        {"finding": second, "action": "MATCH", "redemption": delivered},
        {"finding": first, "action": "DISPUTE"},
        {"finding": first, "action": "REOPEN"},
        {"finding": first, "action": "REOPEN"},
        {"finding": second, "action": "DISPUTE"},
    )
    assert taken["code"] == "ALREADY_MATCHED"
    assert "code" not in freed
    assert "code" not in kept
    assert reopened["code"] == "INVALID"  # nothing is decided on it any more
    assert again["resolution"]["action"] == "DISPUTE"
    one_by_one = await findings_open(api, statement["id"])
    assert [len(each["history"]) for each in one_by_one] == [2, 1]


async def test_no_more_than_500_findings_are_decided_at_once(api: Api) -> None:
    answer = await api.ask(MANY, FINANCE, inputs=[{"finding": "x", "action": "ACCEPT", "note": "-"}] * 501)
    (error,) = answer["errors"]
    assert "at most 500" in error["message"]
    outcomes = await resolve_many(api, *[{"finding": "x", "action": "ACCEPT"}] * 500)
    assert {each["code"] for each in outcomes} == {"UNKNOWN_FINDING"}


GROUP = """query Group($finding: ID!) {
  node(id: $finding) {
    ... on Finding {
      id
      kind
      lines { lineNo reference units amount occurredOn }
      redemptions { id reference units occurredAt }
      related { reason vendor { code } period redemption { id } line { lineNo } }
    }
  }
}"""


async def test_a_finding_shows_the_lines_of_its_group_and_what_else_there_is_of_its_day(api: Api) -> None:
    await deliver(api, 9, 5, "B")
    statement = await submit(api, line(1, 9, 2, "P"), line(2, 9, 3, "Q"), line(3, 12, 1, "R"))
    first, _, third = [each["id"] for each in await findings(api, statement["id"])]
    group = (await api.data(GROUP, FINANCE, finding=first))["node"]
    assert [each["lineNo"] for each in group["lines"]] == [1, 2]
    assert group["lines"][1] == {
        "lineNo": 2,
        "reference": "Q",
        "units": 3,
        "amount": "10.50",
        "occurredOn": "2026-10-09",
    }
    assert group["related"] == []
    await resolve(api, third, "ACCEPT", pay="3.50")
    more = await submit(api, line(1, 12, 1, "S"), number="S-2")
    (other,) = [each["id"] for each in await findings(api, more["id"])]
    (related,) = (await api.data(GROUP, FINANCE, language="en", finding=other))["node"]["related"]
    assert "line 3 of statement S-1" in related.pop("reason")
    assert related == {
        "vendor": {"code": "exam-1"},
        "period": "2026-10",
        "redemption": None,
        "line": {"lineNo": 3},
    }
    assert await api.codes(GROUP, VENDOR, finding=other) == ["FORBIDDEN"]


async def test_a_close_by_who_accepted_an_exception_is_proposed_and_confirmed_by_another(api: Api) -> None:
    api.four_eyes_above = Decimal(10)
    statement = await submit(api, line(1, 8, 4))
    (found,) = [each["id"] for each in await findings(api, statement["id"])]
    await resolve(api, found, "ACCEPT", pay="14.00")
    text = """mutation { closePeriod(vendor: "exam-1", period: "2026-10") {
        ... on Refusal { code message } ... on Settlement { closedBy approvedBy } } }"""
    refused = (await api.data(text, FINANCE))["closePeriod"]
    assert refused["code"] == "FOUR_EYES"
    proposal = '{ period(vendor: "exam-1", period: "2026-10") { closeProposal { by at } } }'
    assert (await api.data(proposal, FINANCE))["period"]["closeProposal"]["by"] == "finance"
    closed = (await api.data(text, replace(FINANCE, subject="wang")))["closePeriod"]
    assert closed == {"closedBy": "finance", "approvedBy": "wang"}
    assert (await api.data(proposal, FINANCE))["period"]["closeProposal"] is None
