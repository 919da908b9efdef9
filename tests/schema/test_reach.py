"""What each role can read, of its own and of others' data: every type and entry point; and how persons are named."""

import json
import re
from itertools import product
from typing import Any

import pytest
from graphql import GraphQLObjectType, get_named_type

from ledger.ids import opaque_id
from schema.context import Role, Viewer
from schema.permissions import shown_name
from tests.schema.api import (
    AUDITOR,
    FINANCE,
    FRONTEND,
    MEMBER_M1,
    OTHER_VENDOR,
    SCHEMA,
    STAFF,
    VENDOR,
    Api,
    member,
)
from tests.schema.october import line, submit, with_every_difference
from tests.schema.walking import LETTERS, PEOPLE, below, may, reached

# Said a second time, in words, not derived from the table that it checks: which types which roles can come to.
REACHED = {
    "FVNOA": "Access Beneficiary Benefit Channel Condition Content Counted Customer Discrepancy Grade HandbookSettings "
    "Hours Label Milestone Mutation Option PageInfo PolicyReference Printed PrintedRow Query Quota QuotaCounts "
    "Redemption Refusal Relative RequiredEvidence Requirements Section Sentence ServiceLevel ServiceLevelClock "
    "ServiceYear SettingCite Tier Unlimited Vendor Viewer WishedNumber",
    "FNOA": "Coefficient Contact Contribution CustomerConnection CustomerEdge Entry EntryConnection EntryEdge NextTier "
    "Policy PolicyComponent Programme ProgrammeTier Reading TierPeriod WhatIf",
    "FVOA": "Eligibility",
    "VNOA": "BridgeStep ContractTerm Finding FindingConnection FindingCount FindingEdge FindingReply LineName Period "
    "RedemptionConnection RedemptionEdge Resolution ServiceLevelCounts ServiceLevelReport Settlement "
    "SettlementConnection SettlementEdge SettlementLine Statement StatementConnection StatementEdge "
    "StatementLine StatementTotal Total VendorUsage Withdrawal",
    "NOA": "CloseProposal LiabilityLine LiabilityReport RelatedItem SuggestedDecision UsageReport UsageRow UsageTotal "
    "VendorConnection VendorEdge",
    "OA": "Edition EditionBenefit EditionChange EditionMove EditionWhatIf",
    "O": "Recorded",
    "A": "AuditEvent AuditEventConnection AuditEventEdge",
}
VIEWERS = {"F": FRONTEND, "V": VENDOR, "N": FINANCE, "O": STAFF, "A": AUDITOR, "M": MEMBER_M1}

# The ways in that lead to somebody's things: how they are asked, of exam-1 and M1, then of dental-1 and M2.
WAYS: dict[str, tuple[str, str]] = {
    "customer": ('(memberNo: "M1")', '(memberNo: "M2")'),
    "eligibility": ('(memberNo: "M1", benefit: "dental-care")', '(memberNo: "M2", benefit: "dental-care")'),
    "redemptions": (
        '(first: 2, where: {vendor: {eq: "exam-1"}})',
        '(first: 2, where: {vendor: {eq: "dental-1"}})',
    ),
    "vendor": ('(code: "exam-1")', '(code: "dental-1")'),
    "statement": ('(id: "$statement-1")', '(id: "$statement-2")'),
    "statements": (
        '(first: 2, where: {vendor: {eq: "exam-1"}})',
        '(first: 2, where: {vendor: {eq: "dental-1"}})',
    ),
    "period": ('(vendor: "exam-1", period: "2026-10")', '(vendor: "dental-1", period: "2026-10")'),
    "settlement": ('(vendor: "exam-1", period: "2026-10")', '(vendor: "dental-1", period: "2026-10")'),
    "settlements": ('(first: 2, vendor: "exam-1")', '(first: 2, vendor: "dental-1")'),
    "entries": (
        '(first: 2, where: {vendor: {eq: "exam-1"}})',
        '(first: 2, where: {vendor: {eq: "dental-1"}})',
    ),
    "customers": ("(first: 2)", "(first: 2)"),
}
# Whoever may not use the field at all is left out. Of the others: who is refused what is another's, who even its own.
OTHERS_REFUSED = {
    "customer": "M",
    "eligibility": "M",
    "redemptions": "V",
    "vendor": "V",
    "statement": "V",
    "statements": "V",
    "period": "V",
    "settlement": "V",
    "settlements": "V",
    "entries": "",
    "customers": "M",
}
OWN_REFUSED = {"customers": "M"}
NODES = {
    # What kind of thing: who may have exam-1's of M1, and who dental-1's of M2.
    "Customer": ("FMNOA", "FNOA"),
    "Redemption": ("FMVNOA", "FNOA"),
    "Entry": ("FMNOA", "FNOA"),
    "Statement": ("VNOA", "NOA"),
    "Finding": ("VNOA", "NOA"),
}


