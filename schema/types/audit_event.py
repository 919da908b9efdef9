"""Who looked at whose data. From `ledger.auditing`."""

from datetime import datetime

import strawberry

from ledger import auditing
from schema.types.enums import Role


@strawberry.type(
    description="A member's data was shown to a vendor or to staff, or a file of many members'. It never changes."
)
class AuditEvent:
    at: datetime = strawberry.field(description="The moment, by the clock of the machine.")
    subject: str = strawberry.field(description="The token's claim `sub`.")
    role: Role = strawberry.field(description="The role of the token.")
    vendor: str | None = strawberry.field(description="The code of the vendor (role vendor).")
    token_id: str | None = strawberry.field(description="The token's claim `jti`.")
    operation: str | None = strawberry.field(
        description="The name of the GraphQL operation, or the export; null: the operation had no name."
    )
    request_id: str | None = strawberry.field(
        description="The id of the request, as in its header X-Request-ID and in the log."
    )
    member_no: str | None = strawberry.field(
        description="The member whose data was shown; null: many members in a file."
    )
    scope: str | None = strawberry.field(
        description="For a file: the parameters of the request, as `name=value&…`."
    )

    @classmethod
    def of(cls, event: auditing.AuditEvent) -> "AuditEvent":
        """The event as the API shows it."""
        return cls(
            at=event.at,
            subject=event.subject,
            role=Role(event.role),
            vendor=event.vendor,
            token_id=event.token_id,
            operation=event.operation,
            request_id=event.request_id,
            member_no=event.member_no,
            scope=event.scope,
        )
