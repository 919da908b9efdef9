"""What-if for one customer: hypothetical events, and another edition."""

from typing import Any

import pytest

from tests.editions import six_stars
from tests.schema.api import AUDITOR, FINANCE, FRONTEND, MEMBER_M1, STAFF, VENDOR, Api, member

WHAT_IF = """query ($memberNo: String!, $events: [PolicyEventInput!], $edition: String, $on: Date) {
  customer(memberNo: $memberNo) { whatIf(events: $events, edition: $edition, on: $on) {
    on tier { star edition ratedPremium next { star shortfall }
        contributions { policyNo componentId amount counted reason } }
    quotas { benefit { code } entitled granted used held remaining } refusals { code message differing } } } }"""
NEW_YEAR = "2027-01-01"


@pytest.fixture
async def asked(api: Api, tmp_path_factory: pytest.TempPathFactory) -> Api:
    """The API with a member of four stars, and the six-star edition as a candidate."""
    folder = tmp_path_factory.getbasetemp() / "six-stars"
    if not folder.exists():
        six_stars(folder)
    api.edition_folders = (folder,)
    return api


def event(
    number: int, effective_on: str = "2026-10-20", member_no: str = "M1", **happened: Any
) -> dict[str, Any]:
    return {"eventId": f"if-{number}", "memberNo": member_no, "effectiveOn": effective_on, **happened}


def more(number: int, premium: str, **other: Any) -> dict[str, Any]:
    """So much more a year, for ten years, on the policy that there is."""
    increase = {
        "policyNo": "P1",
        "componentId": f"more-{number}",
        "mode": "ANNUAL",
        "premium": premium,
        "termYears": 10,
    }
    return event(number, **other, premiumIncreased=increase)


async def supposed(api: Api, viewer: Any = FRONTEND, member_no: str = "M1", **more_: Any) -> dict[str, Any]:
    data = await api.data(WHAT_IF, viewer, memberNo=member_no, **more_)
    return dict(data["customer"]["whatIf"])


async def as_it_is(api: Api) -> dict[str, Any]:
    text = """{ customer(memberNo: "M1") {
        tier { star edition ratedPremium next { star shortfall }
            contributions { policyNo componentId amount counted reason } }
        quotas { benefit { code } entitled granted used held remaining } } }"""
    return dict((await api.data(text))["customer"])


def quota(found: dict[str, Any], benefit: str) -> dict[str, Any]:
    return next(each for each in found["quotas"] if each["benefit"]["code"] == benefit)


async def test_without_events_and_edition_everything_is_as_it_is(asked: Api) -> None:
    await asked.redeem(benefit="legal-consultation", units=20)
    found = await supposed(asked)
    assert found.pop("on") == "2026-10-20"
    assert found.pop("refusals") == []
    assert found == await as_it_is(asked)


async def test_if_i_pay_more_a_year_the_star_rises_and_what_was_used_counts(asked: Api) -> None:
    await asked.redeem(benefit="legal-consultation", units=20)
    before = await as_it_is(asked)
    short = await supposed(asked, events=[more(1, "199999.99")])
    assert (short["tier"]["star"], short["tier"]["next"]) == (4, {"star": 5, "shortfall": "0.01"})
    found = await supposed(asked, MEMBER_M1, events=[more(1, "200000.00")])
    assert (found["tier"]["star"], found["tier"]["ratedPremium"]) == (5, "500000.00")
    assert found["tier"]["contributions"][1] == {
        "policyNo": "P1",
        "componentId": "more-1",
        "amount": "200000.00",
        "counted": True,
        "reason": "COUNTED",
    }
    legal = quota(found, "legal-consultation")
    assert (legal["granted"], legal["used"], legal["remaining"]) == (60, 20, 40)
    assert await as_it_is(asked) == before


async def test_if_the_policy_lapses_nothing_is_left_from_its_day_on(asked: Api) -> None:
    lapse = event(1, "2026-12-01", lapsed={"policyNo": "P1"})
    assert (await supposed(asked, events=[lapse], on="2026-11-30"))["tier"]["star"] == 4
    found = await supposed(asked, events=[lapse], on="2026-12-01")
    assert (found["tier"]["star"], found["tier"]["ratedPremium"]) == (0, "0.00")
    assert found["tier"]["contributions"][0]["reason"] == "LAPSED"
    assert not any(each["entitled"] for each in found["quotas"])
    back = event(2, "2026-12-10", reinstated={"policyNo": "P1"})
    assert (await supposed(asked, events=[lapse, back], on="2026-12-10"))["tier"]["star"] == 4


async def test_an_event_that_could_not_be_recorded_is_refused_like_a_real_one(asked: Api) -> None:
    impossible = event(1, reinstated={"policyNo": "P1"})
    found = await supposed(asked, events=[impossible, more(2, "200000.00")])
    assert found["tier"]["star"] == 5  # the others are taken
    (refusal,) = found["refusals"]
    answer = await asked.data("record.graphql", STAFF, operation="Record", events=[impossible])
    (real,) = answer["recordPolicyEvents"]
    assert (refusal["code"], refusal["message"]) == ("LIFE_CYCLE", real["message"])


