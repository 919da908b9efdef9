"""Who may see and do what: every guarded field, for every role, and for nobody."""

import pytest
from graphql import GraphQLNonNull, GraphQLObjectType, get_named_type, is_leaf_type

from ledger.ids import opaque_id
from ledger.reconciliation.values import LineFindingId
from schema.context import Role, Viewer
from schema.permissions import GUARDED_FIELDS, GUARDED_TYPES, TABLE
from schema.work import WorkClass, class_of
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
from tests.schema.walking import LETTERS

VIEWERS = {
    Role.FRONTEND: FRONTEND,
    Role.VENDOR: VENDOR,
    Role.FINANCE: FINANCE,
    Role.OPERATIONS: STAFF,
    Role.AUDITOR: AUDITOR,
}

# What each role may ask and do, said a second time, in the words of the roles: not derived from the table it checks.
QUERIES = {
    "viewer": "FVNOA",
    "node": "FVNOA",
    "programme": "FNOA",
    "benefit": "FVNOA",
    "settings": "FVNOA",
    "editions": "OA",
    "editionDiff": "OA",
    "editionWhatIf": "OA",
    "customer": "FVNOA",
    "customers": "FNOA",
    "eligibility": "FVOA",
    "redemptions": "VNOA",
    "entries": "NOA",
    "vendor": "VNOA",
    "vendors": "NOA",
    "statement": "VNOA",
    "statements": "VNOA",
    "period": "VNOA",
    "settlement": "VNOA",
    "settlements": "VNOA",
    "usage": "NOA",
    "auditEvents": "A",
    "liability": "NOA",
}
MUTATIONS = {
    "redeem": "V",
    "redeemMany": "V",
    "hold": "V",
    "confirm": "V",
    "release": "V",
    "noShow": "V",
    "respond": "V",
    "arrange": "V",
    "reverse": "VN",
    "submitStatement": "VN",
    "withdrawStatement": "VN",
    "resolveFinding": "N",
    "resolveFindings": "N",
    "replyToFinding": "V",
    "reconcilePeriod": "N",
    "closePeriod": "N",
    "recordPolicyEvents": "O",
    "registerVendor": "O",
}
ADDRESSES = {
    "GET /exports/entries": "NOA",
    "GET /exports/findings": "VNOA",
    "GET /exports/settlement": "VNOA",
    "GET /metrics": "OA",
    "POST /statements": "VN",
}
VENDOR_SEES = {
    "Customer": {"id", "memberNo", "name", "tier", "serviceYear", "quotas", "relatives"},
    "Tier": {"star", "name", "nameEn"},
    "Relative": {"relativeId", "name", "relation"},
    "Vendor": {"code", "name", "benefits", "terms", "dateToleranceDays", "usage", "serviceLevels"},
}
STAFF_SEES = {
    "Entry": {"recordedBy"},
    "ContractTerm": {"recordedBy"},
    "Finding": {"related", "suggestion"},
    "Resolution": {"note", "by"},
    "Statement": {"submittedBy"},
    "Withdrawal": {"note", "by"},
    "Period": {"closeProposal"},
    "Settlement": {"closedBy", "approvedBy"},
}

PATHS = {
    "Query": ("query", "{field}"),
    "Mutation": ("mutation", "{field}"),
    "Customer": ("query", 'customer(memberNo: "M1") {{ {field} }}'),
    "Tier": ("query", 'customer(memberNo: "M1") {{ tier {{ {field} }} }}'),
    "Relative": ("query", 'customer(memberNo: "M1") {{ relatives(benefit: "physical-exam") {{ {field} }} }}'),
    "Vendor": ("query", "viewer {{ vendor {{ {field} }} }}"),
    "Entry": (
        "query",
        'customer(memberNo: "M1") {{ entries(first: 5) {{ edges {{ node {{ {field} }} }} }} }}',
    ),
    "Finding": (
        "query",
        f'node(id: "{LineFindingId(1, 1, 1).opaque}") {{{{ ... on Finding {{{{ {{field}} }}}} }}}}',
    ),
    "Resolution": (
        "query",
        f'node(id: "{LineFindingId(1, 1, 1).opaque}") {{{{ ... on Finding {{{{ history {{{{ {{field}} }}}} }}}} }}}}',
    ),
    "ContractTerm": ("query", "viewer {{ vendor {{ terms {{ {field} }} }} }}"),
    "Statement": ("query", "statements(first: 1) {{ edges {{ node {{ {field} }} }} }}"),
    "Withdrawal": ("query", "statements(first: 1) {{ edges {{ node {{ withdrawal {{ {field} }} }} }} }}"),
    "Period": ("query", 'period(vendor: "exam-1", period: "2026-10") {{ {field} }}'),
    "Settlement": ("query", 'settlements(first: 1, vendor: "exam-1") {{ edges {{ node {{ {field} }} }} }}'),
}
LITERALS = {
    "String": '"x"',
    "ID": '"x"',
    "Int": "1",
    "Date": '"2026-10-20"',
    "RedeemInput": '{memberNo: "M0", benefit: "b", idempotencyKey: "k"}',
    "ConfirmInput": '{redemption: "x", idempotencyKey: "k"}',
    "RespondInput": '{redemption: "x", idempotencyKey: "k"}',
    "ArrangeInput": '{redemption: "x", idempotencyKey: "k", appointmentAt: "2026-10-21T09:00:00+08:00"}',
    "CloseHoldInput": '{redemption: "x", idempotencyKey: "k"}',
    "StatementInput": '{vendor: "x", number: "x", period: "x", lines: []}',
    "ResolveInput": '{finding: "x", action: ACCEPT, note: "x"}',
    "ReplyInput": '{finding: "x", message: "x"}',
    "ReverseInput": '{redemption: "x", idempotencyKey: "k", reason: "r"}',
}


