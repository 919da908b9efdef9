"""Benefits as values: what each star has of them, when they are served, and what a request must contain."""

from dataclasses import dataclass, field
from datetime import time
from enum import StrEnum

from handbook.clauses import Condition, Content, Discrepancy, Printed, Sentence


class Unit(StrEnum):
    """What an allowance counts."""

    TIMES = "TIMES"
    MINUTES = "MINUTES"


class Per(StrEnum):
    """What an allowance is given once for: a service year, the whole membership, or one policy."""

    SERVICE_YEAR = "SERVICE_YEAR"
    MEMBERSHIP = "MEMBERSHIP"
    POLICY = "POLICY"


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


class Relation(StrEnum):
    """How a relative is related to the customer, in the words of the history stream."""

    SPOUSE = "spouse"
    PARENT = "parent"
    CHILD = "child"
    SIBLING = "sibling"
    GRANDPARENT = "grandparent"
    GRANDCHILD = "grandchild"
    OTHER = "other"


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
class Labels:
    """What an edition calls the codes that its benefits refer to."""

    options: tuple[Option, ...]
    evidence_kinds: tuple[Label, ...]
    facilities: tuple[Label, ...]
    channels: tuple[Channel, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the printed overview (服务板块)."""

    code: str
    name: str
    name_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """What one star has of a benefit: its variant, if graded, and its allowance (None: nothing)."""

    star: int
    variant: str | None
    variant_en: str | None
    allowance: Allowance | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How a benefit is asked for through a channel: the path to it, or what to do, as printed."""

    channel: str
    path: str | None
    how: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WishedNumber:
    """The policy number a customer may wish for before the policy is issued: its length and the lead time.

    `working_days_before`: at least so many working days lie between the application and the policy's issue.
    """

    length: int
    working_days_before: int
    cite: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLevel:
    """Within how many working days a request is answered, and arranged; None where not promised.

    An arrangement is promised within working days or within calendar days, never both.
    """

    respond_within_working_days: int | None
    arrange_within_working_days: int | None
    arrange_within_days: int | None
    cite: tuple[str, ...]


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
