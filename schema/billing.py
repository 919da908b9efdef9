"""Charging callers for operations: the cost is known before an operation runs, and paid before it queues.

Every answer shows in `extensions.cost` the cost, the amount taken and what is left.
"""

from dataclasses import dataclass, field

from schema.budgets import REFUSED_COST, Budgets, Level
from schema.errors import RateLimitedError
from schema.viewer import Viewer


@dataclass(slots=True, kw_only=True)
class Bill:
    """The charge for one operation. `asked` is None until the cost is known; `taken` is what was paid."""

    budgets: Budgets | None
    viewer: Viewer
    asked: int | None = None
    taken: int = 0
    level: Level | None = field(default=None, init=False)

    def check(self) -> None:
        """Raise RateLimitedError for a caller whose budget holds less than the cost of reading a document."""
        if self.budgets is not None:
            self.budgets.check(self.viewer)

    async def pay(self, cost: int) -> None:
        """Pay for an operation that may run. Raises RateLimitedError."""
        self.asked = cost
        if self.budgets is not None:
            self.level = await self.budgets.take(self.viewer, cost)
        self.taken = cost

    async def pay_for_reading(self) -> None:
        """Pay for a document that was parsed and refused, as far as the budget allows."""
        if self.budgets is None or self.taken:
            return
        try:
            self.level = await self.budgets.take(self.viewer, REFUSED_COST)
            self.taken = REFUSED_COST
        except RateLimitedError:
            await self.refuse()

    async def refuse(self) -> None:
        """Read how much is left, for the answer to a caller that could not pay."""
        if self.budgets is not None:
            self.level = await self.budgets.level(self.viewer)

    def told(self, look_ups: Level | None) -> dict[str, object]:
        """The bill for `extensions.cost`, in Shopify's format; `lookUps` for a vendor that asked for member numbers."""
        told: dict[str, object] = {
            "requestedQueryCost": self.asked,
            "actualQueryCost": self.taken,
            "throttleStatus": self.level.told() if self.level is not None else None,
        }
        return told if look_ups is None else {**told, "lookUps": look_ups.told()}
