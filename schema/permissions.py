"""Who may see and do what: one table, checked in one place before anything runs.

A document with a field that the viewer's role may not see is refused as a whole with FORBIDDEN: an answer with fields
silently missing would be read as "there is nothing". Downloads and uploads by HTTP are in the same table, which `app`
uses (`may`). What depends on a value (whose customer, whose redemption) is checked by the functions at the end, which
the resolvers at the root call. `tests/schema/test_permissions.py` walks the table.
"""

from collections.abc import Container, Iterable, Mapping
from dataclasses import replace
from typing import TypeVar
from unicodedata import normalize

from graphql import GraphQLSchema

from ledger.refusals import Refusal, RefusalCode
from schema.context import Role, Viewer
from schema.errors import ForbiddenError

FRONTEND, VENDOR, FINANCE, OPERATIONS, AUDITOR = Role
EVERYBODY = frozenset(Role)
STAFF = frozenset({FINANCE, OPERATIONS, AUDITOR})
READERS = STAFF | {FRONTEND}
EDITORS = frozenset({OPERATIONS, AUDITOR})
"""Roles that may see an edition before it is in force."""

TABLE: Mapping[str, frozenset[Role]] = {
    "Query.viewer": EVERYBODY,
    "Query.node": EVERYBODY,  # what it finds is checked by its type, below
    "Query.programme": READERS,
    "Query.settings": EVERYBODY,  # what requests are judged by
    "Query.benefit": EVERYBODY,  # what is printed of it, and what it asks for
    "Query.editions": EDITORS,
    "Query.editionDiff": EDITORS,
    "Query.editionWhatIf": EDITORS,
    "Query.customer": EVERYBODY,
    "Query.customers": READERS,  # not a frontend that is bound to a member
    "Query.eligibility": frozenset({FRONTEND, VENDOR, OPERATIONS, AUDITOR}),
    "Query.redemptions": STAFF | {VENDOR},
    "Query.entries": STAFF,
    "Query.vendor": STAFF | {VENDOR},
    "Query.vendors": STAFF,
    "Query.statement": STAFF | {VENDOR},
    "Query.statements": STAFF | {VENDOR},
    "Query.period": STAFF | {VENDOR},
    "Query.settlement": STAFF | {VENDOR},
    "Query.settlements": STAFF | {VENDOR},
    "Query.usage": STAFF,
    "Query.auditEvents": frozenset({AUDITOR}),
    "Query.liability": STAFF,
    "Mutation.redeem": frozenset({VENDOR}),
    "Mutation.redeemMany": frozenset({VENDOR}),
    "Mutation.hold": frozenset({VENDOR}),
    "Mutation.confirm": frozenset({VENDOR}),
    "Mutation.release": frozenset({VENDOR}),
    "Mutation.noShow": frozenset({VENDOR}),
    "Mutation.respond": frozenset({VENDOR}),
    "Mutation.arrange": frozenset({VENDOR}),
    "Mutation.reverse": frozenset({VENDOR, FINANCE}),
    "Mutation.submitStatement": frozenset({FINANCE, VENDOR}),  # a vendor: for itself
    "Mutation.withdrawStatement": frozenset({FINANCE, VENDOR}),  # a vendor: its own
    "Mutation.resolveFinding": frozenset({FINANCE}),
    "Mutation.resolveFindings": frozenset({FINANCE}),
    "Mutation.replyToFinding": frozenset({VENDOR}),
    "Mutation.reconcilePeriod": frozenset({FINANCE}),
    "Mutation.closePeriod": frozenset({FINANCE}),
    "Mutation.recordPolicyEvents": frozenset({OPERATIONS}),
    "Mutation.registerVendor": frozenset({OPERATIONS}),
    "Customer.id": EVERYBODY,
    "Customer.memberNo": EVERYBODY,
    "Customer.name": EVERYBODY,  # masked for vendors
    "Customer.tier": EVERYBODY,
    "Customer.serviceYear": EVERYBODY,
    "Customer.quotas": EVERYBODY,  # vendors: of the benefits of their contract
    "Customer.tierHistory": READERS,
    "Customer.serviceYears": READERS,
    "Customer.entries": READERS,
    "Customer.policies": READERS,
    "Customer.relatives": EVERYBODY,  # vendors: whom they may serve for a benefit of their contract, masked
    "Customer.whatIf": READERS,  # of another edition: EDITORS
    "Tier.star": EVERYBODY,
    "Tier.name": EVERYBODY,
    "Tier.nameEn": EVERYBODY,
    "Tier.ratedPremium": READERS,
    "Tier.edition": READERS,
    "Tier.since": READERS,
    "Tier.until": READERS,
    "Tier.next": READERS,
    "Tier.contributions": READERS,
    "Relative.relativeId": EVERYBODY,
    "Relative.name": EVERYBODY,  # masked for vendors
    "Relative.relation": EVERYBODY,
    "Relative.registeredOn": READERS,
    "Vendor.code": EVERYBODY,
    "Vendor.name": EVERYBODY,
    "Vendor.benefits": EVERYBODY,
    "Vendor.terms": STAFF | {VENDOR},
    "Vendor.dateToleranceDays": STAFF | {VENDOR},
    "Vendor.usage": STAFF | {VENDOR},
    "Vendor.serviceLevels": STAFF | {VENDOR},
    "Entry.recordedBy": STAFF,
    "ContractTerm.recordedBy": STAFF,
    "Finding.related": STAFF,
    "Finding.suggestion": STAFF,
    "Resolution.note": STAFF,
    "Resolution.by": STAFF,
    "Statement.submittedBy": STAFF,
    "Withdrawal.note": STAFF,
    "Withdrawal.by": STAFF,
    "Period.closeProposal": STAFF,
    "Settlement.closedBy": STAFF,
    "Settlement.approvedBy": STAFF,
    "GET /exports/entries": STAFF,
    "GET /exports/findings": STAFF | {VENDOR},
    "GET /exports/settlement": STAFF | {VENDOR},
    "GET /metrics": frozenset({OPERATIONS, AUDITOR}),
    "POST /statements": frozenset({FINANCE, VENDOR}),  # a vendor: for itself
}
"""By "Type.field", or by method and address of HTTP. The fields of other types are as visible as what leads to them."""

