"""A quota on a day: a benefit's allowance, with used, held and remaining units. Pure.

Computed from the tier's allowance and the entries, never from posted grants. All of a member are in `card`.
"""

from dataclasses import dataclass, field
from datetime import date, datetime

from handbook import Allowance, Benefit, Counted, Handbook, Per, business_day
from ledger.entitlement.account import Account
from ledger.entitlement.case import Case
from ledger.entitlement.rules import RULES, Rule, judge
from ledger.entitlement.terms import Term
from ledger.quotas.counts import QuotaCounts
from ledger.refusals import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota(QuotaCounts):
    """An allowance with what is granted, used, held and remaining, in its units; None: without limit.

    `entitled`: one unit could be used on the day; otherwise `refusal` says why not. `policy_no`: for which policy,
    where the benefit is given per policy. `resets_on`: first day of the next service year, where the allowance is per
    year. For a past day `used` and `held` are as of that day, while `remaining`, `entitled` and `refusal` apply to a
    use of that day that is posted now (docs/decisions/0018-what-a-past-day-has-left.md).
    """

    benefit: Benefit
    variant: str | None
    entitled: bool
    refusal: Refusal | None
    allowance: Allowance | None
    policy_no: str | None
    resets_on: date | None
    of_any_year: "Quota | None" = field(default=None, repr=False, compare=False)
    """The same but for `resets_on`, where accounts share it whose service years begin on different days."""


def eligibility(
    account: Account,
    handbook: Handbook,
    now: datetime,
    *,
    benefit: str,
    units: int | None = None,
    beneficiary: str | None = None,
    policy_no: str | None = None,
    option: str | None = None,
    vendor: str = "",
    terms: tuple[Term, ...] | None = None,
) -> tuple[Refusal | None, Quota | None]:
    """Whether a redemption now would succeed, and the quota; None for an unknown benefit.

    Judged by the same rules as the redemption itself, except for what only a request has: documents, facility, wished
    number. `units` None: one. For a wished number the question is whether it may be applied for. `terms` are the asking
    vendor's contract, None for others.
    """
    today = business_day(now)
    case = Case(
        account=account,
        handbook=handbook,
        today=today,
        day=today,
        benefit_code=benefit,
        units=1 if units is None else units,
        vendor=vendor,
        terms=terms,
        beneficiary=beneficiary,
        policy_no=policy_no,
        option=option,
        delivered_at=now,
    )
    if case.benefit is None:
        return judge(case, RULES), None
    quota = quota_of(case, RULES)
    return quota.refusal, quota


def quota_of(case: Case, rules: tuple[Rule, ...]) -> Quota:
    """The quota of a case, with the first refusal by `rules`."""
    if case.benefit is None:
        message = f"no quota of an unknown benefit: {case.benefit_code}"
        raise ValueError(message)
    refusal = judge(case, rules)
    allowance = case.allowance
    yearly = isinstance(allowance, Counted) and allowance.per is Per.SERVICE_YEAR
    year = case.account.service_year(case.day) if yearly else None
    return Quota(
        benefit=case.benefit,
        variant=case.benefit.variant(case.star) if case.star else None,
        entitled=refusal is None,
        refusal=refusal,
        allowance=allowance,
        policy_no=case.policy_no,
        granted=case.granted,
        used=case.pool_taken_then.used,
        held=case.pool_taken_then.held,
        remaining=case.remaining,
        resets_on=year.end if year is not None else None,
    )
