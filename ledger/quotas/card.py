"""The member card: a member's quotas on a day, of every benefit. Pure.

Most of them all members of a star have alike: nothing of the benefit is used, and nothing else of the account matters.
These are worked out once for a star and a day, by the same rules, and only the others one by one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from handbook import Benefit, Counted, Edition, Handbook, Per, business_day
from ledger.entitlement.account import Account
from ledger.entitlement.case import Case
from ledger.entitlement.rules import CARD_RULES
from ledger.quotas.quota import Quota, quota_of
from rating.timeline import StarSpan

_MOST_DAYS = 64
"""Stars times days that are kept: those of today, and of the other days that are asked for."""


def quotas_on(account: Account, on: date, handbook: Handbook, now: datetime) -> tuple[Quota, ...]:
    """The quotas of every benefit of the edition in force on the day `on`, in printed order.

    A benefit given per policy has one for each eligible policy, or one without policy where there is none.
    Wished numbers have one quota without policy, for the open applications and the next one, and one for each policy
    that has a number.
    """
    edition, today = handbook.on(on), business_day(now)
    return tuple(_quotas(account, edition.benefits if edition is not None else (), on, handbook, today))


def _quotas(
    account: Account, benefits: Sequence[Benefit], on: date, handbook: Handbook, today: date
) -> Iterator[Quota]:
    alike = _alike(handbook, on, today, account.star_on(on))
    touched = {pool.benefit for pool in (*account.taken, *(account.taken_by_now or ()))}
    to_come = {
        code
        for span in account.spans
        if span.end is None or span.end > on
        for code in _given(handbook, handbook.on(span.start), span.star)
    }
    year = account.service_year(on)
    for benefit in benefits:
        quota = alike.usable.get(benefit.code)
        if quota is None and benefit.code not in to_come:
            quota = alike.refused.get(benefit.code)
        if quota is None or benefit.code in touched:
            cases = cases_of(account, benefit, on, handbook, today=today)
            yield from (quota_of(case, CARD_RULES) for case in cases)
        elif quota.resets_on is None:
            yield quota
        else:
            yield replace(quota, resets_on=year.end if year is not None else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Alike:
    """The quotas of a star on a day by benefit: those that may be used, and those refused while no star is to come."""

    usable: Mapping[str, Quota]
    refused: Mapping[str, Quota]


@lru_cache(maxsize=_MOST_DAYS)
def _alike(handbook: Handbook, on: date, today: date, star: int) -> _Alike:
    """The quotas that every account with the star has on the day `on`, of benefits that it has not used.

    They are those of an account that has nothing but the star, from that day on. There every waiting period has just
    begun, so what has one is not among them.
    """
    edition = handbook.on(on)
    forever = StarSpan(
        start=on,
        end=None,
        star=star,
        rated_premium=Decimal(),
        edition=edition.code if edition is not None else None,
    )
    account = Account(customer_id=0, member_no="", spans=(forever,), anchor=on)
    quotas = {
        benefit.code: quota_of(
            Case(account=account, handbook=handbook, today=today, day=on, benefit_code=benefit.code),
            CARD_RULES,
        )
        for benefit in (edition.benefits if edition is not None else ())
        if benefit.wished_number is None
    }
    return _Alike(
        usable={
            code: quota for code, quota in quotas.items() if quota.entitled and not _is_per_policy(quota)
        },
        refused={code: quota for code, quota in quotas.items() if quota.allowance is None},
    )


def _given(handbook: Handbook, edition: Edition | None, star: int) -> frozenset[str]:
    """The benefits that a star has in an edition."""
    return _given_by(handbook, edition.code, star) if edition is not None else frozenset()


@lru_cache(maxsize=_MOST_DAYS)
def _given_by(handbook: Handbook, edition: str, star: int) -> frozenset[str]:
    known = handbook.edition(edition)
    benefits = known.benefits if known is not None else ()
    return frozenset(benefit.code for benefit in benefits if benefit.allowance(star) is not None)


def _is_per_policy(quota: Quota) -> bool:
    return isinstance(quota.allowance, Counted) and quota.allowance.per is Per.POLICY


def cases_of(
    account: Account, benefit: Benefit, on: date, handbook: Handbook, *, today: date
) -> Iterator[Case]:
    """Yield the cases of a benefit's quotas on a day, in order, not judged yet."""
    allowance = benefit.allowance(account.star_on(on))
    per = allowance.per if isinstance(allowance, Counted) else None
    policies: Sequence[str | None] = account.eligible_policies(on) if per is Per.POLICY else ()
    if benefit.wished_number is not None:
        policies = (None, *_with_numbers(account, benefit))
    for policy_no in policies or (None,):
        yield Case(
            account=account,
            handbook=handbook,
            today=today,
            day=on,
            benefit_code=benefit.code,
            policy_no=policy_no,
        )


def _with_numbers(account: Account, benefit: Benefit) -> list[str]:
    """The policies that have a number, or an application in their own pool, as earlier versions made."""
    return sorted(
        pool.policy_no
        for pool, taken in account.taken.items()
        if pool.benefit == benefit.code and pool.policy_no and taken.used + taken.held > 0
    )
