"""Vendors and their contracts: the past is never rewritten."""

import asyncio
from datetime import date
from typing import Any

import pytest

from ledger.reconciliation.periods import lock_month
from ledger.refusals import busy
from tests.reconciliation.month import close_by_hand
from tests.schema.api import FINANCE, STAFF, Api, member

TERMS = "query ($code: String!) { vendor(code: $code) { name terms { benefit { code } variant unitPrice from to } } }"


async def register(
    api: Api, *terms: tuple[str, str, str], code: str = "v", name: str = "V"
) -> dict[str, Any]:
    given = [{"benefit": benefit, "unitPrice": price, "from": start} for benefit, price, start in terms]
    return await api.ask(
        "record.graphql", STAFF, operation="RegisterVendor", code=code, name=name, terms=given
    )


async def terms_of(api: Api, code: str = "v") -> list[tuple[str, str, str, str | None]]:
    vendor = (await api.data(TERMS, FINANCE, code=code))["vendor"]
    return [
        (term["benefit"]["code"], term["unitPrice"], term["from"], term["to"]) for term in vendor["terms"]
    ]


async def test_a_vendor_is_registered_with_its_contract_and_again_without_effect(empty_api: Api) -> None:
    for _ in range(2):
        answer = await register(
            empty_api, ("physical-exam", "680.00", "2026-01-01"), ("dental-care", "0.00", "2027-01-01")
        )
        assert answer["data"]["registerVendor"] == {
            "code": "v",
            "name": "V",
            "benefits": [{"code": "physical-exam"}],
        }
    assert await terms_of(empty_api) == [
        ("physical-exam", "680.00", "2026-01-01", None),
        ("dental-care", "0.00", "2027-01-01", None),
    ]


async def test_a_later_price_ends_the_open_one_on_its_day(empty_api: Api) -> None:
    await register(empty_api, ("physical-exam", "680.00", "2026-01-01"))
    await register(empty_api, ("physical-exam", "700.00", "2027-01-01"), name="New name")
    expected = [
        ("physical-exam", "680.00", "2026-01-01", "2027-01-01"),
        ("physical-exam", "700.00", "2027-01-01", None),
    ]
    assert await terms_of(empty_api) == expected
    same_later = ("physical-exam", "700.00", "2027-06-01")
    for again in (("physical-exam", "680.00", "2026-01-01"), same_later):
        assert not (await register(empty_api, again))["errors"]
        assert await terms_of(empty_api) == expected
    assert (await empty_api.data(TERMS, FINANCE, code="v"))["vendor"]["name"] == "V"


async def test_a_contract_tells_its_prices_at_once(empty_api: Api) -> None:
    prices = [
        ("physical-exam", price, start)
        for price, start in (("680.00", "2026-01-01"), ("700.00", "2026-09-01"))
    ]
    expected = [
        ("physical-exam", "680.00", "2026-01-01", "2026-09-01"),
        ("physical-exam", "700.00", "2026-09-01", None),
    ]
    for given in (prices, prices[::-1], prices[:1], prices[1:]):
        assert not (await register(empty_api, *given))["errors"]
        assert await terms_of(empty_api) == expected
    later = [("physical-exam", "720.00", "2026-12-01"), ("physical-exam", "740.00", "2027-12-01")]
    assert not (await register(empty_api, *prices, *later))["errors"]
    assert [price for _, price, _, _ in await terms_of(empty_api)] == ["680.00", "700.00", "720.00", "740.00"]


async def test_a_contract_signed_late_holds_from_its_day_but_changes_no_delivery(api: Api) -> None:
    await api.redeem(occurredAt="2026-10-01T09:00:00+08:00")
    refused = await register(api, ("physical-exam", "700.00", "2026-10-01"), code="exam-1")
    assert [error["extensions"]["code"] for error in refused["errors"]] == ["BAD_USER_INPUT"]
    assert "2026-10-01" in refused["errors"][0]["message"]
    assert not (await register(api, ("physical-exam", "700.00", "2026-10-02"), code="exam-1"))["errors"]
    exams = [term for term in await terms_of(api, "exam-1") if term[0] == "physical-exam"]
    assert exams == [
        ("physical-exam", "680.00", "2026-01-01", "2026-10-02"),
        ("physical-exam", "700.00", "2026-10-02", None),
    ]


@pytest.mark.parametrize(
    ("term", "words"),
    [
        (("physical-exam", "700.00", "2026-01-01"), "重叠"),  # two open prices from one day
        (("yoga", "1.00", "2026-01-01"), "yoga"),
        (("dental-care", "-1.00", "2026-01-01"), "unitPrice"),
        (("dental-care", "1.005", "2026-01-01"), "unitPrice"),
        (("dental-care", "1000000000000", "2026-01-01"), "unitPrice"),
    ],
)
async def test_terms_that_cannot_be_are_refused_and_nothing_is_written(
    empty_api: Api, term: tuple[str, str, str], words: str
) -> None:
    await register(empty_api, ("physical-exam", "680.00", "2026-01-01"))
    answer = await register(empty_api, ("dental-care", "1.00", "2028-01-01"), term, name="Other")
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]
    assert words in answer["errors"][0]["message"]
    assert (await empty_api.data(TERMS, FINANCE, code="v"))["vendor"]["name"] == "V"
    assert await terms_of(empty_api) == [("physical-exam", "680.00", "2026-01-01", None)]


