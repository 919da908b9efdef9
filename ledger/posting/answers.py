"""What the steps of a decision share, and the outcome of a redemption. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from handbook import Handbook
from ledger.entitlement.account import Taken
from ledger.entitlement.case import Term
from ledger.posting.outcomes import BeneficiaryView, RedemptionOutcome
from ledger.posting.state import Posting, Redemption
from ledger.quotas.counts import counts_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the steps of a decision share."""

    handbook: Handbook
    terms: Sequence[Term]
    today: date


def outcome_of(posting: Posting, redemption: Redemption, context: Context) -> RedemptionOutcome:
    """The outcome of a redemption, with the counts of its pool after all entries."""
    account = posting.state.account
    balance = posting.balance(redemption.pool)
    relative = account.relatives.get(redemption.beneficiary) if redemption.beneficiary is not None else None
    return RedemptionOutcome(
        id=redemption.id,
        member_no=account.member_no,
        status=redemption.status,
        units=redemption.units,
        benefit=redemption.pool.benefit,
        variant=redemption.variant,
        beneficiary=BeneficiaryView(
            relative_id=relative.relative_id, name=relative.name, relation=relative.relation
        )
        if relative is not None
        else None,
        option=redemption.option,
        facility=redemption.facility,
        wished_number=redemption.wished_number,
        policy_no=redemption.pool.policy_no or None,
        vendor=redemption.vendor,
        reference=redemption.reference,
        occurred_at=redemption.occurred_at,
        recorded_at=redemption.recorded_at,
        expires_at=redemption.expires_at,
        reason=redemption.reason,
        quota=counts_of(
            replace(account, anchor=posting.head.anchor),
            redemption.pool,
            Taken(used=balance.used, held=balance.held),
            today=context.today,
            handbook=context.handbook,
        ),
    )