@pytest.fixture
async def two(api: Api) -> tuple[Api, dict[str, str]]:
    """Two members, two vendors that have served one each and sent statements; the ids of all that."""
    await with_every_difference(api)
    await api.record(*member("M2"))
    redeemed = await api.redeem(
        OTHER_VENDOR, memberNo="M2", benefit="dental-care", option="adult-cleaning", idempotencyKey="M2"
    )
    await submit(api, line(1, 5, 1, memberNo="M2", benefit="dental-care"), vendor="dental-1", number="S-2")
    found = await api.data(
        """{ statements(first: 5) { edges { node { id vendor { code } findings(first: 1) { edges { node { id } } } } } }
             redemptions(first: 20) { edges { node { id memberNo } } }
             customers(first: 5) { edges { node { id memberNo } } } }""",
        AUDITOR,
    )
    ids = {"Redemption-2": redeemed["id"]}
    for edge in found["statements"]["edges"]:
        number = "1" if edge["node"]["vendor"]["code"] == "exam-1" else "2"
        ids[f"Statement-{number}"] = edge["node"]["id"]
        ids[f"Finding-{number}"] = edge["node"]["findings"]["edges"][0]["node"]["id"]
    for edge in found["customers"]["edges"]:
        ids[f"Customer-{edge['node']['memberNo'][1:]}"] = edge["node"]["id"]
    ids["Redemption-1"] = next(
        edge["node"]["id"] for edge in found["redemptions"]["edges"] if edge["node"]["memberNo"] == "M1"
    )
    for number in ("1", "2"):
        member_id = await api.pool.fetchval("select id from customers where member_no = $1", f"M{number}")
        ids[f"Entry-{number}"] = opaque_id("Entry", member_id, 1)
    return api, ids


def test_which_types_each_role_can_come_to() -> None:
    expected = {name: set(letters) for letters, names in REACHED.items() for name in names.split()}
    found: dict[str, set[str]] = {}
    for letter, role in LETTERS.items():
        for name in reached(role):
            found.setdefault(name, set()).add(letter)
    assert found == expected


def test_every_query_field_that_leads_to_owned_data_is_tried() -> None:
    """All other fields of the query name nobody, or are everybody's alike who may use them; `node` is tried below."""
    query = SCHEMA.core.type_map["Query"]
    assert isinstance(query, GraphQLObjectType)
    nobodys = {
        "viewer",
        "node",
        "programme",
        "benefit",
        "settings",
        "editions",
        "editionDiff",
        "editionWhatIf",
    }
    assert set(query.fields) - nobodys - {"usage", "liability", "vendors", "auditEvents"} == set(WAYS)


async def test_own_data_is_answered_in_full_and_others_data_refused(two):
    api, ids = two
    query = SCHEMA.core.type_map["Query"]
    wrong = []
    for (letter, viewer), (way, asked) in product(VIEWERS.items(), WAYS.items()):
        if not may(viewer.role, "Query", way):
            continue
        everything = below(viewer.role, get_named_type(query.fields[way].type))
        for text, refused in zip(asked, (OWN_REFUSED, OTHERS_REFUSED), strict=True):
            # Staff has no things of its own: all of the first vendor's and member's is enough to be asked in full.
            inner = "{ __typename }" if refused is OTHERS_REFUSED and letter in "NOA" else everything
            given = text.replace("$statement-1", ids["Statement-1"]).replace(
                "$statement-2", ids["Statement-2"]
            )
            answer = await api.ask(f"{{ {way}{given} {inner} }}", viewer)
            codes = {error["extensions"]["code"] for error in answer["errors"]}
            may_not = letter in refused.get(way, "")
            if codes != ({"FORBIDDEN"} if may_not else set()) or (
                may_not and (answer["data"] or {}).get(way)
            ):
                wrong.append((letter, way, given, answer["errors"][:1]))
    assert not wrong


