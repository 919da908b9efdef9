"""Look-ups of member numbers by vendors: a vendor may look up the members that it serves, and may not enumerate them.

A vendor has a budget of look-ups, whatever it asks by: `customer`, `eligibility`, `redeem`, `hold`, `redeemMany`. A
customer's number costs little, an unknown number much; one that it asked for lately, or has delivered to, nothing.
Whether a look-up is allowed is decided before it is made, and it is charged afterwards, as a debt if need be: so a
refusal reveals nothing about the number. With the budget used up, members whom the vendor has served before can still
be served.
"""

from collections.abc import Collection
from dataclasses import dataclass
from math import ceil

from ledger.posting.outcomes import Outcome, RedemptionOutcome
from ledger.refusals import Refusal, RefusalCode
from ledger.vendors.registry import members_served
from schema.budgets import Budgets, Level
from schema.context import Context
from schema.errors import RateLimitedError
from schema.viewer import Role

FOUND_COST = 1
UNKNOWN_COST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUp:
    """A vendor's look-up of member numbers. `new` ones are to be paid for; `withheld` ones may not be looked up now."""

    budgets: Budgets | None = None
    vendor: str = ""
    new: frozenset[str] = frozenset()
    withheld: frozenset[str] = frozenset()
    wait_s: int = 0

    @property
    def refusal(self) -> Refusal:
        """The refusal for a withheld number."""
        return Refusal(code=RefusalCode.RATE_LIMITED, facts={"retry_after": self.wait_s})

    def check(self) -> None:
        """Raise RateLimitedError when anything is withheld."""
        if self.withheld:
            raise RateLimitedError(self.refusal.message("en"), retry_after_s=self.wait_s)

    async def pay(
        self, context: Context, *, unknown: Collection[str] = (), free: Collection[str] = ()
    ) -> None:
        """Pay for the numbers, given which of them are unknown and which are free."""
        if self.budgets is None or not self.new:
            return
        misses = len(self.new.intersection(unknown))
        hits = len(self.new.difference(unknown, free))
        await self.budgets.looked_up(self.vendor, self.new, FOUND_COST * hits + UNKNOWN_COST * misses)
        context.look_ups = await self.budgets.look_ups(self.vendor)

    async def pay_for(self, context: Context, outcomes: Collection[tuple[str, Outcome]]) -> None:
        """Pay for the numbers in commands, by their outcomes.

        A delivery is free: it is recorded in the ledger, where the member sees it. A hold is not: it may be released.
        """
        unknown = {
            number
            for number, answer in outcomes
            if isinstance(answer, Refusal) and answer.code is RefusalCode.UNKNOWN_CUSTOMER
        }
        delivered = {
            number
            for number, answer in outcomes
            if isinstance(answer, RedemptionOutcome) and answer.redemption.expires_at is None
        }
        await self.pay(context, unknown=unknown, free=delivered)


async def look_up(context: Context, member_nos: Collection[str]) -> LookUp:
    """Whether the viewer may look member numbers up; other roles always may."""
    viewer, budgets = context.viewer, context.bill.budgets if context.bill is not None else None
    if budgets is None or viewer is None or viewer.role is not Role.VENDOR or not viewer.vendor:
        return LookUp()
    vendor = viewer.vendor
    new = frozenset(number for number in member_nos if not budgets.is_known(vendor, number))
    level = await budgets.look_ups(vendor) if new else None
    if level is None:
        return LookUp()
    context.look_ups = level
    if level.left > 0:
        return LookUp(budgets=budgets, vendor=vendor, new=new)
    withheld = new - await members_served(context.pool, vendor, new)
    return LookUp(budgets=budgets, vendor=vendor, withheld=withheld, wait_s=_wait_s(level))


def _wait_s(level: Level) -> int:
    """The seconds until the budget is positive again."""
    return max(1, ceil((1 - level.left) / level.refill))
