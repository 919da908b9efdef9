"""What a front end asks, on the demo portfolio of 22 November 2026."""

from collections import Counter
from typing import Any

import pytest

from handbook import load_handbook
from schema.context import Role
from tests.operations.conftest import Desk
from tests.schema.test_statements import counted

pytestmark = pytest.mark.asyncio(loop_scope="module")
MEMBER = Role.FRONTEND
TODAY = "2026-11-22"


async def card_of(desk: Desk, member_no: str, on: str | None = None) -> dict[str, Any]:
    return dict(await desk.ask("member_card.graphql", MEMBER, memberNo=member_no, on=on))


async def quota_of(desk: Desk, member_no: str, benefit: str, on: str | None = None) -> dict[str, Any]:
    card = await card_of(desk, member_no, on)
    (quota,) = (each for each in card["quotas"] if each["benefit"]["code"] == benefit)
    return dict(quota)


def counts(quota: dict[str, Any]) -> tuple[Any, ...]:
    return quota["granted"], quota["used"], quota["held"], quota["remaining"]


async def test_the_card_of_star_five(desk):
    card = await card_of(desk, "M00001")
    assert card["name"] == "林嘉诚"
    assert card["tier"] == {
        "star": 5,
        "name": "五星臻选荟员",
        "ratedPremium": "560000.00",
        "since": "2023-08-30",
        "until": "2038-03-07",
        "next": None,
    }
    assert card["serviceYear"] == {"number": 9, "start": "2026-03-23", "end": "2027-03-23"}
    shown = {
        (each["benefit"]["code"], (each["policy"] or {}).get("policyNo")): each for each in card["quotas"]
    }
    assert counts(shown["legal-consultation", None]) == (60, 20, 0, 40)
    assert counts(shown["physical-exam", None]) == (1, 0, 1, 0)
    assert shown["physical-exam", None]["variant"] == "高端体检"
    assert shown["physical-exam", None]["refusal"]["code"] == "QUOTA_EXHAUSTED"
    assert shown["physical-exam", None]["refusal"]["availableFrom"] == "2027-03-23"
    assert counts(shown["medical-butler", None]) == (3, 1, 0, 2)
    assert counts(shown["family-doctor-phone", None]) == (None, 3, 0, None)
    assert shown["family-doctor-phone", None]["allowance"] == {"__typename": "Unlimited", "unit": "TIMES"}
    assert counts(shown["life-bank", None]) == (1, 1, 0, 0)
    assert shown["life-bank", None]["resetsOn"] is None
    assert counts(shown["policy-cover", "P0000101"]) == (1, 1, 0, 0)
    assert counts(shown["policy-cover", "P0000102"]) == (1, 0, 0, 1)


async def test_a_group_policy_carries_no_benefit_of_its_own(desk):
    card = await card_of(desk, "M00002")
    policies = {each["policy"]["policyNo"] for each in card["quotas"] if each["policy"]}
    assert policies == {"P0000201", "P0000202", "P0000204"}


@pytest.mark.parametrize(
    ("member_no", "star", "premium", "next_star", "shortfall"),
    [
        ("M00002", 4, "320000.00", 5, "180000.00"),
        ("M00003", 3, "150000.00", 4, "150000.00"),
        ("M00004", 2, "60000.00", 3, "90000.00"),
        ("M00005", 1, "30000.00", 2, "15000.00"),
        ("M00006", 0, "29999.00", 1, "1.00"),
        ("M00008", 0, "0.00", 1, "30000.00"),
        ("M00014", 2, "103000.00", 3, "47000.00"),
        ("M00021", 1, "31000.00", 2, "14000.00"),
        ("M00023", 0, "0.00", 1, "30000.00"),
    ],
)
async def test_each_star_and_what_is_missing_to_the_next(
    desk, member_no, star, premium, next_star, shortfall
):
    tier = (await card_of(desk, member_no))["tier"]
    assert (tier["star"], tier["ratedPremium"]) == (star, premium)
    assert (tier["next"]["star"], tier["next"]["shortfall"]) == (next_star, shortfall)


