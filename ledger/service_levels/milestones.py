"""Milestones: what a vendor reports between hold and delivery, and when it may. Pure.

A milestone moves no units. It needs an open hold of the vendor's own; like a delivery it may be backdated within
limits, but not dated in the future nor before the day of the hold. It may be reported again (an appointment that
moves): the first of a kind is what the clock reads, the last appointment is the one that stands.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from handbook import business_day
from ledger.commands import Arrange, Respond
from ledger.ids import RedemptionId
from ledger.refusals import Refusal, invalid


class MilestoneKind(StrEnum):
    """The kinds of milestones."""

    RESPONDED = "RESPONDED"
    ARRANGED = "ARRANGED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """A vendor's report. `appointment_at`: for when an appointment was arranged, of ARRANGED only."""

    redemption: RedemptionId
    kind: MilestoneKind
    occurred_at: datetime
    appointment_at: datetime | None
    actor: str
    key: str
    recorded_at: datetime
    subject: str | None = None


def milestone_of(command: Respond, *, held_at: datetime, recorded_at: datetime) -> Milestone | Refusal:
    """The milestone that a command reports of a hold booked at `held_at`; INVALID when its days are impossible."""
    occurred_at = command.occurred_at or recorded_at
    day, held_on = business_day(occurred_at), business_day(held_at)
    if day < held_on:
        return invalid(
            f"occurredAt（{day}）早于预约占用的日期 {held_on}",
            f"occurredAt ({day}) lies before the day of the hold, {held_on}",
        )
    appointment_at = command.appointment_at if isinstance(command, Arrange) else None
    if appointment_at is not None and business_day(appointment_at) < day:
        return invalid(
            f"appointmentAt（{business_day(appointment_at)}）早于安排的日期 {day}",
            f"appointmentAt ({business_day(appointment_at)}) lies before the day on which it was arranged, {day}",
        )
    return Milestone(
        redemption=command.redemption,
        kind=MilestoneKind.ARRANGED if isinstance(command, Arrange) else MilestoneKind.RESPONDED,
        occurred_at=occurred_at,
        appointment_at=appointment_at,
        actor=command.actor,
        key=command.key,
        recorded_at=recorded_at,
        subject=command.subject,
    )
