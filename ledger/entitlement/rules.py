"""Who may use which benefit, and when: the rules of the handbook, as a tuple of functions of the same shape.

Each rule looks at one `Case` and returns a refusal or None; `judge` returns the first refusal that applies, in the
order of `RULES`. What a benefit requires beyond the star is in `request_rules`. Redemptions, holds, the eligibility
query and the member card all use these rules, so they cannot disagree.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from handbook import Counted, Per
from ledger.entitlement.account import waiting_ends
from ledger.entitlement.case import Case
from ledger.entitlement.relations import family_facts, relation_words
from ledger.entitlement.request_rules import (
    evidence_is_there,
    facility_is_chosen,
    hold_is_not_too_long,
    illness_began_after_waiting,
    option_is_chosen,
    option_is_for_the_beneficiary,
    policy_is_eligible,
    service_is_open,
)
from ledger.entitlement.wished_numbers import number_is_for_a_policy_to_come
from ledger.refusals import Refusal, RefusalCode

Rule = Callable[[Case], Refusal | None]


def benefit_is_known(case: Case) -> Refusal | None:
    """The benefit code must be in the edition in force on the day."""
    if case.benefit is not None:
        return None
    if case.edition is None:
        return Refusal(code=RefusalCode.NOT_A_MEMBER, wording="no_programme", facts=case.facts())
    known = ", ".join(benefit.code for benefit in case.edition.benefits)
    return Refusal(code=RefusalCode.UNKNOWN_BENEFIT, facts=case.facts(benefit=case.benefit_code, known=known))


def vendor_is_contracted(case: Case) -> Refusal | None:
    """A vendor may serve the benefits of its contract, during their terms."""
    if case.terms is None or any(term.covers(case.benefit_code, case.day) for term in case.terms):
        return None
    ahead = [
        term.starts_on
        for term in case.terms
        if term.benefit == case.benefit_code and term.starts_on > case.day
    ]
    return Refusal(
        code=RefusalCode.VENDOR_NOT_CONTRACTED,
        facts=case.facts(vendor=case.vendor),
        available_from=min(ahead, default=None),
    )


def moment_is_not_ahead(case: Case) -> Refusal | None:
    """A use in the future cannot be posted."""
    if case.occurred_at is None or case.now is None or case.occurred_at <= case.now:
        return None
    zone = case.occurred_at.tzinfo
    return Refusal(
        code=RefusalCode.OCCURRED_IN_FUTURE,
        facts=case.facts(
            occurred_at=case.occurred_at.isoformat(),
            now=case.now.astimezone(zone).isoformat(timespec="seconds"),
        ),
    )


def day_is_not_too_long_ago(case: Case) -> Refusal | None:
    """A use may be backdated, up to the setting `backdating_days`."""
    days = (case.handbook.on(case.today) or case.handbook.latest).settings.backdating_days
    earliest = case.today - timedelta(days=days)
    if case.day >= earliest:
        return None
    return Refusal(
        code=RefusalCode.OCCURRED_TOO_LONG_AGO,
        facts=case.facts(earliest=earliest.isoformat(), backdating_days=days),
    )


def customer_is_a_member(case: Case) -> Refusal | None:
    """Without a star there are no benefits."""
    if case.star > 0:
        return None
    return Refusal(
        code=RefusalCode.NOT_A_MEMBER,
        facts=case.facts(),
        available_from=case.account.usable_from(case.benefit_code, case.day, case.handbook),
        required_star=case.benefit.required_star if case.benefit is not None else None,
    )


def tier_has_the_benefit(case: Case) -> Refusal | None:
    """The benefit must be given at the customer's star."""
    if case.allowance is not None:
        return None
    return Refusal(
        code=RefusalCode.TIER_TOO_LOW,
        facts=case.facts(star=case.star),
        available_from=case.account.usable_from(case.benefit_code, case.day, case.handbook),
        required_star=case.benefit.required_star if case.benefit is not None else None,
    )


def beneficiary_is_covered(case: Case) -> Refusal | None:
    """Some benefits are for the immediate family too (直系亲属), if registered on the customer before the use."""
    if case.beneficiary is None:
        return None
    code = RefusalCode.BENEFICIARY_NOT_COVERED
    if case.benefit is None or not case.benefit.family_shared:
        return Refusal(code=code, facts=case.facts())
    if case.relative is None or case.relative.registered_on > case.day:
        return Refusal(
            code=code,
            wording="unknown",
            facts=case.facts(beneficiary=case.beneficiary, **family_facts(case.settings.immediate_family)),
            available_from=_registered_from(case),
        )
    relation = case.relative.relation
    if relation in case.settings.immediate_family:
        return None
    return Refusal(
        code=code,
        wording="family",
        facts=case.facts(
            beneficiary=case.beneficiary,
            relation=relation_words(relation).en,
            relation_zh=relation_words(relation).zh,
            **family_facts(case.settings.immediate_family),
        ),
    )


