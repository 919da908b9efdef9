"""What a vendor is contracted for, and at what price: the same term for requests, queries and the API."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """The price of one unit of a benefit, in CNY, on the days [starts_on, ends_on); None is open.

    `variant`: of which grade, where the grades are priced apart; None for every one that has no price of its own.
    `recorded_by` is who registered it, which does not count when terms are compared; None: not known.
    """

    benefit: str
    variant: str | None = None
    unit_price: Decimal
    starts_on: date
    ends_on: date | None = None
    recorded_by: str | None = field(default=None, compare=False)

    def holds_on(self, day: date) -> bool:
        """Whether the term is in force on `day`."""
        return self.starts_on <= day and (self.ends_on is None or day < self.ends_on)

    def meets(self, other: "Term") -> bool:
        """Whether some day has both terms."""
        return (other.ends_on is None or self.starts_on < other.ends_on) and (
            self.ends_on is None or other.starts_on < self.ends_on
        )

    def overlaps(self, other: "Term") -> bool:
        """Whether some day has both terms for one benefit and variant."""
        return (self.benefit, self.variant) == (other.benefit, other.variant) and self.meets(other)

    def covers(self, benefit: str, day: date) -> bool:
        """Whether the term is for `benefit` on `day`."""
        return self.benefit == benefit and self.holds_on(day)