async def test_during_cooling_off_the_first_star_is_told_with_its_day(desk):
    card = await card_of(desk, "M00007")
    assert (card["tier"]["star"], card["tier"]["since"], card["tier"]["until"]) == (0, None, "2026-12-05")
    assert card["serviceYear"] is None
    dental = next(each for each in card["quotas"] if each["benefit"]["code"] == "dental-care")
    assert dental["refusal"]["code"] == "NOT_A_MEMBER"
    assert dental["refusal"]["availableFrom"] == "2026-12-05"
    ahead = await card_of(desk, "M00007", on="2026-12-05")
    assert ahead["tier"]["star"] == 2
    assert ahead["serviceYear"] == {"number": 1, "start": "2026-12-05", "end": "2027-12-05"}


async def test_after_a_fall_what_was_used_counts_and_nothing_is_negative(desk):
    assert (await card_of(desk, "M00011", on="2026-09-22"))["tier"]["star"] == 4
    assert (await card_of(desk, "M00011"))["tier"]["star"] == 2
    assert counts(await quota_of(desk, "M00011", "physical-exam")) == (1, 1, 0, 0)
    legal = await quota_of(desk, "M00011", "legal-consultation")
    assert (legal["used"], legal["remaining"], legal["refusal"]["code"]) == (60, 0, "TIER_TOO_LOW")
    assert legal["refusal"]["requiredStar"] == 3


async def test_after_a_rise_what_was_used_counts_too(desk):
    assert (await card_of(desk, "M00012", on="2026-10-07"))["tier"]["star"] == 2
    assert counts(await quota_of(desk, "M00012", "physical-exam")) == (1, 1, 0, 0)
    assert counts(await quota_of(desk, "M00012", "legal-consultation")) == (60, 30, 0, 30)


async def test_a_fall_that_is_scheduled_is_known(desk):
    tier = (await card_of(desk, "M00013"))["tier"]
    assert (tier["star"], tier["until"]) == (3, "2026-12-17")
    assert (await card_of(desk, "M00013", on="2026-12-17"))["tier"]["star"] == 1


async def test_a_waiting_period_runs_from_the_day_of_entitlement(desk):
    for benefit in ("second-opinion", "proton-therapy"):
        refusal = (await quota_of(desk, "M00019", benefit))["refusal"]
        assert (refusal["code"], refusal["availableFrom"]) == ("WAITING_PERIOD", "2026-12-10")
        assert (await quota_of(desk, "M00019", benefit, on="2026-12-10"))["entitled"]


async def test_a_reinstatement_brings_no_new_allowance(desk):
    assert counts(await quota_of(desk, "M00009", "physical-exam")) == (1, 1, 0, 0)
    assert (await quota_of(desk, "M00009", "second-opinion"))["entitled"]
    assert not (await quota_of(desk, "M00009", "second-opinion", on="2026-11-11"))["entitled"]


async def test_an_appointment_from_before_a_lapse_is_still_held(desk):
    held = await quota_of(desk, "M00010", "outpatient-green-channel")
    assert (held["entitled"], held["held"]) == (False, 1)


async def test_service_years_of_29_february_begin_on_the_28th_where_it_is_missing(desk):
    activity = await desk.ask("activity.graphql", MEMBER, memberNo="M00020", first=100)
    assert activity["serviceYears"] == [
        {"number": 1, "start": "2024-02-29", "end": "2025-02-28"},
        {"number": 2, "start": "2025-02-28", "end": "2026-02-28"},
        {"number": 3, "start": "2026-02-28", "end": "2027-02-28"},
    ]
    card = await card_of(desk, "M00020", on="2028-02-29")
    assert card["serviceYear"] == {"number": 5, "start": "2028-02-29", "end": "2029-02-28"}


async def explained(
    desk: Desk, member_no: str, on: str = TODAY, known_at: str | None = None
) -> dict[str, Any]:
    asked = {"memberNo": member_no, "on": on, "knownAt": known_at, "from": "2026-01-01", "to": "2027-01-01"}
    return dict(await desk.ask("tier_explained.graphql", MEMBER, **asked))


