"""Service levels as vendors and finance see them. Now is Tuesday 20 October 2026, 10:00."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from handbook import BUSINESS_ZONE
from tests.schema.api import FINANCE, FRONTEND, OTHER_VENDOR, VENDOR, Api, member
from tests.schema.test_statements import counted

ANSWER = """... on Redemption { id status replayed quota { held }
        milestones { kind occurredAt appointmentAt recordedAt }
        serviceLevel { respondBy respondedAt respondStatus arrangeBy arrangedAt arrangeStatus appointmentAt status
            lateByWorkingDays warning } }
    ... on Refusal { code message differing }"""
RESPOND = f"mutation ($input: RespondInput!) {{ respond(input: $input) {{ {ANSWER} }} }}"
ARRANGE = f"mutation ($input: ArrangeInput!) {{ arrange(input: $input) {{ {ANSWER} }} }}"
REPORT = """query ($from: Date!, $to: Date!, $first: Int!, $after: String) {
    vendor(code: "exam-1") { serviceLevels(from: $from, to: $to) {
        benefit { code } holds onTime late open overdue ended latestByWorkingDays warning
        respond { holds onTime late open overdue ended latestByWorkingDays }
        arrange { holds onTime late open overdue ended latestByWorkingDays }
        lateRedemptions(first: $first, after: $after) {
            pageInfo { hasNextPage endCursor }
            edges { node { memberNo serviceLevel { status lateByWorkingDays } } } } } } }"""
OCTOBER = {"from": "2026-10-01", "to": "2026-11-01"}


async def respond(api: Api, viewer: Any = VENDOR, **given: Any) -> dict[str, Any]:
    data = await api.data(RESPOND, viewer, input={"idempotencyKey": f"r-{given}", **given})
    return dict(data["respond"])


async def arrange(api: Api, viewer: Any = VENDOR, **given: Any) -> dict[str, Any]:
    data = await api.data(ARRANGE, viewer, input={"idempotencyKey": f"a-{given}", **given})
    return dict(data["arrange"])


async def hold(api: Api, benefit: str = "outpatient-green-channel", **more: Any) -> str:
    outcome = await api.redeem(operation="Hold", benefit=benefit, holdHours=1000, **more)
    assert outcome["__typename"] == "Redemption", outcome
    return str(outcome["id"])


async def test_a_hold_is_answered_and_arranged(api: Api) -> None:
    held = await hold(api)
    answered = await respond(api, redemption=held)
    assert (answered["status"], answered["quota"]) == ("HELD", {"held": 1})
    assert answered["serviceLevel"] == {
        "respondBy": "2026-10-22T00:00:00+08:00",
        "respondedAt": "2026-10-20T10:00:00+08:00",
        "respondStatus": "ON_TIME",
        "arrangeBy": "2026-10-30T00:00:00+08:00",
        "arrangedAt": None,
        "arrangeStatus": "OPEN",
        "appointmentAt": None,
        "status": "OPEN",
        "lateByWorkingDays": 0,
        "warning": None,
    }
    api.clock.now += timedelta(days=1)
    arranged = await arrange(api, redemption=held, appointmentAt="2026-11-03T09:30:00+08:00")
    assert arranged["serviceLevel"]["status"] == "ON_TIME"
    assert arranged["serviceLevel"]["appointmentAt"] == "2026-11-03T09:30:00+08:00"
    assert arranged["milestones"] == [
        {
            "kind": "RESPONDED",
            "occurredAt": "2026-10-20T10:00:00+08:00",
            "appointmentAt": None,
            "recordedAt": "2026-10-20T10:00:00+08:00",
        },
        {
            "kind": "ARRANGED",
            "occurredAt": "2026-10-21T10:00:00+08:00",
            "appointmentAt": "2026-11-03T09:30:00+08:00",
            "recordedAt": "2026-10-21T10:00:00+08:00",
        },
    ]


async def test_the_same_key_again_is_the_same_answer_and_another_request_is_refused(api: Api) -> None:
    held = await hold(api)
    given = {"redemption": held, "idempotencyKey": "k", "appointmentAt": "2026-11-03T09:30:00+08:00"}
    first = await arrange(api, **given)
    again = await arrange(api, **given)
    assert (first["replayed"], again["replayed"]) == (False, True)
    assert len(again["milestones"]) == 1
    other = await arrange(api, **{**given, "appointmentAt": "2026-11-04T09:30:00+08:00"})
    assert (other["code"], other["differing"]) == ("KEY_REUSED", ["appointmentAt"])


async def test_what_cannot_be_is_refused_in_words(api: Api) -> None:
    held = await hold(api)
    early = await respond(api, redemption=held, occurredAt="2026-10-19T23:00:00+08:00")
    assert (early["code"], early["message"]) == (
        "INVALID",
        "occurredAt（2026-10-19）早于预约占用的日期 2026-10-20。",
    )
    past = await arrange(api, redemption=held, appointmentAt="2026-10-19T23:00:00+08:00")
    assert past["code"] == "INVALID"
    ahead = await respond(api, redemption=held, occurredAt="2026-10-20T11:00:00+08:00")
    assert ahead["code"] == "OCCURRED_IN_FUTURE"
    assert (await respond(api, redemption="nonsense"))["code"] == "UNKNOWN_REDEMPTION"
    assert (await respond(api, OTHER_VENDOR, redemption=held))["code"] == "UNKNOWN_REDEMPTION"
    await api.follow("Release", redemption=held)
    assert (await arrange(api, redemption=held, appointmentAt="2026-11-03T09:30:00+08:00"))["code"] == (
        "HOLD_NOT_OPEN"
    )
    assert await api.codes(RESPOND, FINANCE, input={"redemption": held, "idempotencyKey": "f"}) == [
        "FORBIDDEN"
    ]


async def test_what_carries_no_promise_has_milestones_but_no_clock(api: Api) -> None:
    held = await hold(api, "physical-exam")
    answered = await respond(api, redemption=held)
    assert [each["kind"] for each in answered["milestones"]] == ["RESPONDED"]
    assert answered["serviceLevel"] is None


async def test_finance_reads_what_became_of_a_vendors_holds_and_which_are_late(api: Api) -> None:
    members = [f"N{number}" for number in range(1, 5)]
    await api.record(*(event for each in members for event in member(each)))
    held = {each: await hold(api, memberNo=each) for each in members}
    await hold(api, "medical-butler", memberNo="N1")
    await respond(api, redemption=held["N1"])
    api.clock.now = datetime(2026, 10, 26, 10, tzinfo=BUSINESS_ZONE)  # the third working day too late
    await respond(api, redemption=held["N2"])
    await respond(api, redemption=held["N3"], occurredAt="2026-10-21T23:59:00+08:00")
    answer = await api.data(REPORT, FINANCE, first=1, **OCTOBER)
    butler, green = answer["vendor"]["serviceLevels"]
    assert (butler["benefit"]["code"], butler["overdue"], butler["arrange"]) == ("medical-butler", 1, None)
    late = green.pop("lateRedemptions")
    assert green == {
        "benefit": {"code": "outpatient-green-channel"},
        "holds": 4,
        "onTime": 0,
        "late": 1,
        "open": 2,
        "overdue": 1,
        "ended": 0,
        "latestByWorkingDays": 3,
        "warning": None,
        "respond": {
            "holds": 4,
            "onTime": 2,
            "late": 1,
            "open": 0,
            "overdue": 1,
            "ended": 0,
            "latestByWorkingDays": 3,
        },
        "arrange": {
            "holds": 4,
            "onTime": 0,
            "late": 0,
            "open": 4,
            "overdue": 0,
            "ended": 0,
            "latestByWorkingDays": 0,
        },
    }
    assert late["pageInfo"]["hasNextPage"]
    assert late["edges"] == [
        {"node": {"memberNo": "N4", "serviceLevel": {"status": "OVERDUE", "lateByWorkingDays": 3}}}
    ]
    following = await api.data(REPORT, FINANCE, first=5, after=late["pageInfo"]["endCursor"], **OCTOBER)
    rest = following["vendor"]["serviceLevels"][1]["lateRedemptions"]
    assert [edge["node"]["memberNo"] for edge in rest["edges"]] == ["N2"]
    assert not rest["pageInfo"]["hasNextPage"]


async def test_a_year_that_nobody_knows_is_said_in_the_readers_language(api: Api, monkeypatch) -> None:
    monkeypatch.setattr("handbook.calendar.ships_with", lambda year: year != 2026)
    await hold(api)
    document = """{ vendor(code: "exam-1") { serviceLevels(from: "2026-10-01", to: "2026-11-01") { warning } }
        redemptions(first: 1) { edges { node { serviceLevel { warning } } } } }"""
    for language, words in (("zh", "2026 年的节假日安排"), ("en", "public holidays of 2026")):
        answer = await api.data(document, FINANCE, language=language)
        (report,) = answer["vendor"]["serviceLevels"]
        (edge,) = answer["redemptions"]["edges"]
        assert words in report["warning"]
        assert words in edge["node"]["serviceLevel"]["warning"]


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        ({"from": "2026-10-01", "to": "2026-10-01"}, []),
        ({"from": "2026-10-02", "to": "2026-10-01"}, ["BAD_USER_INPUT"]),
        ({"from": "2020-01-01", "to": "2026-10-01"}, ["BAD_USER_INPUT"]),
    ],
)
async def test_a_report_is_of_a_span_that_can_be_worked_out(api: Api, given, codes) -> None:
    assert await api.codes(REPORT, FINANCE, first=1, **given) == codes


async def test_a_vendor_reads_its_own_report_and_a_front_end_none(api: Api) -> None:
    own = 'query { viewer { vendor { serviceLevels(from: "2026-10-01", to: "2026-11-01") { holds } } } }'
    assert (await api.data(own, VENDOR))["viewer"]["vendor"]["serviceLevels"] == []
    assert await api.codes(REPORT, OTHER_VENDOR, first=1, **OCTOBER) == ["FORBIDDEN"]
    assert set(await api.codes(REPORT, FRONTEND, first=1, **OCTOBER)) == {"FORBIDDEN"}


async def test_a_page_of_redemptions_with_their_clocks_takes_as_many_statements_as_one(api: Api) -> None:
    members = [f"N{number:02}" for number in range(20)]
    await api.record(*(event for each in members for event in member(each)))
    for each in members:
        await respond(api, redemption=await hold(api, memberNo=each))
    page = """query ($first: Int!) { redemptions(first: $first) { edges { node {
        id milestones { kind } serviceLevel { status } } } } }"""
    taken = []
    for first in (1, 20):
        async with counted(api.pool) as seen:
            await api.data(page, VENDOR, first=first)
        taken.append(len(seen))
    assert taken == [3, 3]  # the page, the milestones, the clocks


async def test_reports_of_all_vendors_with_their_late_holds_take_as_many_statements_as_one(api: Api) -> None:
    await hold(api)
    await hold(api, "medical-butler")
    api.clock.now = datetime(2026, 10, 30, 10, tzinfo=BUSINESS_ZONE)
    page = """query ($first: Int!) { vendors(first: $first) { edges { node { code
        serviceLevels(from: "2026-10-01", to: "2026-11-01") { holds
            lateRedemptions(first: 5) { edges { node { serviceLevel { status } } } } } } } } }"""
    taken = []
    for first in (2, 50):
        async with counted(api.pool) as seen:
            answer = await api.data(page, FINANCE, first=first)
        assert [len(edge["node"]["serviceLevels"]) for edge in answer["vendors"]["edges"]] == [0, 2]
        taken.append(len(seen))
    assert taken == [5, 5]  # the vendors, the reports, the late ones, their rows, their clocks