def waiting_period_is_over(case: Case) -> Refusal | None:
    """The waiting period (等待期) runs from the first day of the unbroken spell of entitlement (decoded §5)."""
    days = case.benefit.waiting_days if case.benefit is not None else 0
    if not days:
        return None
    since = case.account.entitled_since(case.benefit_code, case.day, case.handbook)
    if since is None or case.day >= waiting_ends(since, days):
        return None
    return Refusal(
        code=RefusalCode.WAITING_PERIOD,
        facts=case.facts(waiting_days=days, since=since.isoformat()),
        available_from=case.account.usable_from(case.benefit_code, case.day, case.handbook),
    )


def units_are_valid(case: Case) -> Refusal | None:
    """At least one unit, at most the edition's maximum for one redemption; minutes must be given."""
    if not case.units_told:
        return Refusal(
            code=RefusalCode.UNITS_INVALID, wording="minutes", facts=case.facts(), missing=("units",)
        )
    most = case.settings.max_units_per_redemption
    if 1 <= case.units <= most:
        return None
    return Refusal(code=RefusalCode.UNITS_INVALID, facts=case.facts(units=case.units, most=most))


def quota_is_left(case: Case) -> Refusal | None:
    """No more than the allowance; earlier uses count against the current tier."""
    if case.remaining is None or case.units <= case.remaining or not isinstance(case.allowance, Counted):
        return None
    return Refusal(
        code=RefusalCode.QUOTA_EXHAUSTED,
        facts=case.facts(
            granted=case.granted or 0,
            used=case.pool_taken.used,
            held=case.pool_taken.held,
            remaining=case.remaining,
            units=case.units,
        ),
        available_from=_next_year_with(case),
    )


RULES: tuple[Rule, ...] = (
    benefit_is_known,
    vendor_is_contracted,
    moment_is_not_ahead,
    day_is_not_too_long_ago,
    customer_is_a_member,
    tier_has_the_benefit,
    beneficiary_is_covered,
    policy_is_eligible,
    option_is_chosen,
    option_is_for_the_beneficiary,
    facility_is_chosen,
    waiting_period_is_over,
    evidence_is_there,
    illness_began_after_waiting,
    service_is_open,
    hold_is_not_too_long,
    units_are_valid,
    quota_is_left,
)
"""In the order in which the first refusal that applies is given.

Lasting reasons come before the service hours: a request at night is refused for a missing document first, not only in
the morning.
"""

CARD_RULES: tuple[Rule, ...] = (
    benefit_is_known,
    customer_is_a_member,
    tier_has_the_benefit,
    waiting_period_is_over,
    number_is_for_a_policy_to_come,
    quota_is_left,
)
"""The rules for a member card, where no option, policy or beneficiary is chosen yet."""


def judge(case: Case, rules: tuple[Rule, ...] = RULES) -> Refusal | None:
    """The first refusal that applies; None when the use is allowed."""
    for rule in rules:
        refusal = rule(case)
        if refusal is not None:
            return refusal
    return None


def _next_year_with(case: Case) -> date | None:
    """The first day of the next service year with enough units, by the scheduled star; None: none is scheduled."""
    if not isinstance(case.allowance, Counted) or case.allowance.per is not Per.SERVICE_YEAR:
        return None
    year = case.account.service_year(case.day)
    while year is not None:
        usable = case.account.usable_from(case.benefit_code, year.end, case.handbook)
        if usable is None:
            return None
        then = replace(case, day=usable)
        if then.remaining is None or case.units <= then.remaining:
            return usable
        if then.granted is None or then.granted < case.units:
            return None
        year = case.account.service_year(
            usable
        )  # for a past day: the following year may be used up by now, too
    return None


def _registered_from(case: Case) -> date | None:
    """When a relative whose registration is ahead may first use the benefit; None for one who is not covered then."""
    relative = case.relative
    if relative is None or relative.relation not in case.settings.immediate_family:
        return None
    return case.account.usable_from(case.benefit_code, relative.registered_on, case.handbook)
