"""A customer's account, on which the rules decide: tier, anchor, policies, relatives, and units taken from each pool.

Plain values: read by `ledger.entitlement.loading`, judged by `ledger.entitlement.rules`, shown by `ledger.quotas`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from handbook import Benefit, Edition, Handbook, Per, service_year_number, service_year_span
from rating.events import Line
from rating.history import Policy, Relative
from rating.lifecycle import Status
from rating.tiers import first_member_day, spells, star_on
from rating.timeline import StarSpan


class PoolKey(NamedTuple):
    """The key of a pool: its benefit, its term and its policy, if any.

    The term is the number of the service year that the pool is for, 0 for the whole membership. A tuple, because pools
    are looked up by it all the time.
    """

    benefit: str
    term: int
    policy_no: str = ""

    def __str__(self) -> str:
        """The pool in words: its year or policy, or the membership."""
        if self.term:
            return f"{self.benefit} of year {self.term}"
        return f"{self.benefit} of {f'policy {self.policy_no}' if self.policy_no else 'the membership'}"


pool_key = lru_cache(maxsize=4_096)(PoolKey)
"""The key of a pool, made once: most customers have the same pools."""


class Taken(NamedTuple):
    """Units of a pool that are used, and held by open appointments."""

    used: int = 0
    held: int = 0

    def left_of(self, granted: int) -> int:
        """Units that are left of so many granted, never negative: every figure of what remains is this one."""
        return max(0, granted - self.used - self.held)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceYear:
    """The `number`-th service year (from 1), from `start` to the day before `end`."""

    number: int
    start: date
    end: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """All that the rules need of a customer. `anchor` is the stored one; until it is stored, the timeline's counts.

    `taken` is the units used and held in each pool as of the day asked for. Where that day is past, `taken_by_now` is
    the same as of now, and decides what is left: a unit that was used since cannot be used again (decision 18). None:
    the same as `taken`.
    """

    customer_id: int
    member_no: str
    spans: tuple[StarSpan, ...]
    anchor: date | None = None
    policies: tuple[Policy, ...] = ()
    relatives: Mapping[str, Relative] = field(default_factory=dict)
    taken: Mapping[PoolKey, Taken] = field(default_factory=dict)
    taken_by_now: Mapping[PoolKey, Taken] | None = None

    def anchor_by(self, day: date) -> date | None:
        """The first day of the first service year, if it has come by `day`.

        A first star in the future may still be cancelled, so it sets no anchor (decoded handbook §5).
        """
        if self.anchor is not None:
            return self.anchor
        first = first_member_day(self.spans)
        return first if first is not None and first <= day else None

    def service_year_number(self, day: date) -> int | None:
        """Number of the service year that `day` lies in; None when none has begun by then.

        A correction can move the first star before the stored anchor, which never moves: such days belong to year 1.
        """
        anchor = self.anchor_by(day)
        return max(1, service_year_number(anchor, day)) if anchor is not None else None

    def service_year(self, day: date) -> ServiceYear | None:
        """The service year that `day` lies in; None when none has begun by then.

        A day before the stored anchor is in year 1 only if a correction has given it a star since.
        """
        number = self.service_year_number(day)
        if number is None:
            return None
        year = self.numbered_year(number, day)
        return None if day < year.start and self.star_on(day) == 0 else year

    def numbered_year(self, number: int, day: date) -> ServiceYear:
        """The service year of that number, for a customer whose anchor has come by `day`."""
        anchor = self.anchor_by(day)
        if anchor is None:
            message = f"customer {self.customer_id} has no service year by {day}"
            raise ValueError(message)
        start, end = service_year_span(anchor, number)
        return ServiceYear(number=number, start=start, end=end)

    def service_years(self, until: date) -> tuple[ServiceYear, ...]:
        """Every service year that has begun by `until`, ascending."""
        last = self.service_year_number(until)
        return tuple(self.numbered_year(number, until) for number in range(1, (last or 0) + 1))

    def eligible_policies(self, day: date) -> tuple[str, ...]:
        """The numbers of the policies that carry per-policy benefits on `day`, ascending."""
        return tuple(sorted(policy.policy_no for policy in self.policies if carries_benefits(policy, day)))

    def star_on(self, day: date) -> int:
        """The star on `day`; 0 is none."""
        return star_on(self.spans, day)

    def entitled_since(self, benefit: str, day: date, handbook: Handbook) -> date | None:
        """First day of the unbroken entitlement to `benefit` around `day`; None if not entitled on `day`."""
        for start, end in self._entitled_spells(benefit, handbook):
            if start <= day and (end is None or day < end):
                return start
        return None

    def usable_from(self, benefit: str, day: date, handbook: Handbook) -> date | None:
        """First day from `day` on when, as scheduled, the star has `benefit` and its waiting period is over.

        None when no such day is scheduled.
        """
        for start, end in self._entitled_spells(benefit, handbook):
            entitled = max(start, day)
            if end is not None and end <= entitled:
                continue
            known = _known(handbook.on(entitled), benefit)
            usable = max(entitled, waiting_ends(start, known.waiting_days)) if known is not None else entitled
            if end is None or usable < end:
                return usable
        return None

    def _entitled_spells(self, benefit: str, handbook: Handbook) -> tuple[tuple[date, date | None], ...]:
        """The unbroken spans of entitlement. No span of the timeline crosses a change of edition."""
        return spells(self.spans, lambda each: _grants(handbook.on(each.start), benefit, each.star))


def carries_benefits(policy: Policy, day: date) -> bool:
    """Whether benefits given per policy are given for this one on `day`: an individual policy, issued and in force."""
    return policy.line == Line.INDIVIDUAL and policy.status_on(day) == Status.IN_FORCE


def pool_term(per: Per | None, service_year: int) -> int:
    """The term of the pool for a benefit counted `per`; benefits without limit are counted by service year."""
    return 0 if per in (Per.MEMBERSHIP, Per.POLICY) else service_year


def waiting_ends(since: date, waiting_days: int) -> date:
    """First day on which a benefit with a waiting period may be used: so many days after the spell began."""
    return date.fromordinal(since.toordinal() + waiting_days)


def _known(edition: Edition | None, benefit: str) -> Benefit | None:
    return edition.benefit(benefit) if edition is not None else None


def _grants(edition: Edition | None, benefit: str, star: int) -> bool:
    known = _known(edition, benefit)
    return known is not None and known.allowance(star) is not None
