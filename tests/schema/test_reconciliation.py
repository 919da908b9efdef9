"""Reconciliation through the API: a statement comes in, differences are explained, decided, and the month is "
"closed."""

from typing import Any

import pytest

from ledger.ids import opaque_id
from ledger.reconciliation.values import LedgerFindingId, LineFindingId, StatementId
from rating.words import Words
from tests.schema.api import AUDITOR, FINANCE, FRONTEND, OTHER_VENDOR, STAFF, VENDOR, Api, member
from tests.schema.test_statements import counted

PRICE = 3.50
EVERYTHING = """query ($statement: ID!, $first: Int!, $where: FindingWhere) { statement(id: $statement) {
    id submittedBy submittedAt withdrawal { note by at }
    findings(first: $first, where: $where) { edges { node {
        id kind differences matchedBy period reason occurredOn statedAmount ledgerAmount
        unitsDifference amountDifference payable acceptingPays open late carriedFrom
        benefit { code } vendor { name } statement { number open }
        line { lineNo benefit { code } } redemption { id status vendor { name } } candidates { id reference }
        resolution { action by } history { action kind payable note by at }
    } } }
} }"""

RECONCILE = """mutation ($vendor: String!, $period: String!) { reconcilePeriod(vendor: $vendor, period: $period) {
    ... on Period { counts { kind } reconciledAt } ... on Refusal { code message } } }"""


async def deliver(api: Api, day: int, minutes: int, reference: str | None = None) -> str:
    """Legal advice for M1 on a day of October; the redemption's id."""
    answer = await api.redeem(
        benefit="legal-consultation",
        units=minutes,
        occurredAt=f"2026-10-{day:02}T10:00:00+08:00",
        **({"reference": reference} if reference else {}),
        idempotencyKey=f"{day}-{minutes}-{reference}",
    )
    assert answer["__typename"] == "Redemption", answer
    return str(answer["id"])


def line(line_no: int, day: int, minutes: int, reference: str | None = None, **other: Any) -> dict[str, Any]:
    """A line of legal advice at the contract's price."""
    return {
        "lineNo": line_no,
        "memberNo": "M1",
        "benefit": "legal-consultation",
        "units": minutes,
        "occurredOn": f"2026-10-{day:02}",
        "amount": f"{minutes * PRICE:.2f}",
        **({"reference": reference} if reference else {}),
        **other,
    }