GUARDED_TYPES = ("Query", "Mutation", "Customer", "Tier", "Relative", "Vendor")
GUARDED_FIELDS = frozenset(
    {
        "Entry.recordedBy",
        "ContractTerm.recordedBy",
        "Finding.related",
        "Finding.suggestion",
        "Resolution.note",
        "Resolution.by",
        "Statement.submittedBy",
        "Withdrawal.note",
        "Withdrawal.by",
        "Period.closeProposal",
        "Settlement.closedBy",
        "Settlement.approvedBy",
    }
)
"""Of types whose other fields are as visible as what leads to them.

What finance wrote for itself, and who of the staff did something, is the staff's alone, field by field: a vendor is
refused such a field also where a value of its own would stand in it. Files for vendors leave the same out
(`app.exports`).
"""

_Answer = TypeVar("_Answer")

_DENIED: Mapping[Role, frozenset[str]] = {
    role: frozenset(field for field, roles in TABLE.items() if role not in roles) for role in Role
}


def check_table(schema: GraphQLSchema) -> None:
    """Raise ValueError unless the table names exactly the guarded fields: none is open by oversight."""
    everything = {
        f"{name}.{field}" for name, kind in schema.type_map.items() for field in getattr(kind, "fields", {})
    }
    fields = {each for each in everything if each.partition(".")[0] in GUARDED_TYPES}
    fields |= GUARDED_FIELDS & everything
    named = {each for each in TABLE if "/" not in each}
    if fields != named:
        raise ValueError(f"permissions: the table and the schema differ in {sorted(fields ^ named)}")


def may(viewer: Viewer, request: str) -> bool:
    """Whether the viewer's role may use an address of HTTP, as the table names it: "GET /exports/entries"."""
    return viewer.role in TABLE[request]


