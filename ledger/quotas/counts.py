"""Granted, used, held and remaining units of one pool: one formula for outcomes and reads. Pure."""

from dataclasses import dataclass
from datetime import date, timedelta

from handbook import Handbook
from ledger.entitlement.account import Account, PoolKey, Taken
from ledger.entitlement.case import Case


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaCounts:
    """Units of an allowance: granted by the star, used, held and remaining. None: without limit."""

    granted: int | None
    used: int
    held: int
    remaining: int | None


def counts_of(
    account: Account, pool: PoolKey, taken: Taken, *, today: date, handbook: Handbook
) -> QuotaCounts:
    """The counts of a pool: by today's star, or, for a service year that is over, by the star of its last day."""
    day = today
    if pool.term and account.service_year_number(today) != pool.term:
        day = account.numbered_year(pool.term, today).end - timedelta(days=1)
    case = Case(
        account=account,
        handbook=handbook,
        today=today,
        day=day,
        benefit_code=pool.benefit,
        policy_no=pool.policy_no or None,
        taken={pool: taken},
    )
    granted = case.granted
    remaining = taken.left_of(granted) if granted is not None else None
    return QuotaCounts(granted=granted, used=taken.used, held=taken.held, remaining=remaining)