async def submit(api: Api, *lines: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Submit a statement for October; the outcome."""
    given = {"vendor": "exam-1", "number": "S-1", "period": "2026-10", "lines": list(lines), **fields}
    data = await api.data("reconcile.graphql", FINANCE, operation="SubmitStatement", input=given)
    return dict(data["submitStatement"])


async def findings(api: Api, statement: str, **more: Any) -> list[dict[str, Any]]:
    """What was found, in order."""
    data = await api.data(
        "reconcile.graphql", FINANCE, operation="Reconciliation", statement=statement, first=100, **more
    )
    return [edge["node"] for edge in data["statement"]["findings"]["edges"]]


async def resolve(api: Api, finding: str, action: str, language: str = "zh", **fields: Any) -> dict[str, Any]:
    """Decide; the outcome."""
    given = {"finding": finding, "action": action, "note": "查过", **fields}
    data = await api.data("reconcile.graphql", FINANCE, operation="Resolve", language=language, input=given)
    return dict(data["resolveFinding"])


async def close(api: Api, language: str = "zh", **fields: Any) -> dict[str, Any]:
    """Close October; the outcome."""
    given = {"vendor": "exam-1", "period": "2026-10", **fields}
    data = await api.data("reconcile.graphql", FINANCE, operation="Close", language=language, **given)
    return dict(data["closePeriod"])


@pytest.fixture
async def october(api: Api) -> dict[str, Any]:
    """A statement with every kind of difference; what it was answered with."""
    for day, minutes, reference in ((1, 5, "R1"), (2, 5, "R2"), (3, 4, "R3"), (5, 3, "R4"), (9, 1, "R6")):
        await deliver(api, day, minutes, reference)
    await api.follow("Reverse", redemption=await deliver(api, 7, 2, "R5"), reason="误录")
    for number in (1, 2):
        await deliver(api, 11, 7, f"twin-{number}")
    return await submit(
        api,
        line(8, 11, 7),
        line(1, 1, 5, "R1"),
        line(2, 2, 6, "R2"),
        line(3, 3, 4, "R3", amount="15.00"),
        line(4, 6, 3, "R4"),
        line(5, 7, 2, "R5"),
        line(6, 1, 5, "R1"),
        line(7, 12, 1, memberNo="M9"),
    )


REASONS = {
    1: ("MATCHED", Words("按预约号配对，与台账一致。", "Matched by reference; it agrees with the ledger.")),
    2: (
        "UNITS_DIFFER",
        Words(
            "按预约号配对；数量：对账单 6，台账 5（+1）；金额：对账单 21.00 元，台账 17.50 元（+3.50）。"
            "接受（ACCEPT）则支付 17.50 元。",
            "Matched by reference; units: 6 stated, 5 in the ledger (+1); amount: CNY 21.00 stated, CNY 17.50 in the "
            "ledger (+3.50). ACCEPT pays CNY 17.50.",
        ),
    ),
    3: (
        "AMOUNT_DIFFERS",
        Words(
            "按预约号配对；金额：对账单 15.00 元，台账 14.00 元（+1.00）。接受（ACCEPT）则支付 14.00 元。",
            "Matched by reference; amount: CNY 15.00 stated, CNY 14.00 in the ledger (+1.00). ACCEPT pays CNY 14.00.",
        ),
    ),
    4: (
        "DATE_DIFFERS",
        Words(
            "按预约号配对；日期：对账单 2026-10-06，台账 2026-10-05（晚 1 天）。接受（ACCEPT）则支付 10.50 元。",
            "Matched by reference; date: 2026-10-06 stated, 2026-10-05 in the ledger (1 day later). ACCEPT pays CNY "
            "10.50.",
        ),
    ),
    5: (
        "REVERSED",
        Words(
            "按预约号配对，但 2026-10-07 的该笔服务已冲正，台账计 0；对账单数量 2，金额 7.00 元。"
            "接受（ACCEPT）则不支付。",
            "Matched by reference, but the delivery of 2026-10-07 was reversed, so the ledger counts 0; 2 units and "
            "CNY 7.00 are stated. ACCEPT pays nothing.",
        ),
    ),
    6: (
        "DUPLICATE_LINE",
        Words(
            "与对账单「S-1」第 1 行重复：该笔服务已与那一行配对，只付一次。接受（ACCEPT）则不支付。",
            "It repeats line 1 of statement S-1: the delivery is matched with that line, and is paid once. ACCEPT "
            "pays nothing.",
        ),
    ),
    7: (
        "NOT_IN_LEDGER",
        Words(
            "台账没有会员号为「M9」的客户；对账单数量 1，金额 3.50 元。接受（ACCEPT）则不支付。",
            "Nobody has the member number M9; 1 unit and CNY 3.50 are stated. ACCEPT pays nothing.",
        ),
    ),
    8: (
        "AMBIGUOUS",
        Words(
            "有 2 笔未配对的服务同样符合，无从区分；请从候选中选一笔人工配对（MATCH）。接受（ACCEPT）则不支付。",
            "2 deliveries fit equally well and nothing tells them apart: choose one among the candidates and MATCH "
            "it by hand. ACCEPT pays nothing.",
        ),
    ),
    None: (
        "NOT_IN_STATEMENT",
        Words(
            "台账有 2026-10-09 的服务（预约号「R6」，数量 1，金额 3.50 元），本期对账单没有对应的行。"
            "接受（ACCEPT）则不支付。",
            "The ledger has a delivery of 2026-10-09 (reference R6, 1 unit, CNY 3.50) that no line of the period's "
            "statements speaks of. ACCEPT pays nothing.",
        ),
    ),
}


async def test_every_kind_of_difference_is_found_and_explained_in_both_languages(
    api: Api, october: dict[str, Any]
) -> None:
    for language in ("zh", "en"):
        found = await findings(api, october["id"], language=language)
        told = {each["line"] and each["line"]["lineNo"]: (each["kind"], each["reason"]) for each in found}
        assert told == {line_no: (kind, words.spoken(language)) for line_no, (kind, words) in REASONS.items()}


async def test_the_summary_adds_up_what_agrees_and_counts_the_rest(october: dict[str, Any]) -> None:
    assert october["stated"] == {"units": 33, "amount": "116.50"}
    assert october["matched"] == {"units": 5, "amount": "17.50"}
    assert october["payable"] == "17.50"
    assert october["status"] == "OPEN"
    assert october["lines"] == 8
    assert october["open"] == 8
    assert {each["kind"]: each["count"] for each in october["counts"]} == dict.fromkeys(
        {kind for kind, _ in REASONS.values()}, 1
    )


async def test_a_finding_tells_both_sides_and_their_difference(api: Api, october: dict[str, Any]) -> None:
    found = {each["kind"]: each for each in await findings(api, october["id"])}
    differing = {
        kind: (
            each["unitsDifference"],
            each["amountDifference"],
            each["redemption"] and each["redemption"]["status"],
        )
        for kind, each in found.items()
    }
    assert differing == {
        "MATCHED": (0, "0.00", "REDEEMED"),
        "UNITS_DIFFER": (1, "3.50", "REDEEMED"),
        "AMOUNT_DIFFERS": (0, "1.00", "REDEEMED"),
        "DATE_DIFFERS": (0, "0.00", "REDEEMED"),
        "REVERSED": (2, "7.00", "REVERSED"),
        "DUPLICATE_LINE": (5, "17.50", None),
        "NOT_IN_LEDGER": (1, "3.50", None),
        "AMBIGUOUS": (7, "24.50", None),
        "NOT_IN_STATEMENT": (-1, "-3.50", "REDEEMED"),
    }
    candidates = [each["reference"] for each in found["AMBIGUOUS"]["candidates"]]
    assert sorted(candidates) == ["twin-1", "twin-2"]
    data = await api.data(EVERYTHING, AUDITOR, statement=october["id"], first=100, where={"open": True})
    shown = {edge["node"]["kind"]: edge["node"] for edge in data["statement"]["findings"]["edges"]}
    assert "MATCHED" not in shown
    assert shown["UNITS_DIFFER"]["differences"] == ["UNITS_DIFFER", "AMOUNT_DIFFERS"]
    assert shown["UNITS_DIFFER"]["matchedBy"] == "REFERENCE"
    assert shown["REVERSED"]["differences"] == ["REVERSED"]
    assert shown["REVERSED"]["ledgerAmount"] == "0.00"
    assert shown["DATE_DIFFERS"]["occurredOn"] == "2026-10-05"
    assert shown["NOT_IN_STATEMENT"]["statement"] is None
    assert shown["AMBIGUOUS"]["statement"] == {"number": "S-1", "open": 8}
    assert {each["payable"] for each in shown.values()} == {None}
    assert {each["open"] for each in shown.values()} == {True}


async def test_findings_are_paged_in_one_order_and_filtered(api: Api, october: dict[str, Any]) -> None:
    text = """query ($id: ID!, $where: FindingWhere, $first: Int!, $after: String) { statement(id: $id) {
        findings(where: $where, first: $first, after: $after) {
            pageInfo { hasNextPage endCursor } edges { node { id } } } } }"""
    whole = [each["id"] for each in await findings(api, october["id"])]
    for size in (1, 2, 4, 9):
        seen: list[str] = []
        after = None
        while True:
            data = await api.data(text, AUDITOR, id=october["id"], first=size, after=after)
            page = data["statement"]["findings"]
            seen += [edge["node"]["id"] for edge in page["edges"]]
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
        assert seen == whole
    for where, kinds in (
        ({"kind": {"eq": "MATCHED"}}, ["MATCHED"]),
        ({"kind": {"in": ["REVERSED", "NOT_IN_STATEMENT"]}}, ["REVERSED", "NOT_IN_STATEMENT"]),
        ({"kind": {"in": []}}, []),
        ({"memberNo": {"eq": "M9"}}, ["NOT_IN_LEDGER"]),
        (
            {"memberNo": {"in": ["M1"]}, "kind": {"in": ["MATCHED", "NOT_IN_STATEMENT"]}},
            ["MATCHED", "NOT_IN_STATEMENT"],
        ),
        ({"benefit": {"eq": "dental-care"}}, []),
        ({"open": False}, ["MATCHED"]),
        ({"action": {"eq": "ACCEPT"}}, []),
    ):
        assert [each["kind"] for each in await findings(api, october["id"], where=where)] == kinds, where
    wrong = await api.ask(text, AUDITOR, id=october["id"], first=1, after=october["id"])
    assert wrong["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert await api.codes(text, AUDITOR, id=october["id"], first=101) == ["BAD_USER_INPUT"]


async def test_decisions_pay_what_both_bear_out_and_close_the_month(
    api: Api, october: dict[str, Any]
) -> None:
    found = {each["kind"]: each for each in await findings(api, october["id"])}
    refused = await close(api)
    assert (refused["__typename"], refused["code"]) == ("Refusal", "FINDINGS_OPEN")
    assert "8" in refused["message"]
    for kind in (
        "UNITS_DIFFER",
        "AMOUNT_DIFFERS",
        "REVERSED",
        "DUPLICATE_LINE",
        "NOT_IN_LEDGER",
        "NOT_IN_STATEMENT",
    ):
        answer = await resolve(api, found[kind]["id"], "ACCEPT")
        assert answer["__typename"] == "Finding", answer
        assert answer["kind"] == kind
        assert (answer["resolution"]["action"], answer["resolution"]["note"]) == ("ACCEPT", "查过")
        assert answer["resolution"]["by"] == "finance"
    assert (await resolve(api, found["DATE_DIFFERS"]["id"], "DISPUTE"))["resolution"]["action"] == "DISPUTE"
    twin = found["AMBIGUOUS"]["candidates"][0]["id"]
    matched = await resolve(api, found["AMBIGUOUS"]["id"], "MATCH", redemption=twin)
    assert (matched["kind"], matched["resolution"]["action"]) == ("MATCHED", "MATCH")
    left = await findings(api, october["id"], where={"open": True})
    assert [(each["kind"], each["redemption"]["reference"]) for each in left] == [
        ("NOT_IN_STATEMENT", "twin-2")
    ]
    await resolve(api, left[0]["id"], "ACCEPT")
    settled = await close(api)
    assert settled["__typename"] == "Settlement", settled
    assert settled["payable"] == "73.50"  # 17.50 agree, 17.50 and 14.00 accepted, 24.50 matched by hand
    assert settled["carriedForward"] == "10.50"
    assert settled["lines"] == [{"benefit": {"code": "legal-consultation"}, "units": 21, "amount": "73.50"}]
    assert len(settled["seal"]) == 64
    again = await submit(api, *[line(8, 11, 7)], number="S-2")
    assert again["code"] == "PERIOD_CLOSED"
    assert (await close(api))["code"] == "PERIOD_CLOSED"
    reopened = await resolve(api, found["REVERSED"]["id"], "REOPEN", language="en")
    assert (reopened["code"], reopened["message"]) == ("PERIOD_CLOSED", "The period 2026-10 is closed.")


async def test_what_was_disputed_comes_back_with_its_history(api: Api, october: dict[str, Any]) -> None:
    for each in await findings(api, october["id"], where={"open": True}):
        action = "DISPUTE" if each["kind"] in {"DATE_DIFFERS", "NOT_IN_STATEMENT"} else "ACCEPT"
        await resolve(api, each["id"], action)
    # Deciding that none of the twins is what the line meant leaves both without a line.
    await api.data(RECONCILE, FINANCE, vendor="exam-1", period="2026-10")
    for each in await findings(api, october["id"], where={"open": True}):
        await resolve(api, each["id"], "ACCEPT")
    assert (await close(api))["carriedForward"] == "14.00"
    api.clock.now = api.clock.now.replace(month=11)
    november = await submit(api, period="2026-11", number="S-11")
    data = await api.data(EVERYTHING, FINANCE, statement=november["id"], first=10)
    carried = [edge["node"] for edge in data["statement"]["findings"]["edges"]]
    assert [(each["kind"], each["carriedFrom"], each["late"]) for each in carried] == [
        ("DATE_DIFFERS", "2026-10", True),
        ("NOT_IN_STATEMENT", "2026-10", True),
    ]
    assert [each["statement"] and each["statement"]["number"] for each in carried] == ["S-1", None]
    for each in carried:
        assert each["reason"].startswith("2026-10 账期争议结转。")
        assert each["resolution"] is None
        assert [(past["action"], past["payable"], past["note"]) for past in each["history"]] == [
            ("DISPUTE", "0.00", "查过")
        ]
    assert november["open"] == 2
    assert november["lines"] == 0
    await resolve(api, carried[0]["id"], "ACCEPT")
    await resolve(api, carried[1]["id"], "ACCEPT")
    settled = await close(api, period="2026-11")
    assert settled["payable"] == "10.50"
    text = (
        '{ settlement(vendor: "exam-1", period: "2026-11") { lines { occurredIn correction units amount } } }'
    )
    assert (await api.data(text, AUDITOR))["settlement"]["lines"] == [
        {"occurredIn": "2026-10", "correction": False, "units": 3, "amount": "10.50"}
    ]


async def test_a_decision_can_be_taken_back_and_is_remembered(api: Api, october: dict[str, Any]) -> None:
    found = {each["kind"]: each["id"] for each in await findings(api, october["id"])}
    finding = found["UNITS_DIFFER"]
    await resolve(api, finding, "ACCEPT", pay="20.00")
    reopened = await resolve(api, finding, "REOPEN", note="弄错了")
    assert (reopened["id"], reopened["resolution"]) == (finding, None)
    await resolve(api, finding, "DISPUTE")
    text = """query ($id: ID!) { node(id: $id) { ... on Finding {
        open payable resolution { action } history { action payable note } } } }"""
    node = (await api.data(text, AUDITOR, id=finding))["node"]
    assert node == {
        "open": False,
        "payable": "0.00",
        "resolution": {"action": "DISPUTE"},
        "history": [
            {"action": "ACCEPT", "payable": "20.00", "note": "查过"},
            {"action": "REOPEN", "payable": None, "note": "弄错了"},
            {"action": "DISPUTE", "payable": "0.00", "note": "查过"},
        ],
    }


async def test_what_cannot_be_decided_is_refused_with_words(api: Api, october: dict[str, Any]) -> None:
    found = {each["kind"]: each for each in await findings(api, october["id"])}
    taken = found["MATCHED"]["redemption"]["id"]
    lost = found["NOT_IN_LEDGER"]["id"]
    for finding, fields, code in (
        ("nonsense", {}, "UNKNOWN_FINDING"),
        (LineFindingId(period=1, statement=1, line_no=99).opaque, {}, "UNKNOWN_FINDING"),
        (LedgerFindingId(period=9, customer_id=1, sequence=1).opaque, {}, "UNKNOWN_FINDING"),
        (lost, {"action": "MATCH", "redemption": "nonsense"}, "UNKNOWN_REDEMPTION"),
        (lost, {"action": "MATCH", "redemption": opaque_id("Redemption", 1, 999)}, "UNKNOWN_REDEMPTION"),
        (lost, {"action": "MATCH", "redemption": taken}, "ALREADY_MATCHED"),
        (lost, {"note": " "}, "INVALID"),
        (lost, {"pay": "3.51"}, "INVALID"),
        (lost, {"action": "REOPEN"}, "INVALID"),
        (found["MATCHED"]["id"], {}, "INVALID"),
    ):
        for language in ("zh", "en"):
            answer = await resolve(api, finding, **{"action": "ACCEPT", **fields}, language=language)
            assert answer["__typename"] == "Refusal", (fields, answer)
            assert answer["code"] == code
            assert answer["message"]
    told = await resolve(api, lost, "MATCH", redemption=taken)
    assert "第 1 行" in told["message"]
    assert (await findings(api, october["id"]))[6]["resolution"] is None


async def test_a_statement_is_taken_once_and_nothing_of_a_bad_one(api: Api, october: dict[str, Any]) -> None:
    first = line(1, 1, 5, "R1")
    same = await submit(api, first, number="S-9")
    assert await submit(api, first, number="S-9") == same
    other = await submit(api, {**first, "units": 6}, line(2, 2, 1), number="S-9")
    assert (other["code"], other["differing"]) == ("KEY_REUSED", ["lines[1].units", "lines[2]"])
    assert "lines[1].units" in other["message"]
    for wrong, words in (
        ({"vendor": "nobody"}, "nobody"),
        ({"number": " "}, "number"),
        ({"period": "2026-13"}, "period"),
        ({"period": "2026-11"}, "2026-11"),
        ({"lines": [{**first, "benefit": "x"}]}, "第 1 行，benefit"),
        ({"lines": [{**first, "amount": "1.005"}]}, "第 1 行，amount"),
        ({"lines": [first, first]}, "lineNo"),
    ):
        answer = await submit(api, **{"number": "S-10", "lines": [first], **wrong})
        assert answer["__typename"] == "Refusal", (wrong, answer)
        assert answer["code"] == "INVALID"
        assert words in answer["message"]
    listed = await api.data("{ statements(first: 10) { edges { node { number } } } }", AUDITOR)
    assert [edge["node"]["number"] for edge in listed["statements"]["edges"]] == ["S-9", "S-1"]
    many = await api.ask(
        "reconcile.graphql",
        FINANCE,
        operation="SubmitStatement",
        input={"vendor": "exam-1", "number": "x", "period": "2026-10", "lines": [first] * 5001},
    )
    assert many["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert "5000" in many["errors"][0]["message"]


WITHDRAW = """mutation ($id: ID!, $note: String!) { withdrawStatement(statement: $id, note: $note) { __typename
    ... on Statement { status lines payable open counts { count } withdrawal { note by }
        findings(first: 9) { edges { cursor } } }
    ... on Refusal { code } } }"""


async def test_a_statement_that_is_taken_back_counts_no_more(api: Api, october: dict[str, Any]) -> None:
    gone = (await api.data(WITHDRAW, FINANCE, id=october["id"], note="发错了"))["withdrawStatement"]
    assert gone == {
        "__typename": "Statement",
        "status": "WITHDRAWN",
        "lines": 8,
        "payable": "0.00",
        "open": 0,
        "counts": [],
        "withdrawal": {"note": "发错了", "by": "finance"},
        "findings": {"edges": []},
    }
    text = """{ period(vendor: "exam-1", period: "2026-10") { lines open counts { kind count }
        statements { number status } } }"""
    assert (await api.data(text, AUDITOR))["period"] == {
        "lines": 0,
        "open": 7,
        "counts": [{"kind": "NOT_IN_STATEMENT", "count": 7}],
        "statements": [{"number": "S-1", "status": "WITHDRAWN"}],
    }
    for statement in ("nonsense", StatementId(999).opaque):
        refused = (await api.data(WITHDRAW, FINANCE, id=statement, note="x"))["withdrawStatement"]
        assert refused == {"__typename": "Refusal", "code": "UNKNOWN_STATEMENT"}


PERIOD = """query ($vendor: String!, $period: String!) { period(vendor: $vendor, period: $period) {
    status reconciledAt closedAt lines stated { units amount } matched { units amount } payable open
    counts { kind count } statements { number } findings(first: 50) { edges { node { id line { lineNo } } } }
    settlement { payable } } }"""


async def test_a_period_is_all_its_statements_together(api: Api, october: dict[str, Any]) -> None:
    second = await submit(api, line(1, 9, 1, "R6"), number="S-2")
    period = (await api.data(PERIOD, AUDITOR, vendor="exam-1", period="2026-10"))["period"]
    assert period["statements"] == [{"number": "S-2"}, {"number": "S-1"}]
    assert period["stated"] == {"units": 34, "amount": "120.00"}
    assert period["matched"] == {"units": 6, "amount": "21.00"}
    assert (period["lines"], period["open"], period["payable"]) == (9, 7, "21.00")
    assert [edge["node"]["line"]["lineNo"] for edge in period["findings"]["edges"]] == [*range(1, 9), 1]
    assert (period["status"], period["settlement"], period["closedAt"]) == ("OPEN", None, None)
    # What no line speaks of belongs to the latest statement; there is nothing of that kind left.
    assert second["counts"] == [{"kind": "MATCHED", "count": 1}]
    assert {each["kind"] for each in await findings(api, october["id"])} == {
        kind for kind, _ in REASONS.values()
    } - {"NOT_IN_STATEMENT"}


async def test_a_month_that_nobody_touched_is_open_and_empty(api: Api) -> None:
    period = (await api.data(PERIOD, VENDOR, vendor="exam-1", period="2026-03"))["period"]
    assert period == {
        "status": "OPEN",
        "reconciledAt": None,
        "closedAt": None,
        "lines": 0,
        "stated": {"units": 0, "amount": "0.00"},
        "matched": {"units": 0, "amount": "0.00"},
        "payable": "0.00",
        "open": 0,
        "counts": [],
        "statements": [],
        "findings": {"edges": []},
        "settlement": None,
    }
    assert (await api.data(PERIOD, FINANCE, vendor="nobody", period="2026-03"))["period"] is None
    assert await api.codes(PERIOD, FINANCE, vendor="exam-1", period="March") == ["BAD_USER_INPUT"]
    assert (await api.data('{ vendor(code: "exam-1") { dateToleranceDays } }', VENDOR))["vendor"] == {
        "dateToleranceDays": 3
    }


async def test_the_match_runs_again_for_what_the_ledger_has_learnt_since(api: Api) -> None:
    await submit(api, line(1, 1, 5, "R1"))
    await deliver(api, 1, 5, "R1")
    assert (await api.data(PERIOD, AUDITOR, vendor="exam-1", period="2026-10"))["period"]["open"] == 1
    done = (await api.data(RECONCILE, FINANCE, vendor="exam-1", period="2026-10"))["reconcilePeriod"]
    assert done == {"counts": [{"kind": "MATCHED"}], "reconciledAt": "2026-10-20T10:00:00+08:00"}
    for vendor, period in (("nobody", "2026-10"), ("exam-1", "x"), ("exam-1", "2027-01")):
        refused = (await api.data(RECONCILE, FINANCE, vendor=vendor, period=period))["reconcilePeriod"]
        assert refused["code"] == "INVALID", (vendor, period)
    assert (await close(api, period="x"))["code"] == "INVALID"
    assert (await close(api, vendor="nobody"))["code"] == "INVALID"


async def test_settlements_are_listed_the_latest_first(api: Api, october: dict[str, Any]) -> None:
    for month in ("2026-07", "2026-08", "2026-09"):
        api.clock.now = api.clock.now.replace(minute=api.clock.now.minute + 1)
        assert (await close(api, period=month))["__typename"] == "Settlement"
    await close(api, vendor="dental-1", period="2026-07")
    text = """query ($vendor: String, $after: String) { settlements(vendor: $vendor, first: 2, after: $after) {
        pageInfo { hasNextPage endCursor } edges { node { period vendor { code } payable closedBy seal } } } }"""
    first = (await api.data(text, FINANCE, vendor="exam-1"))["settlements"]
    assert [edge["node"]["period"] for edge in first["edges"]] == ["2026-09", "2026-08"]
    rest = (await api.data(text, FINANCE, vendor="exam-1", after=first["pageInfo"]["endCursor"]))[
        "settlements"
    ]
    assert [edge["node"]["period"] for edge in rest["edges"]] == ["2026-07"]
    assert rest["pageInfo"]["hasNextPage"] is False
    everybody = (await api.data(text, FINANCE))["settlements"]["edges"]
    assert [edge["node"]["vendor"]["code"] for edge in everybody] == ["dental-1", "exam-1"]
    own = (await api.data(text, OTHER_VENDOR))["settlements"]["edges"]
    assert [edge["node"]["vendor"]["code"] for edge in own] == ["dental-1"]
    assert await api.codes(text, AUDITOR, after="x") == ["BAD_USER_INPUT"]


async def test_a_vendor_sees_its_own_and_nothing_of_others(api: Api, october: dict[str, Any]) -> None:
    own = await api.data(EVERYTHING, VENDOR, statement=october["id"], first=20)
    assert len(own["statement"]["findings"]["edges"]) == 9
    listed = "{ statements(first: 5) { edges { node { number } } } }"
    assert len((await api.data(listed, VENDOR))["statements"]["edges"]) == 1
    assert (await api.data(listed, OTHER_VENDOR))["statements"]["edges"] == []
    finding = own["statement"]["findings"]["edges"][0]["node"]["id"]
    for text in (
        f'{{ statement(id: "{october["id"]}") {{ number }} }}',
        f'{{ statement(id: "{StatementId(999).opaque}") {{ number }} }}',
        f'{{ node(id: "{october["id"]}") {{ id }} }}',
        f'{{ node(id: "{finding}") {{ id }} }}',
        f'{{ node(id: "{LineFindingId(period=99, statement=9, line_no=9).opaque}") {{ id }} }}',
        '{ statements(first: 1, where: {vendor: {eq: "exam-1"}}) { edges { cursor } } }',
        '{ period(vendor: "exam-1", period: "2026-10") { open } }',
        '{ settlement(vendor: "exam-1", period: "2026-10") { seal } }',
        '{ settlements(vendor: "exam-1", first: 1) { edges { cursor } } }',
    ):
        assert await api.codes(text, OTHER_VENDOR) == ["FORBIDDEN"], text
    for id_ in (october["id"], finding):
        assert (await api.data(f'{{ node(id: "{id_}") {{ id }} }}', VENDOR))["node"] == {"id": id_}
        assert await api.codes(f'{{ node(id: "{id_}") {{ id }} }}', FRONTEND) == ["FORBIDDEN"]
    for id_ in (StatementId(999).opaque, LedgerFindingId(period=9, customer_id=9, sequence=9).opaque):
        assert (await api.data(f'{{ node(id: "{id_}") {{ id }} }}', AUDITOR))["node"] is None
    assert (await api.data(f'{{ statement(id: "{StatementId(9).opaque}") {{ id }} }}', STAFF))[
        "statement"
    ] is None
    assert await api.codes('{ statement(id: "x") { id } }', STAFF) == ["BAD_USER_INPUT"]


async def test_statements_are_filtered_and_paged(api: Api) -> None:
    for number in range(3):
        await submit(api, number=f"S-{number}", period="2026-09" if number else "2026-10")
    await submit(api, vendor="dental-1", number="D-1")
    text = """query ($where: StatementWhere, $first: Int = 10, $after: String) {
        statements(where: $where, first: $first, after: $after) {
            pageInfo { hasNextPage endCursor } edges { node { number } } } }"""

    async def numbers(**asked: Any) -> list[str]:
        page = (await api.data(text, AUDITOR, **asked))["statements"]
        return [edge["node"]["number"] for edge in page["edges"]]

    assert await numbers() == ["D-1", "S-2", "S-1", "S-0"]
    assert await numbers(where={"vendor": {"eq": "exam-1"}}) == ["S-2", "S-1", "S-0"]
    assert await numbers(where={"period": {"in": ["2026-09"]}}) == ["S-2", "S-1"]
    assert await numbers(where={"status": {"eq": "WITHDRAWN"}}) == []
    assert await numbers(where={"status": {"in": ["OPEN"]}, "period": {"eq": "2026-10"}}) == ["D-1", "S-0"]
    first = (await api.data(text, AUDITOR, first=3))["statements"]
    assert await numbers(after=first["pageInfo"]["endCursor"]) == ["S-0"]
    assert await api.codes(text, AUDITOR, where={"period": {"eq": "2026"}}) == ["BAD_USER_INPUT"]
    assert await api.codes(text, AUDITOR, after="x") == ["BAD_USER_INPUT"]


async def test_a_page_of_statements_with_findings_takes_as_many_statements_of_sql_as_one(
    api: Api, october: dict[str, Any]
) -> None:
    await api.record(*member("M2"))
    for number in range(2, 7):
        await submit(
            api, *(line(each, each, 1, memberNo="M2") for each in range(1, number)), number=f"S-{number}"
        )
    text = """query ($first: Int!, $lines: Int!) { statements(first: $first) { edges { node { number counts { kind }
        findings(first: $lines) { edges { node { kind reason history { by } vendor { name } statement { number }
            redemption { status } candidates { id } } } } } } } }"""

    async def taken(**sizes: int) -> int:
        async with counted(api.pool) as seen:
            await api.data(text, AUDITOR, **sizes)
        return len(seen)

    few, many = await taken(first=1, lines=3), await taken(first=6, lines=9)
    assert few <= many <= 8, (
        few,
        many,
    )  # pages, tallies, findings, deliveries, decisions, vendors, statements
