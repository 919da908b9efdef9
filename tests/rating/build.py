"""Short hands for events, in the words of the stream."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from rating.events import PolicyEvent, SentEvent, parse_event
from rating.folding import Arrived

NOW = datetime(2026, 6, 1, 4, 0, tzinfo=UTC)
_DEFAULTS: dict[str, dict[str, Any]] = {
    "customer_registered": {"name": "张三"},
    "policy_issued": {
        "line": "individual",
        "coverage": "long",
        "category": "whole_life",
        "design": "traditional",
        "mode": "annual",
        "premium": "30000.00",
    },
    "premium_increased": {"mode": "annual", "premium": "10000.00", "component_id": "inc-1"},
    "rider_added": {"mode": "annual", "premium": "10000.00", "component_id": "rid-1"},
    "top_up_paid": {"premium": "10000.00", "component_id": "top-1"},
    "premium_reduced": {"premium": "5000.00", "component_id": "base"},
    "component_ended": {"component_id": "base"},
    "relative_registered": {"relative_id": "R1", "name": "李四", "relation": "spouse"},
}
_HAS_TERM = {"policy_issued", "premium_increased", "rider_added"}
_counter = iter(range(1, 10**9))


def event(type_: str, effective_on: str, **fields: Any) -> PolicyEvent:
    """An event of customer M1 on policy P1 unless told otherwise; a field of None is left out."""
    values = {
        "event_id": f"E{next(_counter)}",
        "type": type_,
        "member_no": "M1",
        "effective_on": effective_on,
        **_DEFAULTS.get(type_, {}),
        **fields,
    }
    if not type_.endswith("registered"):
        values.setdefault("policy_no", "P1")
    if type_ in _HAS_TERM and values["mode"] != "single":
        values.setdefault("term_years", 10)
    return parse_event({name: value for name, value in values.items() if value is not None})


def sent(*events: PolicyEvent) -> list[SentEvent]:
    """The events as they come to be recorded."""
    return [SentEvent.of(each) for each in events]


def registered(effective_on: str = "2020-01-01", **fields: Any) -> PolicyEvent:
    return event("customer_registered", effective_on, **fields)


def issued(effective_on: str, **fields: Any) -> PolicyEvent:
    return event("policy_issued", effective_on, **fields)


def arrived(*events: PolicyEvent) -> list[Arrived]:
    """Events in their order of arrival, each recorded when it says or a second after the other."""
    return [
        Arrived(arrival=place, recorded_at=each.recorded_at or NOW + timedelta(seconds=place), event=each)
        for place, each in enumerate(events, start=1)
    ]


def day(text: str) -> date:
    return date.fromisoformat(text)
