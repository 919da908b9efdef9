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

    def contradicts(self, other: "Term") -> bool:
        """Whether the two tell different prices for one day; symmetric.

        A bounded term may lie over an open one that began before it: the open price resumes afterwards. A later open
        price succeeds an earlier one. But no other price begins while a bounded one holds.
        """
        if (self.benefit, self.variant) != (
            other.benefit,
            other.variant,
        ) or self.unit_price == other.unit_price:
            return False
        if self.ends_on is None and other.ends_on is None:
            return self.starts_on == other.starts_on
        if self.ends_on is None:
            return other.holds_on(self.starts_on)
        if other.ends_on is None:
            return self.holds_on(other.starts_on)
        return self.meets(other)

    def covers(self, benefit: str, day: date) -> bool:
        """Whether the term is for `benefit` on `day`."""
        return self.benefit == benefit and self.holds_on(day)
