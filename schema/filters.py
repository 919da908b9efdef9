"""`where`: typed filters. Conditions within a filter, and filters with each other, all apply (AND)."""

from collections.abc import Iterable
from datetime import date, timedelta

import strawberry

from handbook import Handbook, start_of
from ledger.reports.filters import Span
from schema.errors import BadInputError

_MOST_VALUES = 1000


@strawberry.input(description="Compares a whole number.")
class IntFilter:
    eq: int | None = strawberry.field(default=None, description="Equal to.")
    in_: list[int] | None = strawberry.field(
        name="in", default=None, description="One of; none of an empty list."
    )
    gt: int | None = strawberry.field(default=None, description="Greater than.")
    gte: int | None = strawberry.field(default=None, description="Greater than or equal to.")
    lt: int | None = strawberry.field(default=None, description="Less than.")
    lte: int | None = strawberry.field(default=None, description="Less than or equal to.")

    def allows(self, number: int) -> bool:
        """Whether the number meets every condition given."""
        return (
            (self.eq is None or number == self.eq)
            and (self.in_ is None or number in self.in_)
            and (self.gt is None or number > self.gt)
            and (self.gte is None or number >= self.gte)
            and (self.lt is None or number < self.lt)
            and (self.lte is None or number <= self.lte)
        )


@strawberry.input(description="Compares a code, a member number or the like.")
class TextFilter:
    eq: str | None = strawberry.field(default=None, description="Equal to, case-sensitive.")
    in_: list[str] | None = strawberry.field(
        name="in", default=None, description=f"One of at most {_MOST_VALUES}; none of an empty list."
    )


@strawberry.input(description="Compares a day.")
class DateFilter:
    eq: date | None = strawberry.field(default=None, description="On this day.")
    gt: date | None = strawberry.field(default=None, description="After this day.")
    gte: date | None = strawberry.field(default=None, description="On or after this day.")
    lt: date | None = strawberry.field(default=None, description="Before this day.")
    lte: date | None = strawberry.field(default=None, description="On or before this day.")


@strawberry.input(description="Which customers.")
class CustomerWhere:
    star: IntFilter | None = strawberry.field(default=None, description="The star today; 0 is no star.")
    member_no: TextFilter | None = strawberry.field(default=None, description="The member number.")


def stars(star: IntFilter | None, handbook: Handbook) -> frozenset[int] | None:
    """The stars that a filter allows, of those that any edition has and of 0, no star; None for all."""
    if star is None:
        return None
    return frozenset(number for number in range(handbook.highest_star + 1) if star.allows(number))


def texts(name: str, text: TextFilter | None) -> frozenset[str] | None:
    """The values that a filter allows; None for all. `name` is how the API spells the filtered field."""
    if text is None:
        return None
    return _values(name, text.eq, text.in_)


def values(name: str, eq: str | None, in_: Iterable[str] | None) -> frozenset[str] | None:
    """The values that `eq` and `in` together allow; None for all."""
    return _values(name, eq, None if in_ is None else list(in_))


def days(day: DateFilter | None) -> Span:
    """The moments of the days that a filter allows, in the business time zone."""
    if day is None:
        return Span()
    next_day = timedelta(days=1)
    lower = [given for given in (day.eq, day.gte, day.gt and day.gt + next_day) if given]
    upper = [given for given in (day.lt, *(last + next_day for last in (day.eq, day.lte) if last)) if given]
    return Span(
        start=start_of(max(lower)) if lower else None,
        end=start_of(min(upper)) if upper else None,
    )


def _values(name: str, eq: str | None, in_: list[str] | None) -> frozenset[str] | None:
    if in_ is not None and len(in_) > _MOST_VALUES:
        raise BadInputError(f"where.{name}.in: expected at most {_MOST_VALUES} values; got {len(in_)}.")
    if eq is None:
        return None if in_ is None else frozenset(in_)
    return frozenset({eq}) if in_ is None or eq in in_ else frozenset()
