"""A policy's life cycle is a table: from a status, the events it allows and the status that each leads to.

Every pair that is not in the table is refused, because money depends on it: only a policy in force counts towards the
star, only a lapsed one can be reinstated, and cancelled, surrendered and terminated are final. Tests walk every pair,
legal and not.

Beyond the table: `cooling_off_cancelled` is not allowed after the cooling-off's last day, `renewed` needs a
one-year policy, and events on components need a fitting component id. `rating.folding` guards these.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import assert_never

from base.words import Words


class Status(StrEnum):
    """What a policy is on a day. It takes effect at the start of its day."""

    IN_FORCE = "IN_FORCE"
    CANCELLED = "CANCELLED"
    SURRENDERED = "SURRENDERED"
    LAPSED = "LAPSED"
    REDUCED_PAID_UP = "REDUCED_PAID_UP"
    PREMIUM_WAIVED = "PREMIUM_WAIVED"
    TERMINATED = "TERMINATED"

    @property
    def words(self) -> Words:
        """What a policy of this status is."""
        match self:
            case Status.IN_FORCE:
                return Words("有效", "in force")
            case Status.CANCELLED:
                return Words("已于犹豫期退保", "cancelled in its cooling-off period")
            case Status.SURRENDERED:
                return Words("已退保", "surrendered")
            case Status.LAPSED:
                return Words("失效", "lapsed")
            case Status.REDUCED_PAID_UP:
                return Words("减额交清", "reduced paid-up")
            case Status.PREMIUM_WAIVED:
                return Words("豁免保费", "premium waived")
            case Status.TERMINATED:
                return Words("已终止", "terminated")
            case _:
                assert_never(self)


ISSUE = "policy_issued"
"""The event that begins a policy's life, in force; it is in no row of the table, as it comes once."""

_LEAVING: Mapping[str, Status] = {"surrendered": Status.SURRENDERED, "terminated": Status.TERMINATED}

TRANSITIONS: Mapping[Status, Mapping[str, Status]] = MappingProxyType({
    Status.IN_FORCE: {
        "premium_increased": Status.IN_FORCE,
        "rider_added": Status.IN_FORCE,
        "top_up_paid": Status.IN_FORCE,
        "premium_reduced": Status.IN_FORCE,
        "component_ended": Status.IN_FORCE,
        "renewed": Status.IN_FORCE,
        "cooling_off_cancelled": Status.CANCELLED,
        "lapsed": Status.LAPSED,
        "reduced_paid_up": Status.REDUCED_PAID_UP,
        "premium_waived": Status.PREMIUM_WAIVED,
        **_LEAVING,
    },
    Status.LAPSED: {"reinstated": Status.IN_FORCE, **_LEAVING},
    Status.REDUCED_PAID_UP: _LEAVING,
    Status.PREMIUM_WAIVED: _LEAVING,
    Status.CANCELLED: {},
    Status.SURRENDERED: {},
    Status.TERMINATED: {},
})  # fmt: skip


def allowed_events(status: Status) -> tuple[str, ...]:
    """Return the event types that a status allows, in the order of the table; none for a final status."""
    return tuple(TRANSITIONS[status])


def next_status(status: Status, event_type: str) -> Status | None:
    """Return the status that an event leads to, or None when the status does not allow it."""
    return TRANSITIONS[status].get(event_type)
