"""Lines of the ledger. From `ledger.reports.pages`."""

from datetime import datetime

import strawberry

from handbook import benefits as values
from ledger.ids import opaque_id
from ledger.posting import redemptions
from ledger.reports.pages import EntryRow
from schema.context import Info
from schema.disclosure import shown
from schema.types.benefit import Benefit
from schema.types.catalogue import benefit_of
from schema.types.enums import EntryKind
from schema.types.node import Node
from schema.types.person import Beneficiary
from schema.types.policy import PolicyReference
from schema.types.redemption import Redemption, Vendor


@strawberry.type(description="One line of a customer's ledger. It never changes.")
class Entry(Node):
    sequence: int = strawberry.field(
        description="Its number in the customer's ledger: 1, 2, 3, … without a gap."
    )
    kind: EntryKind = strawberry.field(description="Its kind.")
    units: int | None = strawberry.field(
        description="How many, in the unit that the benefit counts; null: a grant without limit."
    )
    member_no: str = strawberry.field(description="The customer.")
    service_year: int = strawberry.field(description="The number of its service year.")
    star: int = strawberry.field(description="The star that it was judged by.")
    edition: str | None = strawberry.field(description="The edition of the handbook that it was judged by.")
    vendor: Vendor | None = strawberry.field(description="The vendor that acted; null: the programme itself.")
    redemption: Redemption | None = strawberry.field(description="Its redemption, as it is now.")
    policy: PolicyReference | None = strawberry.field(
        description="The policy, where the benefit is given per policy."
    )
    beneficiary: redemptions.Beneficiary | None = strawberry.field(
        graphql_type=Beneficiary | None, description="The relative that it was for; null: the customer."
    )
    option: str | None = strawberry.field(description="The chosen option, where the benefit has options.")
    reference: str | None = strawberry.field(description="The vendor's own reference.")
    occurred_at: datetime = strawberry.field(description="When it happened.")
    recorded_at: datetime = strawberry.field(
        description="When it was recorded, by the clock at that time; entries are ordered by `sequence`."
    )
    recorded_by: str | None = strawberry.field(
        description="The actor, or whose action made it due: the subject of the token, `cli` for the command "
        "line; null: not "
        "known. For staff."
    )
    benefit_code: strawberry.Private[str]

    @strawberry.field(description="The benefit.", graphql_type=Benefit)
    def benefit(self, info: Info) -> values.Benefit:
        return benefit_of(info.context.handbook, self.benefit_code, self.edition)

    @classmethod
    def of(cls, row: EntryRow) -> "Entry":
        """A row of the ledger as the API shows it."""
        return cls(
            id=strawberry.ID(opaque_id("Entry", row.customer_id, row.sequence)),
            sequence=row.sequence,
            kind=row.kind,
            units=row.units,
            member_no=shown(row.member_no),
            service_year=row.service_year,
            star=row.star,
            edition=row.edition,
            vendor=Vendor.of(row.vendor) if row.vendor is not None else None,
            redemption=Redemption.of(row.redemption) if row.redemption is not None else None,
            policy=PolicyReference.of(row.policy_no),
            beneficiary=row.beneficiary,
            option=row.option,
            reference=row.reference,
            occurred_at=row.occurred_at,
            recorded_at=row.recorded_at,
            recorded_by=row.recorded_by,
            benefit_code=row.benefit,
        )
