"""An expected "no" as the API shows it. Read straight off `ledger.refusals`."""

from datetime import date

import strawberry

from ledger import refusals
from schema.context import Info
from schema.types.enums import RefusalCode


@strawberry.type(description='An expected "no": why, in words to show, and what would help.')
class Refusal:
    code: RefusalCode = strawberry.field(description="Why.")
    available_from: date | None = strawberry.field(
        description="First day on which the same request could succeed, as far as known today. "
        "Units that are only held may come back before."
    )
    required_star: int | None = strawberry.field(description="The lowest star that would do.")
    missing: list[str] = strawberry.field(description="What must come with the request.")
    differing: list[str] = strawberry.field(description="The fields that differ from what was sent before.")

    replayed: bool = strawberry.field(
        description="Whether its key had been answered before: this is that answer, whatever has changed since."
    )
    retry_after: int | None = strawberry.field(
        description="Seconds after which the same request, under the same key, may be answered otherwise (BUSY); null: "
        "sending it again as it is does not help."
    )

    @strawberry.field(description="In words, in Chinese or, with `Accept-Language: en`, in English.")
    @staticmethod
    def message(refusal: strawberry.Parent[refusals.Refusal], info: Info) -> str:
        return refusal.message(info.context.language)

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        """Whether a value of the ledger is one of these."""
        return isinstance(value, refusals.Refusal)
