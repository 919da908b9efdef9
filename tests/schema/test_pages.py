"""A page of customers: what it selects is read for all of them at once, and answered as for each alone."""

from typing import Any

import pytest

from tests.schema.api import Api, member
from tests.schema.test_statements import counted

TIER = "tier { star ratedPremium since }"
QUOTAS = "quotas { benefit { code } entitled granted used held remaining resetsOn refusal { code message } }"


async def page(api: Api, fields: str, declared: str = "", fragment: str = "") -> list[dict[str, Any]]:
    """The nodes of a page."""
    found = await api.data(
        f"query {declared} {{ customers(first: 20) {{ edges {{ node {{ {fields} }} }} }} }} {fragment}"
    )
    return [edge["node"] for edge in found["customers"]["edges"]]


@pytest.fixture
async def members(api: Api) -> Api:
    """Some members, one of whom has used something."""
    await api.record(*[event for number in range(2, 6) for event in member(f"M{number}")])
    await api.redeem()
    return api


async def test_a_customer_has_the_same_answer_on_a_page_as_alone(members: Api) -> None:
    fields = f"memberNo {TIER} {QUOTAS} serviceYear {{ number start }} serviceYears {{ end }}"
    on_page = await page(members, fields)
    assert len(on_page) == 5
    for each in on_page:
        alone = await members.data(f'{{ customer(memberNo: "{each["memberNo"]}") {{ {fields} }} }}')
        assert alone["customer"] == each
    assert {quota["used"] for each in on_page for quota in each["quotas"]} == {0, 1}


@pytest.mark.parametrize(
    ("fields", "declared", "fragment"),
    [
        (f"{TIER} {QUOTAS}".replace(" {", "(on: $on) {", 1), "($on: Date)", ""),
        (f"{TIER} {QUOTAS}".replace("tier", "tier @include(if: $if)"), "($if: Boolean! = true)", ""),
        (f"... {{ ...Shown }} {QUOTAS}", "", f"fragment Shown on Customer {{ {TIER} }}"),
    ],
    ids=["argument", "condition", "fragment"],
)
async def test_arguments_conditions_and_fragments_change_nothing(
    members: Api, fields: str, declared: str, fragment: str
) -> None:
    assert await page(members, fields, declared, fragment) == await page(members, f"{TIER} {QUOTAS}")


@pytest.mark.parametrize(
    ("fields", "statements"),
    [
        ("memberNo", 1),
        ("tier { star }", 2),
        ("tier { star } quotas { used } serviceYear { number }", 2),
        ("...{ quotas { used } } a: tier { star }", 2),
        ("memberNo quotas @skip(if: true) { used }", 1),
        ("tier @include(if: true) { star }", 2),
    ],
)
async def test_what_is_not_asked_is_not_read(members: Api, fields: str, statements: int) -> None:
    async with counted(members.pool) as seen:
        assert len(await page(members, fields)) == 5
    assert len(seen) == statements
