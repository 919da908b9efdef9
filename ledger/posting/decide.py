"""Deciding a command: a pure function of the customer's state, the command and the moment.

A refused command changes nothing but its own stored outcome: entries posted on the way are dropped. A command whose
idempotency key has an outcome gets that outcome again. A request that could never succeed is not stored, so that its
sender may correct it under the same key.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from handbook import Counted, Handbook, business_day, start_of
from ledger.commands import Command, Hold, Redeem, Respond, canonical_request, diagnoses, differing_fields
from ledger.entitlement.account import PoolKey, Taken
from ledger.entitlement.case import Case
from ledger.entitlement.rules import judge
from ledger.entitlement.terms import Term
from ledger.ids import RedemptionId
from ledger.posting.answers import Context, outcome_of
from ledger.posting.applications import earliest_issue
from ledger.posting.catching_up import expire_holds, update_pools
from ledger.posting.entries import Entry, EntryKind, RedemptionStatus
from ledger.posting.follow_ups import follow_up, report
from ledger.posting.outcomes import Outcome, outcome_as_json, replayed
from ledger.posting.redemptions import Redemption
from ledger.posting.state import Posting, State, StoredOutcome
from ledger.refusals import Refusal, RefusalCode
from ledger.service_levels.clock import deadline, last_days
from ledger.service_levels.milestones import Milestone


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The result of a command: its outcome, what to write, and the state for the next command.

    A command writes entries or one milestone, never both. `stored` is the outcome to store; None when the key has one
    already, or stays free.
    """

    outcome: Outcome
    state: State
    entries: tuple[Entry, ...] = ()
    milestone: Milestone | None = None
    stored: StoredOutcome | None = None


def decide(
    state: State, command: Command, *, now: datetime, handbook: Handbook, terms: Sequence[Term] = ()
) -> Decision:
    """Decide `command` for the customer of `state` at `now`; `terms` are the contract of the vendor that asks."""
    key = (command.actor, command.key)
    request = canonical_request(command)
    units = _units(command, now, handbook) if isinstance(command, Redeem) else None
    if isinstance(command, Redeem):
        request["units"] = units
    answered = state.outcomes.get(key)
    if answered is not None:
        return Decision(outcome=_answer_again(answered, request, now), state=state)
    posting = Posting(state, now, command.subject)
    context = Context(handbook=handbook, terms=terms, today=business_day(posting.recorded_at))
    milestone: Milestone | None = None
    if isinstance(command, Redeem):
        outcome: Outcome = _take(posting, command, units, context)
    elif isinstance(command, Respond):
        reported = report(posting, command, context)
        outcome, milestone = reported if isinstance(reported, tuple) else (reported, None)
    else:
        outcome = follow_up(posting, command, context)
    if isinstance(outcome, Refusal) and outcome.leaves_key_free:
        return Decision(outcome=outcome, state=state)
    stored = StoredOutcome(request=request, outcome=outcome_as_json(outcome))
    posted = not isinstance(outcome, Refusal) and milestone is None
    outcomes = {**state.outcomes, key: stored}
    after = posting.after(outcomes) if posted else replace(state, outcomes=outcomes)
    if not posted:
        return Decision(outcome=outcome, state=after, milestone=milestone, stored=stored)
    return Decision(outcome=outcome, state=after, entries=tuple(posting.entries), stored=stored)


def _units(command: Redeem, now: datetime, handbook: Handbook) -> int | None:
    """The units of a command: one time by default. Minutes have no default: None."""
    if command.units is not None:
        return command.units
    edition = handbook.on(business_day(command.occurred_at or now)) or handbook.latest
    benefit = edition.benefit(command.benefit)
    return None if benefit is not None and benefit.units_told else 1


def _answer_again(answered: StoredOutcome, request: dict[str, object], now: datetime) -> Outcome:
    differing = differing_fields(dict(answered.request), request)
    if differing:
        return Refusal(code=RefusalCode.KEY_REUSED, differing=differing)
    return replayed(answered.outcome, answered_at=now)