async def test_every_reason_is_told_component_by_component(desk):
    found = Counter()
    for member_no in (
        "M00007",
        "M00008",
        "M00010",
        "M00011",
        "M00014",
        "M00016",
        "M00021",
        "M00022",
        "M00023",
    ):
        tier = (await explained(desk, member_no))["tier"]
        found.update(each["reason"] for each in tier["contributions"])
    assert set(found) == {
        "COUNTED", "COOLING_OFF", "CANCELLED", "LAPSED", "SURRENDERED", "VALIDITY_ENDED", "REDUCED_PAID_UP",
        "PREMIUM_WAIVED", "GROUP_POLICY", "UNDER_ONE_YEAR", "COMPONENT_ENDED", "TERMINATED",
    }  # fmt: skip


async def test_single_premiums_count_by_their_class_for_two_years(desk):
    answer = await explained(desk, "M00014")
    assert [
        (each["base"], each["coefficient"], each["amount"]) for each in answer["tier"]["contributions"]
    ] == [
        ("300000.00", "0.10", "0.00"),
        ("400000.00", "0.10", "40000.00"),
        ("500000.00", "0.03", "15000.00"),
        ("600000.00", "0.03", "18000.00"),
        ("1000000.00", "0.02", "20000.00"),
        ("500000.00", "0.02", "10000.00"),
    ]
    assert answer["tier"]["contributions"][5]["kind"] == "TOP_UP"
    assert [each["ratedPremium"] for each in answer["tierHistory"]] == ["73000.00", "93000.00", "103000.00"]
    components = answer["policies"][4]["components"]
    assert [
        (each["componentId"], each["mode"], each["premium"], each["startsOn"]) for each in components
    ] == [
        ("base", "SINGLE", "1000000.00", "2026-01-26"),
        ("topup-1", "SINGLE", "500000.00", "2026-05-06"),
    ]


async def test_a_premium_that_is_waived_or_paid_up_shows_its_status(desk):
    answer = await explained(desk, "M00016")
    assert {each["policyNo"]: each["status"] for each in answer["policies"]} == {
        "P0001601": "REDUCED_PAID_UP",
        "P0001602": "IN_FORCE",
        "P0001603": "PREMIUM_WAIVED",
    }
    assert [(each["star"], each["from"], each["to"]) for each in answer["tierHistory"]] == [
        (4, "2026-01-01", "2026-01-26"),
        (3, "2026-01-26", "2026-09-13"),
        (2, "2026-09-13", "2027-01-01"),
    ]


async def test_before_a_correction_arrived_something_else_was_believed(desk):
    on = "2026-10-13"
    assert (await explained(desk, "M00017", on))["tier"]["star"] == 2
    assert (await explained(desk, "M00017", on, "2026-10-13T12:00:00+08:00"))["tier"]["star"] == 3
    assert (await explained(desk, "M00017", on, "2026-10-23T12:00:00+08:00"))["tier"]["star"] == 2


async def test_a_gap_between_renewals_is_a_gap_in_the_star(desk):
    for on, star in (
        ("2025-08-13", 1),
        ("2025-08-14", 0),
        ("2026-05-05", 0),
        ("2026-05-06", 1),
        ("2027-05-06", 0),
    ):
        assert (await explained(desk, "M00015", on))["tier"]["star"] == star, on


async def test_a_service_year_that_ended_shows_what_expired_and_what_came_new(desk):
    last = await desk.ask("activity.graphql", MEMBER, memberNo="M00024", serviceYear=3, first=100)
    told = [each["node"] for each in last["entries"]["edges"]]
    of_minutes = [
        (each["kind"], each["units"]) for each in told if each["benefit"]["code"] == "legal-consultation"
    ]
    assert of_minutes == [("EXPIRE", 25), ("RELEASE", 25), ("REDEEM", 35), ("HOLD", 60), ("GRANT", 60)]
    assert [each["sequence"] for each in told] == sorted((each["sequence"] for each in told), reverse=True)
    now = await desk.ask("activity.graphql", MEMBER, memberNo="M00024", serviceYear=4, first=100)
    exams = [
        (each["node"]["kind"], (each["node"]["vendor"] or {}).get("code"))
        for each in now["entries"]["edges"]
        if each["node"]["benefit"]["code"] == "physical-exam"
    ]
    assert exams == [("REDEEM", "exam-1"), ("GRANT", None)]


