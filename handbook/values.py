"""What one edition of the handbook says, as values that cannot change.

The insurer reviews tiers, coefficients and the grid every year, so none of its numbers is written in code: an `Edition`
is read from data (`handbook.loading`), and everything that rates a customer or serves a benefit asks the edition in
force on the day. The values answer only what one edition can answer by itself; which edition applies is the
`Handbook`'s question. Benefits, coefficients and clauses have modules of their own.

Amounts are CNY. Spans of days are half-open; an end of None is open.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from handbook.benefits import Allowance, Benefit, Channel, Counted, Hours, Label, Option, Per, Relation
from handbook.clauses import Discrepancy, Reading, Sentence
from handbook.coefficients import Coefficient


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A telephone number for questions, with the hours in which it is answered."""

    name: str
    name_en: str
    number: str
    hours: Hours


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """A star and its rated premium, from (inclusive) to (exclusive; None for no limit), in CNY."""

    star: int
    name: str
    name_en: str
    from_: Decimal
    to: Decimal | None
    cite: tuple[str, ...]

    def holds(self, rated_premium: Decimal) -> bool:
        """Whether a rated premium lies in this tier; amounts are compared unrounded."""
        return self.from_ <= rated_premium and (self.to is None or rated_premium < self.to)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the handbook leaves open, decided for one edition. `cites` tells why, setting by setting.

    `backdating_days`: how far back the occurrence of a use may lie. A hold lasts as long as the vendor asks, up to
    `max_hold_hours`; else as long as the benefit's service level takes, and `default_hold_hours` where there is none.
    The cooling-off lengths are days after receipt (or effect), for policies that do not state their own last day.
    """

    backdating_days: int
    default_hold_hours: int
    max_hold_hours: int
    max_units_per_redemption: int
    cooling_off_days_long: int
    cooling_off_days_one_year: int
    immediate_family: tuple[Relation, ...]
    cites: tuple[tuple[str, str], ...]


class Given(NamedTuple):
    """A benefit with what a star gives of it, and what that is given for (None: it is not counted)."""

    benefit: Benefit
    allowance: Allowance
    per: Per | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """A dated version of the handbook, in force on the days [effective_from, effective_to).

    `rules` say how a star comes about, `disclaimers` what the insurer reserves and does not answer for. `print_text` is
    the printed text that all of it is quoted from.
    """

    code: str
    name: str
    name_en: str
    effective_from: date
    effective_to: date | None
    source: str
    tiers: tuple[Tier, ...]
    coefficients: tuple[Coefficient, ...]
    benefits: tuple[Benefit, ...]
    options: tuple[Option, ...]
    evidence_kinds: tuple[Label, ...]
    facilities: tuple[Label, ...]
    channels: tuple[Channel, ...]
    contacts: tuple[Contact, ...]
    settings: Settings
    discrepancies: tuple[Discrepancy, ...]
    readings: tuple[Reading, ...]
    disclaimers: tuple[Sentence, ...]
    rules: tuple[Sentence, ...]
    print_text: str = field(repr=False)
    _by_code: Mapping[str, Benefit] = field(init=False, repr=False, compare=False)
    _given: Mapping[int, tuple[Given, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the benefits by code (of two with one code the first counts) and by the stars that have them."""
        by_code = {benefit.code: benefit for benefit in reversed(self.benefits)}
        object.__setattr__(self, "_by_code", by_code)
        stars = range(1, max((len(benefit.grid) for benefit in self.benefits), default=0) + 1)
        object.__setattr__(self, "_given", {star: self._given_at(star) for star in stars})

    def star_for(self, rated_premium: Decimal) -> int:
        """Return the star of a rated premium in CNY, unrounded; 0 below the first threshold."""
        for tier in self.tiers:
            if tier.holds(rated_premium):
                return tier.star
        return 0

    def tier(self, star: int) -> Tier | None:
        """Return the tier of a star; None for star 0 and for a star that the edition does not know."""
        return self.tiers[star - 1] if 1 <= star <= len(self.tiers) else None

    def next_tier(self, star: int) -> Tier | None:
        """Return the tier above a star (the first one above star 0), or None at the top."""
        return self.tier(star + 1)

    def benefit(self, code: str) -> Benefit | None:
        """Return the benefit of a code, or None when the edition does not have it."""
        return self._by_code.get(code)

    def given(self, star: int) -> tuple[Given, ...]:
        """Return what a star gives, in printed order; nothing at star 0."""
        return self._given.get(star, ())

    def _given_at(self, star: int) -> tuple[Given, ...]:
        return tuple(
            Given(benefit, allowance, allowance.per if isinstance(allowance, Counted) else benefit.per)
            for benefit in self.benefits
            if (allowance := benefit.allowance(star)) is not None
        )

    def coefficient_for(
        self, coverage: str, design: str, category: str, mode: str, term_years: int | None
    ) -> Coefficient | None:
        """Return the first row of the conversion table that matches, or None: it does not count at all."""
        rows = self.coefficients
        return next((row for row in rows if row.matches(coverage, design, category, mode, term_years)), None)

    def option(self, code: str) -> Option | None:
        """Return an option by its code, or None when unknown."""
        return next((option for option in self.options if option.code == code), None)

    def label(self, code: str) -> Label | None:
        """Return the name of an option, a kind of evidence, a facility or a channel, or None when unknown."""
        labels: tuple[Label, ...] = (
            *self.options,
            *self.evidence_kinds,
            *self.facilities,
            *self.channels,
        )
        return next((label for label in labels if label.code == code), None)