def document(type_name: str, field_name: str) -> str:
    """A document that uses one field, with what it needs."""
    named = SCHEMA.core.type_map[type_name]
    assert isinstance(named, GraphQLObjectType)
    field = named.fields[field_name]
    needed = []
    for name, argument in field.args.items():
        if isinstance(argument.type, GraphQLNonNull):
            inner = get_named_type(argument.type).name
            needed.append(f"{name}: {LITERALS.get(inner, '[]')}")
    if field_name in {"redeemMany", "recordPolicyEvents", "resolveFindings"}:
        needed = [f"{next(iter(field.args))}: []"]
    if field_name == "relatives":
        needed = ['benefit: "physical-exam"']  # without one, a vendor is refused whatever its role may
    text = field_name + (f"({', '.join(needed)})" if needed else "")
    if not is_leaf_type(get_named_type(field.type)):
        text += " { __typename }"
    operation, path = PATHS[type_name]
    return f"{operation} {{ {path.format(field=text)} }}"


def fields_of(type_name: str) -> list[str]:
    named = SCHEMA.core.type_map[type_name]
    assert isinstance(named, GraphQLObjectType)
    return list(named.fields)


EVERY_FIELD = [
    *((type_name, field) for type_name in GUARDED_TYPES for field in fields_of(type_name)),
    *(tuple(each.split(".")) for each in sorted(GUARDED_FIELDS)),
]


def allowed(type_name: str, field: str, role: Role) -> bool:
    if type_name in {"Query", "Mutation"}:
        letters = (QUERIES if type_name == "Query" else MUTATIONS)[field]
        return role in {LETTERS[letter] for letter in letters}
    if field in STAFF_SEES.get(type_name, ()):
        return role in {Role.FINANCE, Role.OPERATIONS, Role.AUDITOR}
    if role is Role.VENDOR:
        return field in VENDOR_SEES[type_name]
    return not (
        role is Role.FRONTEND
        and type_name == "Vendor"
        and field in {"terms", "dateToleranceDays", "usage", "serviceLevels"}
    )


def test_the_table_says_what_the_roles_promise() -> None:
    assert {key: set(roles) for key, roles in TABLE.items()} == {
        f"{type_name}.{field}": {role for role in Role if allowed(type_name, field, role)}
        for type_name, field in EVERY_FIELD
    } | {address: {LETTERS[letter] for letter in letters} for address, letters in ADDRESSES.items()}


@pytest.mark.parametrize("role", Role)
async def test_each_role_is_let_through_or_forbidden_field_by_field(api: Api, role: Role) -> None:
    wrong = []
    for type_name, field in EVERY_FIELD:
        codes = await api.codes(document(type_name, field), VIEWERS[role])
        may = allowed(type_name, field, role)
        # An answer that is let through may find the made-up ids and dates wrong, but never forbidden.
        if field in {"vendor", "period", "settlement", "submitStatement"} and role is Role.VENDOR:
            may = False  # the made-up code is another vendor's
        if ("FORBIDDEN" in codes) == may:
            wrong.append((type_name, field, codes))
    assert not wrong


async def test_without_a_token_nothing_is_answered(api: Api) -> None:
    for type_name, field in EVERY_FIELD:
        assert await api.codes(document(type_name, field), None) == ["UNAUTHENTICATED"]
    assert await api.codes("{ __schema { queryType { name } } }", None) == ["UNAUTHENTICATED"]
    assert await api.codes("{ nonsense", None) == ["UNAUTHENTICATED"]


async def test_a_forbidden_field_is_found_behind_fragments_and_nothing_runs(api: Api) -> None:
    text = """
        mutation { r: redeem(input: {memberNo: "M1", benefit: "physical-exam", idempotencyKey: "k"}) { ...R } }
        fragment R on RedemptionOutcome { ... on Redemption { vendor { ...V } } }
        fragment V on Vendor { ... on Vendor { prices: terms { unitPrice } } }
    """
    assert await api.codes(text, VENDOR) == []
    other = text.replace('"k"', '"k2"')
    assert await api.codes(other, FRONTEND) == ["FORBIDDEN", "FORBIDDEN"]
    answer = await api.ask(
        '{ customer(memberNo: "M1") { id ... { tier { star ...T } } } } fragment T on Tier { money: ratedPremium }',
        VENDOR,
    )
    assert answer["data"] is None
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]


