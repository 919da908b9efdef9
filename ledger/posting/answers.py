"""What the steps of a decision share, and the outcome of a redemption. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from handbook import Handbook
from ledger.entitlement.account import Taken
from ledger.entitlement.terms import Term
from ledger.posting.outcomes import RedemptionOutcome
from ledger.posting.redemptions import Beneficiary, Redemption
from ledger.posting.state import Posting
from ledger.quotas.counts import counts_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the steps of a decision share."""

    handbook: Handbook
    terms: Sequence[Term]
    today: date


def outcome_of(posting: Posting, redemption: Redemption, context: Context) -> RedemptionOutcome:
    """The outcome of a redemption, with the counts of its pool after all entries."""
    account = posting.account
    balance = posting.balance(redemption.pool)
    relative = account.relatives.get(redemption.beneficiary) if redemption.beneficiary is not None else None
    return RedemptionOutcome(
        redemption=redemption.shown(
            member_no=account.member_no,
            beneficiary=Beneficiary(
                relative_id=relative.relative_id, name=relative.name, relation=relative.relation
            )
            if relative is not None
            else None,
        ),
        quota=counts_of(
            account,
            redemption.pool,
            Taken(used=balance.used, held=balance.held),
            today=context.today,
            handbook=context.handbook,
        ),
        answered_at=posting.recorded_at,
    )
