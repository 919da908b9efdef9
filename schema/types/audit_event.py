"""Who looked at whose data. From `ledger.auditing`."""

from datetime import datetime

import strawberry

from ledger import auditing
from schema.types.enums import Role


@strawberry.type(
    description="A member's data was shown to a vendor or to staff, or a file of many members'. It never changes."
)
class AuditEvent:
    at: datetime = strawberry.field(description="When, by the clock of the machine.")
    subject: str = strawberry.field(description="Who: the token's claim `sub`.")
    role: Role = strawberry.field(description="In which role.")
    vendor: str | None = strawberry.field(description="For which vendor: its code (role vendor).")
    token_id: str | None = strawberry.field(description="By which token: its claim `jti`.")
    operation: str | None = strawberry.field(
        description="In which operation of GraphQL, by its name, or which export; null: it had no name."
    )
    request_id: str | None = strawberry.field(
        description="In which request: the id in its answer's header X-Request-ID and in the log."
    )
    member_no: str | None = strawberry.field(
        description="Whose data; null: that of the many members in a file."
    )
    scope: str | None = strawberry.field(description="Of a file: what was asked for, as `name=value&…`.")

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
