"""A deliberately simple model of one customer's allowances: no balances, no entries, only who took what.

It shares nothing with the ledger but names. Whatever it is asked it counts again from the list of what was taken.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from chinese_calendar import is_workday

from handbook import BUSINESS_ZONE

STARS = (1, 2, 3, 4, 5)
GRID: dict[str, tuple[str, dict[int, int | None]]] = {
    # benefit: given for what, and units by star; None is without limit
    "legal-consultation": ("year", {3: 60, 4: 60, 5: 60}),
    "physical-exam": ("year", {2: 1, 3: 1, 4: 1, 5: 1}),
    "medical-butler": ("year", dict.fromkeys(STARS, 3)),
    "outpatient-escort": ("year", {4: 1, 5: 1}),
    "second-opinion": ("year", {3: 1, 4: 1, 5: 1}),
    "life-bank": ("membership", {4: 1, 5: 1}),
    "policy-cover": ("policy", {4: 1, 5: 1}),
    "lucky-policy-number": ("policy", {4: 1, 5: 1}),
    "vip-line": ("year", dict.fromkeys(STARS)),
}
LUCKY = "lucky-policy-number"
APPLICATIONS = (LUCKY, 0, "")
WORKING_DAYS_BEFORE = 2
OFFICE_HOURS = {"vip-line": (9, 18)}
WAITING = {"second-opinion": 30}
EFFECTS = {
    # kind, whether of a redemption that began before: what a unit changes in granted, used, held, expired, available
    ("GRANT", False): (+1, 0, 0, 0, +1),
    ("REVOKE", False): (-1, 0, 0, 0, -1),
    ("HOLD", False): (0, 0, +1, 0, -1),
    ("HOLD", True): (0, 0, +1, 0, -1),
    ("REDEEM", False): (0, +1, 0, 0, -1),
    ("REDEEM", True): (0, +1, -1, 0, 0),
    ("RELEASE", True): (0, 0, -1, 0, +1),
    ("EXPIRE_HOLD", True): (0, 0, -1, 0, +1),
    ("NO_SHOW", True): (0, +1, -1, 0, 0),
    ("REVERSE", True): (0, -1, 0, 0, +1),
    ("EXPIRE", False): (0, 0, 0, +1, -1),
}
FARTHEST_BACK = 31

Pool = tuple[str, int, str]


@dataclass
class Taking:
    """What was taken under one redemption."""

    pool: Pool
    vendor: str
    units: int
    status: str
    booked_on: date
    expires_at: datetime | None = None
    number: str | None = None
    requested_on: date | None = None


@dataclass
class Model:
    """A customer: the star of each day, the policies' days in force, and what was taken."""

    stars: list[tuple[date, int]]
    policies: dict[str, list[tuple[date, date]]]
    anchor: date | None = None
    takings: dict[int, Taking] = field(default_factory=dict)
    most: dict[Pool, int] = field(default_factory=dict)
    """The greatest allowance by which anything was taken from a pool."""

    def star(self, day: date) -> int:
        return next((star for since, star in reversed(self.stars) if since <= day), 0)

    def first_day(self, today: date) -> date | None:
        """The first day of the first service year."""
        if self.anchor is not None:
            return self.anchor
        return next((since for since, star in self.stars if star and since <= today), None)

    def year(self, day: date) -> int:
        first = self.first_day(day)
        assert first is not None
        number = 1
        while day >= self.anniversary(first, number):
            number += 1
        return number

    def last_day(self, year: int, today: date) -> date:
        first = self.first_day(today)
        assert first is not None
        return self.anniversary(first, year) - timedelta(days=1)

    @staticmethod
    def anniversary(first: date, years: int) -> date:
        try:
            return first.replace(year=first.year + years)
        except ValueError:
            return date(first.year + years, 2, 28)

    def units(self, benefit: str, day: date) -> int | None:
        """What the star of a day gives; 0 is nothing, None no limit."""
        return GRID[benefit][1].get(self.star(day), 0)

    def pool(self, benefit: str, policy_no: str | None, day: date) -> Pool:
        kind = GRID[benefit][0]
        year = self.year(day) if kind == "year" else 0
        return (benefit, year, (policy_no or "") if kind == "policy" else "")

    def status(self, taking: Taking, now: datetime) -> str:
        if taking.status == "HELD" and taking.expires_at is not None and taking.expires_at <= now:
            return "EXPIRED"
        return taking.status

    def run_out(self, now: datetime, benefit: str | None = None) -> None:
        """What is posted of a benefit ends the holds that have run out: they stay so if the clock is set back."""
        for each in self.takings.values():
            if benefit in (None, each.pool[0]):
                each.status = self.status(each, now)

    def used(self, pool: Pool) -> int:
        return sum(
            each.units
            for each in self.takings.values()
            if each.pool == pool and each.status in ("REDEEMED", "NO_SHOW")
        )

    def held(self, pool: Pool, now: datetime) -> int:
        return sum(
            each.units
            for each in self.takings.values()
            if each.pool == pool and self.status(each, now) == "HELD"
        )

    def refusal(
        self,
        benefit: str,
        units: int,
        policy_no: str | None,
        occurred_at: datetime,
        now: datetime,
        *,
        delivered: bool,
    ) -> str | None:
        """The code with which taking units is refused, None when it is not."""
        day, today = _day(occurred_at), _day(now)
        kind = GRID[benefit][0]
        if occurred_at > now or (today - day).days > FARTHEST_BACK:
            return "OCCURRED_IN_FUTURE" if occurred_at > now else "OCCURRED_TOO_LONG_AGO"
        if wrong := self.not_a_member(benefit, day):
            return wrong
        if kind != "policy" and policy_no is not None:
            return "INVALID"
        if kind == "policy" and (wrong := self.wrong_policy(policy_no, day)):
            return wrong
        if wrong := self.not_entitled(benefit, day):
            return wrong
        if delivered and not self.is_open(benefit, occurred_at):
            return "OUTSIDE_SERVICE_HOURS"
        return self.too_many(benefit, units, policy_no, day, now)

    def not_a_member(self, benefit: str, day: date) -> str | None:
        if self.star(day) == 0:
            return "NOT_A_MEMBER"
        return "TIER_TOO_LOW" if self.star(day) not in GRID[benefit][1] else None

    def not_entitled(self, benefit: str, day: date) -> str | None:
        """The code with which a day has no right to a benefit, None when it has."""
        waited = (
            self.star(day - timedelta(days=back)) in GRID[benefit][1]
            for back in range(WAITING.get(benefit, 0) + 1)
        )
        return self.not_a_member(benefit, day) or (None if all(waited) else "WAITING_PERIOD")

    def too_many(
        self, benefit: str, units: int, policy_no: str | None, day: date, now: datetime
    ) -> str | None:
        by_star = GRID[benefit][1]
        allowed = by_star[self.star(day)]
        pool = self.pool(benefit, policy_no, day)
        too_many = allowed is not None and self.used(pool) + self.held(pool, now) + units > allowed
        return "QUOTA_EXHAUSTED" if too_many else None

    @staticmethod
    def is_open(benefit: str, moment: datetime) -> bool:
        first, last = OFFICE_HOURS.get(benefit, (0, 24))
        local = moment.astimezone(BUSINESS_ZONE)
        return first <= local.hour < last and (
            benefit not in OFFICE_HOURS or _works(local.date(), unknown=True)
        )

    def application_refused(self, number: str, now: datetime) -> str | None:
        """The code with which a number is not held, None when it is."""
        if wrong := self.not_a_member(LUCKY, _day(now)):
            return wrong
        open_numbers = {each.number for each in self.takings.values() if self.status(each, now) == "HELD"}
        return "INVALID" if number in open_numbers else None

    def number_refused(self, taking: Taking, policy_no: str | None, now: datetime) -> str | None:
        """The code with which a number that is held is not confirmed with a policy, None when it is."""
        wrong = self.wrong_policy(policy_no, _day(now))
        if wrong or policy_no is None:
            return wrong
        between, day = 0, taking.requested_on
        issued_on = self.policies[policy_no][0][0]
        assert day is not None
        while day < issued_on:
            day += timedelta(days=1)
            between += _works(day)
        if between < WORKING_DAYS_BEFORE:
            return "POLICY_NOT_ELIGIBLE"
        pool = (LUCKY, 0, policy_no)
        return "QUOTA_EXHAUSTED" if self.used(pool) + self.held(pool, now) else None

    def wrong_policy(self, policy_no: str | None, day: date) -> str | None:
        if policy_no is None:
            return "POLICY_REQUIRED"
        in_force = any(start <= day < end for start, end in self.policies.get(policy_no, []))
        return None if in_force else "POLICY_NOT_ELIGIBLE"

    def left(self, pool: Pool, now: datetime) -> tuple[int | None, int, int, int | None]:
        """Granted, used, held and remaining of a pool: by today's star, or the last one of a year that is over."""
        benefit, year, _ = pool
        day = _day(now)
        if year and self.year(day) != year:
            day = self.last_day(year, day)
        granted, used, held = self.units(benefit, day), self.used(pool), self.held(pool, now)
        if benefit == LUCKY and granted:
            granted = used + held + (1 if pool == APPLICATIONS else 0)
        return granted, used, held, None if granted is None else max(0, granted - used - held)


def _works(day: date, *, unknown: bool | None = None) -> bool:
    """Whether a day is worked; of a year without a calendar `unknown`, or whether it is a weekday."""
    try:
        return bool(is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5 if unknown is None else unknown


def _day(moment: datetime) -> date:
    return moment.astimezone(BUSINESS_ZONE).date()
