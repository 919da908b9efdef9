"""An expected "no" as the API shows it. Read straight off `ledger.refusals`."""

from datetime import date

import strawberry

from ledger import refusals
from schema.context import Info
from schema.types.enums import RefusalCode


@strawberry.type(description='An expected "no": why, in words to show, and what would help.')
class Refusal:
    code: RefusalCode = strawberry.field(description="The code to act on.")
    available_from: date | None = strawberry.field(
        description="First day on which the same request could succeed, as far as known today. "
        "Held units may become available earlier."
    )
    required_star: int | None = strawberry.field(description="The lowest star that would suffice.")
    missing: list[str] = strawberry.field(description="What the request lacks.")
    differing: list[str] = strawberry.field(description="The fields that differ from what was sent before.")

    replayed: bool = strawberry.field(
        description="Whether this is the stored answer of an earlier request with the same key."
    )
    retry_after: int | None = strawberry.field(
        description="Seconds after which to retry under the same key (BUSY); null: a retry does not help."
    )

    @strawberry.field(description="The message, in Chinese or, with `Accept-Language: en`, in English.")
    @staticmethod
    def message(refusal: strawberry.Parent[refusals.Refusal], info: Info) -> str:
        return refusal.message(info.context.language)

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        """Whether a value of the ledger is one of these."""
        return isinstance(value, refusals.Refusal)
