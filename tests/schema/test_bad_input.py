"""Malformed input gets a refusal or error that names the place, and writes nothing."""

from datetime import timedelta
from typing import Any

import pytest

from schema.errors import ErrorCode
from tests.schema.api import FINANCE, FRONTEND, NOW, STAFF, VENDOR, Api, member

REDEEM = {"memberNo": "M1", "benefit": "physical-exam", "idempotencyKey": "k"}
TABLES = ("customers", "policy_events", "entries", "outcomes", "redemptions", "vendors", "contract_terms")


async def written(api: Api) -> dict[str, int]:
    """How many rows each table has."""
    return {table: await api.pool.fetchval(f"select count(*) from {table}") for table in TABLES}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"units": 0}, "UNITS_INVALID"),
        ({"units": -1}, "UNITS_INVALID"),
        ({"units": 2_147_483_647}, "UNITS_INVALID"),
        ({"units": 2_147_483_648}, ErrorCode.BAD_USER_INPUT),
        ({"units": 1.5}, ErrorCode.BAD_USER_INPUT),
        ({"units": "1"}, ErrorCode.BAD_USER_INPUT),
        ({"benefit": "yoga"}, "UNKNOWN_BENEFIT"),
        ({"benefit": ""}, "INVALID"),
        ({"memberNo": "M0"}, "UNKNOWN_CUSTOMER"),
        ({"memberNo": "x" * 10_000}, "INVALID"),
        ({"idempotencyKey": "x" * 10_000}, "INVALID"),
        ({"idempotencyKey": ""}, "INVALID"),
        ({"idempotencyKey": "a\x00b"}, ErrorCode.BAD_USER_INPUT),
        ({"idempotencyKey": "a\nb"}, "INVALID"),
        ({"idempotencyKey": "a\ud800b"}, ErrorCode.BAD_USER_INPUT),
        ({"reference": "x" * 201}, "INVALID"),
        ({"occurredAt": "2026-10-20"}, ErrorCode.BAD_USER_INPUT),
        ({"occurredAt": "2026-10-20T09:00:00"}, ErrorCode.BAD_USER_INPUT),
        ({"occurredAt": "2026-13-20T09:00:00Z"}, ErrorCode.BAD_USER_INPUT),
        ({"occurredAt": "0001-01-01T00:00:00Z"}, ErrorCode.BAD_USER_INPUT),
        ({"occurredAt": 1_760_000_000}, ErrorCode.BAD_USER_INPUT),
        ({"occurredAt": "2026-10-21T09:00:00+08:00"}, "OCCURRED_IN_FUTURE"),
        ({"occurredAt": "2026-01-01T09:00:00+08:00"}, "OCCURRED_TOO_LONG_AGO"),
        ({"evidence": [{"kind": "k", "reference": "x" * 500}]}, "INVALID"),
        ({"evidence": [{"kind": "k"}]}, ErrorCode.BAD_USER_INPUT),
        ({"policyNo": "P1"}, "INVALID"),
        ({"option": "gold"}, "INVALID"),
        ({"beneficiary": "nobody"}, "BENEFICIARY_NOT_COVERED"),
        ({"colour": "red"}, ErrorCode.BAD_USER_INPUT),
    ],
    ids=str,
)
async def test_a_redemption_that_makes_no_sense_takes_nothing(
    api: Api, change: dict[str, Any], code: str
) -> None:
    before = await written(api)
    answer = await api.ask("redeem.graphql", VENDOR, operation="Redeem", input={**REDEEM, **change})
    if isinstance(code, ErrorCode):
        assert [error["extensions"]["code"] for error in answer["errors"]] == [code.value]
        assert len(answer["errors"][0]["message"]) < 1000
    else:
        assert answer["errors"] == []
        assert answer["data"]["redeem"]["code"] == code, answer
        assert len(answer["data"]["redeem"]["message"]) < 1000
    after = await written(api)
    # A refusal that was judged on the books is kept under its key, so that it is repeated; nothing else is.
    assert {**after, "outcomes": 0} == {**before, "outcomes": 0}


async def test_an_error_names_the_argument(api: Api) -> None:
    answer = await api.ask(
        "redeem.graphql", VENDOR, operation="Redeem", input={**REDEEM, "occurredAt": "yesterday"}
    )
    message = answer["errors"][0]["message"]
    assert "occurredAt" in message
    assert "offset" in message
    answer = await api.ask("member_card.graphql", memberNo="M1", on="20261020")
    assert "$on" in answer["errors"][0]["message"]
    answer = await api.ask('{ customer(memberNo: "M1") { tier(on: "2026-02-30") { star } } }')
    assert "no such day" in answer["errors"][0]["message"]
    assert answer["errors"][0]["locations"]


