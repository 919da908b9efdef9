"""What a benefit asks for. Read straight off `ledger.entitlement.requirements`."""

import strawberry

from ledger.entitlement import requirements
from schema.types.enums import Relation
from schema.types.labels import Hours, Label, Option


@strawberry.type(description="A kind of document that must come with a request.")
class RequiredEvidence:
    diagnosis: bool = strawberry.field(
        description="Whether the day of the diagnosis (`diagnosedOn`) must be told with it, because the illness must "
        "have begun after the waiting period."
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
    description="What must be told with a request for a benefit, and what must be true of it, by the same data as the "
    "rules of a redemption."
)
class Requirements:
    units: bool = strawberry.field(
        description="Whether `units` must be told: the benefit counts minutes. Else they are 1 when left out."
    )
    option: bool = strawberry.field(description="Whether an `option` must be chosen.")
    options: list[Option] = strawberry.field(description="The options to choose from; none: no choice.")
    policy: bool = strawberry.field(
        description="Whether the policy (`policyNo`) must be named with the request. A benefit with a wished number is "
        "told the policy that was issued when it is confirmed."
    )
    wished_number: bool = strawberry.field(
        description="Whether the number wished for must be told: the benefit is applied for before a policy."
    )
    facilities: list[Label] = strawberry.field(
        description="The places of which one (`facility`) must be named; none: no choice."
    )
    evidence: list[RequiredEvidence] = strawberry.field(description="The documents that must come with it.")
    relation: Relation | None = strawberry.field(
        description="What the `beneficiary` must be to the customer, for the option asked about; without one, for "
        "those of the options that are for one relation only: `options` tells which. Null: nothing of the kind."
    )
    hours: Hours | None = strawberry.field(
        description="In which hours it is delivered; around the clock is daily from 00:00 to 24:00. Null: nothing is "
        "printed."
    )
    waiting_days: int = strawberry.field(
        description="Days from the first day of the unbroken spell of entitlement until it may be used."
    )
