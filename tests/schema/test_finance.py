"""Statements, periods and settlements through the API: what is taken, listed and settled, and who sees it."""

from decimal import Decimal
from typing import Any

from ledger.reconciliation.values import FindingKind, LedgerFindingId, LineFindingId, StatementId
from schema.context import Viewer
from tests.schema.api import AUDITOR, FINANCE, FRONTEND, OTHER_VENDOR, STAFF, VENDOR, Api, member
from tests.schema.october import EVERYTHING, RECONCILE, close, deliver, findings, line, resolve, submit
from tests.schema.test_statements import counted


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
        ({"period": "2026-13"}, "period 须为 2000-01 至 2199-12 之间的月份"),
        ({"period": "1990-01"}, "period 须为 2000-01 至 2199-12 之间的月份"),
        ({"period": "2026-11"}, "2026-11"),
        ({"lines": [{**first, "benefit": "x"}]}, "lines[1].benefit：没有"),
        ({"lines": [{**first, "amount": "1.005"}]}, "lines[1].amount：金额最多两位小数"),
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


async def test_a_total_that_is_stated_must_be_that_of_the_lines(api: Api, october: dict[str, Any]) -> None:
    lines = [line(1, 1, 5, "R1"), line(2, 2, 1, amount="680.00")]
    for total, differing in (
        ({"units": 7}, ["total.units"]),
        ({"amount": "1.00"}, ["total.amount"]),
        ({"units": 7, "amount": "1.00"}, ["total.units", "total.amount"]),
    ):
        answer = await submit(api, *lines, number="S-9", total=total)
        assert (answer["code"], answer["differing"]) == ("TOTAL_DIFFERS", differing)
    stated = await submit(api, *lines, number="S-9")
    same = await submit(api, *lines, number="S-10", total=stated["stated"])
    told = await api.data(
        f'{{ node(id: "{same["id"]}") {{ ... on Statement {{ total {{ units amount }} }} }} }}', FINANCE
    )
    assert told["node"]["total"] == stated["stated"]


async def test_the_way_from_stated_to_payable_is_told_to_staff_and_to_the_vendor_itself(
    api: Api, october: dict[str, Any]
) -> None:
    asked = """{ period(vendor: "exam-1", period: "2026-10") {
        payable stated { amount } bridge { step label lines amount runningTotal } } }"""
    told = (await api.data(asked, FINANCE))["period"]
    steps = told["bridge"]
    assert [each["step"] for each in steps][:: len(steps) - 1] == ["STATED", "PAYABLE"]
    assert steps[0]["amount"] == told["stated"]["amount"]
    assert steps[0]["label"] == "对账单金额（不含红冲行）"
    assert sum(Decimal(each["amount"]) for each in steps) == Decimal(told["payable"])
    assert steps[-1]["runningTotal"] == told["payable"]
    assert any(Decimal(each["amount"]) < 0 for each in steps)
    assert (await api.data(asked, VENDOR))["period"]["bridge"] == steps
    english = await api.data(asked, AUDITOR, language="en")
    assert english["period"]["bridge"][-1]["label"] == "payable"
    refused = await api.ask(asked, OTHER_VENDOR)
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_a_credit_line_of_a_program_is_one_by_its_amount(api: Api, october: dict[str, Any]) -> None:
    lines = [line(1, 1, 5, "R1"), line(2, 1, 5, "R1", amount="-17.50"), line(3, 1, -5, "R1", amount="0.00")]
    statement = await submit(api, *lines, number="S-9")
    assert statement["stated"] == {"units": -5, "amount": "0.00"}
    wrong = await submit(api, line(1, 1, -5, "R1", amount="15.00"), number="S-10")
    assert "lines[1].amount：数量为负数（-5）时，金额须为负数或 0" in wrong["message"]


async def test_a_question_about_no_month_is_told_which_months_there_are(
    api: Api, october: dict[str, Any]
) -> None:
    for asked in ("period", "settlement"):
        answer = await api.ask(f'{{ {asked}(vendor: "exam-1", period: "1990-01") {{ payable }} }}', FINANCE)
        assert (
            answer["errors"][0]["message"]
            == "period: expected a month from 2000-01 to 2199-12, like 2026-10."
        )


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


async def test_a_vendor_withdraws_its_own_until_finance_has_decided_on_it(
    api: Api, october: dict[str, Any]
) -> None:
    taken_back = """mutation ($id: ID!) { withdrawStatement(statement: $id, note: "发错了") {
        ... on Statement { number status withdrawal { at } } ... on Refusal { code } } }"""

    async def withdraw(viewer: Viewer, statement: str) -> dict[str, Any]:
        return dict((await api.data(taken_back, viewer, id=statement))["withdrawStatement"])

    own = await submit(api, line(1, 9, 1, "R6"), viewer=VENDOR, number="V-1")
    for unknown in (own["id"], StatementId(999).opaque):
        assert await withdraw(OTHER_VENDOR, unknown) == {"code": "UNKNOWN_STATEMENT"}
    gone = await withdraw(VENDOR, own["id"])
    assert (gone["number"], gone["status"]) == ("V-1", "WITHDRAWN")
    assert await withdraw(VENDOR, own["id"]) == gone
    decided = (await findings(api, october["id"], where={"open": True}))[0]["id"]
    await resolve(api, decided, "DISPUTE")
    assert await withdraw(VENDOR, october["id"]) == {"code": "ALREADY_DECIDED"}
    await resolve(api, decided, "REOPEN")
    assert (await withdraw(VENDOR, october["id"]))["status"] == "WITHDRAWN"


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
    kinds = [each["kind"] for each in await findings(api, october["id"])]
    elsewhere = {FindingKind.NOT_IN_STATEMENT, FindingKind.OUTSIDE_PERIOD}
    assert kinds == [each.value for each in FindingKind if each not in elsewhere]


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
        pageInfo { hasNextPage endCursor } edges { node { period vendor { code } payable closedAt seal } } } }"""
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
    asked = (
        f'{{ statement(id: "{october["id"]}") {{ findings(first: 20) {{ edges {{ node {{ id }} }} }} }} }}'
    )
    own = await api.data(asked, VENDOR)
    assert await api.codes(EVERYTHING, VENDOR, statement=october["id"], first=20) == ["FORBIDDEN"] * 5
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
    # Pages, tallies, findings, deliveries, decisions, what else there is, vendors, statements.
    assert few <= many <= 9, (few, many)


async def test_a_vendor_submits_for_itself_only(api: Api) -> None:
    given = {"vendor": "exam-1", "number": "V-1", "period": "2026-10", "lines": [line(1, 1, 1, "R1")]}
    asked = {"operation": "SubmitStatement", "input": given}
    first = (await api.data("reconcile.graphql", VENDOR, **asked))["submitStatement"]
    assert first["__typename"] == "Statement"
    assert (await api.data("reconcile.graphql", FINANCE, **asked))["submitStatement"]["id"] == first["id"]
    assert await api.codes("reconcile.graphql", OTHER_VENDOR, **asked) == ["FORBIDDEN"]
    unknown = {"operation": "SubmitStatement", "input": {**given, "vendor": "nobody"}}
    assert await api.codes("reconcile.graphql", VENDOR, **unknown) == ["FORBIDDEN"]
