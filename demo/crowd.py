"""The crowd: random members besides the cast, each with one of the usual histories of a policyholder.

The random generator is seeded by the member number. A life is a function that writes a history; the table `LIVES` has
their frequencies. Premiums are drawn so that every star occurs, most members being at star 1 to 3.
"""

from collections.abc import Callable
from datetime import date, timedelta
from random import Random
from typing import Any

from demo.histories import History

_STARS = {0: 14, 1: 20, 2: 34, 3: 18, 4: 9, 5: 5}
_RANGES = {
    0: (6_000, 29_000),
    1: (30_000, 44_000),
    2: (45_000, 148_000),
    3: (150_000, 295_000),
    4: (300_000, 490_000),
    5: (500_000, 1_200_000),
}
_LONG_CATEGORIES = (
    "whole_life",
    "whole_life",
    "annuity",
    "annuity",
    "critical_illness",
    "endowment",
    "term_life",
)
_INSTALMENTS = {"annual": 1, "semi_annual": 2, "quarterly": 4, "monthly": 12}
_LATEST_STEADY_DAYS = 190
"""Policies of the usual lives began at least so long ago: their members have a star before the activity begins."""

Life = Callable[[History, Random], None]


def steady(member: History, rng: Random) -> None:
    """One to three policies in force, paid year by year."""
    _register(member, rng)
    _policies(member, rng)


def by_instalments(member: History, rng: Random) -> None:
    """A policy paid monthly, quarterly or half-yearly."""
    _register(member, rng)
    mode = rng.choice(("monthly", "quarterly", "semi_annual"))
    _policy(member, rng, _premium(rng), mode=mode)


