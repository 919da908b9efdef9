"""Every member whose data an answer shows is noted, for any field, and no other."""

import pytest
from graphql import GraphQLObjectType

from ledger.ids import opaque_id
from schema.disclosure import collecting, shown
from tests.schema.api import AUDITOR, FINANCE, SCHEMA, STAFF, VENDOR, Api, member

# The types that hold data of one member, each built in one place, which notes the member.
OF_A_MEMBER = {"Customer", "Entry", "Redemption", "StatementLine"}
# These name members too: the asker's own, and those whom the audit log is about.
OF_NOBODY_SHOWN = {"Viewer", "AuditEvent"}


def test_no_type_with_a_member_number_was_forgotten():
    with_number = {
        name
        for name, each in SCHEMA.core.type_map.items()
        if isinstance(each, GraphQLObjectType) and "memberNo" in each.fields
    }
    assert with_number == OF_A_MEMBER | OF_NOBODY_SHOWN


def test_without_a_collecting_block_nothing_is_noted():
    assert shown("M1") == "M1"
    with collecting() as outer:
        with collecting() as inner:
            shown("M2")
        shown("M3")
    assert (inner, outer) == ({"M2"}, {"M3"})


@pytest.fixture
async def furnished(api: Api) -> Api:
    """Besides M1 a member M2, of whom nobody asks, and a redemption of M1."""
    await api.record(*member("M2"))
    await api.redeem()
    return api


SHOWN = [
    (FINANCE, '{ customer(memberNo: "M1") { name } }', {"M1"}),
    (FINANCE, '{ customer(memberNo: "M9") { name } }', set()),
    (FINANCE, "{ customers(first: 1) { edges { node { id } } } }", {"M1"}),
    (FINANCE, "{ customers(first: 9) { edges { node { id } } } }", {"M1", "M2"}),
    (FINANCE, "{ customers(first: 9, where: {star: {eq: 1}}) { edges { node { id } } } }", set()),
    (VENDOR, '{ eligibility(memberNo: "M1", benefit: "physical-exam") { entitled } }', {"M1"}),
    (VENDOR, '{ eligibility(memberNo: "M9", benefit: "physical-exam") { entitled } }', set()),
    (VENDOR, "{ redemptions(first: 9) { edges { node { status } } } }", {"M1"}),
    (AUDITOR, '{ entries(first: 9, where: {memberNo: {eq: "M2"}}) { edges { node { kind } } } }', {"M2"}),
    (AUDITOR, f'{{ node(id: "{opaque_id("Customer", 2)}") {{ id }} }}', {"M2"}),
    (AUDITOR, f'{{ node(id: "{opaque_id("Entry", 1, 1)}") {{ id }} }}', {"M1"}),
    (STAFF, "{ vendors(first: 9) { edges { node { code } } } }", set()),
    (STAFF, "{ liability { value } }", set()),
    (STAFF, "{ viewer { role memberNo } }", set()),
]


async def test_whose_data_an_answer_shows_is_noted(furnished):
    noted = []
    for viewer, document, _ in SHOWN:
        with collecting() as members:
            await furnished.data(document, viewer)
        noted.append(members)
    assert noted == [expected for *_, expected in SHOWN]


async def test_a_forbidden_operation_notes_no_member(furnished):
    with collecting() as members:
        codes = await furnished.codes("{ entries(first: 9) { edges { node { kind } } } }", VENDOR)
    assert codes == ["FORBIDDEN"]
    assert not members


async def test_findings_of_a_statement_note_those_that_it_names(api, october):
    with collecting() as members:
        answer = await api.data(
            "{ statements(first: 9) { edges { node { findings(first: 50) { edges { node { line { units } "
            "redemption { units } } } } } } } }",
            FINANCE,
        )
    findings = answer["statements"]["edges"][0]["node"]["findings"]["edges"]
    assert findings
    assert "M1" in members
