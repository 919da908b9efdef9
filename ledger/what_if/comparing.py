"""The effect of another handbook on a portfolio: stars, units, and who loses which benefit. Pure.

Every customer is rated from their own history under both handbooks, by the same `timeline` that a rating is made by,
and their allowances come from the same `Case` that quotas and redemptions are judged by. So the result is what an
activation would do. Units left on a past day are counted as of that day, as in the liability.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cached_property

from handbook import Counted, Edition, Handbook, Per, Unit, first_day_asked
from ledger.entitlement.account import Account
from ledger.quotas.card import cases_of
from rating.history import History
from rating.tiers import star_on
from rating.timeline import StarSpan, timeline

BenefitAtStar = tuple[str, int]
"""A benefit's code and a star."""


class NoEditionError(ValueError):
    """No edition is in force on the day asked about; the text says so."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """What differs on the day `on` if `after` is in force instead of `before`? `today` is the current day."""

    before: Handbook
    after: Handbook
    on: date
    today: date

    @classmethod
    def about(
        cls, edition: Edition, *, before: Handbook, after: Handbook, on: date | None, today: date
    ) -> "Question":
        """Return the question about an edition of `after` on a day: None is today, or its first day if that is ahead.

        Raises NoEditionError.
        """
        day = on or first_day_asked(edition, today)
        if after.on(day) is None:
            message = f"no edition of the handbook is in force on {day}"
            raise NoEditionError(message)
        return cls(before=before, after=after, on=day, today=today)

    @cached_property
    def benefits(self) -> Mapping[str, Unit]:
        """The benefits in either edition on the day, by code in printed order, with the unit counted."""
        found: dict[str, Unit] = {}
        for edition in (self.after.on(self.on), self.before.on(self.on)):
            for each in edition.benefits if edition is not None else ():
                found.setdefault(each.code, each.unit)  # a code keeps its unit from edition to edition
        return found


@dataclass(slots=True)
class Figures:
    """The totals of one star's customers for one benefit: customers, units granted and units left.

    `unlimited` are the customers among them whose allowance has no limit; they are in no count of units.
    """

    customers: int = 0
    unlimited: int = 0
    units: int = 0
    remaining: int = 0

    def add(self, other: "Figures") -> None:
        """Add the figures of other customers."""
        self.customers += other.customers
        self.unlimited += other.unlimited
        self.units += other.units
        self.remaining += other.remaining


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """A customer is entitled to a benefit until a day, and from that day on would not be."""

    customer_id: int
    member_no: str
    benefit: str
    day: date
    star_before: int
    star_after: int


@dataclass(slots=True, kw_only=True)
class Tally:
    """The totals of some customers under both handbooks.

    `moves` are from a star to another; `losing` and `gaining` are customers by benefit.
    """

    customers: int = 0
    moves: Counter[tuple[int, int]] = field(default_factory=Counter)
    losing: Counter[str] = field(default_factory=Counter)
    gaining: Counter[str] = field(default_factory=Counter)
    before: dict[BenefitAtStar, Figures] = field(default_factory=dict)
    after: dict[BenefitAtStar, Figures] = field(default_factory=dict)

    def add(self, other: "Tally") -> None:
        """Add other customers."""
        self.customers += other.customers
        self.moves += other.moves
        self.losing += other.losing
        self.gaining += other.gaining
        for mine, theirs in ((self.before, other.before), (self.after, other.after)):
            for key, figures in theirs.items():
                mine.setdefault(key, Figures()).add(figures)


@dataclass(frozen=True, slots=True, kw_only=True)
class BenefitChange:
    """The change of a benefit: units granted, of `unit`, and the cost of units left at contract prices, in CNY.

    `unlimited_…` are customers without limit, `losing` and `gaining` those entitled only before, and only after.
    """

    benefit: str
    unit: Unit
    units_before: int
    units_after: int
    unlimited_before: int
    unlimited_after: int
    liability_before: Decimal
    liability_after: Decimal
    losing: int
    gaining: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """How many customers would move from one star to another. Star 0 is none: they enter, or leave."""

    from_star: int
    to_star: int
    customers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequences:
    """The effect of another handbook on a day, on all customers."""

    on: date
    customers: int
    moves: tuple[Move, ...]
    benefits: tuple[BenefitChange, ...]


def account_by(account: Account, history: History, handbook: Handbook) -> Account:
    """Return the account for a history rated by a handbook; units taken stay as they are."""
    return replace(
        account,
        spans=timeline(history, handbook),
        policies=tuple(history.policies.values()),
        relatives=history.relatives,
    )


def tally(customers: Iterable[tuple[Account, History]], question: Question) -> tuple[Tally, tuple[Loss, ...]]:
    """Add up some customers under both handbooks; and find who loses which benefit, and from which day."""
    sums = Tally()
    losses: list[Loss] = []
    for account, history in customers:
        before = account_by(account, history, question.before)
        after = account_by(account, history, question.after)
        _add(sums, before, after, question)
        losses += losses_of(account, before.spans, after.spans, question)
    return sums, tuple(losses)


def consequences(
    sums: Tally,
    question: Question,
    *,
    prices_before: Mapping[BenefitAtStar, Decimal],
    prices_after: Mapping[BenefitAtStar, Decimal],
) -> Consequences:
    """Return the result from the totals of all customers, with units left at the prices of the day."""
    before, after = _by_benefit(sums.before, prices_before), _by_benefit(sums.after, prices_after)
    nothing = (Figures(), Decimal("0.00"))
    changes = []
    for code, unit in question.benefits.items():
        (old, old_value), (new, new_value) = before.get(code, nothing), after.get(code, nothing)
        changes.append(
            BenefitChange(
                benefit=code,
                unit=unit,
                units_before=old.units,
                units_after=new.units,
                unlimited_before=old.unlimited,
                unlimited_after=new.unlimited,
                liability_before=old_value,
                liability_after=new_value,
                losing=sums.losing[code],
                gaining=sums.gaining[code],
            )
        )
    moves = (
        Move(from_star=old_star, to_star=new_star, customers=count)
        for (old_star, new_star), count in sorted(sums.moves.items())
    )
    return Consequences(on=question.on, customers=sums.customers, moves=tuple(moves), benefits=tuple(changes))


def losses_of(
    account: Account, before: Sequence[StarSpan], after: Sequence[StarSpan], question: Question
) -> Iterator[Loss]:
    """Yield each benefit that a customer would lose, with the first day from `on` on.

    That is a day on which the handbook in force entitles and the other does not; it may be ahead, as when a validity
    ends.
    """
    days = {question.on, *(each.start for each in (*before, *after) if each.start > question.on)}
    lost: set[str] = set()
    for day in sorted(days):
        old, new = star_on(before, day), star_on(after, day)
        had = _entitled(question.before.on(day), old)
        has = _entitled(question.after.on(day), new)
        for benefit in had:
            if benefit not in has and benefit not in lost:
                lost.add(benefit)
                yield Loss(
                    customer_id=account.customer_id,
                    member_no=account.member_no,
                    benefit=benefit,
                    day=day,
                    star_before=old,
                    star_after=new,
                )


def _add(sums: Tally, before: Account, after: Account, question: Question) -> None:
    sums.customers += 1
    old_star, new_star = before.star_on(question.on), after.star_on(question.on)
    if old_star != new_star:
        sums.moves[old_star, new_star] += 1
    had = _entitled(question.before.on(question.on), old_star)
    has = _entitled(question.after.on(question.on), new_star)
    sums.losing.update(benefit for benefit in had if benefit not in has)
    sums.gaining.update(benefit for benefit in has if benefit not in had)
    _add_allowances(sums.before, before, question.before, question)
    _add_allowances(sums.after, after, question.after, question)


def _add_allowances(
    figures: dict[BenefitAtStar, Figures], account: Account, handbook: Handbook, question: Question
) -> None:
    star, edition = account.star_on(question.on), handbook.on(question.on)
    for benefit in edition.benefits if edition is not None and star else ():
        allowance = benefit.allowance(star)
        if allowance is None:
            continue
        sums = figures.setdefault((benefit.code, star), Figures())
        sums.customers += 1
        if not isinstance(allowance, Counted):
            sums.unlimited += 1
            continue
        for case in cases_of(account, benefit, question.on, handbook, today=question.today):
            if allowance.per is Per.POLICY and case.policy_no is None and not case.is_number:
                continue  # no policy, so nothing is granted
            units = (case.granted or 0) - case.for_the_next_policy
            sums.units += units
            sums.remaining += case.pool_taken_then.left_of(units)


def _entitled(edition: Edition | None, star: int) -> tuple[str, ...]:
    """Return the benefits that an edition gives a star, in printed order."""
    if edition is None or star == 0:
        return ()
    return tuple(each.code for each in edition.benefits if each.allowance(star) is not None)


def _by_benefit(
    figures: Mapping[BenefitAtStar, Figures], prices: Mapping[BenefitAtStar, Decimal]
) -> dict[str, tuple[Figures, Decimal]]:
    """Return the figures of all stars together, and what is left valued at each star's price."""
    found: dict[str, tuple[Figures, Decimal]] = {}
    for (code, star), each in figures.items():
        sums, value = found.get(code, (Figures(), Decimal("0.00")))
        sums.add(each)
        found[code] = (sums, value + each.remaining * prices.get((code, star), Decimal(0)))
    return found
