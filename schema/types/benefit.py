"""Benefits as the handbook prints them. Read straight off `handbook.values`."""

from typing import Annotated, Any

import strawberry

from handbook import values as handbook_values
from schema.types.enums import Per, Unit


@strawberry.type(description="A part of the handbook's overview.")
class Section:
    code: str = strawberry.field(description="Its code.")
    name: str = strawberry.field(description="Its name as printed.")
    name_en: str = strawberry.field(description="Its name in English.")


@strawberry.type(description="An allowance without a limit. Its uses are recorded all the same.")
class Unlimited:
    unit: Unit = strawberry.field(description="What is counted.")

    @classmethod
    def is_type_of(cls, value: Any, _info: Any) -> bool:
        """Whether a value of the handbook is one of these."""
        return isinstance(value, handbook_values.Unlimited)


@strawberry.type(description="An allowance of so many units.")
class Counted:
    unit: Unit = strawberry.field(description="What is counted.")
    units: int = strawberry.field(description="How many.")
    per: Per = strawberry.field(description="What they are given once for.")

    @classmethod
    def is_type_of(cls, value: Any, _info: Any) -> bool:
        """Whether a value of the handbook is one of these."""
        return isinstance(value, handbook_values.Counted)


Allowance = Annotated[
    Unlimited | Counted, strawberry.union("Allowance", description="What a star gives of a benefit.")
]


@strawberry.type(description="What one star has of a benefit.")
class Grade:
    star: int = strawberry.field(description="From 1 on.")
    variant: str | None = strawberry.field(description="The name of the grade, where the benefit is graded.")
    allowance: Allowance | None = strawberry.field(description="What the star gives; null: nothing.")


@strawberry.type(description="What the insurer promises on how fast a request is served, in working days.")
class ServiceLevel:
    respond_within_working_days: int | None = strawberry.field(description="Answered within.")
    arrange_within_working_days: int | None = strawberry.field(description="Arranged within.")


@strawberry.type(description="Printed clauses that differ, and how they are read: in the customer's favour.")
class Discrepancy:
    clauses: list[str] = strawberry.field(description="The clauses, as printed.")
    governs: str = strawberry.field(description="Which of them governs.")
    read_as: str = strawberry.field(description="How they are therefore read.")


@strawberry.type(description="One service of the programme. Grades of one service share one allowance.")
class Benefit:
    code: str = strawberry.field(description="Its code, for ever.")
    name: str = strawberry.field(description="Its name as printed.")
    name_en: str = strawberry.field(description="Its name in English.")
    section: Section = strawberry.field(description="Where the handbook prints it.")
    family_shared: bool = strawberry.field(
        description="Whether the customer's immediate family (`Programme.immediateFamily`) draws on the same allowance."
    )
    waiting_days: int = strawberry.field(
        description="Days from the first day of the unbroken spell of entitlement until it may be used."
    )
    options: list[str] = strawberry.field(
        description="The choices of which each use takes one; none: no choice."
    )
    evidence: list[str] = strawberry.field(description="Kinds of documents that a use must come with.")
    channels: list[str] = strawberry.field(description="Where it is asked for.")
    hours: str | None = strawberry.field(description="When it is served.")
    condition: str | None = strawberry.field(description="The conditions printed.")
    service_level: ServiceLevel | None = strawberry.field(description="How fast it is served.")
    grid: list[Grade] = strawberry.field(description="What each star has of it, lowest star first.")
    discrepancies: list[Discrepancy] = strawberry.field(description="Where the print disagrees with itself.")