def short_term(member: History, rng: Random) -> None:
    """A payment term under ten years: counted in tenths."""
    _register(member, rng)
    term = rng.choice((3, 5, 6, 8))
    begun = member.years_ago(rng.randrange(0, term - 1), rng.randrange(_LATEST_STEADY_DAYS, 360))
    _policy(member, rng, _premium(rng) * 10 // term, term=term, when=begun)


def at_once(member: History, rng: Random) -> None:
    """A single premium, of which two years count; for some they are over."""
    _register(member, rng)
    category, design, tenths_of_percent = rng.choice((
        ("whole_life", "traditional", 100), ("annuity", "traditional", 100), ("critical_illness", "traditional", 100),
        ("endowment", "traditional", 30), ("annuity", "participating", 30), ("whole_life", "universal", 20),
    ))  # fmt: skip
    premium = _premium(rng) * 1000 // tenths_of_percent
    policy = member.single(
        -rng.randrange(_LATEST_STEADY_DAYS, 1100), premium, category=category, design=design
    )
    if design == "universal":
        member.added("top_up_paid", policy, -rng.randrange(5, 150), premium // 2)
    if rng.random() < 0.5:  # noqa: PLR2004
        _policy(member, rng, rng.randrange(8_000, 40_000, 1_000))


def year_by_year(member: History, rng: Random) -> None:
    """A one-year policy, renewed each year, once with a gap, beside a long one."""
    _register(member, rng)
    years, days = rng.randrange(1, 4), rng.randrange(20, 340)
    policy = member.one_year(member.years_ago(years, days), rng.randrange(3_000, 40_000, 500))
    gap = rng.choice((None, 1))
    for year in range(years - 1, -1, -1):
        if year != gap:
            member.happened("renewed", member.years_ago(year, days), policy_no=policy)
    _policy(member, rng, rng.randrange(12_000, 70_000, 1_000))


def riser(member: History, rng: Random) -> None:
    """An increase, a rider or a further policy within the last months."""
    _register(member, rng)
    policy = _policy(member, rng, _premium(rng))
    how = rng.choice(("premium_increased", "rider_added", "policy"))
    when = -rng.randrange(3, 140)
    if how == "policy":
        _policy(member, rng, rng.randrange(20_000, 160_000, 1_000), when=member.day(when))
    else:
        member.added(how, policy, when, rng.randrange(10_000, 120_000, 1_000), term=rng.choice((10, 15, 20)))


def newcomer(member: History, rng: Random) -> None:
    """A first policy within the last months; some are still in the cooling-off period."""
    issued_on = member.day(-rng.randrange(2, 145))
    member.registered(issued_on)
    received_on = min(issued_on + timedelta(days=rng.randrange(1, 9)), member.day(-1))
    member.issued(issued_on, _premium(rng), category=rng.choice(_LONG_CATEGORIES), received_on=received_on)


def interrupted(member: History, rng: Random) -> None:
    """A lapse, most often followed by a reinstatement."""
    _register(member, rng)
    policy = _policies(member, rng)
    lapsed = _days_ago_within(member, policy, rng, 15, 600)
    member.happened("lapsed", -lapsed, policy_no=policy)
    if rng.random() < 0.65:  # noqa: PLR2004
        member.happened("reinstated", -rng.randrange(max(1, lapsed - 180), lapsed), policy_no=policy)


def leaver(member: History, rng: Random) -> None:
    """A policy surrendered, or lapsed and then surrendered, or with an event that arrived late."""
    _register(member, rng)
    policy = _policies(member, rng)
    when = _days_ago_within(member, policy, rng, 10, 500)
    late = rng.choice((0, 0, 0, 40))
    member.happened("surrendered", -when, policy_no=policy, recorded=-max(1, when - late))


def settled(member: History, rng: Random) -> None:
    """Reduced paid-up, premium waived, or terminated by a claim."""
    _register(member, rng)
    policy = _policies(member, rng)
    kind = rng.choice(("reduced_paid_up", "premium_waived", "terminated"))
    member.happened(kind, -_days_ago_within(member, policy, rng, 10, 500), policy_no=policy)


def reducer(member: History, rng: Random) -> None:
    """A lower premium, and now and then a rider that ends."""
    _register(member, rng)
    premium = _premium(rng)
    begun = member.years_ago(rng.randrange(2, 6), rng.randrange(0, 360))
    policy = member.issued(begun, premium, category=rng.choice(_LONG_CATEGORIES), term=15)
    rider = member.added(
        "rider_added", policy, begun + timedelta(days=200), rng.randrange(3_000, 30_000, 500)
    )
    member.reduced(policy, -rng.randrange(20, 140), max(2_000, premium * 6 // 10))
    if rng.random() < 0.5:  # noqa: PLR2004
        member.happened("component_ended", -rng.randrange(2, 19), policy_no=policy, component_id=rider)


def changed_mind(member: History, rng: Random) -> None:
    """A policy cancelled within its cooling-off period, beside an older one for some."""
    issued_on = member.day(-rng.randrange(20, 400))
    member.registered(issued_on)
    policy = member.issued(issued_on, _premium(rng), category=rng.choice(_LONG_CATEGORIES))
    member.happened(
        "cooling_off_cancelled", issued_on + timedelta(days=rng.randrange(1, 15)), policy_no=policy
    )


def insured_by_employer(member: History, rng: Random) -> None:
    """Group and short policies that add nothing, and a small one of their own."""
    _register(member, rng)
    _policy(member, rng, rng.randrange(5_000, 60_000, 1_000))
    member.issued(
        -rng.randrange(30, 300), rng.randrange(20_000, 300_000, 1_000), line="group", category="medical"
    )
    member.issued(
        -rng.randrange(1, 150),
        rng.randrange(200, 2_000),
        mode="single",
        coverage="under_one_year",
        category="accident",
    )


LIVES: tuple[tuple[Life, int], ...] = (
    (steady, 40),
    (by_instalments, 10),
    (short_term, 6),
    (at_once, 10),
    (year_by_year, 5),
    (riser, 8),
    (newcomer, 6),
    (interrupted, 5),
    (leaver, 3),
    (settled, 3),
    (reducer, 3),
    (changed_mind, 1),
    (insured_by_employer, 2),
)
"""The lives and how many in a hundred have each."""


def live(member: History, rng: Random) -> None:
    """Write a life chosen by chance, with a family for many."""
    lives, weights = zip(*LIVES, strict=True)
    life: Life = rng.choices(lives, weights)[0]
    life(member, rng)
    registered_on = member.events[0].effective_on
    for relation, chance in (
        ("spouse", 0.6),
        ("child", 0.5),
        ("child", 0.2),
        ("parent", 0.3),
        ("sibling", 0.06),
    ):
        if rng.random() < chance:
            days = rng.randrange((member.today - registered_on).days)
            member.relative(relation, registered_on + timedelta(days=days))


def _days_ago_within(member: History, policy_no: str, rng: Random, latest: int, earliest: int) -> int:
    """So many days ago, when the policy was in force and had cooled off."""
    age = (member.today - member.issued_on(policy_no)).days
    return rng.randrange(latest, min(earliest, age - 30))


def _register(member: History, rng: Random) -> None:
    """Became a customer before any policy of the usual lives begins."""
    member.registered(member.years_ago(rng.randrange(6, 13), rng.randrange(360)))


def _premium(rng: Random) -> int:
    """A year's premium that alone leads to one of the stars, in whole thousands."""
    star = rng.choices(list(_STARS), list(_STARS.values()))[0]
    lowest, highest = _RANGES[star]
    return rng.randrange(lowest, highest + 1, 1_000)


def _policies(member: History, rng: Random) -> str:
    """One to three policies that together make a premium; the number of the largest."""
    premium = _premium(rng)
    parts = rng.choices((1, 2, 3), (6, 3, 1))[0]
    small = [premium // (parts + 1) // 100 * 100 for _ in range(parts - 1)]
    largest = _policy(member, rng, premium - sum(small))
    for part in small:
        _policy(member, rng, part)
    return largest


def _policy(
    member: History,
    rng: Random,
    premium: int,
    *,
    mode: str = "annual",
    term: int | None = None,
    when: date | None = None,
) -> str:
    """A long-term policy whose year's premium is `premium`, begun some years ago unless told."""
    term = term or rng.choice((10, 15, 20, 20, 30))
    begun = when or member.years_ago(rng.randrange(0, 6), rng.randrange(_LATEST_STEADY_DAYS, 360))
    received_on = begun + timedelta(days=rng.randrange(1, 9))
    known = rng.random() < 0.7 and received_on < member.today  # noqa: PLR2004
    fields: dict[str, Any] = {"received_on": received_on} if known else {}
    return member.issued(
        begun,
        f"{premium / _INSTALMENTS[mode]:.2f}",
        mode=mode,
        term=term,
        category=rng.choice(_LONG_CATEGORIES),
        design=rng.choice(("traditional", "traditional", "participating")),
        **fields,
    )
