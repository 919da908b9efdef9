"""Benefits as the handbook prints them. Read straight off `handbook.benefits`."""

from collections.abc import Sequence
from typing import Annotated

import strawberry

from handbook import benefits as values
from ledger.entitlement import requirements as entitlement
from ledger.entitlement.opening import hours_in_words
from ledger.entitlement.requirements import labelled
from schema.context import Info
from schema.errors import BadInputError
from schema.types.enums import Per, Unit
from schema.types.labels import Channel, Hours, Label, Option
from schema.types.print import Condition, Content, Discrepancy, Printed, Sentence, ServiceLevel, WishedNumber
from schema.types.requirements import Requirements


@strawberry.type(description="A part of the handbook's overview.")
class Section:
    code: str = strawberry.field(description="Its code.")
    name: str = strawberry.field(description="Its name as printed.")
    name_en: str = strawberry.field(description="Its name in English.")


@strawberry.type(description="An allowance without a limit. Its uses are recorded all the same.")
class Unlimited:
    unit: Unit = strawberry.field(description="What is counted.")

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        """Whether a value of the handbook is one of these."""
        return isinstance(value, values.Unlimited)


@strawberry.type(description="An allowance of so many units.")
class Counted:
    unit: Unit = strawberry.field(description="What is counted.")
    units: int = strawberry.field(description="How many.")
    per: Per = strawberry.field(description="The scope: they are given once for each.")

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        """Whether a value of the handbook is one of these."""
        return isinstance(value, values.Counted)


Allowance = Annotated[
    Unlimited | Counted, strawberry.union("Allowance", description="What a star gives of a benefit.")
]


@strawberry.type(description="What one star has of a benefit.")
class Grade:
    star: int = strawberry.field(description="From 1 on.")
    variant: str | None = strawberry.field(description="The name of the grade, where the benefit is graded.")
    variant_en: str | None = strawberry.field(description="Its name in English.")
    allowance: Allowance | None = strawberry.field(description="What the star gives; null: nothing.")


@strawberry.type(description="How a benefit is asked for through a channel.")
class Access:
    channel: values.Channel = strawberry.field(graphql_type=Channel, description="The channel.")
    path: str | None = strawberry.field(description="The path within the channel, as printed.")
    how: str | None = strawberry.field(description="What to do, as printed.")


@strawberry.type(description="One service of the programme. Grades of one service share one allowance.")
class Benefit:
    code: str = strawberry.field(description="Its code, for ever.")
    name: str = strawberry.field(description="Its name as printed.")
    name_en: str = strawberry.field(description="Its name in English.")
    section: Section = strawberry.field(description="Where the handbook prints it.")
    family_shared: bool = strawberry.field(
        description="Whether the customer's immediate family (`HandbookSettings.immediateFamily`) draws on the same "
        "allowance."
    )
    waiting_days: int = strawberry.field(
        description="Days from the first day of the unbroken entitlement until it may be used."
    )
    waiting_cite: list[str] = strawberry.field(
        description="The clause of the waiting period, piece by piece as printed; none: there is none."
    )
    illness_after_waiting: bool = strawberry.field(
        description="Whether the illness must be diagnosed after the waiting period."
    )
    options: list[str] = strawberry.field(
        description="The choices of which each use takes one; none: no choice."
    )
    evidence: list[str] = strawberry.field(description="Kinds of documents that a use must come with.")
    channels: list[str] = strawberry.field(description="The channels through which it is asked for.")
    minutes_per_call: int | None = strawberry.field(
        description="The maximum length of a call; shown, not checked. Null: not printed."
    )
    wished_number: WishedNumber | None = strawberry.field(
        description="The number that is applied for before a policy; null: the benefit has none."
    )
    conditions: list[Condition] = strawberry.field(description="The conditions, one by one.")
    content: Content = strawberry.field(description="What the service is.")
    advantages: list[Sentence] = strawberry.field(description="Its advantages, as printed 服务优势.")
    service_level: ServiceLevel | None = strawberry.field(description="Its service level.")
    grid: list[Grade] = strawberry.field(description="What each star has of it, lowest star first.")
    discrepancies: list[Discrepancy] = strawberry.field(description="Contradictions within the print.")
    printed: Printed = strawberry.field(description="The clauses that the grid rests on.")

    @strawberry.field(
        description="When it is served, in words of the request's language; null: nothing is printed."
    )
    @staticmethod
    def hours(benefit: strawberry.Parent[values.Benefit], info: Info) -> str | None:
        hours = benefit.hours
        return hours_in_words(hours).spoken(info.context.language) if hours is not None else None

    @strawberry.field(
        description="When it is served; around the clock is daily from 00:00 to 24:00. Null: not printed.",
        graphql_type=Hours | None,
    )
    @staticmethod
    def service_hours(benefit: strawberry.Parent[values.Benefit]) -> values.Hours | None:
        return benefit.hours

    @strawberry.field(
        description="The conditions as one text, in the request's language; null: there are none. `conditions` has "
        "them one by one."
    )
    @staticmethod
    def condition(benefit: strawberry.Parent[values.Benefit], info: Info) -> str | None:
        if info.context.language == "en":
            return "; ".join(each.text_en for each in benefit.conditions) or None
        return "；".join(each.text for each in benefit.conditions) or None

    @strawberry.field(description="The names of its options, in their order.", graphql_type=list[Option])
    @staticmethod
    def option_labels(benefit: strawberry.Parent[values.Benefit]) -> Sequence[values.Option]:
        return labelled(benefit.options, benefit.labels.options)

    @strawberry.field(
        description="The names of the kinds of documents that a use must come with.", graphql_type=list[Label]
    )
    @staticmethod
    def evidence_labels(benefit: strawberry.Parent[values.Benefit]) -> Sequence[values.Label]:
        return labelled(benefit.evidence, benefit.labels.evidence_kinds)

    @strawberry.field(
        description="The facilities of which each use takes one; none: no choice.", graphql_type=list[Label]
    )
    @staticmethod
    def facilities(benefit: strawberry.Parent[values.Benefit]) -> Sequence[values.Label]:
        return labelled(benefit.facilities, benefit.labels.facilities)

    @strawberry.field(description="How it is asked for, channel by channel.")
    @staticmethod
    def access(benefit: strawberry.Parent[values.Benefit]) -> list[Access]:
        channels = {each.code: each for each in benefit.labels.channels}
        return [
            Access(channel=channels[each.channel], path=each.path, how=each.how) for each in benefit.access
        ]

    @strawberry.field(
        description="What a request for it must contain. BAD_USER_INPUT for an option that it does not have.",
        graphql_type=Requirements,
    )
    @staticmethod
    def requires(
        benefit: strawberry.Parent[values.Benefit],
        option: Annotated[str | None, strawberry.argument(description="The option; absent: any.")] = None,
    ) -> entitlement.Requirements:
        if option is not None and option not in benefit.options:
            known = ", ".join(benefit.options) or "none"
            raise BadInputError(f"option: {benefit.code} has no option {option}; its options: {known}.")
        return entitlement.requirements(benefit, option)
