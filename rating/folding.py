"""A customer's events are folded into a history: ordered by effective day, then by arrival.

Events arrive late and out of order, so the order of arrival decides only between events of one day. `fold` turns any
subset of a customer's events into a `History`; it skips an event that the life cycle does not allow there, because what
was known at an earlier moment can lack an event that this one depends on. Whether events may be recorded at all is
`rating.judging`'s question.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar, assert_never

from handbook.coefficients import Coverage, Mode
from handbook.handbook import Handbook
from rating.events import (
    BASE_COMPONENT,
    ComponentEnded,
    CoolingOffCancelled,
    CustomerRegistered,
    Lapsed,
    LifeEvent,
    PolicyEvent,
    PolicyIssued,
    PremiumIncreased,
    PremiumReduced,
    PremiumWaived,
    ReducedPaidUp,
    Reinstated,
    RelativeRegistered,
    Renewed,
    RiderAdded,
    Surrendered,
    Terminated,
    TopUpPaid,
)
from rating.history import ComponentHistory, History, Kind, PolicyHistory, Relative, cooling_off_ends_on
from rating.lifecycle import Status, next_status

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """An event with its number in the customer's order of arrival (1, 2, …) and its moment of recording."""

    arrival: int
    recorded_at: datetime
    event: PolicyEvent

    @property
    def order(self) -> tuple[date, int]:
        """What events are ordered by."""
        return self.event.effective_on, self.arrival


class PolicyState:
    """The mutable state of one policy while its events are folded; it never leaves the fold."""

    __slots__ = ("components", "issue", "renewed_on", "status", "statuses")

    def __init__(self, issue: PolicyIssued) -> None:
        self.issue = issue
        self.status = Status.IN_FORCE
        self.statuses: list[tuple[date, Status]] = [(issue.effective_on, Status.IN_FORCE)]
        self.components: dict[str, ComponentHistory] = {}
        self.renewed_on: list[date] = []
        self._add(BASE_COMPONENT, Kind.BASE, issue, issue.mode, issue.term_years)

    def cooling_off_ends_on(self, handbook: Handbook) -> date | None:
        """Return the last day of the cooling-off period, None when there is none."""
        issue = self.issue
        return cooling_off_ends_on(
            handbook,
            issue.coverage,
            issue.effective_on,
            told=issue.cooling_off_ends_on,
            received_on=issue.received_on,
        )

    def allows(self, event: LifeEvent) -> bool:
        """Whether status and components allow an event here; the end of the cooling-off period is checked elsewhere."""
        if next_status(self.status, event.type) is None:
            return False
        match event:
            case PremiumIncreased() | RiderAdded() | TopUpPaid():
                return event.component_id not in self.components
            case PremiumReduced() | ComponentEnded():
                component = self.components.get(event.component_id)
                return component is not None and component.ended_on is None
            case Renewed():
                return self.issue.coverage is Coverage.ONE_YEAR
        return True

    def apply(self, event: LifeEvent) -> None:
        """Take an event that `allows` has let through."""
        match event:
            case PremiumIncreased():
                self._add(event.component_id, Kind.INCREASE, event, event.mode, event.term_years)
            case RiderAdded():
                self._add(event.component_id, Kind.RIDER, event, event.mode, event.term_years)
            case TopUpPaid():
                self._add(event.component_id, Kind.TOP_UP, event, Mode.SINGLE, None)
            case PremiumReduced():
                self._reduce(self.components[event.component_id], event.effective_on, event.premium)
            case ComponentEnded():
                self._put(replace(self.components[event.component_id], ended_on=event.effective_on))
            case Renewed():
                self.renewed_on.append(event.effective_on)
            case (
                PolicyIssued()
                | CoolingOffCancelled()
                | Surrendered()
                | Lapsed()
                | Reinstated()
                | ReducedPaidUp()
                | PremiumWaived()
                | Terminated()
            ):
                self._turn(event)
            case _:
                assert_never(event)

    def finished(self) -> PolicyHistory:
        """Return the policy after the events so far, as a value."""
        issue = self.issue
        return PolicyHistory(
            policy_no=issue.policy_no,
            line=issue.line,
            coverage=issue.coverage,
            category=issue.category,
            design=issue.design,
            issued_on=issue.effective_on,
            cooling_off_told=issue.cooling_off_ends_on,
            received_on=issue.received_on,
            statuses=tuple(self.statuses),
            components=tuple(self.components.values()),
            renewed_on=tuple(self.renewed_on),
        )

    def _turn(self, event: LifeEvent) -> None:
        status = next_status(self.status, event.type)
        if status is not None:
            self.status = status
            _set_from(self.statuses, event.effective_on, status)

    def _add(
        self,
        component_id: str,
        kind: Kind,
        event: PolicyIssued | PremiumIncreased | RiderAdded | TopUpPaid,
        mode: Mode,
        term_years: int | None,
    ) -> None:
        own_class = event if isinstance(event, RiderAdded) else self.issue
        self._put(
            ComponentHistory(
                component_id=component_id,
                kind=kind,
                mode=mode,
                category=own_class.category or self.issue.category,
                design=own_class.design or self.issue.design,
                term_years=term_years,
                starts_on=event.effective_on,
                premiums=((event.effective_on, event.premium),),
            )
        )

    def _reduce(self, component: ComponentHistory, day: date, premium: Decimal) -> None:
        premiums = list(component.premiums)
        _set_from(premiums, day, premium)
        self._put(replace(component, premiums=tuple(premiums)))

    def _put(self, component: ComponentHistory) -> None:
        self.components[component.component_id] = component


def _set_from(steps: list[tuple[date, _Value]], day: date, value: _Value) -> None:
    """Let `value` hold from `day` on: of two on one day, the later arrival holds."""
    if steps[-1][0] == day:
        steps[-1] = (day, value)
    else:
        steps.append((day, value))


def fold(events: Iterable[Arrived]) -> History:
    """Fold events, given in any order, into a history; an event not allowed at its day is skipped."""
    ordered = sorted(events, key=lambda arrived: arrived.order)
    name: str | None = None
    registered_on: date | None = None
    relatives: dict[str, Relative] = {}
    states: dict[str, PolicyState] = {}
    for arrived in ordered:
        event = arrived.event
        match event:
            case CustomerRegistered():
                name = event.name
                registered_on = registered_on or event.effective_on
            case RelativeRegistered():
                known = relatives.get(event.relative_id)
                relatives[event.relative_id] = Relative(
                    relative_id=event.relative_id,
                    name=event.name,
                    relation=event.relation,
                    registered_on=known.registered_on if known else event.effective_on,
                )
            case PolicyIssued():
                if event.policy_no not in states:
                    states[event.policy_no] = PolicyState(event)
            case _:
                state = states.get(event.policy_no)
                if state is not None and state.allows(event):
                    state.apply(event)
    return History(
        name=name,
        registered_on=registered_on,
        first_day=ordered[0].event.effective_on if ordered else None,
        relatives=relatives,
        policies={policy_no: state.finished() for policy_no, state in states.items()},
    )
