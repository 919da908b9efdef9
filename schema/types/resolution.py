"""Decisions on findings. From `ledger.reconciliation.views`."""

from datetime import datetime
from decimal import Decimal

import strawberry

from ledger.reconciliation.views import DecisionView
from schema.types.enums import Action, FindingKind


@strawberry.type(description="A decision on a finding.")
class Resolution:
    action: Action = strawberry.field(description="The decision.")
    kind: FindingKind = strawberry.field(description="The kind of the finding at that time.")
    payable: Decimal | None = strawberry.field(
        description="What is paid by it, in CNY; null for REOPEN, which decides nothing."
    )
    note: str = strawberry.field(description="The reason.")
    by: str = strawberry.field(description="The actor: the subject of the token, or its role.")
    at: datetime = strawberry.field(description="The moment.")

    @classmethod
    def of(cls, decision: DecisionView) -> "Resolution":
        """The decision as the API shows it."""
        return cls(
            action=decision.action,
            kind=decision.kind,
            payable=decision.payable,
            note=decision.note,
            by=decision.by,
            at=decision.at,
        )
