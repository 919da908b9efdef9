"""Who may use what, and when: the rules of the handbook as a tuple of functions of one shape.

Each rule looks at one `Case` and returns a refusal or None; `judge` returns the first refusal that applies, in the
order of `RULES`. What a benefit asks for beyond the star is in `ledger.request_rules`. Redemptions, holds, the
eligibility query and the member card all ask here, so they never disagree.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property

from handbook import Allowance, Benefit, Counted, Edition, Handbook, Per, Relation, Settings
from ledger.account import Account, PoolKey, Relative, Taken, pool_period, waiting_ends
from ledger.refusals import Refusal, RefusalCode
from ledger.relations import RELATION_WORDS, family_facts
from ledger.request_rules import (
    evidence_is_there,
    facility_is_chosen,
    hold_is_not_too_long,
    illness_began_after_waiting,
    option_is_chosen,
    option_is_for_the_beneficiary,
    policy_is_eligible,
    service_is_open,
)
from ledger.wished_numbers import number_is_for_a_policy_to_come


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """What a vendor is contracted for: a benefit, from a day to the day before another (None: open)."""

    benefit: str
    starts_on: date
    ends_on: date | None

    def covers(self, benefit: str, day: date) -> bool:
        """Whether the term is for `benefit` on `day`."""
        return (
            self.benefit == benefit and self.starts_on <= day and (self.ends_on is None or day < self.ends_on)
        )


@dataclass(frozen=True, kw_only=True)
class Case:
    """One question, whether this customer may use these units of this benefit on `day`.

    `today` is the business day of now. `terms` are the asking vendor's; None when nobody's contract matters.
    `taken` overrides what the account says of the pool, then and by now (the write path knows better; of a past day
    the account tells both: docs/decisions/0018-what-a-past-day-has-left.md). `evidence` None: somebody only asks,
    nothing is requested yet. `occurred_at` and `now` are given where something is said to have happened,
    `delivered_at` where it is delivered and not just booked. `hold`: it is booked, for `hold_hours` if those are told.
    `booked_on`: the day of the booking that is delivered. `numbers_held`: the numbers wished for in the customer's open
    holds.
    """

    account: Account
    handbook: Handbook
    today: date
    day: date
    benefit_code: str
    units: int = 1
    units_told: bool = True
    vendor: str = ""
    terms: tuple[Term, ...] | None = None
    beneficiary: str | None = None
    policy_no: str | None = None
    option: str | None = None
    facility: str | None = None
    wished_number: str | None = None
    numbers_held: frozenset[str] = frozenset()
    evidence: frozenset[str] | None = None
    diagnosed_on: tuple[tuple[str, date], ...] = ()
    hold: bool = False
    hold_hours: int | None = None
    booked_on: date | None = None
    occurred_at: datetime | None = None
    delivered_at: datetime | None = None
    now: datetime | None = None
    taken: Mapping[PoolKey, Taken] | None = field(default=None, repr=False)

    @cached_property
    def edition(self) -> Edition | None:
        """The edition in force on the day."""
        return self.handbook.on(self.day)

    @cached_property
    def settings(self) -> Settings:
        """The settings in force on the day, or, before all editions, of the latest."""
        return (self.edition or self.handbook.latest).settings

    @cached_property
    def benefit(self) -> Benefit | None:
        """The benefit in the edition of the day."""
        return self.edition.benefit(self.benefit_code) if self.edition is not None else None

    @cached_property
    def star(self) -> int:
        """The customer's star on the day."""
        return self.account.star_on(self.day)

    @cached_property
    def allowance(self) -> Allowance | None:
        """What the star gives of the benefit; None when nothing."""
        return self.benefit.allowance(self.star) if self.benefit is not None else None

    @cached_property
    def relative(self) -> Relative | None:
        """The registered relative that the benefit is for; None when unknown or for the customer."""
        return self.account.relatives.get(self.beneficiary) if self.beneficiary is not None else None

    @property
    def is_question(self) -> bool:
        """Whether somebody only asks: then what comes with a request is not asked for."""
        return self.evidence is None

    @property
    def is_number(self) -> bool:
        """Whether it is about a number that is wished for before there is a policy."""
        return self.benefit is not None and self.benefit.wished_number is not None

    @cached_property
    def pool(self) -> PoolKey | None:
        """The pool that the units come from; None when no service year has begun."""
        number = self.account.service_year_number(self.day)
        if number is None or self.benefit is None:
            return None
        per = self.allowance.per if isinstance(self.allowance, Counted) else self.benefit.per
        return PoolKey(
            self.benefit_code,
            pool_period(per, number),
            self.policy_no or "" if per is Per.POLICY else "",
        )

    @cached_property
    def diagnoses(self) -> tuple[date, ...]:
        """The days of diagnosis that the documents tell which the benefit asks for."""
        asked = self.benefit.evidence if self.benefit is not None else ()
        return tuple(day for kind, day in self.diagnosed_on if kind in asked)

    @cached_property
    def pool_taken(self) -> Taken:
        """What is used and held of the pool by now, also after the day: it cannot be used again (decision 18)."""
        by_now = self.account.taken if self.account.taken_by_now is None else self.account.taken_by_now
        return self._of_pool(by_now if self.taken is None else self.taken)

    @cached_property
    def pool_taken_then(self) -> Taken:
        """What was used and held of the pool as of the day: history, whatever has happened since (decision 18)."""
        return self._of_pool(self.account.taken if self.taken is None else self.taken)

    def _of_pool(self, taken: Mapping[PoolKey, Taken]) -> Taken:
        return taken.get(self.pool, Taken()) if self.pool is not None else Taken()

    @cached_property
    def granted(self) -> int | None:
        """Units that the star gives for the pool; None without limit.

        Of numbers, those that are taken, and one for the next policy to come (decision 19).
        """
        if not isinstance(self.allowance, Counted):
            return 0 if self.allowance is None else None
        if self.is_number:
            return self.pool_taken_then.used + self.pool_taken_then.held + self.for_the_next_policy
        return self.allowance.units

    @cached_property
    def for_the_next_policy(self) -> int:
        """Units that exist only with a policy to come: nobody has applied for them, and no policy there gets them."""
        if not self.is_number or self.policy_no is not None or not isinstance(self.allowance, Counted):
            return 0
        return self.allowance.units

    @cached_property
    def remaining(self) -> int | None:
        """Units that are left by now for a use on the day, never negative; None without limit."""
        if self.granted is None:
            return None
        if self.is_number:
            return self.for_the_next_policy
        return max(0, self.granted - self.pool_taken.used - self.pool_taken.held)

    def facts(self, **more: str | int) -> dict[str, str | int]:
        """The facts that most messages need, and more."""
        benefit = self.benefit
        return {
            "day": self.day.isoformat(),
            "benefit_zh": benefit.name if benefit is not None else self.benefit_code,
            "benefit_en": benefit.name_en if benefit is not None else self.benefit_code,
            **more,
        }


