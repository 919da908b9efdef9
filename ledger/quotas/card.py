"""The member card: a member's quotas on a day, of every benefit. Pure.

Most quotas all members of a star have alike (`alike`): only those of an account that differ are looked at one by one.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from handbook import Benefit, Counted, Handbook, Per, business_day
from ledger.entitlement.account import Account, Taken, waiting_ends
from ledger.entitlement.case import Case
from ledger.entitlement.rules import CARD_RULES
from ledger.quotas.alike import Alike, alike, card_until, drawn, refused_but_given
from ledger.quotas.quota import Quota, quota_of
from rating.tiers import span_on

_NOTHING = Taken()


def quotas_on(account: Account, on: date, handbook: Handbook, now: datetime) -> tuple[Quota, ...]:
    """The quotas of every benefit of the edition in force on the day `on`, in printed order.

    A benefit given per policy has one for each eligible policy, or one without policy where there is none.
    Wished numbers have one quota without policy, for the open applications and the next one, and one for each policy
    that has a number. Accounts that have all quotas alike get the same tuple.
    """
    today = business_day(now)
    those = alike(handbook, on, today, account.star_on(on))
    year = account.service_year(on)
    resets_on = year.end if year is not None else None
    quotas = card_until(those, resets_on)
    own: dict[int, Quota | None] = {
        place: drawn(those, resets_on, place, then, by_now)
        for place, then, by_now in _used(account, account.service_year_number(on), those)
    }
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


def _used(account: Account, year: int | None, those: Alike) -> Iterator[tuple[int, Taken, Taken]]:
    """The places of the quotas of whose pools units are used or held; how many as of the day, and by now."""
    then = account.taken
    by_now = then if account.taken_by_now is None else account.taken_by_now
    for pool in then if by_now is then else {**then, **by_now}:
        place = those.places.get(pool.benefit)
        if place is not None and those.draws_on(pool, year):
            taken = then.get(pool, _NOTHING)
            yield place, taken, taken if by_now is then else by_now.get(pool, _NOTHING)


def _differing(account: Account, on: date, handbook: Handbook, those: Alike) -> set[str]:
    """The benefits whose quotas depend on more than the star and on what is used."""
    found = set(those.own)
    span = span_on(account.spans, on)
    for code, days in those.waiting.items():
        if span is None or on < waiting_ends(span.start, days):
            found.add(code)
    for span in account.spans:
        if span.end is None or span.end > on:
            edition = handbook.on(span.start)
            if edition is not None:
                found |= refused_but_given(those, handbook, edition.code, span.star)
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