async def test_a_bound_frontend_sees_its_own_member_only(api: Api) -> None:
    await api.record(*member("M2"))
    own = await api.data('{ customer(memberNo: "M1") { id name } viewer { memberNo } }', MEMBER_M1)
    assert own["customer"]["name"] == "张M1"
    assert own["viewer"] == {"memberNo": "M1"}
    other_id = (await api.data('{ customer(memberNo: "M2") { id } }'))["customer"]["id"]
    unknown_id = opaque_id("Customer", 10**9)
    for text in (
        '{ customer(memberNo: "M2") { name } }',
        '{ customer(memberNo: "M0") { name } }',
        "{ customers(first: 1) { edges { cursor } } }",
        '{ eligibility(memberNo: "M2", benefit: "physical-exam") { entitled } }',
        f'{{ node(id: "{other_id}") {{ id }} }}',
        f'{{ node(id: "{unknown_id}") {{ id }} }}',
        "{ entries(first: 1) { edges { cursor } } }",
        "{ redemptions(first: 1) { edges { cursor } } }",
        "{ vendors(first: 1) { edges { cursor } } }",
    ):
        assert await api.codes(text, MEMBER_M1) == ["FORBIDDEN"], text
    found = await api.data(
        f'{{ node(id: "{own["customer"]["id"]}") {{ ... on Customer {{ memberNo }} }} }}', MEMBER_M1
    )
    assert found["node"] == {"memberNo": "M1"}


async def test_a_vendor_sees_a_masked_name_and_the_quotas_of_its_contract(api: Api) -> None:
    fields = "name tier { star name } serviceYear { number } quotas { benefit { code } used }"
    text = f'{{ customer(memberNo: "M1") {{ {fields} }} }}'
    seen = (await api.data(text, OTHER_VENDOR))["customer"]
    assert seen["name"] == "张**"
    assert seen["quotas"] == [{"benefit": {"code": "dental-care"}, "used": 0}]
    unregistered = Viewer(role=Role.VENDOR, vendor="nobody")
    assert (await api.data(text, unregistered))["customer"]["quotas"] == []


async def test_a_vendor_reads_itself_and_its_own_redemptions_only(api: Api) -> None:
    held = await api.redeem(operation="Hold")
    customer_id = (await api.data('{ customer(memberNo: "M1") { id } }', VENDOR))["customer"]["id"]
    entry = (await api.data("{ entries(first: 1) { edges { node { id } } } }", FINANCE))["entries"]["edges"][
        0
    ]["node"]
    assert (await api.data(f'{{ node(id: "{held["id"]}") {{ id }} }}', VENDOR))["node"]["id"] == held["id"]
    for text in (
        f'{{ node(id: "{held["id"]}") {{ id }} }}',
        f'{{ node(id: "{opaque_id("Redemption", 1, 10**6)}") {{ id }} }}',
        f'{{ node(id: "{customer_id}") {{ id }} }}',
        f'{{ node(id: "{entry["id"]}") {{ id }} }}',
        '{ vendor(code: "exam-1") { name } }',
        '{ vendor(code: "unknown") { name } }',
        '{ redemptions(first: 1, where: {vendor: {eq: "exam-1"}}) { edges { cursor } } }',
    ):
        assert await api.codes(text, OTHER_VENDOR) == ["FORBIDDEN"], text
    assert (await api.data('{ vendor(code: "exam-1") { terms { unitPrice } } }', VENDOR))["vendor"]["terms"]


async def test_auditors_find_every_thing_by_its_id(api: Api) -> None:
    redemption = await api.redeem()
    edge = (await api.data("{ entries(first: 1) { edges { node { id sequence } } } }", AUDITOR))["entries"][
        "edges"
    ][0]
    customer = (await api.data('{ customer(memberNo: "M1") { id } }', AUDITOR))["customer"]
    text = """query ($id: ID!) { node(id: $id) { __typename id
        ... on Redemption { quota { used remaining } vendor { name } policy { policyNo } }
        ... on Entry { sequence kind }
        ... on Customer { relatives { relativeId relation } } } }"""
    assert (await api.data(text, AUDITOR, id=redemption["id"]))["node"] == {
        "__typename": "Redemption",
        "id": redemption["id"],
        "quota": {"used": 1, "remaining": 0},
        "vendor": {"name": "供应商 exam-1"},
        "policy": None,
    }
    assert (await api.data(text, AUDITOR, id=edge["node"]["id"]))["node"]["sequence"] == edge["node"][
        "sequence"
    ]
    relatives = (await api.data(text, AUDITOR, id=customer["id"]))["node"]["relatives"]
    assert relatives == [
        {"relativeId": "R1", "relation": "SPOUSE"},
        {"relativeId": "R2", "relation": "SIBLING"},
    ]
    assert (await api.data(text, AUDITOR, id=opaque_id("Entry", 1, 10**6)))["node"] is None


def test_every_mutation_is_of_a_class_of_work_that_writes() -> None:
    assert [
        each for each in fields_of("Mutation") if class_of(frozenset({f"Mutation.{each}"})) is WorkClass.READS
    ] == []
