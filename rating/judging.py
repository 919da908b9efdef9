"""Refusing events that contradict themselves or that the policy's life cycle does not allow.

An event contradicts itself when its own fields exclude each other, or when it was recorded in the future
(`contradiction`). Everything else is judged on the policy's history.

The life cycle is judged on the whole history, ordered by effective day and then arrival. So an event that arrives
late can be fine by itself and yet make one impossible that was recorded before (a surrender, dated before a lapse
already known): then the late one is the one refused, naming the other. Policies are judged one by one: the events of
one never affect another.

Only what is new is ever refused. Earlier versions of this program took events that are refused today (a reduction
that raises); what they took stays taken, and is folded as `rating.folding` does.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from base.words import Words
from handbook.coefficients import Coverage
from handbook.dates import BUSINESS_ZONE
from handbook.handbook import Handbook
from rating.events import (
    ComponentEnded,
    CoolingOffCancelled,
    CustomerRegistered,
    LifeEvent,
    PolicyEvent,
    PolicyIssued,
    PremiumIncreased,
    PremiumReduced,
    RelativeRegistered,
    Renewed,
    RiderAdded,
    TopUpPaid,
)
from rating.folding import Arrived, PolicyState
from rating.lifecycle import allowed_events, next_status


class Contradiction(NamedTuple):
    """Why an event contradicts itself: the field (as the stream spells it), and the reason."""

    place: str
    words: Words


def contradiction(event: PolicyEvent, now: datetime) -> Contradiction | None:
    """Return the first contradiction in an event's fields, None without any; `now` is when it would be recorded."""
    if event.recorded_at is not None and event.recorded_at > now:
        given, moment = (each.astimezone(BUSINESS_ZONE).isoformat() for each in (event.recorded_at, now))
        return Contradiction(
            "recorded_at",
            Words(
                f"{given} 晚于现在（{moment}）：已知的事不会是以后才知道的；请给出实际记录的时间，或略去此项",
                f"{given} lies ahead of now ({moment}): what is known cannot be known later; "
                "give the moment at which it was recorded, or leave it out",
            ),
        )
    if isinstance(event, PolicyIssued):
        for place in ("received_on", "cooling_off_ends_on"):
            given_day = getattr(event, place)
            if given_day is not None and given_day < event.effective_on:
                return Contradiction(
                    place,
                    Words(
                        f"{given_day} 早于保单 {event.policy_no} 的签发日（{event.effective_on}），须为该日或以后",
                        f"{given_day} lies before the issue of policy {event.policy_no} ({event.effective_on}); "
                        "it must be that day or later",
                    ),
                )
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """An event of a history that its policy's life cycle does not allow, and why."""

    arrived: Arrived
    words: Words


def policy_no_of(arrived: Arrived) -> str | None:
    """Return the policy an event is about, None for registrations."""
    return getattr(arrived.event, "policy_no", None)


def judge(events: Iterable[Arrived], handbook: Handbook) -> Finding | None:
    """Return the first event, in their order, that the life cycle does not allow; None when all are allowed."""
    return next(_findings(events, handbook), None)


def _findings(events: Iterable[Arrived], handbook: Handbook) -> Iterator[Finding]:
    """Yield every event that the life cycle does not allow, each judged on what `fold` makes of those before it."""
    states: dict[str, PolicyState] = {}
    ordered = sorted(events, key=lambda arrived: arrived.order)
    for arrived in ordered:
        event = arrived.event
        if isinstance(event, CustomerRegistered | RelativeRegistered):
            continue
        state = states.get(event.policy_no)
        words = _objection(state, event, handbook)
        if words is not None:
            yield Finding(arrived=arrived, words=words if state else _not_issued(event, ordered))
        if state is None and isinstance(event, PolicyIssued):
            states[event.policy_no] = PolicyState(event)
        elif state is not None and (words is None or state.allows(event)):
            state.apply(event)


def admit(
    stored: Sequence[Arrived], new: Sequence[Arrived], handbook: Handbook
) -> tuple[list[Arrived], dict[int, Words]]:
    """Return which of the new events of ONE policy are taken, and by arrival why the others are refused.

    If the whole is legal, all are taken. Otherwise each is tried in its order of arrival; one that depends on an event
    further back in the batch is tried again after that has been taken. Faults in `stored` itself never cause a new
    event to be refused.
    """
    if judge([*stored, *new], handbook) is None:
        return list(new), {}
    standing = {finding.arrived.arrival for finding in _findings(stored, handbook)}
    taken: list[Arrived] = []
    waiting = sorted(new, key=lambda arrived: arrived.arrival)
    refused: dict[int, Words] = {}
    while waiting:
        refused = {}
        for arrived in waiting:
            findings = _findings([*stored, *taken, arrived], handbook)
            finding = next((each for each in findings if each.arrived.arrival not in standing), None)
            if finding is None:
                taken.append(arrived)
            else:
                refused[arrived.arrival] = _refusal(arrived, finding)
        still_waiting = [arrived for arrived in waiting if arrived.arrival in refused]
        if len(still_waiting) == len(waiting):
            break
        waiting = still_waiting
    return taken, refused


def _refusal(arrived: Arrived, finding: Finding) -> Words:
    if finding.arrived is arrived:
        return finding.words
    other = finding.arrived.event
    return Words(
        f"接受此事件会使已记录的事件 {other.event_id}（{other.effective_on} {other.type}）不成立：{finding.words.zh}",
        f"taking it would make the recorded event {other.event_id} ({other.type} on {other.effective_on}) "
        f"impossible: {finding.words.en}",
    )


