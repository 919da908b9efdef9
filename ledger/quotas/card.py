"""The member card: a member's quotas on a day, of every benefit. Pure.

Most quotas all members of a star have alike (`alike`): only those of an account that differ are looked at one by one.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime

from handbook import Benefit, Counted, Handbook, Per, business_day
from ledger.entitlement.account import Account, PoolKey, ServiceYear, Taken, waiting_ends
from ledger.entitlement.case import Case
from ledger.entitlement.rules import CARD_RULES, waiting_period_is_over
from ledger.quotas.alike import Ahead, Alike, alike, card_until, drawn, exhausted, refused_but_given
from ledger.quotas.quota import Quota, quota_of
from rating.tiers import span_on

_NOTHING = Taken()


def quotas_on(account: Account, on: date, handbook: Handbook, now: datetime) -> tuple[Quota, ...]:
    """The quotas of every benefit of the edition in force on the day `on`, in printed order.

    A benefit given per policy has one for each eligible policy, or one without policy where there is none.
    Wished numbers have one quota without policy, for the open applications and the next one, and one for each policy
    that has a number. Accounts that have all quotas alike get the same tuple.
    """
    return card_on(account, on, handbook, business_day(now))


def card_on(account: Account, on: date, handbook: Handbook, today: date) -> tuple[Quota, ...]:
    """The same, where the business day of now is known."""
    those = alike(handbook, on, today, account.star_on(on))
    year = account.service_year(on)
    quotas = card_until(those, year.end if year is not None else None)
    own = dict(_used(account, year, those))
    own |= dict.fromkeys((those.places[code] for code in _differing(account, on, handbook, those)), None)
    if not own:
        return quotas  # type: ignore[return-value]  # none is missing, or its benefit would differ
    edition = handbook.on(on)
    benefits = edition.benefits if edition is not None else ()
    found = list(quotas)
    for place in sorted(own, reverse=True):
        quota = own[place]
        if quota is not None:
            found[place] = quota
        else:
            cases = cases_of(account, benefits[place], on, handbook, today=today)
            found[place : place + 1] = [quota_of(case, CARD_RULES) for case in cases]
    return tuple(found)  # type: ignore[arg-type]


def _used(account: Account, year: ServiceYear | None, those: Alike) -> Iterator[tuple[int, Quota | None]]:
    """The places of the quotas of whose pools units are used or held, and these quotas, or None where they differ."""
    number = year.number if year is not None else account.service_year_number(those.on)
    resets_on = year.end if year is not None else None
    then = account.taken
    by_now = then if account.taken_by_now is None else account.taken_by_now
    for pool in then if by_now is then else {**then, **by_now}:
        place = those.places.get(pool.benefit)
        if place is None or not those.draws_on(pool, number):
            continue
        taken, taken_by_now = then.get(pool, _NOTHING), by_now.get(pool, _NOTHING)
        quota = drawn(those, resets_on, place, taken, taken_by_now)
        if quota is None and resets_on is not None and not _is_used_later(pool, by_now):
            quota = exhausted(those, resets_on, place, taken, taken_by_now, _ahead(account, those))
        yield place, quota


def _is_used_later(pool: PoolKey, taken: Mapping[PoolKey, Taken]) -> bool:
    """Whether anything of the benefit is used of a later service year, as it may be for a past day."""
    return any(each.benefit == pool.benefit and each.term > pool.term for each in taken)


def _ahead(account: Account, those: Alike) -> tuple[Ahead, ...]:
    """The stars from the day on. When the one of the day began matters only if that was in another edition."""
    edition = those.handbook.on(those.on)
    return tuple(
        (
            those.on if span.start < those.on and those.handbook.on(span.start) is edition else span.start,
            span.end,
            span.star,
        )
        for span in account.spans
        if span.end is None or span.end > those.on
    )


def _differing(account: Account, on: date, handbook: Handbook, those: Alike) -> set[str]:
    """The benefits whose quotas depend on more than the star and on what is used."""
    found = set(those.own)
    span = span_on(account.spans, on)
    for code, days in those.waiting.items():
        recent = span is None or on < waiting_ends(span.start, days)
        if recent and waiting_period_is_over(those.case(account, code)) is not None:
            found.add(code)
    for span in account.spans:
        if span.end is None or span.end > on:
            edition = handbook.on(span.start)
            if edition is not None:
                found |= refused_but_given(those, edition.code, span.star)
    return found


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
