"""What finance asks: `usage` and `liability`, through the API."""

from decimal import Decimal
from typing import Any

import pytest

from tests.schema.api import AUDITOR, FINANCE, FRONTEND, STAFF, VENDOR, Api, furnish, member, serving

USAGE = """query ($from: Date!, $to: Date!, $by: [UsageGroup!], $where: UsageWhere) {
    usage(from: $from, to: $to, groupBy: $by, where: $where) {
        rows { vendor { code name } benefit { code } variant star day month
               redemptions units reversedUnits amount unpricedUnits }
        total { redemptions units reversedUnits amount unpricedUnits } } }"""
LIABILITY = """query ($on: Date) { liability(on: $on) { on value rows {
    benefit { code name } star variant unit per members allowance used held remaining unitPrice value } } }"""
NOTHING = {"vendor": None, "benefit": None, "variant": None, "star": None, "day": None, "month": None}


@pytest.fixture
async def api(database: Any, handbook: Any) -> Any:
    """Two vendors; M1 of four stars used an examination and had one call reversed, M5 has five stars."""
    async with serving(database, handbook) as serving_api:
        await furnish(serving_api)
        await serving_api.record(*member("M5", premium="500000.00"))
        await serving_api.redeem(occurredAt="2026-09-30T23:59:00+08:00")
        await serving_api.redeem(memberNo="M5", occurredAt="2026-10-01T00:00:00+08:00")
        call = await serving_api.redeem(benefit="legal-consultation", units=20)
        await serving_api.follow("Reverse", redemption=call["id"], reason="wrong member")
        yield serving_api


async def usage(api: Api, *by: str, **where: Any) -> dict[str, Any]:
    span = {"from": "2026-09-01", "to": "2026-11-01"}
    return dict((await api.data(USAGE, FINANCE, by=list(by), where=where or None, **span))["usage"])


async def test_usage_without_groups_is_one_row(api: Api) -> None:
    report = await usage(api)
    assert report["total"] == {
        "redemptions": 3,
        "units": 22,
        "reversedUnits": 20,
        "amount": "1360.00",
        "unpricedUnits": 0,
    }
    assert report["rows"] == [{**NOTHING, **report["total"]}]


async def test_usage_by_month_benefit_and_variant(api: Api) -> None:
    report = await usage(api, "MONTH", "BENEFIT", "VARIANT")
    assert [
        (row["month"], row["benefit"]["code"], row["variant"], row["units"], row["amount"])
        for row in report["rows"]
    ] == [
        ("2026-09", "physical-exam", "尊享体检", 1, "680.00"),
        ("2026-10", "legal-consultation", None, 20, "0.00"),
        ("2026-10", "physical-exam", "高端体检", 1, "680.00"),
    ]


async def test_usage_by_vendor_day_and_star_of_some(api: Api) -> None:
    report = await usage(
        api,
        "VENDOR",
        "DAY",
        "STAR",
        benefit={"eq": "physical-exam"},
        star={"gte": 5},
        vendor={"eq": "exam-1"},
    )
    (row,) = report["rows"]
    assert (row["vendor"], row["day"], row["star"]) == (
        {"code": "exam-1", "name": "供应商 exam-1"},
        "2026-10-01",
        5,
    )
    assert report["total"]["redemptions"] == 1
    nothing = await usage(api, "VENDOR", star={"eq": 1})
    assert (nothing["rows"], nothing["total"]["units"], nothing["total"]["amount"]) == ([], 0, "0.00")


async def test_a_span_of_usage_ends_after_it_begins_and_is_not_too_long_to_be_told(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    backwards = {"from": "2026-10-01", "to": "2026-09-30"}
    assert await api.codes(USAGE, FINANCE, **backwards) == ["BAD_USER_INPUT"]
    monkeypatch.setattr("schema.queries.usage.MOST_ROWS", 1)
    answer = await api.ask(USAGE, FINANCE, by=["DAY"], **{"from": "2026-01-01", "to": "2027-01-01"})
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]
    assert "fewer days" in answer["errors"][0]["message"]


async def test_the_liability_is_told_by_benefit_and_star_and_adds_up(api: Api) -> None:
    report = (await api.data(LIABILITY, FINANCE))["liability"]
    assert report["on"] == "2026-10-20"
    rows = {(row["benefit"]["code"], row["star"]): row for row in report["rows"]}
    exam = {"benefit": {"code": "physical-exam", "name": rows["physical-exam", 4]["benefit"]["name"]}}
    figures = {"unit": "TIMES", "per": "SERVICE_YEAR", "members": 1, "allowance": 1, "used": 1, "held": 0}
    left = {"remaining": 0, "unitPrice": "680.00", "value": "0.00"}
    assert rows["physical-exam", 4] == {**exam, "star": 4, "variant": "尊享体检", **figures, **left}
    legal = rows["legal-consultation", 4]
    assert (legal["unit"], legal["allowance"], legal["used"], legal["remaining"]) == ("MINUTES", 60, 0, 60)
    assert (legal["unitPrice"], legal["value"]) == ("3.50", "210.00")
    line = rows["vip-line", 5]
    assert (line["members"], line["per"], line["allowance"], line["remaining"], line["value"]) == (
        1,
        None,
        None,
        None,
        None,
    )
    assert rows["car-t", 4]["remaining"] == 1
    assert (rows["car-t", 4]["unitPrice"], rows["car-t", 4]["value"]) == (None, None)
    assert Decimal(report["value"]) == sum(Decimal(row["value"]) for row in report["rows"] if row["value"])


async def test_the_liability_of_another_day_is_that_days(api: Api) -> None:
    def exam(report: dict[str, Any]) -> tuple[int, int]:
        (row,) = (
            row for row in report["rows"] if (row["benefit"]["code"], row["star"]) == ("physical-exam", 4)
        )
        return row["used"], row["remaining"]

    for day, expected in (("2026-09-29", (0, 1)), ("2026-09-30", (1, 0)), ("2027-01-26", (0, 1))):
        assert exam((await api.data(LIABILITY, AUDITOR, on=day))["liability"]) == expected
    before = (await api.data(LIABILITY, STAFF, on="1980-01-01"))["liability"]
    assert (before["rows"], before["value"]) == ([], "0.00")


@pytest.mark.parametrize("viewer", [VENDOR, FRONTEND], ids=["vendor", "frontend"])
async def test_reports_over_everybody_are_for_staff(api: Api, viewer: Any) -> None:
    for document in ("{ liability { value } }", USAGE):
        span = {"from": "2026-01-01", "to": "2027-01-01"} if document == USAGE else {}
        assert await api.codes(document, viewer, **span) == ["FORBIDDEN"]
