"""Look-ups of member numbers by vendors: a vendor may look up the members that it serves, and may not enumerate them.

A vendor has a budget of look-ups, whatever it asks by: `customer`, `eligibility`, `redeem`, `hold`, `redeemMany`. A
number that is a customer's costs little, one that is nobody's much; one that it asked for lately, or has delivered to,
nothing. Whether it may look is decided before anything is looked up, and what that costs is paid afterwards, as a debt
if need be: so a refusal tells nothing of the number. When the budget is used up, members whom the vendor has served
before are served on.
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
    """A vendor's question for member numbers. `new` is to be paid for; `withheld` may not be looked up for now."""

    budgets: Budgets | None = None
    vendor: str = ""
    new: frozenset[str] = frozenset()
    withheld: frozenset[str] = frozenset()
    wait_s: int = 0

    @property
    def refusal(self) -> Refusal:
        """What is answered for a number that is withheld."""
        return Refusal(code=RefusalCode.RATE_LIMITED, facts={"retry_after": self.wait_s})

    def check(self) -> None:
        """Raise RateLimitedError when anything is withheld."""
        if self.withheld:
            raise RateLimitedError(self.refusal.message("en"), retry_after_s=self.wait_s)

    async def pay(
        self, context: Context, *, unknown: Collection[str] = (), free: Collection[str] = ()
    ) -> None:
        """Pay for the numbers, of which these turned out to be nobody's, and these cost nothing."""
        if self.budgets is None or not self.new:
            return
        misses = len(self.new.intersection(unknown))
        hits = len(self.new.difference(unknown, free))
        await self.budgets.looked_up(self.vendor, self.new, FOUND_COST * hits + UNKNOWN_COST * misses)
        context.look_ups = await self.budgets.look_ups(self.vendor)

    async def pay_for(self, context: Context, outcomes: Collection[tuple[str, Outcome]]) -> None:
        """Pay for the numbers that commands named, by what these were answered.

        A delivery costs nothing: it stands in the ledger, and the member hears of it. A hold costs: it may be released.
        """
        unknown = {
            number
            for number, answer in outcomes
            if isinstance(answer, Refusal) and answer.code is RefusalCode.UNKNOWN_CUSTOMER
        }
        delivered = {
            number
            for number, answer in outcomes
            if isinstance(answer, RedemptionOutcome) and answer.expires_at is None
        }
        await self.pay(context, unknown=unknown, free=delivered)


async def look_up(context: Context, member_nos: Collection[str]) -> LookUp:
    """Whether the viewer may look member numbers up; other roles always may."""
    viewer, budgets = context.viewer, context.budgets
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
    """The seconds until there is something left again."""
    return max(1, ceil((1 - level.left) / level.refill))