async def test_node_finds_a_thing_only_for_viewers_who_may_see_it(two):
    api, ids = two
    for kind, (letter, viewer) in product(NODES, VIEWERS.items()):
        inner = below(viewer.role, SCHEMA.core.type_map[kind])
        for number, letters in zip(("1", "2"), NODES[kind], strict=True):
            text = f'{{ node(id: "{ids[f"{kind}-{number}"]}") {{ id ... on {kind} {inner} }} }}'
            answer = await api.ask(text, viewer)
            codes = {error["extensions"]["code"] for error in answer["errors"]}
            assert codes == (set() if letter in letters else {"FORBIDDEN"}), (kind, number, letter)
            assert bool((answer["data"] or {}).get("node")) == (letter in letters)


async def test_a_list_without_a_vendor_is_a_vendors_own(two):
    api, _ = two
    for way in ("redemptions", "statements"):
        text = f"{{ {way}(first: 50) {{ edges {{ node {{ vendor {{ code }} }} }} }} }}"
        for viewer in (VENDOR, OTHER_VENDOR):
            codes = {edge["node"]["vendor"]["code"] for edge in (await api.data(text, viewer))[way]["edges"]}
            assert codes == {viewer.vendor}


# --- names of people -----------------------------------------------------------------------------------------------

THINGS = {
    "Benefit",
    "Channel",
    "Contact",
    "Edition",
    "Label",
    "NextTier",
    "Option",
    "PrintedRow",
    "Programme",
    "ProgrammeTier",
    "RequiredEvidence",
    "Section",
    "Tier",
    "Vendor",
}


def test_every_type_with_a_name_is_known_to_be_a_persons_or_a_things() -> None:
    named = {
        name
        for name, type_ in SCHEMA.core.type_map.items()
        if isinstance(type_, GraphQLObjectType) and not name.startswith("__")
        if any(re.search(r"(^n|N)ame$", field) for field in type_.fields)
    }
    assert named == PEOPLE | THINGS


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("张三", "张**"),
        ("欧阳修竹", "欧**"),
        ("张", "张**"),
        ("A", "A**"),
        ("Maximilian von Hohenzollern", "M**"),
        (" Al", "A**"),
        ("", "**"),
        ("  ", "**"),
        ("𠮷野家", "𠮷**"),
        ("E\u0301va", "É**"),
    ],
)
def test_a_vendor_sees_the_first_character_and_not_how_long_a_name_is(name, shown):
    assert shown_name(VENDOR, name) == shown
    for viewer in (FRONTEND, FINANCE, STAFF, AUDITOR, MEMBER_M1, None):
        assert shown_name(viewer, name) == name


NAMES = ("张M1", "李四", "王五")


async def test_no_answer_to_a_vendor_names_a_person(two):
    """Everything that a vendor can ask of its own, its commands' answers too; who reads everything sees the names."""
    api, ids = two
    served = await api.redeem(beneficiary="R1", idempotencyKey="with R1")
    ids = {**ids, "Redemption-1": served["id"]}

    async def everything(viewer: Viewer) -> str:
        answers: list[Any] = []
        query = SCHEMA.core.type_map["Query"]
        for way, field in query.fields.items():
            if not may(viewer.role, "Query", way) or way not in {*WAYS, "viewer"}:
                continue  # what is printed names nobody
            given = WAYS[way][0].replace("$statement-1", ids["Statement-1"]) if way in WAYS else ""
            inner = below(viewer.role, get_named_type(field.type))
            answers.append(await api.data(f"{{ {way}{given} {inner} }}", viewer))
        for kind in ("Redemption", "Finding"):
            if viewer.role is not Role.FRONTEND or kind == "Redemption":
                inner = below(viewer.role, SCHEMA.core.type_map[kind])
                text = f'{{ node(id: "{ids[f"{kind}-1"]}") {{ ... on {kind} {inner} }} }}'
                answers.append(await api.data(text, viewer))
        return json.dumps(answers, ensure_ascii=False)

    seen = await everything(VENDOR)
    outcome = below(Role.VENDOR, SCHEMA.core.type_map["RedemptionOutcome"])
    for mutation, relative in (("redeem", "R1"), ("hold", "R1"), ("redeem", "R2"), ("hold", "R9")):
        given = (
            f'{{memberNo: "M1", benefit: "legal-consultation", units: 1, beneficiary: "{relative}", '
            f'idempotencyKey: "{mutation}-{relative}"}}'
        )
        answer = await api.data(f"mutation {{ {mutation}(input: {given}) {outcome} }}", VENDOR)
        seen += json.dumps(answer, ensure_ascii=False)
    assert not [name for name in NAMES if name in seen]
    assert "张**" in seen
    assert "李**" in seen
    for viewer in (FRONTEND, AUDITOR):
        told = await everything(viewer)
        assert "张M1" in told
        assert "李四" in told
