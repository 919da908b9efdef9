"""What a reconciliation finds of a statement, told in both languages, and what is decided of it, through the API."""

from typing import Any

from base.words import Words
from ledger.ids import opaque_id
from ledger.reconciliation.values import LedgerFindingId, LineFindingId
from tests.schema.api import AUDITOR, FINANCE, Api
from tests.schema.october import EVERYTHING, RECONCILE, close, deliver, findings, line, resolve, submit

REASONS = {
    1: ("MATCHED", Words("按预约号配对，与台账一致。", "Matched by reference; it agrees with the ledger.")),
    2: (
        "UNITS_DIFFER",
        Words(
            "按预约号配对；数量：对账单 6，台账 5（+1）；金额：对账单 21.00 元，台账 17.50 元（+3.50）。"
            "接受则支付 17.50 元。",
            "Matched by reference; units: 6 stated, 5 in the ledger (+1); amount: CNY 21.00 stated, CNY 17.50 in the "
            "ledger (+3.50). ACCEPT pays CNY 17.50.",
        ),
    ),
    3: (
        "AMOUNT_DIFFERS",
        Words(
            "按预约号配对；金额：对账单 15.00 元，台账 14.00 元（+1.00）。接受则支付 14.00 元。",
            "Matched by reference; amount: CNY 15.00 stated, CNY 14.00 in the ledger (+1.00). ACCEPT pays CNY 14.00.",
        ),
    ),
    4: (
        "DATE_DIFFERS",
        Words(
            "按预约号配对；日期：对账单 2026-10-06，台账 2026-10-05（晚 1 天）。接受则支付 10.50 元。",
            "Matched by reference; date: 2026-10-06 stated, 2026-10-05 in the ledger (1 day later). ACCEPT pays CNY "
            "10.50.",
        ),
    ),
    5: (
        "REVERSED",
        Words(
            "按预约号配对，但 2026-10-07 的该笔服务已冲正，台账计 0；对账单数量 2，金额 7.00 元。"
            "接受则不支付。",
            "Matched by reference, but the delivery of 2026-10-07 was reversed, so the ledger counts 0; 2 units and "
            "CNY 7.00 are stated. ACCEPT pays nothing.",
        ),
    ),
    6: (
        "DUPLICATE_LINE",
        Words(
            "与对账单「S-1」第 1 行重复：该笔服务已与那一行配对，只付一次。接受则不支付。",
            "It repeats line 1 of statement S-1: the delivery is matched with that line, and is paid once. ACCEPT "
            "pays nothing.",
        ),
    ),
    7: (
        "NOT_IN_LEDGER",
        Words(
            "台账没有会员号为「M9」的客户；对账单数量 1，金额 3.50 元。接受则不支付。",
            "Nobody has the member number M9; 1 unit and CNY 3.50 are stated. ACCEPT pays nothing.",
        ),
    ),
    8: (
        "AMBIGUOUS",
        Words(
            "有 2 笔未配对的服务同样符合，无从区分；请从候选中选一笔人工配对。接受则不支付。",
            "2 deliveries fit equally well and nothing tells them apart: choose one among the candidates and MATCH "
            "it by hand. ACCEPT pays nothing.",
        ),
    ),
    None: (
        "NOT_IN_STATEMENT",
        Words(
            "台账有 2026-10-09 的服务（预约号「R6」，数量 1，金额 3.50 元），本期对账单没有对应的行。"
            "接受则不支付。",
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
    matched = await resolve(api, found["AMBIGUOUS"]["id"], "MATCH", redemptions=[twin])
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
        (lost, {"action": "MATCH", "redemptions": [taken, taken]}, "ALREADY_MATCHED"),
        (lost, {"action": "MATCH", "redemptions": ["nonsense"]}, "UNKNOWN_REDEMPTION"),
        (lost, {"action": "MATCH", "redemptions": []}, "INVALID"),
        (lost, {"action": "MATCH", "redemption": taken, "redemptions": [taken]}, "INVALID"),
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


async def test_a_group_names_all_its_deliveries_and_lines(api: Api) -> None:
    sessions = [await deliver(api, 8, 2, f"A{number}") for number in range(2)]
    await deliver(api, 9, 5, "B")
    statement = await submit(api, line(1, 8, 4), line(2, 9, 2), line(3, 9, 3))
    text = """query ($statement: ID!) { statement(id: $statement) { open findings(first: 10) { edges { node {
        kind matchedBy payable redemptions { id } otherLines { statement lineNo } } } } } }"""
    data = (await api.data(text, FINANCE, statement=statement["id"]))["statement"]
    first, second, third = [edge["node"] for edge in data["findings"]["edges"]]
    assert first == {
        "kind": "MATCHED",
        "matchedBy": "GROUP",
        "payable": "14.00",
        "redemptions": [{"id": each} for each in sessions],
        "otherLines": [],
    }
    assert second["otherLines"] == [{"statement": "S-1", "lineNo": 3}]
    assert third["otherLines"] == [{"statement": "S-1", "lineNo": 2}]
    assert second["redemptions"] == third["redemptions"]
    assert data["open"] == 0
