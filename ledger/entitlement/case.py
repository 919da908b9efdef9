"""A case for the rules: may this customer use these units of this benefit on this day? Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from base.lazy import lazy
from handbook import Allowance, Benefit, Counted, Edition, Handbook, Per, Settings
from ledger.entitlement.account import Account, PoolKey, Taken, pool_term
from ledger.entitlement.terms import Term
from rating.history import Relative


@dataclass(frozen=True, kw_only=True)
class Case:
    """The question whether this customer may use some units of this benefit on `day`.

    `today` is the business day of now. `terms` are the asking vendor's; None when no contract is checked.
    `taken` overrides the account's figures of the pool, as of the day and as of now (the write path has newer ones; for
    a past day the two differ: docs/decisions/0018-what-a-past-day-has-left.md). `evidence` None: an eligibility
    question, not a request. `occurred_at` and `now` are given for events that have happened, `delivered_at` for
    deliveries, not bookings. `hold`: a booking, for `hold_hours` if given. `booked_on`: the day of the booking that is
    now delivered. `numbers_held`: the numbers wished for in the customer's open holds.
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

    @lazy
    def edition(self) -> Edition | None:
        """The edition in force on the day."""
        return self.handbook.on(self.day)

    @lazy
    def settings(self) -> Settings:
        """The settings in force on the day, or, before all editions, of the latest."""
        return (self.edition or self.handbook.latest).settings

    @lazy
    def benefit(self) -> Benefit | None:
        """The benefit in the edition of the day."""
        return self.edition.benefit(self.benefit_code) if self.edition is not None else None

    @lazy
    def star(self) -> int:
        """The customer's star on the day."""
        return self.account.star_on(self.day)

    @lazy
    def allowance(self) -> Allowance | None:
        """The star's allowance of the benefit; None without one."""
        return self.benefit.allowance(self.star) if self.benefit is not None else None

    @lazy
    def relative(self) -> Relative | None:
        """The registered relative that the benefit is for; None when unknown or for the customer."""
        return self.account.relatives.get(self.beneficiary) if self.beneficiary is not None else None

    @property
    def is_question(self) -> bool:
        """Whether this is an eligibility question: then what only a request carries is not required."""
        return self.evidence is None

    @property
    def is_number(self) -> bool:
        """Whether it is an application for a wished number, before there is a policy."""
        return self.benefit is not None and self.benefit.wished_number is not None

    @lazy
    def service_year_number(self) -> int | None:
        """The number of the service year that the day lies in; None when none has begun."""
        return self.account.service_year_number(self.day)

    @lazy
    def pool(self) -> PoolKey | None:
        """The pool that the units come from; None when no service year has begun."""
        number = self.service_year_number
        if number is None or self.benefit is None:
            return None
        per = self.allowance.per if isinstance(self.allowance, Counted) else self.benefit.per
        return PoolKey(
            self.benefit_code,
            pool_term(per, number),
            self.policy_no or "" if per is Per.POLICY else "",
        )

    @lazy
    def diagnoses(self) -> tuple[date, ...]:
        """The days of diagnosis in those documents that the benefit requires."""
        asked = self.benefit.evidence if self.benefit is not None else ()
        return tuple(day for kind, day in self.diagnosed_on if kind in asked)

    @lazy
    def pool_taken(self) -> Taken:
        """Units of the pool used and held by now, also after the day: they cannot be used again (decision 18)."""
        by_now = self.account.taken if self.account.taken_by_now is None else self.account.taken_by_now
        return self._of_pool(by_now if self.taken is None else self.taken)

    @lazy
    def pool_taken_then(self) -> Taken:
        """Units of the pool used and held as of the day, whatever has happened since (decision 18)."""
        return self._of_pool(self.account.taken if self.taken is None else self.taken)

    def _of_pool(self, taken: Mapping[PoolKey, Taken]) -> Taken:
        return taken.get(self.pool, Taken()) if self.pool is not None else Taken()

    @lazy
    def granted(self) -> int | None:
        """Units that the star gives for the pool; None without limit.

        For wished numbers: those taken, and one for the next policy (decision 19).
        """
        if not isinstance(self.allowance, Counted):
            return 0 if self.allowance is None else None
        if self.is_number:
            return self.pool_taken_then.used + self.pool_taken_then.held + self.for_the_next_policy
        return self.allowance.units

    @lazy
    def for_the_next_policy(self) -> int:
        """Units that exist only for a future policy: not applied for yet, and not for any existing policy."""
        if not self.is_number or self.policy_no is not None or not isinstance(self.allowance, Counted):
            return 0
        return self.allowance.units

    @lazy
    def remaining(self) -> int | None:
        """Units that are left by now for a use on the day, never negative; None without limit."""
        if self.granted is None:
            return None
        if self.is_number:
            return self.for_the_next_policy
        return self.pool_taken.left_of(self.granted)

    def facts(self, **more: str | int) -> dict[str, str | int]:
        """The facts that most messages need, and more."""
        benefit = self.benefit
        return {
            "day": self.day.isoformat(),
            "benefit_zh": benefit.name if benefit is not None else self.benefit_code,
            "benefit_en": benefit.name_en if benefit is not None else self.benefit_code,
            **more,
        }
