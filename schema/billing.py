"""What an operation costs its caller: known before it runs, and paid before it waits for its place.

Every answer tells, as `extensions.cost`, what was asked, what was taken and what is left.
"""

from dataclasses import dataclass, field
from typing import Any

from schema.budgets import REFUSED_COST, Budgets, Level
from schema.errors import RateLimitedError
from schema.viewer import Viewer


@dataclass(slots=True, kw_only=True)
class Bill:
    """What one operation costs its caller. `asked` is None as long as nobody knows; `taken` is what was paid."""

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
        """Pay for a document that was read and may not run, as far as there is something to pay with."""
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

    def told(self, look_ups: Level | None) -> dict[str, Any]:
        """The bill as the answer tells it, in Shopify's words; `lookUps` for a vendor that asked for member numbers."""
        told: dict[str, Any] = {
            "requestedQueryCost": self.asked,
            "actualQueryCost": self.taken,
            "throttleStatus": self.level.told() if self.level is not None else None,
        }
        return told if look_ups is None else {**told, "lookUps": look_ups.told()}
