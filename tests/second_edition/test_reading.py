"""What members and partners read of six stars: tiers, quotas, filters, the programme itself."""

import pytest

from tests.schema.api import Api

PROGRAMME = """query ($on: Date!) { settings(on: $on) { immediateFamily } programme(on: $on) { edition
    settings { immediateFamily backdatingDays defaultHoldHours maxHoldHours maxUnitsPerRedemption }
    tiers { star name nameEn from to } benefits { code grid { star } } } }"""
CARD = """query ($memberNo: String!, $on: Date) { customer(memberNo: $memberNo) {
    tier(on: $on) { star name since until ratedPremium next { star name shortfall } }
    tierHistory(from: "2026-12-01", to: "2027-02-01") { star from to }
    quotas(on: $on) { benefit { code } variant entitled granted } } }"""


async def card(api: Api, member_no: str, on: str | None = None) -> dict:
    return (await api.data(CARD, memberNo=member_no, on=on))["customer"]


async def test_a_customer_has_six_stars_from_the_day_of_the_edition_that_has_them(api):
    history = (await card(api, "M6"))["tierHistory"]
    assert [(each["star"], each["from"]) for each in history[-2:]] == [(5, "2026-12-01"), (6, "2027-01-01")]
    before = (await card(api, "M6", "2026-12-31"))["tier"]
    assert (before["star"], before["until"], before["next"]) == (5, "2027-01-01", None)
    tier = (await card(api, "M6"))["tier"]
    assert tier == {
        "star": 6,
        "name": "六星臻选荟员",
        "since": "2027-01-01",
        "until": "2044-01-10",
        "ratedPremium": "1000000.00",
        "next": None,
    }


async def test_who_has_five_stars_is_told_what_is_missing_to_six(api):
    tier = (await card(api, "M5"))["tier"]
    assert (tier["star"], tier["next"]) == (5, {"star": 6, "name": "六星臻选荟员", "shortfall": "500000.00"})


async def test_quotas_are_those_of_the_edition_of_the_day(api):
    now = {each["benefit"]["code"]: each for each in (await card(api, "M6"))["quotas"]}
    then = {each["benefit"]["code"]: each for each in (await card(api, "M6", "2026-12-31"))["quotas"]}
    changed = ("legal-consultation", "medical-butler")
    assert [now[code]["granted"] for code in changed] == [120, 6]
    assert [then[code]["granted"] for code in changed] == [60, 3]
    assert now["physical-exam"]["variant"] == "高端体检"
    assert now["home-nursing"]["granted"] == 2
    assert set(now) ^ set(then) == {"home-nursing", "outpatient-escort"}


@pytest.mark.parametrize(
    ("star", "found"),
    [
        ({"gte": 6}, ["M6"]),
        ({"eq": 6}, ["M6"]),
        ({"in": [5, 6]}, ["M5", "M6"]),
        ({"lt": 6}, ["M5"]),
        ({"gt": 6}, []),
        ({"eq": 7}, []),
    ],
)
async def test_customers_are_filtered_by_any_star_that_an_edition_has(api, star, found):
    page = await api.data("members.graphql", first=10, where={"star": star})
    assert [edge["node"]["memberNo"] for edge in page["customers"]["edges"]] == found


async def test_the_programme_tells_the_numbers_of_its_edition(api):
    first = (await api.data(PROGRAMME, on="2026-12-31"))["programme"]
    second = (await api.data(PROGRAMME, on="2027-01-01"))["programme"]
    settings = (
        "backdatingDays",
        "defaultHoldHours",
        "maxHoldHours",
        "maxUnitsPerRedemption",
        "immediateFamily",
    )
    assert [first["settings"][name] for name in settings] == [
        31,
        72,
        2160,
        1000,
        ["SPOUSE", "PARENT", "CHILD"],
    ]
    assert [second["settings"][name] for name in settings] == [
        120,
        48,
        1000,
        600,
        ["SPOUSE", "PARENT", "CHILD", "GRANDPARENT"],
    ]
    assert (first["edition"], second["edition"]) == ("zhenxuan-1", "zhenxuan-2")
    assert second["tiers"][-1] == {
        "star": 6,
        "name": "六星臻选荟员",
        "nameEn": "Six-star select member",
        "from": "1000000.00",
        "to": None,
    }
    for programme, stars in ((first, 5), (second, 6)):
        assert len(programme["tiers"]) == stars
        for benefit in programme["benefits"]:
            assert [grade["star"] for grade in benefit["grid"]] == list(range(1, stars + 1))


async def test_the_days_of_cooling_off_are_those_of_the_edition_of_the_issue(api):
    counted_from = {"2026-12-31": "2027-01-16", "2027-01-01": "2027-01-12"}
    for number, (issued_on, expected) in enumerate(counted_from.items()):
        member_no = f"N{number}"
        given = {"memberNo": member_no, "effectiveOn": issued_on, "recordedAt": f"{issued_on}T09:00:00+08:00"}
        policy = {
            "policyNo": "P1",
            "line": "INDIVIDUAL",
            "coverage": "LONG",
            "category": "ANNUITY",
            "design": "TRADITIONAL",
            "mode": "ANNUAL",
            "premium": "1000000.00",
            "termYears": 10,
        }
        await api.record(
            {"eventId": f"{member_no}-0", "customerRegistered": {"name": "王五"}, **given},
            {"eventId": f"{member_no}-1", "policyIssued": policy, **given},
        )
        assert (await card(api, member_no))["tier"]["since"] == expected