TENTH_OF_A_FEN = {"policyNo": "P1", "componentId": "c", "mode": "ANNUAL", "premium": "1.001", "termYears": 10}


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"memberNo": "M2"}, "INVALID", "is of member M2; here only events of member M1 can be supposed."),
        ({"eventId": "M1-1"}, "EVENT_CHANGED", "M1-1 was recorded before with other content"),
        ({"renewed": {"policyNo": "P1"}}, "INVALID", "exactly one field"),
        ({"premiumIncreased": TENTH_OF_A_FEN}, "INVALID", "premium"),
    ],
)
async def test_what_cannot_be_supposed_is_said(
    asked: Api, change: dict[str, Any], code: str, words: str
) -> None:
    given = more(1, "200000.00") | change
    answer = await asked.data(WHAT_IF, memberNo="M1", events=[given], language="en")
    found = answer["customer"]["whatIf"]
    assert found["tier"]["star"] == 4
    (refusal,) = found["refusals"]
    assert refusal["code"] == code
    assert words in refusal["message"]


async def test_an_id_stands_for_one_event_also_among_those_supposed(asked: Api) -> None:
    found = await supposed(asked, events=[more(1, "100000.00"), more(1, "100000.00"), more(1, "200000.00")])
    assert found["tier"]["ratedPremium"] == "400000.00"
    assert [each["code"] for each in found["refusals"]] == ["EVENT_CHANGED"]
    assert found["refusals"][0]["differing"] == ["premium"]


async def test_an_event_that_is_recorded_already_changes_nothing(asked: Api) -> None:
    found = await supposed(asked, events=[member("M1")[1]])
    assert (found["tier"]["star"], found["refusals"]) == (4, [])


async def test_a_candidate_is_asked_about_as_of_its_first_day(asked: Api) -> None:
    await asked.redeem(benefit="legal-consultation", units=20)
    events = [more(1, "700000.00")]
    found = await supposed(asked, STAFF, events=events, edition="zhenxuan-2")
    assert (found["on"], found["tier"]["star"], found["tier"]["edition"]) == (NEW_YEAR, 6, "zhenxuan-2")
    assert quota(found, "home-nursing")["remaining"] == 2
    legal = quota(found, "legal-consultation")
    assert (legal["granted"], legal["used"]) == (120, 20)
    before = await supposed(asked, AUDITOR, events=events, edition="zhenxuan-2", on="2026-12-31")
    assert (before["tier"]["star"], before["tier"]["edition"]) == (5, "zhenxuan-1")
    assert await as_it_is(asked) != found


@pytest.mark.parametrize(
    "viewer", [FRONTEND, MEMBER_M1, FINANCE], ids=lambda viewer: viewer.member or viewer.role
)
async def test_a_candidate_is_secret(asked: Api, viewer: Any) -> None:
    for edition in ("zhenxuan-2", "zhenxuan-1", "nothing"):
        assert await asked.codes(WHAT_IF, viewer, memberNo="M1", edition=edition) == ["FORBIDDEN"]
    assert await asked.codes(WHAT_IF, viewer, memberNo="M1") == []


async def test_vendors_suppose_nothing_and_members_only_themselves(asked: Api) -> None:
    await asked.record(*member("M2"))
    assert "FORBIDDEN" in await asked.codes(WHAT_IF, VENDOR, memberNo="M1")
    assert await asked.codes(WHAT_IF, MEMBER_M1, memberNo="M2") == ["FORBIDDEN"]


async def test_bad_input_says_what_is_wrong(asked: Api) -> None:
    answer = await asked.ask(WHAT_IF, STAFF, memberNo="M1", edition="zhenxuan-9")
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["message"] == ("edition: there is no edition zhenxuan-9; there are: zhenxuan-1, zhenxuan-2.")
    many = [more(number, "1.00") for number in range(101)]
    answer = await asked.ask(WHAT_IF, memberNo="M1", events=many)
    assert answer["errors"][0]["message"] == "events: expected at most 100; got 101."


async def test_nothing_is_written(asked: Api) -> None:
    async def state() -> list[Any]:
        tables = (
            "policy_events",
            "ratings",
            "rating_periods",
            "entries",
            "balances",
            "ledger_heads",
            "event_ids",
        )
        return [await asked.pool.fetchval(f"select count(*) from {each}") for each in tables]

    before = await state()
    await supposed(asked, STAFF, events=[more(1, "700000.00")], edition="zhenxuan-2")
    assert await state() == before


async def test_the_benefits_of_a_candidate_have_its_names_and_requirements(asked: Api) -> None:
    text = """query ($memberNo: String!) { customer(memberNo: $memberNo) { whatIf(edition: "zhenxuan-2") { quotas {
        benefit { code optionLabels { nameEn } access { channel { code number } } facilities { code }
                  requires { option evidence { kind name } } } } } } }"""
    quotas = (await asked.data(text, STAFF, memberNo="M1"))["customer"]["whatIf"]["quotas"]
    benefits = {each["benefit"]["code"]: each["benefit"] for each in quotas}
    assert "home-nursing" in benefits
    assert benefits["dental-care"]["optionLabels"][0] == {"nameEn": "Adult teeth cleaning"}
    assert benefits["proton-therapy"]["facilities"] == [{"code": "shanghai"}, {"code": "zhuozhou"}]
    assert benefits["vip-line"]["access"] == [{"channel": {"code": "hotline", "number": "400-815-6688"}}]


async def test_an_event_that_cannot_be_is_refused_and_the_others_are_taken(asked: Api) -> None:
    ahead = more(1, "200000.00") | {"recordedAt": "2031-01-01T00:00:00+08:00"}
    found = await supposed(asked, events=[ahead, more(2, "200000.00")])
    assert [(each["code"], "recordedAt" in each["message"]) for each in found["refusals"]] == [
        ("INVALID", True)
    ]
    assert found["tier"]["star"] == 5