@pytest.mark.parametrize(
    "redemption", ["", "x", "UmVkZW1wdGlvbjox", "UmVkZW1wdGlvbjoxOjk5OTk5", "é" * 3000], ids=str
)
async def test_an_id_that_is_none_is_an_unknown_redemption(api: Api, redemption: str) -> None:
    for operation in ("Confirm", "Release", "NoShow"):
        assert (await api.follow(operation, redemption=redemption))["code"] == "UNKNOWN_REDEMPTION"


@pytest.mark.parametrize("first", [0, -1, 101, 2_147_483_647])
async def test_a_page_is_from_1_to_100_rows(api: Api, first: int) -> None:
    assert await api.codes("members.graphql", first=first) == ["BAD_USER_INPUT"]
    assert await api.codes("my_redemptions.graphql", VENDOR, first=first) == ["BAD_USER_INPUT"]
    if first != 101:
        assert await api.codes("activity.graphql", memberNo="M1", first=first) == ["BAD_USER_INPUT"]


@pytest.mark.parametrize(
    "after",
    [
        "",
        "x",
        "TWVtYmVyQ3Vyc29yOk0x=",
        "UGxhY2VDdXJzb3I6eDp5Ono",
        "UGxhY2VDdXJzb3I6OTIyMzM3MjAzNjg1NDc3NTgwNzoxOjE",
    ],
)
async def test_a_cursor_that_is_none_of_the_list_is_refused(api: Api, after: str) -> None:
    for document, viewer, more in (
        ("members.graphql", FRONTEND, {}),
        ("activity.graphql", FRONTEND, {"memberNo": "M1"}),
        ("my_redemptions.graphql", VENDOR, {}),
        ("usage.graphql", FINANCE, {"operation": "Ledger"}),
        (
            "query ($first: Int!, $after: String) { vendors(first: $first, after: $after) { edges { cursor } } }",
            FINANCE,
            {},
        ),
    ):
        answer = await api.ask(document, viewer, first=1, after=after, **more)
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"], document
        assert "after" in answer["errors"][0]["message"]


@pytest.mark.parametrize(
    "change",
    [
        {"effectiveOn": "2026-3-1"},
        {"effectiveOn": "1066-10-14"},
        {"recordedAt": "2026-03-01T00:00:00"},
        {"lapsed": {"policyNo": "P\x00"}},
        {"lapsed": {}},
        {"lapsed": "P1"},
        {"lapsed": {"policyNo": "P1", "why": "x"}},
    ],
    ids=str,
)
async def test_an_event_that_cannot_be_read_is_an_error(api: Api, change: dict[str, Any]) -> None:
    before = await written(api)
    event = {
        "eventId": "E",
        "memberNo": "M1",
        "effectiveOn": "2026-03-01",
        "lapsed": {"policyNo": "P1"},
        **change,
    }
    assert await api.codes("record.graphql", STAFF, operation="Record", events=[event]) == ["BAD_USER_INPUT"]
    assert await written(api) == before


@pytest.mark.parametrize(
    "change",
    [
        {"eventId": "x" * 10_000},
        {"eventId": ""},
        {"memberNo": "a\nb"},
        {"lapsed": {"policyNo": ""}},
        {"surrendered": {"policyNo": "P1"}},
        {"lapsed": None},
    ],
    ids=str,
)
async def test_an_event_that_makes_no_sense_is_refused(api: Api, change: dict[str, Any]) -> None:
    before = await written(api)
    event = {
        "eventId": "E",
        "memberNo": "M1",
        "effectiveOn": "2026-03-01",
        "lapsed": {"policyNo": "P1"},
        **change,
    }
    data = await api.data("record.graphql", STAFF, operation="Record", events=[event])
    assert data["recordPolicyEvents"][0]["code"] == "INVALID"
    assert await written(api) == before


AHEAD = (NOW + timedelta(seconds=1)).isoformat()
ISSUED = {**member("M1")[1]["policyIssued"], "policyNo": "P2"}
IMPOSSIBLE: dict[str, tuple[dict[str, Any], str, dict[str, str]]] = {
    "recorded ahead of now": (
        {"recordedAt": AHEAD, "lapsed": {"policyNo": "P1"}},
        "INVALID",
        {
            "en": f"recordedAt: {AHEAD} lies ahead of now",
            "zh": f"recordedAt：{AHEAD} 晚于现在",
        },
    ),
    "received before the issue": (
        {"policyIssued": {**ISSUED, "receivedOn": "2026-02-28"}},
        "INVALID",
        {
            "en": "receivedOn: 2026-02-28 lies before the issue of policy P2 (2026-03-01)",
            "zh": "receivedOn：2026-02-28 早于保单 P2 的签发日（2026-03-01）",
        },
    ),
    "cooled off before the issue": (
        {"policyIssued": {**ISSUED, "coolingOffEndsOn": "2026-02-28"}},
        "INVALID",
        {
            "en": "coolingOffEndsOn: 2026-02-28 lies before the issue of policy P2 (2026-03-01)",
            "zh": "coolingOffEndsOn：2026-02-28 早于保单 P2 的签发日（2026-03-01）",
        },
    ),
    "reduced to more": (
        {"premiumReduced": {"policyNo": "P1", "componentId": "base", "premium": "300000.01"}},
        "LIFE_CYCLE",
        {
            "en": "Policy P1: the premium of component base is 300000.00 since 2024-01-10; a reduction cannot raise it",
            "zh": "保单 P1 的保费项目 base 自 2024-01-10 起保费为 300000.00，减保不能增至 300000.01",
        },
    ),
}


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("case", IMPOSSIBLE)
async def test_an_event_that_cannot_be_is_refused_in_words(api: Api, case: str, language: str) -> None:
    happened, code, words = IMPOSSIBLE[case]
    before = await written(api)
    event = {"eventId": "E", "memberNo": "M1", "effectiveOn": "2026-03-01", **happened}
    data = await api.data("record.graphql", STAFF, operation="Record", language=language, events=[event])
    (refusal,) = data["recordPolicyEvents"]
    assert refusal["code"] == code
    assert refusal["message"].startswith(words[language])
    assert refusal["message"].endswith("。" if language == "zh" else ".")
    assert await written(api) == before


