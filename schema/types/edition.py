"""Which editions of the handbook there are."""

from datetime import date

import strawberry

from handbook import Edition as HandbookEdition


@strawberry.type(description="An edition of the handbook, in force or waiting to be.")
class Edition:
    code: str = strawberry.field(description="Its code.")
    name: str = strawberry.field(description="Its name.")
    starts_on: date = strawberry.field(description="First day in force.")
    ends_on: date | None = strawberry.field(description="First day no longer in force; null: open.")
    active: bool = strawberry.field(
        description="Whether members are rated and served by it. Another text of an active code, which could take its "
        "place, is not active."
    )
    source: str = strawberry.field(description="What it was taken from: the print.")

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
