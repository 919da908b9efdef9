"""What is the staff's alone: notes of finance, and who of the staff did something. No vendor comes to them."""

import json
import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

from graphql import GraphQLObjectType, get_named_type

from schema.context import Role, Viewer
from tests.schema.api import AUDITOR, FINANCE, SCHEMA, VENDOR, Api
from tests.schema.october import close, findings, line, resolve, submit, with_every_difference
from tests.schema.walking import below, may, reached

# Moments, the pass of the match, and people of the vendor.
NO_STAFF = {
    "ServiceLevelClock.respondBy",
    "ServiceLevelClock.arrangeBy",
    "Finding.matchedBy",
    "FindingReply.by",
}

NOTE, BY_MISTAKE = "只给财务看", "收错了的那份"
LI, WANG = replace(FINANCE, subject="finance-li"), replace(FINANCE, subject="finance-wang")
STAFFS_OWN = (NOTE, BY_MISTAKE, "finance-li", "finance-wang")

WITHDRAW = """mutation ($statement: ID!, $note: String!) { withdrawStatement(statement: $statement, note: $note) {
    ... on Statement { status } ... on Refusal { code message } } }"""


def test_no_field_that_a_vendor_may_use_is_a_note_or_names_who_did_something() -> None:
    suspect = re.compile(r"[nN]ote$|[cC]omment|[sS]ubject|[aA]ctor|^by$|By$|[pP]roposal")
    found = {
        f"{name}.{field}"
        for name in reached(Role.VENDOR)
        if isinstance(type_ := SCHEMA.core.type_map[name], GraphQLObjectType)
        for field in type_.fields
        if suspect.search(field) and may(Role.VENDOR, name, field)
    }
    assert found == NO_STAFF


async def everything(api: Api, viewer: Viewer, finding: str) -> str:
    """All that a viewer may ask of exam-1's month, as one text."""
    query = SCHEMA.core.type_map["Query"]
    assert isinstance(query, GraphQLObjectType)
    answers: list[Any] = []
    for way, given in (
        ("period", '(vendor: "exam-1", period: "2026-10")'),
        ("statements", '(first: 5, where: {vendor: {eq: "exam-1"}})'),
        ("settlement", '(vendor: "exam-1", period: "2026-10")'),
        ("settlements", '(first: 5, vendor: "exam-1")'),
    ):
        inner = below(viewer.role, get_named_type(query.fields[way].type))
        answers.append(await api.data(f"{{ {way}{given} {inner} }}", viewer))
    inner = below(viewer.role, SCHEMA.core.type_map["Finding"])
    answers.append(await api.data(f'{{ node(id: "{finding}") {{ ... on Finding {inner} }} }}', viewer))
    return json.dumps(answers, ensure_ascii=False)


async def test_no_answer_to_a_vendor_shows_a_note_or_a_name_of_finance(api: Api) -> None:
    """A month with decisions and a withdrawn statement, proposed to be closed by one person and closed by another."""
    statement = (await with_every_difference(api))["id"]
    mistaken = (await submit(api, line(1, 9, 1, "R6"), viewer=LI, number="S-2"))["id"]
    withdrawn = await api.data(WITHDRAW, LI, statement=mistaken, note=BY_MISTAKE)
    assert withdrawn["withdrawStatement"] == {"status": "WITHDRAWN"}
    for each in await findings(api, statement, where={"open": True}):
        exception = (
            {"action": "ACCEPT", "pay": "15.00"}
            if each["kind"] == "AMOUNT_DIFFERS"
            else {"action": "DISPUTE"}
        )
        assert (await resolve(api, each["id"], viewer=LI, **exception, note=NOTE))["__typename"] == "Finding"
    decided = (await findings(api, statement, where={"open": False}))[-1]["id"]

    api.four_eyes_above = Decimal("0.50")
    assert (await close(api, viewer=LI))["code"] == "FOUR_EYES"
    proposed = await everything(api, VENDOR, decided)
    assert "finance-li" in await everything(api, AUDITOR, decided)
    assert (await close(api, viewer=WANG))["__typename"] == "Settlement"
    told = await everything(api, AUDITOR, decided)
    assert [each for each in STAFFS_OWN if each not in told] == []
    told = proposed + await everything(api, VENDOR, decided)
    assert [each for each in STAFFS_OWN if each in told] == []
