"""Decisions on findings, made and suggested, and what vendors reply. From `ledger.reconciliation`."""

from datetime import datetime
from decimal import Decimal

import strawberry

from base.words import Words
from ledger.reconciliation.suggesting import Suggestion
from ledger.reconciliation.views import DecisionView, ReplyView
from schema.context import Info
from schema.types.enums import Action, FindingKind


@strawberry.type(description="A decision on a finding.")
class Resolution:
    action: Action = strawberry.field(description="The decision.")
    kind: FindingKind = strawberry.field(description="The kind of the finding at that time.")
    payable: Decimal | None = strawberry.field(
        description="What is paid by it, in CNY; null for REOPEN, which decides nothing."
    )
    note: str = strawberry.field(description="The reason. For staff.")
    by: str = strawberry.field(description="The actor: the subject of the token, or its role. For staff.")
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


@strawberry.type(description="What the vendor replied to a finding in dispute.")
class FindingReply:
    message: str = strawberry.field(description="What the vendor says.")
    evidence: list[str] = strawberry.field(description="Names or numbers of documents that show it.")
    by: str = strawberry.field(description="Who of the vendor: the subject of its token, or its role.")
    at: datetime = strawberry.field(description="The moment.")

    @classmethod
    def of(cls, view: ReplyView) -> "FindingReply":
        """The reply as the API shows it."""
        return cls(message=view.message, evidence=list(view.evidence), by=view.by, at=view.at)


@strawberry.type(description="What is usually decided of such a finding. It decides nothing.")
class SuggestedDecision:
    action: Action = strawberry.field(description="The decision.")
    words: strawberry.Private[Words]

    @strawberry.field(description="Why. In Chinese or, with `Accept-Language: en`, in English.")
    def reason(self, info: Info) -> str:
        return self.words.spoken(info.context.language)

    @classmethod
    def of(cls, suggestion: Suggestion) -> "SuggestedDecision":
        """The suggestion as the API shows it."""
        return cls(action=suggestion.action, words=suggestion.words)