async def test_activity_goes_page_by_page_and_names_the_family(desk):
    seen, after = [], None
    while True:
        page = await desk.ask("activity.graphql", MEMBER, memberNo="M00018", first=7, after=after)
        seen += [edge["node"] for edge in page["entries"]["edges"]]
        after = page["entries"]["pageInfo"]["endCursor"]
        if not page["entries"]["pageInfo"]["hasNextPage"]:
            break
    assert [each["sequence"] for each in seen] == list(range(len(seen), 0, -1))
    family = {
        (each["beneficiary"]["relation"], each["benefit"]["code"]) for each in seen if each["beneficiary"]
    }
    assert family == {
        ("CHILD", "dental-care"),
        ("PARENT", "physical-exam"),
        ("SPOUSE", "legal-consultation"),
        ("SPOUSE", "outpatient-green-channel"),
    }
    assert all(each["redemption"]["status"] == "REDEEMED" for each in seen if each["beneficiary"])


async def test_the_programme_is_the_printed_grid(desk):
    programme = await desk.ask("programme.graphql", MEMBER, on=TODAY)
    assert (programme["edition"], programme["effectiveTo"]) == ("zhenxuan-1", None)
    assert [(tier["star"], tier["from"], tier["to"]) for tier in programme["tiers"]] == [
        (1, "30000.00", "45000.00"),
        (2, "45000.00", "150000.00"),
        (3, "150000.00", "300000.00"),
        (4, "300000.00", "500000.00"),
        (5, "500000.00", None),
    ]
    benefits = {each["code"]: each for each in programme["benefits"]}
    assert len(benefits) == 19
    assert benefits["proton-therapy"]["waitingDays"] == 30
    assert benefits["critical-surgery-admission"]["options"] == ["surgery", "admission"]
    assert benefits["second-opinion"]["evidence"] == ["first-opinion"]
    assert [grade["star"] for grade in benefits["second-opinion"]["grid"] if grade["allowance"]] == [3, 4, 5]
    assert benefits["dental-care"]["channels"] == ["adviser"]
    assert programme["tiers"][0]["name"] == "一星臻选荟员"
    assert {each["code"] for each in programme["benefits"] if each["discrepancies"]} >= {
        "car-t",
        "second-opinion",
    }
    assert any(row["coefficient"] == "Y/10" for row in programme["coefficients"])


async def test_the_dashboard_reads_every_member_page_by_page(desk):
    stars, numbers, after = Counter(), [], None
    while True:
        page = await desk.ask("members.graphql", MEMBER, first=100, after=after)
        for edge in page["edges"]:
            numbers.append(edge["node"]["memberNo"])
            stars[edge["node"]["tier"]["star"]] += 1
            assert all(
                quota["remaining"] is None or quota["remaining"] >= 0 for quota in edge["node"]["quotas"]
            )
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert numbers == [f"M{number:05d}" for number in range(1, 301)]
    for star in range(6):
        page = await desk.ask("members.graphql", MEMBER, first=100, where={"star": {"eq": star}})
        assert len(page["edges"]) == min(stars[star], 100)
    codes = {quota["benefit"]["code"] for quota in page["edges"][0]["node"]["quotas"]}
    assert codes == {benefit.code for benefit in load_handbook().latest.benefits}


async def test_a_page_of_a_hundred_takes_as_many_statements_as_a_page_of_one(desk):
    taken = {}
    for first in (1, 100):
        async with counted(desk.reads) as seen:
            page = await desk.ask("members.graphql", MEMBER, first=first)
        assert len(page["edges"]) == first
        taken[first] = len(seen)
    assert taken[1] == taken[100] <= 6
