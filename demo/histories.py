"""Recording a member's history as the insurer's core system would send it.

The core system delivers its events every morning: an event is recorded on the day it takes effect, unless marked as
later (a correction) or earlier (scheduled ahead).
"""

from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from demo.names import full_name
from handbook.dates import add_years, start_of
from rating.events import PolicyEvent, parse_event

_DELIVERED = timedelta(hours=7, minutes=30)
"""When in the day the core system's events arrive."""


def delivered_at(day: date) -> datetime:
    """The moment at which the events recorded on a day arrive."""
    return start_of(day) + _DELIVERED


class History:
    """The events of one member, in their order of arrival within a day. Days may be given as days from today."""

    def __init__(self, number: int, today: date, rng: Random) -> None:
        """Begin the history of member `number`; `today` is the day that the portfolio is made for."""
        self.member_no = f"M{number:05d}"
        self.number = number
        self.today = today
        self.events: list[PolicyEvent] = []
        self.name = ""
        self._rng = rng
        self._policies = 0
        self._components = 0

    def day(self, when: int | date) -> date:
        """The day so many days from today, or the day itself."""
        return when if isinstance(when, date) else self.today + timedelta(days=when)

    def years_ago(self, years: int, days: int = 0) -> date:
        """The day so many years, and then `days` more, before today."""
        return add_years(self.today, -years) - timedelta(days=days)

    def happened(
        self, type_: str, when: int | date, *, recorded: int | date | None = None, **fields: Any
    ) -> None:
        """Add an event that takes effect on a day and is recorded on that day, or on another."""
        effective_on = self.day(when)
        recorded_on = self.day(recorded) if recorded is not None else effective_on
        self.events.append(
            parse_event({
                "event_id": f"demo-{self.today:%Y%m%d}-{self.member_no}-{len(self.events) + 1:02d}",
                "type": type_,
                "member_no": self.member_no,
                "effective_on": effective_on,
                "recorded_at": delivered_at(recorded_on),
                **fields,
            })
        )  # fmt: skip

    def registered(self, when: int | date, name: str | None = None) -> None:
        """The member becomes a customer."""
        self.name = name or full_name(self._rng)
        self.happened("customer_registered", when, name=self.name)

    def relative(self, relation: str, when: int | date, *, recorded: int | date | None = None) -> str:
        """A relative is registered; the id, which is the relation, numbered from the second on."""
        same = sum(getattr(event, "relation", None) == relation for event in self.events)
        relative_id = relation if not same else f"{relation}-{same + 1}"
        surname = None if relation == "spouse" else self.name[0]
        name = full_name(self._rng, surname)
        self.happened(
            "relative_registered",
            when,
            recorded=recorded,
            relative_id=relative_id,
            name=name,
            relation=relation,
        )
        return relative_id

    def issued(
        self,
        when: int | date,
        premium: int | str,
        *,
        mode: str = "annual",
        term: int | None = 20,
        category: str = "whole_life",
        design: str = "traditional",
        coverage: str = "long",
        line: str = "individual",
        recorded: int | date | None = None,
        **fields: Any,
    ) -> str:
        """A policy is issued; its number."""
        self._policies += 1
        policy_no = f"P{self.number:05d}{self._policies:02d}"
        if mode != "single":
            fields["term_years"] = term
        self.happened(
            "policy_issued",
            when,
            recorded=recorded,
            policy_no=policy_no,
            premium=Decimal(premium),
            mode=mode,
            category=category,
            design=design,
            coverage=coverage,
            line=line,
            **fields,
        )
        return policy_no

    def issued_on(self, policy_no: str) -> date:
        """The day on which a policy was issued."""
        return next(
            event.effective_on
            for event in self.events
            if event.type == "policy_issued" and event.policy_no == policy_no
        )

    def single(
        self, when: int | date, premium: int | str, *, category: str, design: str = "traditional"
    ) -> str:
        """A policy of one premium paid at once; its number."""
        return self.issued(when, premium, mode="single", category=category, design=design)

    def one_year(self, when: int | date, premium: int | str, *, category: str = "medical") -> str:
        """A one-year policy; its number."""
        return self.issued(when, premium, mode="annual", term=1, category=category, coverage="one_year")

    def added(
        self,
        type_: str,
        policy_no: str,
        when: int | date,
        premium: int | str,
        *,
        mode: str = "annual",
        term: int = 20,
        **fields: Any,
    ) -> str:
        """An increase, a rider or a top-up; the id of the new component."""
        self._components += 1
        prefix = {"premium_increased": "inc", "rider_added": "rider", "top_up_paid": "topup"}[type_]
        component_id = f"{prefix}-{self._components}"
        if type_ != "top_up_paid":
            fields |= {"mode": mode, "term_years": term}
        self.happened(
            type_, when, policy_no=policy_no, component_id=component_id, premium=Decimal(premium), **fields
        )
        return component_id

    def reduced(
        self, policy_no: str, when: int | date, premium: int | str, component_id: str = "base"
    ) -> None:
        """减保: the component's instalment is lower from that day on."""
        self.happened(
            "premium_reduced", when, policy_no=policy_no, component_id=component_id, premium=Decimal(premium)
        )
