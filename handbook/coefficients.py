"""How premiums count: kinds of policies, and the rows of the conversion table (定级保费折算标准), as values.

Amounts are CNY, exact. Which edition's table applies is the `Handbook`'s question.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Coverage(StrEnum):
    """How long a policy covers, in the words of the history stream."""

    LONG = "long"
    ONE_YEAR = "one_year"
    UNDER_ONE_YEAR = "under_one_year"


class Design(StrEnum):
    """How a policy shares in profits, in the words of the history stream."""

    TRADITIONAL = "traditional"
    PARTICIPATING = "participating"
    UNIVERSAL = "universal"


class Category(StrEnum):
    """What a policy insures, in the words of the history stream."""

    WHOLE_LIFE = "whole_life"
    TERM_LIFE = "term_life"
    ANNUITY = "annuity"
    CRITICAL_ILLNESS = "critical_illness"
    ENDOWMENT = "endowment"
    MEDICAL = "medical"
    ACCIDENT = "accident"
    OTHER = "other"


class Mode(StrEnum):
    """How a premium is paid, in the words of the history stream."""

    ANNUAL = "annual"
    SEMI_ANNUAL = "semi_annual"
    QUARTERLY = "quarterly"
    MONTHLY = "monthly"
    SINGLE = "single"

    @property
    def instalments_per_year(self) -> int:
        """How many instalments make the annualised premium (累计年交保费); 1 for a single premium."""
        return {"semi_annual": 2, "quarterly": 4, "monthly": 12}.get(self.value, 1)


class PremiumBase(StrEnum):
    """The premium that a coefficient multiplies (保费计算基数)."""

    ANNUALISED_PREMIUM = "ANNUALISED_PREMIUM"
    SINGLE_PREMIUM = "SINGLE_PREMIUM"


@dataclass(frozen=True, slots=True, kw_only=True)
class Coefficient:
    """One row of the conversion table (定级保费折算标准). None in a column means any.

    `min_term_years` is the least payment term Y of the row. `coefficient` is as printed: an exact
    decimal ("1", "0.03") or the payment term in parts ("Y/10"). `validity` says how long a component
    counts: "PAYMENT_TERM", or a fixed number of years ("P2Y").
    """

    coverage: Coverage
    design: Design | None
    category: Category | None
    mode: Mode | None
    min_term_years: int | None
    base: PremiumBase
    coefficient: str
    validity: str
    cite: tuple[str, ...]

    def matches(self, coverage: str, design: str, category: str, mode: str, term_years: int | None) -> bool:
        """Whether a premium component of this kind falls under the row."""
        return (
            self.coverage == coverage
            and self.design in (None, design)
            and self.category in (None, category)
            and self.mode in (None, mode)
            and (
                self.min_term_years is None or (term_years is not None and term_years >= self.min_term_years)
            )
        )

    def rate(self, term_years: int | None) -> Decimal:
        """Return the coefficient as an exact number.

        Raises ValueError when the row divides the payment term and there is none.
        """
        numerator, _, parts = self.coefficient.partition("/")
        if not parts:
            return Decimal(numerator)
        return Decimal(self._term(term_years)) / Decimal(parts)

    def validity_years(self, term_years: int | None) -> int:
        """Return for how many years a component counts from its start.

        Raises ValueError when that is the payment term and there is none.
        """
        if self.validity == PAYMENT_TERM:
            return self._term(term_years)
        return int(self.validity.removeprefix("P").removesuffix("Y"))

    def _term(self, term_years: int | None) -> int:
        if term_years is None:
            message = f"the row “{' '.join(self.cite)}” needs a payment term, and the component has none"
            raise ValueError(message)
        return term_years


PAYMENT_TERM = "PAYMENT_TERM"
"""The validity of a regular premium: it counts for its payment term (交费期)."""


ONE_YEAR = "P1Y"
"""The validity of a one-year policy (一年期短险): its years are those that it was issued and renewed for."""
