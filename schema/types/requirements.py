"""What a benefit asks for. Read straight off `ledger.entitlement.requirements`."""

import strawberry

from ledger.entitlement import requirements
from schema.types.enums import Relation
from schema.types.labels import Hours, Label, Option


@strawberry.type(description="A kind of document that a request must have.")
class RequiredEvidence:
    diagnosis: bool = strawberry.field(
        description="Whether the day of the diagnosis (`diagnosedOn`) must be given with it, because the "
        "illness must have begun after the waiting period."
    )

    @strawberry.field(description="Its code: what `evidence.kind` of a request says.")
    @staticmethod
    def kind(evidence: strawberry.Parent[requirements.RequiredEvidence]) -> str:
        return evidence.label.code

    @strawberry.field(description="Its name in Chinese.")
    @staticmethod
    def name(evidence: strawberry.Parent[requirements.RequiredEvidence]) -> str:
        return evidence.label.name

    @strawberry.field(description="Its name in English.")
    @staticmethod
    def name_en(evidence: strawberry.Parent[requirements.RequiredEvidence]) -> str:
        return evidence.label.name_en


@strawberry.type(
    description="What a request for a benefit must contain, and the conditions on it, from the same data as the "
    "rules of a redemption."
)
class Requirements:
    units: bool = strawberry.field(
        description="Whether `units` are required: the benefit counts minutes. Otherwise the default is 1."
    )
    option: bool = strawberry.field(description="Whether an `option` must be chosen.")
    options: list[Option] = strawberry.field(description="The options to choose from; none: no choice.")
    policy: bool = strawberry.field(
        description="Whether the policy (`policyNo`) must be named with the request. With a wished number, the "
        "issued policy is named at the confirmation."
    )
    wished_number: bool = strawberry.field(
        description="Whether a wished number is required: the benefit is applied for before a policy."
    )
    facilities: list[Label] = strawberry.field(
        description="The facilities of which one (`facility`) must be named; none: no choice."
    )
    evidence: list[RequiredEvidence] = strawberry.field(description="The documents that it must have.")
    relation: Relation | None = strawberry.field(
        description="The relation that the `beneficiary` must have to the customer, for the option asked about; "
        "without one, for those options that are for one relation only, as `options` shows. Null: none."
    )
    hours: Hours | None = strawberry.field(
        description="The hours of delivery; around the clock is daily from 00:00 to 24:00. Null: not printed."
    )
    waiting_days: int = strawberry.field(
        description="Days from the first day of the unbroken entitlement until it may be used."
    )
