"""Service levels: the clocks of single holds, and a report on a vendor's holds of a span of days.

The database reads the days and counts equal clocks, the pure clock judges them: so a report costs one query, and
each rule is written once. The promise for a hold is that of the edition of its day.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import assert_never

from asyncpg import Record

from base.database import Reader
from base.sql import Queries
from handbook import Handbook, ServiceLevel, WorkingCalendar, business_day, start_of
from handbook.calendar import Span
from ledger.ids import RedemptionId
from ledger.posting.redemptions import RedemptionView
from ledger.reports.filters import Position, RedemptionFilter
from ledger.reports.pages import redemptions_page
from ledger.service_levels.clock import Clock, HoldDays, ServiceStanding, Stage, clock_of, deadline, last_days
from ledger.service_levels.milestones import Milestone, MilestoneKind

SQL = Queries(Path(__file__).with_name("service_levels.sql"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockView:
    """The clock of a hold, with the moments it rests on. A delivery is a response and an arrangement at the latest.

    `appointment_at` is the last one reported.
    """

    clock: Clock
    calendar: WorkingCalendar
    responded_at: datetime | None
    arranged_at: datetime | None
    appointment_at: datetime | None

    @property
    def unknown_years(self) -> tuple[int, ...]:
        """The years of its days whose holidays are not known."""
        return self.calendar.unknown_years(self.clock.days)

    @property
    def cites(self) -> tuple[str, ...]:
        """The notices that an operator gave for the years of its days."""
        return self.calendar.cites(self.clock.days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many holds have each standing, and the greatest lateness among them in working days."""

    on_time: int = 0
    late: int = 0
    open: int = 0
    overdue: int = 0
    ended: int = 0
    latest_by_working_days: int = 0

    @property
    def holds(self) -> int:
        """The number of holds: each has one standing."""
        return self.on_time + self.late + self.open + self.overdue + self.ended

    def plus(self, standing: ServiceStanding, late_working_days: int, holds: int) -> "Counts":
        """The counts with so many more holds of this standing."""
        latest = replace(self, latest_by_working_days=max(self.latest_by_working_days, late_working_days))
        match standing:
            case ServiceStanding.ON_TIME:
                return replace(latest, on_time=self.on_time + holds)
            case ServiceStanding.LATE:
                return replace(latest, late=self.late + holds)
            case ServiceStanding.OPEN:
                return replace(latest, open=self.open + holds)
            case ServiceStanding.OVERDUE:
                return replace(latest, overdue=self.overdue + holds)
            case ServiceStanding.ENDED:
                return replace(latest, ended=self.ended + holds)
            case _:
                assert_never(standing)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceReport:
    """The standings of a vendor's holds of a benefit: overall, and for each promise (None: nothing is promised).

    `unknown_years` are those of its days whose holidays are not known; `cites` the notices that an operator gave.
    """

    vendor: str
    benefit: str
    total: Counts
    respond: Counts | None
    arrange: Counts | None
    unknown_years: tuple[int, ...]
    cites: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """The business days of holds [start, end) that a report is about."""

    start: date
    end: date


@dataclass(slots=True, kw_only=True)
class _Adding:
    total: Counts = field(default_factory=Counts)
    respond: Counts | None = None
    arrange: Counts | None = None
    days: set[Span] = field(default_factory=set)

    def add(self, clock: Clock, holds: int) -> None:
        self.total = self.total.plus(clock.standing, clock.late_working_days, holds)
        self.respond = _plus(self.respond, clock.respond, holds)
        self.arrange = _plus(self.arrange, clock.arrange, holds)
        self.days.update(clock.days)


def promise(handbook: Handbook, benefit: str, held_on: date) -> ServiceLevel | None:
    """The service level for a hold of a day; None without one."""
    edition = handbook.on(held_on)
    known = edition.benefit(benefit) if edition is not None else None
    return known.service_level if known is not None else None


async def clocks(
    conn: Reader, ids: Sequence[RedemptionId], *, handbook: Handbook, now: datetime
) -> dict[RedemptionId, ClockView]:
    """The clocks of those redemptions that began as holds for which something is promised; in one query."""
    found: dict[RedemptionId, ClockView] = {}
    for row in await conn.fetch(SQL["clocks"], *_pairs(ids)):
        level = promise(handbook, row["benefit"], row["held_on"])
        days = _days_of(row)
        clock = clock_of(level, days, business_day(now), handbook.calendar) if level is not None else None
        if clock is not None:
            found[RedemptionId(row["customer_id"], row["sequence"])] = ClockView(
                clock=clock,
                calendar=handbook.calendar,
                responded_at=row["responded_at"],
                arranged_at=row["arranged_at"],
                appointment_at=row["appointment_at"],
            )
    return found


async def milestones(conn: Reader, ids: Sequence[RedemptionId]) -> dict[RedemptionId, list[Milestone]]:
    """The milestones of redemptions, in the order of recording; in one query."""
    found: dict[RedemptionId, list[Milestone]] = {each: [] for each in ids}
    for row in await conn.fetch(SQL["milestones"], *_pairs(ids)):
        milestone = milestone_from(row)
        found[milestone.redemption].append(milestone)
    return found


