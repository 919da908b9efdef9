"""The service-level clock of a hold: promises, milestones, and standing."""

from datetime import datetime

import strawberry

from handbook.calendar import warning
from ledger.reports.service_levels import ClockView
from schema.context import Info
from schema.types.enums import MilestoneKind, ServiceStanding


@strawberry.type(description="A vendor's report on a hold before its delivery.")
class Milestone:
    kind: MilestoneKind = strawberry.field(description="What was reported.")
    occurred_at: datetime = strawberry.field(description="When it happened, as reported.")
    appointment_at: datetime | None = strawberry.field(description="For when an appointment was arranged.")
    recorded_at: datetime = strawberry.field(description="When it was reported.")


@strawberry.type(
    description="The service level of a hold, and whether it was kept. The day of the hold does not count; "
    "then working days are counted, or calendar days, as promised. A deadline is the end of the last day in time. A "
    "hold that runs out unanswered is still owed an answer, and overdue from the deadline on."
)
class ServiceLevelClock:
    respond_by: datetime | None = strawberry.field(
        description="First moment that is too late to answer; null: nothing is promised."
    )
    responded_at: datetime | None = strawberry.field(
        description="When the customer was first answered. An arrangement, a delivery or a no-show is an answer at the "
        "latest."
    )
    respond_status: ServiceStanding | None = strawberry.field(
        description="What became of it; null: nothing is promised."
    )
    arrange_by: datetime | None = strawberry.field(
        description="First moment that is too late to arrange; null: nothing is promised."
    )
    arranged_at: datetime | None = strawberry.field(
        description="When it was first arranged. A delivery or a no-show is an arrangement at the latest."
    )
    arrange_status: ServiceStanding | None = strawberry.field(
        description="What became of it; null: nothing is promised."
    )
    appointment_at: datetime | None = strawberry.field(description="The appointment as last reported.")
    status: ServiceStanding = strawberry.field(
        description="Of both promises together: overdue, else late, else open, else on time, else ended."
    )
    late_by_working_days: int = strawberry.field(
        description="By how many working days it is late, so far while overdue; of two late promises the greater; "
        "0: not late."
    )
    calendar_cites: list[str] = strawberry.field(
        description="The State Council's notices for those years of the deadlines that the operator gave; "
        "years that the calendar ships with are not named."
    )
    years: strawberry.Private[tuple[int, ...]]

    @strawberry.field(
        description="A warning about the deadlines: years whose public holidays are not known yet. Null: none."
    )
    def warning(self, info: Info) -> str | None:
        return warning(self.years, info.context.language)

    @classmethod
    def of(cls, view: ClockView) -> "ServiceLevelClock":
        """The clock as the API shows it."""
        respond, arrange = view.clock.respond, view.clock.arrange
        return cls(
            respond_by=respond.deadline if respond is not None else None,
            responded_at=view.responded_at,
            respond_status=respond.standing if respond is not None else None,
            arrange_by=arrange.deadline if arrange is not None else None,
            arranged_at=view.arranged_at,
            arrange_status=arrange.standing if arrange is not None else None,
            appointment_at=view.appointment_at,
            status=view.clock.standing,
            late_by_working_days=view.clock.late_working_days,
            calendar_cites=list(view.cites),
            years=view.unknown_years,
        )


@strawberry.type(description="How many holds have each standing. Each is counted once.")
class ServiceLevelCounts:
    holds: int = strawberry.field(description="All of them.")
    on_time: int = strawberry.field(description="Done in time.")
    late: int = strawberry.field(description="Done too late, or released too late without being done.")
    open: int = strawberry.field(description="Not done; there is still time.")
    overdue: int = strawberry.field(
        description="Not done, and it is too late; also when the hold has run out."
    )
    ended: int = strawberry.field(description="Released in time, without being done: nothing is owed.")
    latest_by_working_days: int = strawberry.field(
        description="Of those late or overdue, the greatest lateness in working days; 0: none is late."
    )
