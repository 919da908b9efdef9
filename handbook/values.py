"""What one edition of the handbook says, as values that cannot change.

The insurer reviews tiers, coefficients and the grid every year, so none of its numbers is written in
code: an `Edition` is read from data (`handbook.loading`) and everything that rates a customer or
serves a benefit asks the edition in force on the day. The values answer only what one edition can
answer by itself; which edition applies is the `Handbook`'s question.

Amounts are CNY. Spans of days are half-open; an end of None is open.
"""

from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from enum import StrEnum


class Unit(StrEnum):
    """What an allowance counts."""

    TIMES = "TIMES"
    MINUTES = "MINUTES"


class Per(StrEnum):
    """What an allowance is given once for: a service year, the whole membership, or one policy."""

    SERVICE_YEAR = "SERVICE_YEAR"
    MEMBERSHIP = "MEMBERSHIP"
    POLICY = "POLICY"


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


class Relation(StrEnum):
    """How a relative is related to the customer, in the words of the history stream."""

    SPOUSE = "spouse"
    PARENT = "parent"
    CHILD = "child"
    SIBLING = "sibling"
    GRANDPARENT = "grandparent"
    GRANDCHILD = "grandchild"
    OTHER = "other"


class PremiumBase(StrEnum):
    """The premium that a coefficient multiplies (保费计算基数)."""

    ANNUALISED_PREMIUM = "ANNUALISED_PREMIUM"
    SINGLE_PREMIUM = "SINGLE_PREMIUM"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlimited:
    """An allowance without a limit (不限次); its uses are recorded all the same."""

    unit: Unit = Unit.TIMES


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """An allowance of so many units for each service year, membership or policy."""

    unit: Unit
    units: int
    per: Per


Allowance = Unlimited | Counted