def _take(posting: Posting, command: Redeem, told: int | None, context: Context) -> Outcome:
    """Redeem `told` units at once, or hold them."""
    occurred_at = command.occurred_at or posting.recorded_at
    expire_holds(posting, benefits=(command.benefit,))
    hold = isinstance(command, Hold)
    units = 1 if told is None else told
    case = Case(
        account=posting.state.account,
        handbook=context.handbook,
        today=context.today,
        day=business_day(occurred_at),
        benefit_code=command.benefit,
        units=units,
        units_told=told is not None,
        vendor=command.vendor,
        terms=tuple(context.terms),
        beneficiary=command.beneficiary,
        policy_no=command.policy_no,
        option=command.option,
        facility=command.facility,
        wished_number=command.wished_number,
        numbers_held=_numbers_held(posting),
        evidence=frozenset(item.kind for item in command.evidence),
        diagnosed_on=diagnoses(command.evidence),
        hold=hold,
        hold_hours=command.hold_hours if isinstance(command, Hold) else None,
        occurred_at=occurred_at,
        delivered_at=None if hold else occurred_at,
        now=posting.recorded_at,
        taken=_taken(posting),
    )
    refusal = judge(case)
    if refusal is not None:
        return refusal
    pool, number = case.pool, case.service_year_number
    if pool is None or number is None or case.benefit is None:  # a member on the day has a service year
        message = f"judged entitled without a pool: {command}"
        raise AssertionError(message)
    update_pools(posting, handbook=context.handbook, benefits=(command.benefit,), keep=pool)
    _make_available(posting, case, pool, number)
    redemption = Redemption(
        id=RedemptionId(posting.state.account.customer_id, posting.next_sequence),
        status=RedemptionStatus.HELD if hold else RedemptionStatus.REDEEMED,
        pool=pool,
        variant=case.benefit.variant(case.star),
        service_year=number,
        option=command.option,
        facility=command.facility,
        wished_number=command.wished_number,
        beneficiary=command.beneficiary,
        vendor=command.vendor,
        units=units,
        reference=command.reference,
        evidence=tuple(sorted(item.stored for item in command.evidence)),
        star=case.star,
        edition=case.edition.code if case.edition is not None else None,
        occurred_at=occurred_at,
        recorded_at=posting.recorded_at,
        expires_at=_expiry(command, case, posting) if isinstance(command, Hold) else None,
    )
    redemption = posting.step(
        redemption,
        EntryKind.HOLD if hold else EntryKind.REDEEM,
        units,
        occurred_at=occurred_at,
        details=_details(redemption),
    )
    if case.day < context.today:
        # A backdated use may leave units of a past year, or a grant without limit that today's star does not give.
        update_pools(posting, handbook=context.handbook, benefits=(command.benefit,))
    return outcome_of(posting, redemption, context)


def _make_available(posting: Posting, case: Case, pool: PoolKey, number: int) -> None:
    """Grant the units that a backdated use needs and that are no longer in the pool.

    A use is judged by its own day; since then the year may have ended or the tier fallen, and what was available has
    lapsed or been revoked, or was never granted because the ledger began later.
    """
    balance = posting.balance(pool)
    if isinstance(case.allowance, Counted):
        short: int | None = case.units - balance.available if not balance.unlimited else 0
    else:
        short = 0 if balance.unlimited else None
    if short is not None and short <= 0:
        return
    posting.post(
        EntryKind.GRANT,
        pool,
        short,
        service_year=number,
        star=case.star,
        edition=case.edition.code if case.edition is not None else None,
        occurred_at=case.occurred_at or posting.recorded_at,
    )


def _numbers_held(posting: Posting) -> frozenset[str]:
    """The numbers wished for in those open holds that the state has loaded."""
    return frozenset(
        redemption.wished_number
        for redemption in posting.redemptions.values()
        if redemption.wished_number is not None and redemption.status is RedemptionStatus.HELD
    )


def _taken(posting: Posting) -> dict[PoolKey, Taken]:
    return {pool: Taken(used=balance.used, held=balance.held) for pool, balance in posting.balances.items()}


def _expiry(command: Hold, case: Case, posting: Posting) -> datetime:
    """When a hold runs out: as asked, else at the end of the benefit's service level (decoded handbook §5).

    A hold reported after the last day of its service level lasts as long as one without a service level. The hold of a
    wished number lasts so long from the first day on which the policy may be issued: before that day it cannot be
    confirmed.
    """
    told, settings = posting.recorded_at, case.settings
    if command.hold_hours is not None or case.benefit is None:
        return told + timedelta(hours=command.hold_hours or settings.default_hold_hours)
    level, wished = case.benefit.service_level, case.benefit.wished_number
    longest = told + timedelta(hours=settings.max_hold_hours)
    last = last_days(level, case.day, case.handbook.calendar).later if level is not None else None
    if last is not None and deadline(last) > told:
        return min(deadline(last), longest)
    first = start_of(earliest_issue(wished, case.day, case.handbook)) if wished is not None else told
    return min(max(first, told) + timedelta(hours=settings.default_hold_hours), longest)


def _details(redemption: Redemption) -> dict[str, object]:
    """The fields of the cached row that the entry has no columns for: the row can be rebuilt from entries alone."""
    details: dict[str, object] = {}
    if redemption.variant is not None:
        details["variant"] = redemption.variant
    if redemption.facility is not None:
        details["facility"] = redemption.facility
    if redemption.wished_number is not None:
        details["wished_number"] = redemption.wished_number
    if redemption.evidence:
        details["evidence"] = [list(item) for item in redemption.evidence]
    if redemption.expires_at is not None:
        details["expires_at"] = redemption.expires_at.astimezone(UTC).isoformat()
    return details
