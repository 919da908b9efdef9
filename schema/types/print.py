"""The printed text: clauses, conditions, contents, and its discrepancies. Read off `handbook.clauses`."""

from collections.abc import Sequence

import strawberry

from base.words import Words
from handbook import Page
from handbook import clauses as values
from schema.context import Info

PAGE_NAMES = {
    Page.CRITERIA: Words("客户评定标准", "Criteria"),
    Page.OVERVIEW: Words("服务概览", "Overview"),
    Page.DETAIL: Words("服务介绍", "Details"),
    Page.ADVANTAGES: Words("服务优势", "Advantages"),
}
"""The names of the parts of the print."""


@strawberry.type(description="The service level that the insurer promises.")
class ServiceLevel:
    respond_within_working_days: int | None = strawberry.field(
        description="Answered within, in working days."
    )
    arrange_within_working_days: int | None = strawberry.field(
        description="Arranged within, in working days."
    )
    arrange_within_days: int | None = strawberry.field(
        description="Arranged within, in calendar days; promised instead of working days, never both."
    )
    cite: list[str] = strawberry.field(description="The clauses, as printed.")


@strawberry.type(description="Printed clauses that differ, and how they are read: in the customer's favour.")
class Discrepancy:
    governs: str = strawberry.field(
        description="Which of them governs: criteria, overview, detail or advantages."
    )
    read_as: str = strawberry.field(description="How they are therefore read.")
    read_as_en: str = strawberry.field(description="The same in English.")
    cells: list[int] = strawberry.field(
        description="The stars whose cell of the grid is in dispute; empty: none."
    )

    @strawberry.field(
        description="The clauses as printed, each after the part of the print that it stands in, which is named in the "
        "request's language."
    )
    @staticmethod
    def clauses(discrepancy: strawberry.Parent[values.Discrepancy], info: Info) -> list[str]:
        clauses, language = discrepancy.clauses, info.context.language
        colon = Words("：", ": ").spoken(language)
        return [f"{PAGE_NAMES[each.page].spoken(language)}{colon}{each.says}" for each in clauses]


@strawberry.type(description="A condition of a benefit.")
class Condition:
    text: str = strawberry.field(description="In Chinese.")
    text_en: str = strawberry.field(description="In English.")
    checked: bool = strawberry.field(
        description="Whether a use that does not meet it is refused; otherwise people must follow it."
    )
    cite: list[str] = strawberry.field(description="The clause, piece by piece as printed.")


@strawberry.type(description="What a service is.")
class Content:
    text: list[str] = strawberry.field(description="As printed, paragraph by paragraph.")
    text_en: str = strawberry.field(description="In English.")


@strawberry.type(description="A number that is applied for before a policy is taken out.")
class WishedNumber:
    length: int = strawberry.field(description="How many digits and letters it has.")
    working_days_before: int = strawberry.field(
        description="How many working days at least lie between the application and the policy's issue."
    )
    cite: list[str] = strawberry.field(description="The clauses, as printed.")


@strawberry.type(description="A row of the printed overview.")
class PrintedRow:
    name: str = strawberry.field(description="Its name.")
    cells: list[str] = strawberry.field(description="Its cells, one for each star, lowest star first.")


@strawberry.type(description="The clauses that a benefit's grid rests on, word for word.")
class Printed:
    entitled: str = strawberry.field(description="Who is entitled 服务对象.")
    frequency: str = strawberry.field(description="How often 服务频次.")

    @strawberry.field(
        description="Its rows of the overview: one for each grade of the service.",
        graphql_type=list[PrintedRow],
    )
    @staticmethod
    def overview(printed: strawberry.Parent[values.Printed]) -> Sequence[values.PrintedRow]:
        return printed.rows


@strawberry.type(description="A question that the print leaves open, and how this edition is read.")
class Reading:
    question: str = strawberry.field(description="The question.")
    question_en: str = strawberry.field(description="The question in English.")
    reading: str = strawberry.field(description="How it is read.")
    reading_en: str = strawberry.field(description="The same in English.")


@strawberry.type(description="A sentence of the print.")
class Sentence:
    text: str = strawberry.field(description="As printed.")
    text_en: str = strawberry.field(description="In English.")