async def test_too_many_at_once_are_refused_whole(api: Api) -> None:
    before = await written(api)
    inputs = [REDEEM] * 101
    assert await api.codes("redeem.graphql", VENDOR, operation="RedeemMany", inputs=inputs) == [
        "BAD_USER_INPUT"
    ]
    events = [member("M2")[0]] * 101
    assert await api.codes("record.graphql", STAFF, operation="Record", events=events) == ["BAD_USER_INPUT"]
    where = {"memberNo": {"in": ["x"] * 1001}}
    assert await api.codes("members.graphql", first=1, where=where) == ["BAD_USER_INPUT"]
    assert await written(api) == before


async def test_none_at_all_is_nothing(api: Api) -> None:
    assert (await api.data("redeem.graphql", VENDOR, operation="RedeemMany", inputs=[]))["redeemMany"] == []
    assert (await api.data("record.graphql", STAFF, operation="Record", events=[]))[
        "recordPolicyEvents"
    ] == []


@pytest.mark.parametrize(
    "document",
    [
        "",
        "   ",
        "{",
        "query A { viewer { role } } query B { viewer { role } }",
        "subscription { viewer }",
        "{ nothing }",
        "fragment A on Query { viewer { role } }",
        '{ customer(memberNo: "\\u0000") { id } }',
        "{ customers { edges { cursor } } }",
    ],
)
async def test_a_document_that_cannot_run_is_an_error_of_the_client(api: Api, document: str) -> None:
    codes = await api.codes(document)
    assert codes
    assert set(codes) == {"BAD_USER_INPUT"}


async def test_days_at_the_ends_of_time_are_answered(api: Api) -> None:
    for day in ("1900-01-01", "2199-12-31"):
        await api.data("member_card.graphql", memberNo="M1", on=day)
        await api.data("programme.graphql", on=day)
    await api.data(
        "tier_explained.graphql", memberNo="M1", on="2199-12-31", **{"from": "1900-01-01", "to": "2199-12-31"}
    )
    span = {"from": "2026-10-02", "to": "2026-10-01"}
    assert await api.codes("tier_explained.graphql", memberNo="M1", on="2026-10-01", **span) == [
        "BAD_USER_INPUT"
    ]
    assert await api.codes("usage.graphql", FINANCE, operation="VendorUsage", vendor="exam-1", **span) == [
        "BAD_USER_INPUT"
    ]


async def test_what_goes_wrong_inside_is_masked_and_logged_with_an_id(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: Any) -> None:
        raise RuntimeError("table secret_table on host db-7 is gone")

    monkeypatch.setattr("schema.queries.customers.read_customer", broken)
    answer = await api.ask('{ customer(memberNo: "M1") { id } }', language="en")
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "INTERNAL"
    assert "secret" not in str(answer)
    assert error["extensions"]["id"] in error["message"]
    assert error["extensions"]["id"] in caplog.text
    assert "secret_table" in caplog.text


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"units": 0}, "UNITS_INVALID"),
        ({"units": -5}, "UNITS_INVALID"),
        ({"benefit": "x" * 10_000}, "INVALID"),
        ({"memberNo": ""}, "INVALID"),
        ({"option": "a\nb"}, "INVALID"),
    ],
    ids=str,
)
async def test_a_question_that_makes_no_sense_is_refused_as_the_redemption_would_be(
    api: Api, change: dict[str, Any], code: str
) -> None:
    asked = {"memberNo": "M1", "benefit": "physical-exam", **change}
    eligibility = (await api.data("lookup.graphql", VENDOR, **asked))["eligibility"]
    assert not eligibility["entitled"]
    assert eligibility["refusal"]["code"] == code
    assert len(eligibility["refusal"]["message"]) < 1000