@pytest.mark.parametrize(
    ("code", "name"),
    [("", "V"), ("a b", "V"), ("x" * 65, "V"), ("供应商", "V"), ("v", ""), ("v", "x" * 201), ("v", "a\nb")],
)
async def test_codes_and_names_are_plain(empty_api: Api, code: str, name: str) -> None:
    answer = await register(empty_api, code=code, name=name)
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]
    assert (await empty_api.data("{ vendors(first: 1) { edges { cursor } } }", FINANCE))["vendors"][
        "edges"
    ] == []


async def test_an_end_comes_after_its_beginning_and_spans_do_not_overlap(empty_api: Api) -> None:
    term = {"benefit": "physical-exam", "unitPrice": "1.00", "from": "2026-01-01", "to": "2026-01-01"}
    for terms in (
        [term],
        [{**term, "to": "2026-03-01"}, {**term, "unitPrice": "2.00", "from": "2026-02-01", "to": None}],
    ):
        codes = await empty_api.codes(
            "record.graphql", STAFF, operation="RegisterVendor", code="v", name="V", terms=terms
        )
        assert codes == ["BAD_USER_INPUT"]
    apart = [{**term, "to": "2026-03-01"}, {**term, "from": "2026-03-01", "to": None}]
    for _ in range(2):
        await empty_api.data(
            "record.graphql", STAFF, operation="RegisterVendor", code="v", name="V", terms=apart
        )
    assert await terms_of(empty_api) == [
        ("physical-exam", "1.00", "2026-01-01", "2026-03-01"),
        ("physical-exam", "1.00", "2026-03-01", None),
    ]


async def test_the_same_vendor_registered_at_once_from_several_sides_is_registered_once(
    empty_api: Api,
) -> None:
    answers = await asyncio.gather(
        *(register(empty_api, ("physical-exam", "680.00", "2026-01-01")) for _ in range(8))
    )
    assert not [answer["errors"] for answer in answers if answer["errors"]]
    assert await terms_of(empty_api) == [("physical-exam", "680.00", "2026-01-01", None)]


async def test_vendors_are_listed_by_code_page_by_page(empty_api: Api) -> None:
    for code in ("b", "a", "c"):
        await register(empty_api, ("physical-exam", "680.00", "2026-01-01"), code=code)
    document = """query ($after: String) { vendors(first: 2, after: $after) {
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { node { code
        usage(from: "2026-01-01", to: "2027-01-01") { units } } } } }"""
    first = (await empty_api.data(document, FINANCE))["vendors"]
    assert [edge["node"]["code"] for edge in first["edges"]] == ["a", "b"]
    rest = (await empty_api.data(document, FINANCE, after=first["pageInfo"]["endCursor"]))["vendors"]
    assert [edge["node"]["code"] for edge in rest["edges"]] == ["c"]
    assert not rest["pageInfo"]["hasNextPage"]
    assert rest["pageInfo"]["hasPreviousPage"]


def priced(price: str, start: str, **more: str) -> dict[str, str]:
    return {"benefit": "physical-exam", "unitPrice": price, "from": start, **more}


async def told(api: Api, *terms: dict[str, str], code: str = "exam-1", **more: Any) -> dict[str, Any]:
    """Register terms as they are."""
    given = {"code": code, "name": "V", "terms": list(terms), **more}
    document = """mutation ($code: String!, $name: String!, $terms: [ContractTermInput!]!, $days: Int) {
        registerVendor(code: $code, name: $name, terms: $terms, dateToleranceDays: $days) { code } }"""
    return await api.ask(document, STAFF, **given)


async def usage_of(api: Api, code: str = "exam-1") -> list[tuple[str | None, str | None, int, str | None]]:
    document = """query ($code: String!) { vendor(code: $code) {
        usage(from: "2026-01-01", to: "2027-01-01") { variant unitPrice units amount } } }"""
    rows = (await api.data(document, FINANCE, code=code))["vendor"]["usage"]
    return [(row["variant"], row["unitPrice"], row["units"], row["amount"]) for row in rows]