def _objection(state: PolicyState | None, event: LifeEvent, handbook: Handbook) -> Words | None:
    """Return why an event is not allowed here; the words for an unknown policy are `_not_issued`'s."""
    if state is None:
        return None if isinstance(event, PolicyIssued) else Words("", "")
    if next_status(state.status, event.type) is None:
        return _wrong_status(state, event)
    match event:
        case CoolingOffCancelled():
            return _cooling_off_over(state, event, handbook)
        case _ if state.allows(event):
            return _raised(state, event) if isinstance(event, PremiumReduced) else None
        case PremiumIncreased() | RiderAdded() | TopUpPaid():
            return Words(
                f"保单 {event.policy_no} 已有编号为 {event.component_id} 的保费项目，新项目须用未用过的编号",
                f"policy {event.policy_no} already has a component {event.component_id}; "
                "a new component needs an id unused on its policy",
            )
        case PremiumReduced() | ComponentEnded():
            return _wrong_component(state, event)
        case Renewed():
            return _not_renewable(event.policy_no, state.issue.coverage)
    return None


def _not_issued(event: LifeEvent, ordered: Sequence[Arrived]) -> Words:
    issue = next(
        (
            arrived.event
            for arrived in ordered
            if isinstance(arrived.event, PolicyIssued) and arrived.event.policy_no == event.policy_no
        ),
        None,
    )
    if issue is None:
        return Words(
            f"没有保单 {event.policy_no}：须先有 policy_issued",
            f"policy {event.policy_no} is unknown: only policy_issued is allowed for it",
        )
    return Words(
        f"保单 {event.policy_no} 于 {issue.effective_on} 才生效（事件 {issue.event_id}），"
        f"{event.effective_on} 的 {event.type} 不能在其之前",
        f"policy {event.policy_no} is issued on {issue.effective_on} (event {issue.event_id}); "
        f"{event.type} on {event.effective_on} comes before it",
    )


def _wrong_status(state: PolicyState, event: LifeEvent) -> Words:
    policy_no, since = event.policy_no, state.statuses[-1][0]
    if isinstance(event, PolicyIssued):
        return Words(
            f"保单 {policy_no} 已于 {state.issue.effective_on} 生效，不能再次签发",
            f"policy {policy_no} was issued on {state.issue.effective_on} and cannot be issued again",
        )
    status = state.status.words
    allowed = ", ".join(allowed_events(state.status))
    return Words(
        f"保单 {policy_no} 自 {since} 起{status.zh}，此状态下不能 {event.type}；"
        + (f"可以：{allowed}" if allowed else "此后不再有任何变更"),
        f"policy {policy_no} is {status.en} since {since}; {event.type} is not allowed then, "
        + (f"only {allowed}" if allowed else "and nothing is"),
    )


def _cooling_off_over(state: PolicyState, event: LifeEvent, handbook: Handbook) -> Words | None:
    last_day = state.cooling_off_ends_on(handbook)
    if last_day is None:
        return Words(
            f"保单 {event.policy_no} 没有犹豫期；可以：surrendered",
            f"policy {event.policy_no} has no cooling-off period; surrendered is allowed",
        )
    if event.effective_on > last_day:
        return Words(
            f"保单 {event.policy_no} 的犹豫期至 {last_day} 止，{event.effective_on} 不能犹豫期退保；可以：surrendered",
            f"policy {event.policy_no}: the cooling-off period ended with {last_day}, so {event.type} on "
            f"{event.effective_on} is not allowed; surrendered is",
        )
    return None


def _wrong_component(state: PolicyState, event: PremiumReduced | ComponentEnded) -> Words:
    component = state.components.get(event.component_id)
    known = ", ".join(each.component_id for each in state.components.values() if each.ended_on is None) or "–"
    if component is not None:
        return Words(
            f"保单 {event.policy_no} 的保费项目 {event.component_id} 已于 {component.ended_on} 结束；现有：{known}",
            f"policy {event.policy_no}: component {event.component_id} has ended on {component.ended_on}; "
            f"there are: {known}",
        )
    return Words(
        f"保单 {event.policy_no} 没有编号为 {event.component_id} 的保费项目；现有：{known}",
        f"policy {event.policy_no} has no component {event.component_id}; there are: {known}",
    )


def _raised(state: PolicyState, event: PremiumReduced) -> Words | None:
    """Return why a reduction is refused: it would raise the premium. A reduction to the current premium is accepted."""
    since, premium = state.components[event.component_id].premiums[-1]
    if event.premium <= premium:
        return None
    return Words(
        f"保单 {event.policy_no} 的保费项目 {event.component_id} 自 {since} 起保费为 {premium}，"
        f"减保不能增至 {event.premium}；加保请用 premium_increased",
        f"policy {event.policy_no}: the premium of component {event.component_id} is {premium} since {since}; "
        f"a reduction cannot raise it to {event.premium}, premium_increased adds a component",
    )


def _not_renewable(policy_no: str, coverage: Coverage) -> Words:
    return Words(
        f"保单 {policy_no} 的保障期为 {coverage}，只有一年期保单（one_year）可以 renewed",
        f"policy {policy_no} has coverage {coverage}; only a one_year policy can be renewed",
    )