async def service_reports(
    conn: Reader, vendors: Iterable[str], days: Days, *, handbook: Handbook, now: datetime
) -> dict[str, list[ServiceReport]]:
    """For each vendor a report on the holds of these days, by benefit in printed order; in one query.

    Benefits without a hold are left out.
    """
    asked = sorted(set(vendors))
    adding: dict[tuple[str, str], _Adding] = {}
    today = business_day(now)
    arguments = (asked, start_of(days.start), start_of(days.end), *_promises(handbook, days))
    for row in await conn.fetch(SQL["report"], *arguments):
        level = promise(handbook, row["benefit"], row["held_on"])
        held = _grouped_days(row)
        clock = clock_of(level, held, today, handbook.calendar) if level is not None else None
        if clock is not None:
            adding.setdefault((row["vendor"], row["benefit"]), _Adding()).add(clock, row["holds"])
    return {
        vendor: [
            ServiceReport(
                vendor=vendor,
                benefit=benefit,
                total=each.total,
                respond=each.respond,
                arrange=each.arrange,
                unknown_years=handbook.calendar.unknown_years(each.days),
                cites=handbook.calendar.cites(each.days),
            )
            for benefit in handbook.benefit_codes
            if (each := adding.get((vendor, benefit))) is not None
        ]
        for vendor in asked
    }


async def late_holds(
    conn: Reader,
    pairs: Sequence[tuple[str, str]],
    days: Days,
    *,
    first: int,
    after: Position | None,
    handbook: Handbook,
    now: datetime,
) -> dict[tuple[str, str], list[RedemptionView]]:
    """For each vendor and benefit up to `first` late or overdue holds after a position, newest first; two queries."""
    found: dict[tuple[str, str], list[RedemptionView]] = {pair: [] for pair in pairs}
    rows = await conn.fetch(
        SQL["late"],
        sorted({vendor for vendor, _ in pairs}),
        start_of(days.start),
        start_of(days.end),
        *_promises(handbook, days),
        [vendor for vendor, _ in pairs],
        [benefit for _, benefit in pairs],
        first,
        after.recorded_at if after is not None else None,
        after.customer_id if after is not None else None,
        after.sequence if after is not None else None,
        now,
    )
    ids = [RedemptionId(row["customer_id"], row["sequence"]) for row in rows]
    if not ids:
        return found
    shown = await redemptions_page(
        conn, where=RedemptionFilter(ids=frozenset(ids)), first=len(ids), after=None, now=now
    )
    by_id = {each.id: each for each in shown}
    for row, each in zip(rows, ids, strict=True):
        found[row["vendor"], row["benefit"]].append(by_id[each])
    return found


def milestone_from(row: Record) -> Milestone:
    """The milestone from a row of milestones."""
    return Milestone(
        redemption=RedemptionId(row["customer_id"], row["redemption"]),
        kind=MilestoneKind(row["kind"]),
        occurred_at=row["occurred_at"],
        appointment_at=row["appointment_at"],
        actor=row["actor"],
        key=row["key"],
        recorded_at=row["recorded_at"],
        subject=row["subject"],
    )


def _plus(counts: Counts | None, stage: Stage | None, holds: int) -> Counts | None:
    if stage is None:
        return counts
    return (counts or Counts()).plus(stage.standing, stage.late_working_days, holds)


def _promises(
    handbook: Handbook, days: Days
) -> tuple[list[str], list[date], list[datetime | None], list[datetime | None]]:
    """The deadlines for holds of each benefit and day, as columns: the first moments that are too late."""
    benefits: list[str] = []
    held: list[date] = []
    respond: list[datetime | None] = []
    arrange: list[datetime | None] = []
    for ahead in range((days.end - days.start).days):
        day = days.start + timedelta(days=ahead)
        for benefit in handbook.benefit_codes:
            level = promise(handbook, benefit, day)
            if level is not None:
                benefits.append(benefit)
                held.append(day)
                last = last_days(level, day, handbook.calendar)
                respond.append(deadline(last.respond) if last.respond is not None else None)
                arrange.append(deadline(last.arrange) if last.arrange is not None else None)
    return benefits, held, respond, arrange


def _days_of(row: Record) -> HoldDays:
    return HoldDays(
        held_on=row["held_on"],
        responded_on=_day(row["responded_at"]),
        arranged_on=_day(row["arranged_at"]),
        released_on=_day(row["released_at"]),
    )


def _grouped_days(row: Record) -> HoldDays:
    return HoldDays(
        held_on=row["held_on"],
        responded_on=row["responded_on"],
        arranged_on=row["arranged_on"],
        released_on=row["released_on"],
    )


def _day(moment: datetime | None) -> date | None:
    return business_day(moment) if moment is not None else None


def _pairs(ids: Sequence[RedemptionId]) -> tuple[list[int], list[int]]:
    return [each.customer_id for each in ids], [each.sequence for each in ids]
