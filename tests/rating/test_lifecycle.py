"""The life cycle as a table: every pair of status and event, against the table as printed in the formats."""

from itertools import product

import pytest

from rating.events import EVENT_TYPES, RegistrationEvent
from rating.folding import fold
from rating.judging import judge
from rating.lifecycle import TRANSITIONS, Status, allowed_events, next_status
from tests.rating.build import arrived, event, issued, registered

ISSUED, CHANGED = "2024-01-01", "2024-01-05"
NEXT = "2024-01-08"  # still within the cooling-off period, so that only the status decides

STATUS_EVENTS = {
    "cooling_off_cancelled": Status.CANCELLED,
    "surrendered": Status.SURRENDERED,
    "lapsed": Status.LAPSED,
    "reduced_paid_up": Status.REDUCED_PAID_UP,
    "premium_waived": Status.PREMIUM_WAIVED,
    "terminated": Status.TERMINATED,
}
ON_COMPONENTS = ("premium_increased", "rider_added", "top_up_paid", "premium_reduced", "component_ended")
LEGAL = {
    **{(Status.IN_FORCE, name): status for name, status in STATUS_EVENTS.items()},
    **{(Status.IN_FORCE, name): Status.IN_FORCE for name in (*ON_COMPONENTS, "renewed")},
    (Status.LAPSED, "reinstated"): Status.IN_FORCE,
    **{
        (status, name): STATUS_EVENTS[name]
        for status in (Status.LAPSED, Status.REDUCED_PAID_UP, Status.PREMIUM_WAIVED)
        for name in ("surrendered", "terminated")
    },
}
LIFE_EVENTS = [name for name, model in EVENT_TYPES.items() if model not in RegistrationEvent.__args__]


def _history_in(status, coverage):
    events = [registered(ISSUED), issued(ISSUED, coverage=coverage, cooling_off_ends_on="2024-01-31")]
    leading_to = {status: name for name, status in STATUS_EVENTS.items()}
    return events if status is Status.IN_FORCE else [*events, event(leading_to[status], CHANGED)]


@pytest.mark.parametrize(("status", "name"), list(product(Status, LIFE_EVENTS)))
def test_every_pair_of_status_and_event(status, name, handbook):
    coverage = "one_year" if name == "renewed" else "long"
    events = arrived(*_history_in(status, coverage), event(name, NEXT))
    expected = LEGAL.get((status, name))
    finding = judge(events, handbook)
    (policy,) = fold(events).policies.values()
    if expected is None:
        assert finding is not None
        assert finding.arrived is events[-1]
        assert "P1" in finding.words.zh
        assert "P1" in finding.words.en
        if name != "policy_issued":
            assert status.words.zh in finding.words.zh
            assert all(allowed in finding.words.en for allowed in allowed_events(status))
        assert policy.statuses[-1][1] is status, "an event that is not allowed is stepped over"
    else:
        assert finding is None
        assert policy.statuses[-1][1] is expected
    assert next_status(status, name) is expected


def test_the_table_knows_no_other_event():
    named = {name for row in TRANSITIONS.values() for name in row}
    assert named == set(LIFE_EVENTS) - {"policy_issued"}
    assert set(TRANSITIONS) == set(Status)
