"""The outcome of a command, and its stored form: written once, in the same transaction as its entries.

A stored outcome is a snapshot: the same key is answered with it again, whatever has happened since.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self

from handbook import Relation
from ledger.entitlement.account import PoolKey
from ledger.ids import RedemptionId
from ledger.posting.entries import RedemptionStatus
from ledger.posting.redemptions import Beneficiary, RedemptionView
from ledger.quotas.counts import QuotaCounts
from ledger.refusals import Refusal

_IF_TOLD = ("facility", "wished_number", "edition")
"""Stored only if set: outcomes of earlier versions have none of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionOutcome:
    """A redemption as it was when the command was decided, and the counts of its pool after it.

    `milestone` is what the command reported, if it was a milestone: then it brought the redemption into no other
    status. `replayed`: the key had a stored outcome. `answered_at` is the journal's moment, at which the command was
    decided or, `replayed`, answered again: what else an answer reads is as of then. It is not stored.
    """

    redemption: RedemptionView
    quota: QuotaCounts
    milestone: str | None = None
    replayed: bool = False
    answered_at: datetime = field(compare=False)

    @property
    def id(self) -> RedemptionId:
        """Which redemption."""
        return self.redemption.id

    @property
    def status(self) -> RedemptionStatus:
        """Where it stood."""
        return self.redemption.status

    def as_json(self) -> dict[str, object]:
        """The stored form."""
        told, quota = self.redemption, self.quota
        who = told.beneficiary
        return {
            "id": told.id.opaque,
            "member_no": told.member_no,
            "status": told.status.value,
            "units": told.units,
            "benefit": told.benefit,
            "period": told.pool.term,
            "variant": told.variant,
            "beneficiary": [who.relative_id, who.name, who.relation.value] if who else None,
            "option": told.option,
            "policy_no": told.policy_no,
            "vendor": told.vendor,
            "reference": told.reference,
            "occurred_at": told.occurred_at.isoformat(),
            "recorded_at": told.recorded_at.isoformat(),
            "expires_at": told.expires_at.isoformat() if told.expires_at else None,
            "reason": told.reason,
            "quota": [quota.granted, quota.used, quota.held, quota.remaining],
            **{name: value for name in _IF_TOLD if (value := getattr(told, name)) is not None},
            **({"milestone": self.milestone} if self.milestone is not None else {}),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any], *, answered_at: datetime) -> Self:
        """The outcome that was stored."""
        redemption = RedemptionId.parse(stored["id"])
        if redemption is None:
            message = f"stored outcome names no redemption: {stored['id']!r}"
            raise ValueError(message)
        who = stored["beneficiary"]
        granted, used, held, remaining = stored["quota"]
        told = RedemptionView(
            id=redemption,
            member_no=stored["member_no"],
            status=RedemptionStatus(stored["status"]),
            units=stored["units"],
            pool=PoolKey(stored["benefit"], stored.get("period", 0), stored["policy_no"] or ""),
            variant=stored["variant"],
            beneficiary=Beneficiary(relative_id=who[0], name=who[1], relation=Relation(who[2]))
            if who
            else None,
            option=stored["option"],
            facility=stored.get("facility"),
            wished_number=stored.get("wished_number"),
            vendor=stored["vendor"],
            reference=stored["reference"],
            edition=stored.get("edition"),
            occurred_at=datetime.fromisoformat(stored["occurred_at"]),
            recorded_at=datetime.fromisoformat(stored["recorded_at"]),
            expires_at=datetime.fromisoformat(stored["expires_at"]) if stored["expires_at"] else None,
            reason=stored.get("reason"),
        )
        return cls(
            redemption=told,
            quota=QuotaCounts(granted=granted, used=used, held=held, remaining=remaining),
            milestone=stored.get("milestone"),
            answered_at=answered_at,
        )


Outcome = RedemptionOutcome | Refusal


def outcome_as_json(outcome: Outcome) -> dict[str, object]:
    """The stored form of an outcome."""
    return {"refusal" if isinstance(outcome, Refusal) else "redemption": outcome.as_json()}


def replayed(stored: Mapping[str, Any], *, answered_at: datetime) -> Outcome:
    """The stored outcome, as the answer to a request that is repeated at `answered_at`."""
    if "refusal" in stored:
        return replace(Refusal.from_json(stored["refusal"]), replayed=True)
    outcome = RedemptionOutcome.from_json(stored["redemption"], answered_at=answered_at)
    return replace(outcome, replayed=True)
