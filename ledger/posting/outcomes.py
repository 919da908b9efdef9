"""The outcome of a command, and its stored form: written once, in the same transaction as its entries.

A stored outcome is a snapshot: the same key is answered with it again, whatever has happened since.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from ledger.ids import RedemptionId
from ledger.posting.entries import RedemptionStatus
from ledger.quotas.counts import QuotaCounts
from ledger.refusals import Refusal

_IF_TOLD = ("facility", "wished_number", "milestone")
"""Stored only where there is something to store: what an earlier version stored has none of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BeneficiaryView:
    """The relative that a benefit was for."""

    relative_id: str
    name: str
    relation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionOutcome:
    """A redemption as it was when the command was decided. `replayed`: the key had a stored outcome."""

    id: RedemptionId
    member_no: str
    status: RedemptionStatus
    units: int
    benefit: str
    variant: str | None
    beneficiary: BeneficiaryView | None
    option: str | None
    policy_no: str | None
    vendor: str
    reference: str | None
    occurred_at: datetime
    recorded_at: datetime
    expires_at: datetime | None
    reason: str | None
    quota: QuotaCounts
    facility: str | None = None
    wished_number: str | None = None
    milestone: str | None = None
    """What the command reported, if it was a milestone: then it brought the redemption into no other status."""
    replayed: bool = False

    def as_json(self) -> dict[str, Any]:
        """The stored form."""
        who = self.beneficiary
        return {
            "id": self.id.opaque,
            "member_no": self.member_no,
            "status": self.status.value,
            "units": self.units,
            "benefit": self.benefit,
            "variant": self.variant,
            "beneficiary": [who.relative_id, who.name, who.relation] if who else None,
            "option": self.option,
            "policy_no": self.policy_no,
            "vendor": self.vendor,
            "reference": self.reference,
            "occurred_at": self.occurred_at.isoformat(),
            "recorded_at": self.recorded_at.isoformat(),
            "expires_at": self.expires_at.isoformat() if self.expires_at else None,
            "reason": self.reason,
            "quota": [self.quota.granted, self.quota.used, self.quota.held, self.quota.remaining],
            **{name: told for name in _IF_TOLD if (told := getattr(self, name)) is not None},
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """The outcome that was stored."""
        redemption = RedemptionId.parse(stored["id"])
        if redemption is None:
            message = f"stored outcome names no redemption: {stored['id']!r}"
            raise ValueError(message)
        who = stored["beneficiary"]
        granted, used, held, remaining = stored["quota"]
        return cls(
            id=redemption,
            member_no=stored["member_no"],
            status=RedemptionStatus(stored["status"]),
            units=stored["units"],
            benefit=stored["benefit"],
            variant=stored["variant"],
            beneficiary=BeneficiaryView(relative_id=who[0], name=who[1], relation=who[2]) if who else None,
            option=stored["option"],
            policy_no=stored["policy_no"],
            vendor=stored["vendor"],
            reference=stored["reference"],
            occurred_at=datetime.fromisoformat(stored["occurred_at"]),
            recorded_at=datetime.fromisoformat(stored["recorded_at"]),
            expires_at=datetime.fromisoformat(stored["expires_at"]) if stored["expires_at"] else None,
            reason=stored.get("reason"),
            quota=QuotaCounts(granted=granted, used=used, held=held, remaining=remaining),
            facility=stored.get("facility"),
            wished_number=stored.get("wished_number"),
            milestone=stored.get("milestone"),
        )


Outcome = RedemptionOutcome | Refusal


def outcome_as_json(outcome: Outcome) -> dict[str, Any]:
    """The stored form of an outcome."""
    return {"refusal" if isinstance(outcome, Refusal) else "redemption": outcome.as_json()}


def replayed(stored: Mapping[str, Any]) -> Outcome:
    """The stored outcome, as the answer to a repeated request."""
    if "refusal" in stored:
        return replace(Refusal.from_json(stored["refusal"]), replayed=True)
    return replace(RedemptionOutcome.from_json(stored["redemption"]), replayed=True)
