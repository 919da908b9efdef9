"""Wished numbers (订制保单吉祥号): from the application's hold to the policy that was issued. Pure.

The hold of an application has no policy: its unit comes into being with the hold, in the pool of applications (policy
number empty), and goes when the hold ends without a policy. At the confirmation the hold goes over to the policy: it is
held and redeemed from the policy's own pool, of which there is one unit, and then released in the pool of applications.
So every entry is of one pool, every pool adds up, and the redemption keeps its id.
"""

from dataclasses import replace
from datetime import date, datetime

from handbook import Counted, Handbook, WishedNumber, business_day
from ledger.entitlement.account import PoolKey, carries_benefits
from ledger.entitlement.case import Case
from ledger.posting.entries import EntryKind
from ledger.posting.redemptions import Redemption
from ledger.posting.state import Posting
from ledger.refusals import Refusal, RefusalCode, invalid
from rating.history import Policy


def wrong_policy(
    case: Case, posting: Posting, redemption: Redemption, policy_no: str | None
) -> Refusal | None:
    """Why a hold cannot be confirmed with the policy named, or without one; None when it can.

    `case` is of the day of the delivery; the number was applied for on the day of the hold, by the edition of that day.
    """
    if redemption.wished_number is None:
        if policy_no is None:
            return None
        return invalid(
            "policyNo 仅用于确认所选号码的申请，请去掉",
            "policyNo is for confirming a number that was applied for: please leave it out",
        )
    if policy_no is None:
        return Refusal(code=RefusalCode.POLICY_REQUIRED, facts=case.facts(), missing=("policyNo",))
    facts = case.facts(policy_no=policy_no)
    policy = next((each for each in case.account.policies if each.policy_no == policy_no), None)
    if policy is None or not carries_benefits(policy, case.day):
        return Refusal(code=RefusalCode.POLICY_NOT_ELIGIBLE, facts=facts)
    requested_on = business_day(redemption.occurred_at)
    edition = case.handbook.on(requested_on) or case.handbook.latest
    benefit = edition.benefit(redemption.pool.benefit)
    if benefit is not None and benefit.wished_number is not None:
        refusal = _issued_too_early(
            policy, benefit.wished_number, requested_on=requested_on, handbook=case.handbook, facts=facts
        )
        if refusal is not None:
            return refusal
    balance = posting.balance(_policy_pool(redemption, policy_no))
    if balance.used + balance.held == 0:
        return None
    allowance = benefit.allowance(redemption.star) if benefit is not None else None
    return Refusal(
        code=RefusalCode.QUOTA_EXHAUSTED,
        facts={
            **facts,
            "granted": allowance.units if isinstance(allowance, Counted) else 0,
            "used": balance.used,
            "held": balance.held,
            "remaining": 0,
            "units": redemption.units,
        },
    )


def earliest_issue(wished: WishedNumber, requested_on: date, handbook: Handbook) -> date:
    """The first day on which the policy may be issued after an application on `day`, which itself does not count."""
    return handbook.calendar.add(requested_on, wished.working_days_before)


def _issued_too_early(
    policy: Policy,
    wished: WishedNumber,
    *,
    requested_on: date,
    handbook: Handbook,
    facts: dict[str, str | int],
) -> Refusal | None:
    """The day of the request does not count; from the next on the working days before the issue are counted."""
    issued_on = policy.statuses[0][0]
    earliest = earliest_issue(wished, requested_on, handbook)
    there_already = issued_on < requested_on
    if not there_already and issued_on >= earliest:
        return None
    return Refusal(
        code=RefusalCode.POLICY_NOT_ELIGIBLE,
        wording="there_already" if there_already else "too_soon",
        facts={
            **facts,
            "issued_on": issued_on.isoformat(),
            "requested_on": requested_on.isoformat(),
            "earliest": earliest.isoformat(),
            "working_days": wished.working_days_before,
        },
    )


def hold_for_policy(
    posting: Posting, redemption: Redemption, policy_no: str, *, occurred_at: datetime
) -> Redemption:
    """Move the hold to the policy's pool: grant there if there is no grant yet, then hold."""
    pool = _policy_pool(redemption, policy_no)
    account = posting.state.account
    day = business_day(occurred_at)
    short = redemption.units - posting.balance(pool).available
    if short > 0:
        posting.post(
            EntryKind.GRANT,
            pool,
            short,
            service_year=account.service_year_number(day) or redemption.service_year,
            star=account.star_on(day),
            edition=redemption.edition,
            occurred_at=occurred_at,
        )
    return posting.step(
        replace(redemption, pool=pool), EntryKind.HOLD, redemption.units, occurred_at=occurred_at
    )


def release_application(
    posting: Posting, confirmed: Redemption, application: PoolKey, *, occurred_at: datetime
) -> None:
    """Release the unit in the pool of applications: it was redeemed from the policy's. What is due revokes it."""
    posting.post(
        EntryKind.RELEASE,
        application,
        confirmed.units,
        service_year=confirmed.service_year,
        star=confirmed.star,
        edition=confirmed.edition,
        occurred_at=occurred_at,
        redemption=confirmed,
        details={"policy_no": confirmed.pool.policy_no},
    )


def _policy_pool(redemption: Redemption, policy_no: str) -> PoolKey:
    return redemption.pool._replace(policy_no=policy_no)
