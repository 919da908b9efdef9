"""What is known of a customer, as values: policies with their statuses and premium components, and relatives.

`rating.folding` makes a `History` of events. Spans of days are half-open. Amounts are CNY, one instalment as paid.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from handbook.benefits import Relation
from handbook.coefficients import Category, Coverage, Design, Mode
from handbook.handbook import Handbook
from rating.events import Line
from rating.lifecycle import Status


class Kind(StrEnum):
    """How a premium component came to be."""

    BASE = "BASE"
    INCREASE = "INCREASE"
    RIDER = "RIDER"
    TOP_UP = "TOP_UP"


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """A premium with its own mode, payment term and start.

    `premiums` are the instalments (CNY) with the day each begins, ascending; the first begins on `starts_on`.
    """

    component_id: str
    kind: Kind
    mode: Mode
    term_years: int | None
    starts_on: date
    premiums: tuple[tuple[date, Decimal], ...]

    def premium_on(self, day: date) -> Decimal:
        """Return the instalment in force on a day; before the start, the first one."""
        return premium_on(self.premiums, day)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentHistory(Component):
    """A component with what it is rated by; `ended_on` is the first day on which it no longer counts."""

    category: Category
    design: Design
    ended_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A policy by its number: who bought it, and its statuses with the day each begins, ascending."""

    policy_no: str
    line: Line
    statuses: tuple[tuple[date, Status], ...]

    def status_on(self, day: date) -> Status | None:
        """Return the status on a day, None before the issue."""
        return status_on(self.statuses, day)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyHistory(Policy):
    """One policy: what it is, its statuses with the day each begins (ascending), its components, its renewals."""

    coverage: Coverage
    category: Category
    design: Design
    issued_on: date
    cooling_off_told: date | None
    received_on: date | None
    components: tuple[ComponentHistory, ...]
    renewed_on: tuple[date, ...]

    def cooling_off_ends_on(self, handbook: Handbook) -> date | None:
        """Return the last day of the cooling-off period, None when there is none.

        The policy's own day, or else so many days after receipt (or effect) as the edition in force at the issue
        sets (decoded, section 5).
        """
        return cooling_off_ends_on(
            handbook, self.coverage, self.issued_on, told=self.cooling_off_told, received_on=self.received_on
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Relative:
    """A relative of the customer; `registered_on` is the first day of being registered."""

    relative_id: str
    name: str
    relation: Relation
    registered_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A customer as given by some events; `first_day` is the earliest day among them, None without events."""

    name: str | None = None
    registered_on: date | None = None
    first_day: date | None = None
    relatives: Mapping[str, Relative] = field(default_factory=dict)
    policies: Mapping[str, PolicyHistory] = field(default_factory=dict)


def status_on(statuses: Sequence[tuple[date, Status]], day: date) -> Status | None:
    """Return the status in force on a day among statuses with the day each begins, None before the first."""
    found = None
    for starts_on, status in statuses:
        if starts_on > day:
            break
        found = status
    return found


def premium_on(premiums: Sequence[tuple[date, Decimal]], day: date) -> Decimal:
    """Return the instalment in force on a day among instalments with the day each begins; before them, the first."""
    premium = premiums[0][1]
    for starts_on, later in premiums:
        if starts_on <= day:
            premium = later
    return premium


def cooling_off_ends_on(
    handbook: Handbook, coverage: Coverage, issued_on: date, *, told: date | None, received_on: date | None
) -> date | None:
    """Return the last day of a cooling-off period, None when there is none; see PolicyHistory."""
    if told is not None:
        return told
    # A policy from before the first edition is counted by that one's length.
    settings = (handbook.on(issued_on) or handbook.editions[0]).settings
    days = settings.cooling_off_days_long if coverage is Coverage.LONG else settings.cooling_off_days_one_year
    return (received_on or issued_on) + timedelta(days=days) if days else None