def denied(viewer: Viewer, fields: frozenset[str]) -> list[ForbiddenError]:
    """An error for each of the fields ("Type.field") that the viewer's role may not see."""
    forbidden: Iterable[str] = sorted(fields & _DENIED[viewer.role])
    return [ForbiddenError(f"The role {viewer.role.value} may not use {field}.") for field in forbidden]


def check_customer(viewer: Viewer | None, member_no: str) -> None:
    """FORBIDDEN for a frontend that is bound to another member."""
    if viewer is not None and viewer.member is not None and viewer.member != member_no:
        raise ForbiddenError("This token is bound to another member.")


def check_editor(viewer: Viewer | None) -> None:
    """FORBIDDEN for roles that may not see an edition before it is in force."""
    if viewer is not None and viewer.role not in EDITORS:
        raise ForbiddenError(f"The role {viewer.role.value} may not ask about another edition.")


def check_unbound(viewer: Viewer | None) -> None:
    """FORBIDDEN for a frontend that is bound to a member: lists go over all customers."""
    if viewer is not None and viewer.member is not None:
        raise ForbiddenError("This token is bound to one member and may not list customers.")


def check_own_vendor(viewer: Viewer | None, code: str) -> None:
    """FORBIDDEN for a vendor that asks for another one."""
    if viewer is not None and viewer.role is VENDOR and viewer.vendor != code:
        raise ForbiddenError("A vendor may see itself only.")


def check_own(viewer: Viewer | None, vendor: str | None, things: str) -> None:
    """FORBIDDEN unless a vendor's own; another's and unknown (None) look the same: ids reveal nothing to a vendor."""
    if viewer is None or viewer.role not in STAFF | {VENDOR}:
        raise ForbiddenError(f"This role may not see {things}.")
    if viewer.role is VENDOR and (vendor is None or viewer.vendor != vendor):
        raise ForbiddenError(f"A vendor may see its own {things} only.")


def own_vendors(viewer: Viewer | None, asked: frozenset[str] | None) -> frozenset[str] | None:
    """The vendors that a list is about: those asked for; for a vendor only itself. FORBIDDEN for another one."""
    if viewer is None or viewer.role is not VENDOR:
        return asked
    own = acting_vendor(viewer)
    for code in asked or ():
        check_own_vendor(viewer, code)
    return frozenset({own}) if asked is None else asked


def is_vendor(viewer: Viewer | None) -> bool:
    """Whether a vendor asks."""
    return viewer is not None and viewer.role is VENDOR


def acting_vendor(viewer: Viewer | None) -> str:
    """The code of the vendor that acts; FORBIDDEN if the token names none."""
    if viewer is None or viewer.role is not VENDOR or not viewer.vendor:
        raise ForbiddenError("This token names no vendor to act for.")
    return viewer.vendor


def check_contracted(vendor: str, benefit: str | None, contracted: Container[str]) -> None:
    """FORBIDDEN for a vendor that asks for a member's relatives without a benefit of its contract."""
    if benefit is None:
        raise ForbiddenError(
            "A vendor may see relatives for a benefit of its contract only: name the `benefit`."
        )
    if benefit not in contracted:
        raise ForbiddenError(
            f"Vendor {vendor} has no contract for {benefit} today and may not see relatives for it."
        )


def shown_name(viewer: Viewer | None, name: str) -> str:
    """The name of a person as the viewer may see it: for vendors masked, enough to greet but not to look up.

    The mask is the first character and two stars, whatever the name's length: a name of one character looks like any
    other. Every field that shows a person's name takes it from here.
    """
    if not is_vendor(viewer):
        return name
    return f"{normalize('NFC', name.strip())[:1]}**"


def shown_refusal(viewer: Viewer | None, answer: _Answer) -> _Answer | Refusal:
    """A refusal as the viewer may see it: for a vendor without a member's registered relatives and their relation."""
    if not is_vendor(viewer) or not isinstance(answer, Refusal):
        return answer
    # A refusal stored before it named the edition's family is left as it was.
    if answer.code is not RefusalCode.BENEFICIARY_NOT_COVERED or "family_en" not in answer.facts:
        return answer
    facts = {name: fact for name, fact in answer.facts.items() if not name.startswith("relation")}
    return replace(answer, wording="vendor", facts=facts, available_from=None)
