"""What the members of a star have alike on a day: the quotas of benefits of which nothing is used. Pure.

They are worked out once, by the same rules as any other quota, for an account that has nothing but the star, from that
day on. `card` takes them for every account to which they apply. All caches here are bounded.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import TypeAlias

from handbook import Benefit, Counted, Edition, Handbook, Per, add_years
from ledger.entitlement.account import Account, PoolKey, Taken, pool_term
from ledger.entitlement.case import Case
from ledger.entitlement.rules import CARD_RULES, waiting_period_is_over
from ledger.quotas.quota import Quota, quota_of
from rating.timeline import StarSpan

_MOST_DAYS = 64
"""Stars times days that are kept: those of today, and of the other days that are asked for."""
_MOST_CARDS = 2_048
"""The same, times first days of the next service year."""
_MOST_DRAWN = 8_192
"""Quotas of which something is used."""

_AFTER_WAITING = tuple(rule for rule in CARD_RULES if rule is not waiting_period_is_over)


Ahead: TypeAlias = tuple[date, date | None, int]
"""First day, day after the last, and star."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Alike:
    """The quotas of a star on a day in printed order; None for those that depend on more than the star.

    `places` are their indexes by benefit; `own` the benefits without one; `waiting` the days of the waiting periods,
    which are over in these quotas; `per` what the pools of each benefit are counted by; `numbers` the wished numbers,
    whose quotas depend on all their pools.
    """

    quotas: tuple[Quota | None, ...]
    places: Mapping[str, int]
    own: frozenset[str]
    refused: frozenset[str]
    waiting: Mapping[str, int]
    per: Mapping[str, Per | None]
    handbook: Handbook
    on: date
    today: date
    numbers: frozenset[str]

    def case(self, account: Account, benefit: str) -> Case:
        """The case of an account on the day, for no policy."""
        return Case(
            account=account, handbook=self.handbook, today=self.today, day=self.on, benefit_code=benefit
        )

    def draws_on(self, pool: PoolKey, year: int | None) -> bool:
        """Whether the quota of the pool's benefit depends on what is used of it, for accounts in this service year."""
        if pool.benefit in self.numbers:
            return True
        return (
            year is not None and not pool.policy_no and pool.term == pool_term(self.per[pool.benefit], year)
        )


@lru_cache(maxsize=_MOST_DAYS)
def alike(handbook: Handbook, on: date, today: date, star: int) -> Alike:
    """What every account with the star has on the day `on`.

    A quota is left out if the benefit could not be used, although the star has it, or if there is one for each policy.
    """
    edition = handbook.on(on)
    benefits = edition.benefits if edition is not None else ()
    account = _with_nothing_but(star, on, edition)
    quotas = [
        quota_of(
            Case(account=account, handbook=handbook, today=today, day=on, benefit_code=each.code),
            _AFTER_WAITING,
        )
        for each in benefits
    ]
    shared = tuple(quota if _is_alike(quota) else None for quota in quotas)
    return Alike(
        quotas=shared,
        places={each.code: place for place, each in enumerate(benefits)},
        own=frozenset(each.code for each, quota in zip(benefits, shared, strict=True) if quota is None),
        refused=frozenset(quota.benefit.code for quota in quotas if quota.allowance is None),
        waiting={
            quota.benefit.code: quota.benefit.waiting_days
            for quota in shared
            if quota is not None and quota.entitled and quota.benefit.waiting_days
        },
        per={each.code: _per(each, star) for each in benefits},
        handbook=handbook,
        on=on,
        today=today,
        numbers=frozenset(each.code for each in benefits if each.wished_number is not None),
    )


@lru_cache(maxsize=_MOST_CARDS)
def card_until(those: Alike, resets_on: date | None) -> tuple[Quota | None, ...]:
    """The quotas of accounts whose next service year begins on a day; None: none has begun."""
    return tuple(
        quota if quota is None or quota.resets_on is None else _reset_on(quota, resets_on)
        for quota in those.quotas
    )


@lru_cache(maxsize=_MOST_DRAWN)
def drawn(those: Alike, resets_on: date | None, place: int, then: Taken, by_now: Taken) -> Quota | None:
    """A quota of which units are used and held as of the day and by now; None if none is left, or it is not alike."""
    quota = _drawn_any_year(those, place, then, by_now)
    return quota if quota is None or quota.resets_on is None else _reset_on(quota, resets_on)


@lru_cache(maxsize=_MOST_DRAWN)
def _drawn_any_year(those: Alike, place: int, then: Taken, by_now: Taken) -> Quota | None:
    quota = those.quotas[place]
    if quota is None or quota.benefit.code in those.numbers:
        return None
    remaining = by_now.left_of(quota.granted) if quota.granted is not None else None
    if quota.entitled and remaining == 0:
        return None
    return replace(quota, used=then.used, held=then.held, remaining=remaining)


@lru_cache(maxsize=_MOST_DRAWN)
def exhausted(
    those: Alike, resets_on: date, place: int, then: Taken, by_now: Taken, ahead: tuple[Ahead, ...]
) -> Quota | None:
    """The same where none is left, of an account with these stars ahead, and nothing used of later service years.

    None if the quota depends on more: on when a waiting period began, or on the very day of the first service year.
    """
    quota = card_until(those, resets_on)[place]
    if quota is None or quota.benefit.code in {*those.waiting, *those.numbers}:
        return None
    spans = tuple(
        StarSpan(start=start, end=end, star=star, rated_premium=Decimal(), edition=None)
        for start, end, star in ahead
    )
    account = Account(customer_id=0, member_no="", spans=spans, anchor=add_years(resets_on, -1))
    year = account.service_year(those.on)
    if year is None or year.end != resets_on:
        return None
    code = quota.benefit.code
    pool = PoolKey(code, pool_term(those.per[code], year.number))
    account = replace(account, taken={pool: then}, taken_by_now={pool: by_now})
    return quota_of(those.case(account, code), CARD_RULES)


def _reset_on(quota: Quota, day: date | None) -> Quota:
    return replace(quota, resets_on=day, of_any_year=quota)


@lru_cache(maxsize=_MOST_DAYS)
def refused_but_given(those: Alike, edition: str, star: int) -> frozenset[str]:
    """The benefits that are refused now, and that a star has in an edition."""
    known = those.handbook.edition(edition)
    benefits = known.benefits if known is not None else ()
    return those.refused & {each.code for each in benefits if each.allowance(star) is not None}


def _with_nothing_but(star: int, on: date, edition: Edition | None) -> Account:
    code = edition.code if edition is not None else None
    forever = StarSpan(start=on, end=None, star=star, rated_premium=Decimal(), edition=code)
    return Account(customer_id=0, member_no="", spans=(forever,), anchor=on)


def _is_alike(quota: Quota) -> bool:
    """Whether every account has it so. There is a number for each policy, too, but only once it is applied for."""
    allowance = quota.allowance
    if allowance is None:
        return True
    per_policy = isinstance(allowance, Counted) and allowance.per is Per.POLICY
    return quota.entitled and (not per_policy or quota.benefit.wished_number is not None)


def _per(benefit: Benefit, star: int) -> Per | None:
    allowance = benefit.allowance(star)
    return allowance.per if isinstance(allowance, Counted) else benefit.per
