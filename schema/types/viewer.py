"""The viewer."""

import strawberry

from schema.types.enums import Role
from schema.types.redemption import Vendor


@strawberry.type(description="The viewer, from the token.")
class Viewer:
    role: Role = strawberry.field(description="The role of the token.")
    vendor: Vendor | None = strawberry.field(
        description="The vendor that it acts for; null for others, and while the vendor is not registered."
    )
    member_no: str | None = strawberry.field(
        description="The member that a frontend is bound to; null: to none."
    )
