"""Commands on an existing redemption: confirm, release, no-show, reverse, and milestones. Pure.

A redemption belongs to its vendor: no other vendor learns that it exists; finance may reverse it.
"""

from dataclasses import replace
from datetime import date, datetime
from typing import assert_never

from handbook import business_day
from ledger.commands import (
    Confirm,
    FollowUp,
    NoShow,
    Release,
    Respond,
    Reverse,
    diagnoses,
    is_finance,
    vendor_actor,
)
from ledger.entitlement.case import Case
from ledger.entitlement.request_rules import illness_began_after_waiting, service_is_open
from ledger.entitlement.rules import (
    customer_is_a_member,
    day_is_not_too_long_ago,
    judge,
    moment_is_not_ahead,
    tier_has_the_benefit,
    waiting_period_is_over,
)
from ledger.posting.answers import Context, outcome_of
from ledger.posting.applications import hold_for_policy, release_application, wrong_policy
from ledger.posting.catching_up import catch_up
from ledger.posting.entries import LIFE_CYCLE, EntryKind, RedemptionStatus
from ledger.posting.outcomes import Outcome, RedemptionOutcome
from ledger.posting.redemptions import Redemption
from ledger.posting.state import Posting
from ledger.refusals import Refusal, RefusalCode, invalid
from ledger.service_levels.milestones import Milestone, milestone_of

_MOMENT = (moment_is_not_ahead, day_is_not_too_long_ago)
_ENTITLED = (customer_is_a_member, tier_has_the_benefit, waiting_period_is_over)


def follow_up(posting: Posting, command: Confirm | Release | NoShow | Reverse, context: Context) -> Outcome:
    """Confirm, release, no-show or reverse a redemption that exists and is the actor's."""
    redemption = _asked_about(posting, command)
    if isinstance(redemption, Refusal):
        return redemption
    match command:
        case Confirm():
            after = _confirm(posting, redemption, command, context)
        case Reverse():
            after = _end(posting, redemption, command, EntryKind.REVERSE)
        case NoShow():
            after = _miss(posting, redemption, command)
        case Release():
            after = _end(posting, redemption, command, EntryKind.RELEASE)
        case _:
            assert_never(command)
    if isinstance(after, Refusal):
        return after
    catch_up(posting, handbook=context.handbook, benefits=(after.pool.benefit,))
    return outcome_of(posting, after, context)


def _end(posting: Posting, redemption: Redemption, command: Release, kind: EntryKind) -> Redemption:
    """End the redemption by an entry of a kind, for the reason that is given."""
    return posting.step(
        replace(redemption, reason=command.reason),
        kind,
        redemption.units,
        occurred_at=posting.recorded_at,
        details=_reason(command.actor, command.reason),
    )


def _miss(posting: Posting, redemption: Redemption, command: NoShow) -> Redemption | Refusal:
    if redemption.wished_number is not None:
        return invalid(
            "号码申请没有到场一说；申请作废请用 release",
            "nobody has to come for a number that is applied for: release the application if it came to nothing",
        )
    return _end(posting, redemption, command, EntryKind.NO_SHOW)


def _asked_about(posting: Posting, command: FollowUp) -> Redemption | Refusal:
    """The redemption; a refusal if it is unknown, another vendor's, or its status does not allow the command."""
    redemption = posting.redemptions.get(command.redemption.sequence)
    if redemption is None or not (
        command.actor == vendor_actor(redemption.vendor)
        or (isinstance(command, Reverse) and is_finance(command.actor))
    ):
        return Refusal(code=RefusalCode.UNKNOWN_REDEMPTION)
    status = redemption.status_at(posting.recorded_at)
    if isinstance(command, Reverse):
        if status is RedemptionStatus.REVERSED:
            return Refusal(code=RefusalCode.ALREADY_REVERSED)
        if (status, EntryKind.REVERSE) not in LIFE_CYCLE:
            return Refusal(code=RefusalCode.NOT_REDEEMED, facts={"status": status.value})
    elif status is not RedemptionStatus.HELD:
        return Refusal(code=RefusalCode.HOLD_NOT_OPEN, facts={"status": status.value})
    return redemption


def report(
    posting: Posting, command: Respond, context: Context
) -> tuple[RedemptionOutcome, Milestone] | Refusal:
    """Take a milestone of an open hold. What is due is worked out for the answer only: a milestone posts no entry."""
    redemption = _asked_about(posting, command)
    if isinstance(redemption, Refusal):
        return redemption
    case = _delivery(posting, redemption, command.occurred_at or posting.recorded_at, context)
    refusal = judge(case, _MOMENT)
    if refusal is not None:
        return refusal
    milestone = milestone_of(command, held_at=redemption.occurred_at, recorded_at=posting.recorded_at)
    if isinstance(milestone, Refusal):
        return milestone
    catch_up(posting, handbook=context.handbook, benefits=(redemption.pool.benefit,))
    outcome = outcome_of(posting, redemption, context)
    return replace(outcome, milestone=milestone.kind.value), milestone


def _delivery(
    posting: Posting,
    redemption: Redemption,
    occurred_at: datetime,
    context: Context,
    diagnosed_on: tuple[tuple[str, date], ...] = (),
) -> Case:
    """The case of an event of a redemption at `occurred_at`."""
    day, booked_on = business_day(occurred_at), business_day(redemption.occurred_at)
    return Case(
        account=posting.state.account,
        handbook=context.handbook,
        today=context.today,
        day=day,
        benefit_code=redemption.pool.benefit,
        diagnosed_on=diagnosed_on,
        booked_on=min(day, booked_on),
        occurred_at=occurred_at,
        delivered_at=occurred_at,
        now=posting.recorded_at,
    )


def _confirm(
    posting: Posting, redemption: Redemption, command: Confirm, context: Context
) -> Redemption | Refusal:
    """Deliver what is held. Tier, waiting period and contract are not checked again: a booking is honoured.

    A delivery dated before the booking is not covered by it, so its tier and waiting period are checked.
    """
    occurred_at = command.occurred_at or posting.recorded_at
    case = _delivery(posting, redemption, occurred_at, context, diagnoses(command.evidence))
    unbooked = case.day < business_day(redemption.occurred_at)
    rules = (*_MOMENT, *(_ENTITLED if unbooked else ()), illness_began_after_waiting, service_is_open)
    refusal = judge(case, rules) or wrong_policy(case, posting, redemption, command.policy_no)
    if refusal is not None:
        return refusal
    units = redemption.units if command.units is None else command.units
    if units > redemption.units:
        return Refusal(
            code=RefusalCode.UNITS_INVALID, wording="held", facts={"units": units, "held": redemption.units}
        )
    application = redemption.pool
    if command.policy_no is not None:
        redemption = hold_for_policy(posting, redemption, command.policy_no, occurred_at=occurred_at)
    more = {item.stored for item in command.evidence}
    evidence = tuple(sorted({*redemption.evidence, *more}))
    confirmed = posting.step(
        replace(redemption, units=units, evidence=evidence, occurred_at=occurred_at),
        EntryKind.REDEEM,
        units,
        occurred_at=occurred_at,
        details={"evidence": [list(item) for item in sorted(more)]} if more else {},
    )
    rest = redemption.units - units
    if rest:
        confirmed = posting.step(confirmed, EntryKind.RELEASE, rest, occurred_at=posting.recorded_at)
    if confirmed.pool != application:
        release_application(posting, confirmed, application, occurred_at=occurred_at)
    return confirmed


def _reason(actor: str, reason: str | None) -> dict[str, object]:
    details: dict[str, object] = {"actor": actor}
    if reason is not None:
        details["reason"] = reason
    return details
