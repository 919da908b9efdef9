"""Names of the codes that benefits refer to, and when something is served. Read straight off `handbook.benefits`."""

from datetime import time

import strawberry

from handbook import benefits as values
from schema.types.enums import Days, Relation


@strawberry.type(description="When something is served, in Asia/Shanghai time.")
class Hours:
    days: Days = strawberry.field(description="The days.")
    cite: list[str] = strawberry.field(description="The clause, piece by piece as printed.")

    @strawberry.field(name="from", description='From this time on, like "09:00".')
    @staticmethod
    def opens(hours: strawberry.Parent[values.Hours]) -> str:
        return _clock(hours.from_)

    @strawberry.field(name="to", description='Until before this time, like "18:00"; midnight is "24:00".')
    @staticmethod
    def closes(hours: strawberry.Parent[values.Hours]) -> str:
        return _clock(hours.to)


def _clock(moment: time | None) -> str:
    return f"{moment:%H:%M}" if moment is not None else "24:00"


@strawberry.type(description="The name of a code that benefits refer to.")
class Label:
    code: str = strawberry.field(description="The code.")
    name: str = strawberry.field(description="Its name in Chinese.")
    name_en: str = strawberry.field(description="Its name in English.")


@strawberry.type(description="A choice within a benefit.")
class Option:
    code: str = strawberry.field(description="Its code.")
    name: str = strawberry.field(description="Its name as printed.")
    name_en: str = strawberry.field(description="Its name in English.")
    relation: Relation | None = strawberry.field(
        description="The required relation of the beneficiary to the customer; null: the option is for "
        "everybody that the benefit is for."
    )
    cite: list[str] = strawberry.field(
        description="The clause that says for whom it is, piece by piece as printed; none without a relation."
    )


@strawberry.type(description="A way to ask for a benefit.")
class Channel:
    code: str = strawberry.field(description="Its code.")
    name: str = strawberry.field(description="Its name in Chinese.")
    name_en: str = strawberry.field(description="Its name in English.")
    number: str | None = strawberry.field(description="The telephone number; null: it is not a telephone.")
    hours: Hours | None = strawberry.field(description="When it is answered; null: nothing is printed.")


@strawberry.type(description="A telephone number for questions.")
class Contact:
    name: str = strawberry.field(description="Its owner, as printed.")
    name_en: str = strawberry.field(description="Its owner, in English.")
    number: str = strawberry.field(description="The number.")
    hours: Hours = strawberry.field(description="When it is answered.")
