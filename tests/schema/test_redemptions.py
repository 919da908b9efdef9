"""A redemption is one object: the answer to a command equals a later read, field by field."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from handbook import Handbook
from schema.context import Role
from tests.schema.api import SCHEMA, VENDOR, Api, furnish, serving
from tests.schema.walking import below

TYPE = SCHEMA.core.type_map["Redemption"]
EVERYTHING = below(Role.VENDOR, TYPE)
READ = f"query ($id: ID!) {{ node(id: $id) {{ ... on Redemption {EVERYTHING} }} }}"
CHANGEOVER = date(2026, 10, 15)


@pytest.fixture
async def renamed(database: Any, handbook: Handbook) -> AsyncIterator[Api]:
    """The API where an edition that calls every benefit and grade otherwise is in force since the changeover."""
    first = handbook.latest
    benefits = tuple(
        replace(
            each,
            name=f"{each.name}新版",
            name_en=f"{each.name_en} anew",
            grid=tuple(
                replace(grade, variant_en=grade.variant_en and f"{grade.variant_en} anew")
                for grade in each.grid
            ),
        )
        for each in first.benefits
    )
    second = replace(first, code="next", effective_from=CHANGEOVER, benefits=benefits)
    async with serving(database, Handbook([replace(first, effective_to=CHANGEOVER), second])) as api:
        await furnish(api)
        yield api


async def answered(api: Api, mutation: str, **given: Any) -> dict[str, Any]:
    """A command's answer with everything in it; the same must be read of it afterwards, and at each retry."""
    kind = {"redeem": "Redeem", "hold": "Redeem", "release": "CloseHold", "noShow": "CloseHold"}.get(
        mutation, mutation.capitalize()
    )
    text = (
        f"mutation ($input: {kind}Input!) {{ {mutation}(input: $input) {{ ... on Redemption {EVERYTHING} "
        "... on Refusal { code message } } }"
    )
    given = {"idempotencyKey": mutation, **given}
    answer = dict((await api.data(text, VENDOR, input=given))[mutation])
    assert answer == (await api.data(READ, VENDOR, id=answer["id"]))["node"]
    again = (await api.data(text, VENDOR, input=given))[mutation]
    assert again == {**answer, "replayed": True}
    return answer


@pytest.mark.parametrize("day", ["2026-10-10", "2026-10-18"])
async def test_what_a_use_is_answered_with_is_what_is_read_of_it(renamed: Api, day: str) -> None:
    use = await answered(
        renamed,
        "redeem",
        memberNo="M1",
        benefit="physical-exam",
        beneficiary="R1",
        occurredAt=f"{day}T10:00:00+08:00",
        reference="EX-1",
    )
    new = date.fromisoformat(day) >= CHANGEOVER
    assert use["benefit"]["name"].endswith("新版") == new, "it is named by the edition that it was judged by"
    assert use["variantEn"].endswith(" anew") == new
    back = await answered(renamed, "reverse", redemption=use["id"], reason="误报")
    assert (back["status"], back["reason"]) == ("REVERSED", "误报")
    changed = {name for name in use if use[name] != back[name]}
    assert changed == {"status", "reason", "quota", "vendor"}, "of the vendor: what it delivered"


async def test_what_a_hold_is_answered_with_is_what_is_read_of_it_at_every_step(renamed: Api) -> None:
    async def hold(key: str) -> dict[str, Any]:
        return await answered(
            renamed,
            "hold",
            idempotencyKey=key,
            memberNo="M1",
            benefit="legal-consultation",
            units=3,
            occurredAt="2026-10-10T10:00:00+08:00",
        )

    booked = await hold("h1")
    assert not booked["benefit"]["name"].endswith("新版")
    done = await answered(renamed, "confirm", redemption=booked["id"], units=2)
    assert (done["status"], done["units"], done["benefit"]) == ("REDEEMED", 2, booked["benefit"])
    released = await answered(renamed, "release", redemption=(await hold("h2"))["id"], reason="改期")
    missed = await answered(renamed, "noShow", redemption=(await hold("h3"))["id"])
    assert [each["status"] for each in (released, missed)] == ["RELEASED", "NO_SHOW"]