Rule = Callable[[Case], Refusal | None]


def benefit_is_known(case: Case) -> Refusal | None:
    """The code must be one of the edition in force on the day."""
    if case.benefit is not None:
        return None
    if case.edition is None:
        return Refusal(code=RefusalCode.NOT_A_MEMBER, case="no_programme", facts=case.facts())
    known = ", ".join(benefit.code for benefit in case.edition.benefits)
    return Refusal(code=RefusalCode.UNKNOWN_BENEFIT, facts=case.facts(benefit=case.benefit_code, known=known))


def vendor_is_contracted(case: Case) -> Refusal | None:
    """A vendor serves what its contract names, while it lasts."""
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
    """What has not happened yet cannot be posted."""
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
    """A use may be posted late, but not for ever (setting `backdating_days`)."""
    days = (case.handbook.on(case.today) or case.handbook.latest).settings.backdating_days
    earliest = case.today - timedelta(days=days)
    if case.day >= earliest:
        return None
    return Refusal(
        code=RefusalCode.OCCURRED_TOO_LONG_AGO,
        facts=case.facts(earliest=earliest.isoformat(), backdating_days=days),
    )


def customer_is_a_member(case: Case) -> Refusal | None:
    """Without a star there is nothing to use."""
    if case.star > 0:
        return None
    return Refusal(
        code=RefusalCode.NOT_A_MEMBER,
        facts=case.facts(),
        available_from=case.account.usable_from(case.benefit_code, case.day, case.handbook),
        required_star=case.benefit.required_star if case.benefit is not None else None,
    )


def tier_has_the_benefit(case: Case) -> Refusal | None:
    """The grid says from which star on a benefit is given."""
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
            case="unknown",
            facts=case.facts(beneficiary=case.beneficiary, **family_facts(case.settings.immediate_family)),
            available_from=_registered_from(case),
        )
    relation = case.relative.relation
    if relation in case.settings.immediate_family:
        return None
    return Refusal(
        code=code,
        case="family",
        facts=case.facts(
            beneficiary=case.beneficiary,
            relation=RELATION_WORDS[Relation(relation)].en,
            relation_zh=RELATION_WORDS[Relation(relation)].zh,
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
    """At least one, at most what the edition lets one redemption take; minutes are told, never taken to be one."""
    if not case.units_told:
        return Refusal(code=RefusalCode.UNITS_INVALID, case="minutes", facts=case.facts(), missing=("units",))
    most = case.settings.max_units_per_redemption
    if 1 <= case.units <= most:
        return None
    return Refusal(code=RefusalCode.UNITS_INVALID, facts=case.facts(units=case.units, most=most))


def quota_is_left(case: Case) -> Refusal | None:
    """Nobody takes more than the star gives; what was used counts against the tier held now."""
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

What will never be possible comes before what the next hour brings: whoever calls at night learns first that a document
is missing, and not only in the morning.
"""

CARD_RULES: tuple[Rule, ...] = (
    benefit_is_known,
    customer_is_a_member,
    tier_has_the_benefit,
    waiting_period_is_over,
    number_is_for_a_policy_to_come,
    quota_is_left,
)
"""What decides on a member card, where nobody has chosen an option, a policy or a beneficiary yet."""


def judge(case: Case, rules: tuple[Rule, ...] = RULES) -> Refusal | None:
    """The first refusal that applies, or None: the customer may."""
    for rule in rules:
        refusal = rule(case)
        if refusal is not None:
            return refusal
    return None


def _next_year_with(case: Case) -> date | None:
    """The first day of a later service year on which as much is left, as the star is scheduled; None: none in sight."""
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
        )  # of a day gone by: the year after it may be used up by now, too
    return None


def _registered_from(case: Case) -> date | None:
    """When a relative whose registration is ahead may first use the benefit; None for one who is not covered then."""
    relative = case.relative
    if relative is None or relative.relation not in case.settings.immediate_family:
        return None
    return case.account.usable_from(case.benefit_code, relative.registered_on, case.handbook)
