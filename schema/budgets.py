"""Budgets: each caller may spend cost from a bucket that is refilled evenly.

This is the interface that the schema needs; `app.budgets` implements it.
"""

from dataclasses import dataclass
from typing import Protocol

from schema.viewer import Viewer

REFUSED_COST = 500
"""The cost of a refused document: the most that parsing it may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """How full a budget is: `left` of `size` units, refilled with `refill` units a second."""

    size: int
    left: int
    refill: float

    def told(self) -> dict[str, float]:
        """The level in the format of `extensions.cost`."""
        return {
            "maximumAvailable": self.size,
            "currentlyAvailable": max(0, self.left),
            "restoreRate": round(self.refill, 3),
        }


class Budgets(Protocol):
    """The budgets of all callers. None stands for a budget without a limit."""

    def check(self, viewer: Viewer) -> None:
        """Raise RateLimitedError for a caller whose budget holds less than the cost of reading a document."""

    async def take(self, viewer: Viewer, cost: int) -> Level | None:
        """Take what an operation costs. Raises RateLimitedError when there is not enough; then nothing is taken."""

    async def level(self, viewer: Viewer) -> Level | None:
        """How much the caller has left."""

    def is_known(self, vendor: str, member_no: str) -> bool:
        """Whether a vendor has asked for a member number lately."""

    async def look_ups(self, vendor: str) -> Level | None:
        """How many look-ups of member numbers a vendor has left; negative: a debt."""

    async def looked_up(self, vendor: str, member_nos: frozenset[str], cost: int) -> None:
        """Note the numbers that a vendor has asked for, and charge for them, as a debt if need be."""