async def test_a_variant_priced_apart_is_owed_at_its_own_price(api: Api) -> None:
    await api.record(*member("M5", premium="500000.00"))
    special = priced("1200.00", "2026-10-20", variant="高端体检")
    assert not (await told(api, special))["errors"]
    exams = [
        (term["variant"], term["unitPrice"])
        for term in (await api.data(TERMS, FINANCE, code="exam-1"))["vendor"]["terms"]
        if term["benefit"]["code"] == "physical-exam"
    ]
    assert exams == [(None, "680.00"), ("高端体检", "1200.00")]
    for number in ("M1", "M5"):
        assert (await api.redeem(memberNo=number))["__typename"] == "Redemption"
    assert await usage_of(api) == [(None, "680.00", 1, "680.00"), ("高端体检", "1200.00", 1, "1200.00")]


async def test_a_delivery_before_a_variant_was_priced_apart_keeps_its_price(api: Api) -> None:
    await api.redeem(occurredAt="2026-10-01T09:00:00+08:00")  # four stars: 尊享体检
    refused = await told(api, priced("900.00", "2026-09-01", variant="尊享体检"))
    assert [error["extensions"]["code"] for error in refused["errors"]] == ["BAD_USER_INPUT"]
    assert "2026-10-01" in refused["errors"][0]["message"]
    assert not (await told(api, priced("1200.00", "2026-09-01", variant="高端体检")))["errors"]
    assert await usage_of(api) == [(None, "680.00", 1, "680.00")]


async def test_what_was_delivered_today_keeps_its_price_too(api: Api) -> None:
    await api.redeem()  # a statement may name it already
    refused = await told(api, priced("900.00", "2026-10-20"))
    assert [error["extensions"]["code"] for error in refused["errors"]] == ["BAD_USER_INPUT"]
    assert "2026-10-20" in refused["errors"][0]["message"]
    assert not (await told(api, priced("900.00", "2026-10-21")))["errors"]
    assert await usage_of(api) == [(None, "680.00", 1, "680.00")]


async def test_a_variant_that_no_edition_has_is_refused(empty_api: Api) -> None:
    answer = await told(empty_api, priced("1.00", "2026-01-01", variant="豪华体检"), code="v")
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]
    assert "高端体检" in answer["errors"][0]["message"]


async def test_after_a_price_for_some_days_the_open_one_goes_on(api: Api) -> None:
    for _ in range(2):
        assert not (await told(api, priced("500.00", "2026-11-01", to="2026-12-01")))["errors"]
        exams = [term for term in await terms_of(api, "exam-1") if term[0] == "physical-exam"]
        assert exams == [
            ("physical-exam", "680.00", "2026-01-01", "2026-11-01"),
            ("physical-exam", "500.00", "2026-11-01", "2026-12-01"),
            ("physical-exam", "680.00", "2026-12-01", None),
        ]


async def test_no_price_begins_in_a_closed_month(api: Api) -> None:
    await api.pool.execute("insert into periods (vendor, month) values ('exam-1', '2026-09-01')")
    await close_by_hand(api.pool)
    before = await terms_of(api, "exam-1")
    for start in ("2026-09-15", "2026-08-01"):
        answer = await told(api, priced("700.00", start))
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]
        assert "2026-09" in answer["errors"][0]["message"]
    assert await terms_of(api, "exam-1") == before
    assert not (await told(api, priced("700.00", "2026-10-01")))["errors"]


async def test_a_price_waits_for_a_month_that_is_just_being_closed(api: Api, database: Any) -> None:
    async with database.pool.acquire() as closer, closer.transaction():
        await lock_month(closer, "exam-1", date(2026, 9, 1))
        waiting = asyncio.create_task(told(api, priced("700.00", "2026-09-15")))
        done, _ = await asyncio.wait([waiting], timeout=0.3)
        assert not done
        await close_by_hand(closer)
    assert "2026-09" in (await waiting)["errors"][0]["message"]


async def test_the_tolerance_of_days_is_three_until_it_is_told(empty_api: Api) -> None:
    async def tolerance() -> int:
        return int(await empty_api.pool.fetchval("select date_tolerance_days from vendors where code = 'v'"))

    for given, expected in (({}, 3), ({"days": 0}, 0), ({}, 0), ({"days": 31}, 31)):
        assert not (await told(empty_api, code="v", **given))["errors"]
        assert await tolerance() == expected
    for wrong in (-1, 32):
        answer = await told(empty_api, code="v", days=wrong)
        assert "dateToleranceDays" in answer["errors"][0]["message"]
    assert await tolerance() == 31


async def test_a_registration_that_waits_in_vain_is_an_error_that_says_to_try_again(api, monkeypatch):
    async def wait_in_vain(**_asked):
        return busy()

    monkeypatch.setattr("schema.mutations.register_vendor.register_vendor", wait_in_vain)
    document = 'mutation { registerVendor(code: "v", name: "v", terms: []) { code } }'
    answer = await api.ask(document, STAFF, language="en")
    (error,) = answer["errors"]
    assert error["extensions"] == {"code": "BUSY", "retryAfter": 2}
    assert "after 2 seconds" in error["message"]