class Days(StrEnum):
    """On which days something is served."""

    DAILY = "DAILY"
    WORKING_DAYS = "WORKING_DAYS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """When something is served: on which days, from a time (inclusive) to another (exclusive; None: midnight)."""

    days: Days
    from_: time
    to: time | None
    cite: tuple[str, ...]

    @property
    def always(self) -> bool:
        """Whether it is served around the clock on every day (7×24)."""
        return self.days is Days.DAILY and self.from_ == time(0) and self.to is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """The name of a code that benefits refer to: a kind of evidence, a facility."""

    code: str
    name: str
    name_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Option(Label):
    """A choice within a benefit. With `relation` it is for a relative of that relation only."""

    relation: Relation | None
    cite: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel(Label):
    """A way to ask for a benefit; `number` where it is a telephone, with the hours in which it is answered."""

    number: str | None
    hours: Hours | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A telephone number for questions, with the hours in which it is answered."""

    name: str
    name_en: str
    number: str
    hours: Hours


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the printed overview (服务板块)."""

    code: str
    name: str
    name_en: str


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """What one star has of a benefit: its variant, if graded, and its allowance (None: nothing)."""

    star: int
    variant: str | None
    variant_en: str | None
    allowance: Allowance | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLevel:
    """Within how many working days a request is answered, and arranged; None where not promised.

    An arrangement is promised within working days or within calendar days, never both.
    """

    respond_within_working_days: int | None
    arrange_within_working_days: int | None
    arrange_within_days: int | None
    cite: tuple[str, ...]


class Page(StrEnum):
    """A part of the print that a clause stands in."""

    CRITERIA = "criteria"
    OVERVIEW = "overview"
    DETAIL = "detail"
    ADVANTAGES = "advantages"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """A clause, word for word, and the part of the print that it stands in."""

    page: Page
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Discrepancy:
    """Printed clauses that differ, the part of the print that governs, and how they are therefore read.

    The reading more favourable to the customer governs (PRC Civil Code art. 498, standard terms). `cells` are the
    stars whose cell of the grid is in dispute: for these alone the grid may differ from the row that is quoted.
    """

    clauses: tuple[Clause, ...]
    governs: Page
    read_as: str
    read_as_en: str
    cells: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedRow:
    """A row of the printed overview, word for word: its name and one cell for each star."""

    name: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """The clauses that a benefit's numbers rest on: overview rows, who is entitled, how often."""

    rows: tuple[PrintedRow, ...]
    entitled: str
    frequency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How a benefit is asked for through a channel: the path to it, or what to do, as printed."""

    channel: str
    path: str | None
    how: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A condition of a benefit in words, with the clause that it is taken from.

    `checked`: the service refuses a use that does not meet it; else it is only displayed, for people to follow.
    """

    text: str
    text_en: str
    checked: bool
    cite: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WishedNumber:
    """The policy number a customer may wish for before the policy is issued: its length and the lead time.

    `working_days_before`: at least so many working days lie between the application and the policy's issue.
    """

    length: int
    working_days_before: int
    cite: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a service is: as printed, and in English."""

    text: tuple[str, ...]
    text_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A sentence of the print: as printed, and in English."""

    text: str
    text_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """What an edition calls the codes that its benefits refer to."""

    options: tuple[Option, ...]
    evidence_kinds: tuple[Label, ...]
    facilities: tuple[Label, ...]
    channels: tuple[Channel, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Benefit:
    """One service of the handbook, with a grade for every star, lowest star first.

    `options` are the choices of which each use takes one; `evidence` the kinds that must be shown, `facilities`
    the places of which each use takes one. `waiting_days` run from the first day of the unbroken spell of
    entitlement; with `illness_after_waiting` the illness must be diagnosed after them. With `family_shared` the
    customer's immediate family draws on the same allowance. `hours`: what is delivered, is delivered in them.
    `advantages` are what the insurer says for it (服务优势). `minutes_per_call` tells how long a call lasts at most; it
    is told, not checked. `labels` are the edition's names of the codes; they are compared with the edition.
    """

    code: str
    name: str
    name_en: str
    section: Section
    family_shared: bool
    waiting_days: int
    waiting_cite: tuple[str, ...]
    illness_after_waiting: bool
    options: tuple[str, ...]
    evidence: tuple[str, ...]
    facilities: tuple[str, ...]
    access: tuple[Access, ...]
    hours: Hours | None
    minutes_per_call: int | None
    wished_number: WishedNumber | None
    service_level: ServiceLevel | None
    conditions: tuple[Condition, ...]
    content: Content
    advantages: tuple[Sentence, ...]
    grid: tuple[Grade, ...]
    discrepancies: tuple[Discrepancy, ...]
    printed: Printed
    labels: Labels = field(repr=False, compare=False)

    def grade(self, star: int) -> Grade | None:
        """Return the grade of a star; None at star 0 and for a star that the edition does not know."""
        return self.grid[star - 1] if 1 <= star <= len(self.grid) else None

    def allowance(self, star: int) -> Allowance | None:
        """Return what a star gives, or None when it gives nothing."""
        grade = self.grade(star)
        return grade.allowance if grade else None

    def variant(self, star: int) -> str | None:
        """Return the name of the grade at a star, or None when the benefit is not graded there."""
        grade = self.grade(star)
        return grade.variant if grade else None

    @property
    def channels(self) -> tuple[str, ...]:
        """The codes of the channels through which it is asked for."""
        return tuple(access.channel for access in self.access)

    @property
    def required_star(self) -> int:
        """The lowest star that has the benefit."""
        return next(grade.star for grade in self.grid if grade.allowance is not None)

    @property
    def unit(self) -> Unit:
        """What the benefit counts, at every star."""
        return next(grade.allowance.unit for grade in self.grid if grade.allowance is not None)

    @property
    def per(self) -> Per | None:
        """What the counted allowances are given for, at every star; None when none is counted."""
        counted = (grade.allowance for grade in self.grid if isinstance(grade.allowance, Counted))
        return next((allowance.per for allowance in counted), None)

    @property
    def units_told(self) -> bool:
        """Whether a request must give the units: minutes have no default."""
        return self.unit is Unit.MINUTES

    @property
    def policy_named(self) -> bool:
        """Whether a request must name the policy: not where a number is wished for before there is one."""
        return self.per is Per.POLICY and self.wished_number is None


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A question that the handbook leaves open, and how this edition is read."""

    question: str
    question_en: str
    reading: str
    reading_en: str


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

    def star_for(self, rated_premium: Decimal) -> int:
        """Return the star of a rated premium in CNY, unrounded; 0 below the first threshold."""
        return next((tier.star for tier in self.tiers if tier.holds(rated_premium)), 0)

    def tier(self, star: int) -> Tier | None:
        """Return the tier of a star; None for star 0 and for a star that the edition does not know."""
        return self.tiers[star - 1] if 1 <= star <= len(self.tiers) else None

    def next_tier(self, star: int) -> Tier | None:
        """Return the tier above a star (the first one above star 0), or None at the top."""
        return self.tier(star + 1)

    def benefit(self, code: str) -> Benefit | None:
        """Return the benefit of a code, or None when the edition does not have it."""
        return next((benefit for benefit in self.benefits if benefit.code == code), None)

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
