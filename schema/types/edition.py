"""Which editions of the handbook there are."""

from datetime import date

import strawberry

from handbook import Edition as HandbookEdition


@strawberry.type(description="An edition of the handbook, in force or a candidate.")
class Edition:
    code: str = strawberry.field(description="Its code.")
    name: str = strawberry.field(description="Its name.")
    starts_on: date = strawberry.field(description="First day in force.")
    ends_on: date | None = strawberry.field(description="The day after the last in force; null: open.")
    active: bool = strawberry.field(
        description="Whether it is in force. A correction, with the code of an active edition, is not active."
    )
    source: str = strawberry.field(description="The printed source.")

    @classmethod
    def of(cls, edition: HandbookEdition, *, active: bool) -> "Edition":
        """An edition of the handbook, and whether it is in force."""
        return cls(
            code=edition.code,
            name=edition.name,
            starts_on=edition.effective_from,
            ends_on=edition.effective_to,
            active=active,
            source=edition.source,
        )
