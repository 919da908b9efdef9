"""Entries: the immutable lines of the ledger, what each kind moves, and what a pool holds after them.

A double entry by kind: units leave one stage and enter another, so none appear or vanish. The table `MOVES` defines all
of it; balances, `verify` and the model in the tests use it.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple

from ledger.entitlement.account import PoolKey


class EntryKind(StrEnum):
    """What happened."""

    GRANT = "GRANT"
    REVOKE = "REVOKE"
    HOLD = "HOLD"
    REDEEM = "REDEEM"
    RELEASE = "RELEASE"
    EXPIRE_HOLD = "EXPIRE_HOLD"
    NO_SHOW = "NO_SHOW"
    REVERSE = "REVERSE"
    EXPIRE = "EXPIRE"


class Stage(StrEnum):
    """The stage of units within a pool."""

    ISSUED = "ISSUED"
    AVAILABLE = "AVAILABLE"
    HELD = "HELD"
    USED = "USED"
    LAPSED = "LAPSED"


MOVES: Mapping[EntryKind, tuple[Stage, Stage]] = {
    EntryKind.GRANT: (Stage.ISSUED, Stage.AVAILABLE),
    EntryKind.REVOKE: (Stage.AVAILABLE, Stage.ISSUED),
    EntryKind.HOLD: (Stage.AVAILABLE, Stage.HELD),
    EntryKind.REDEEM: (Stage.AVAILABLE, Stage.USED),
    EntryKind.RELEASE: (Stage.HELD, Stage.AVAILABLE),
    EntryKind.EXPIRE_HOLD: (Stage.HELD, Stage.AVAILABLE),
    EntryKind.NO_SHOW: (Stage.HELD, Stage.USED),
    EntryKind.REVERSE: (Stage.USED, Stage.AVAILABLE),
    EntryKind.EXPIRE: (Stage.AVAILABLE, Stage.LAPSED),
}


class RedemptionStatus(StrEnum):
    """The status of a redemption."""

    HELD = "HELD"
    REDEEMED = "REDEEMED"
    RELEASED = "RELEASED"
    EXPIRED = "EXPIRED"
    NO_SHOW = "NO_SHOW"
    REVERSED = "REVERSED"


LIFE_CYCLE: Mapping[tuple[RedemptionStatus | None, EntryKind], RedemptionStatus] = {
    (None, EntryKind.HOLD): RedemptionStatus.HELD,
    (None, EntryKind.REDEEM): RedemptionStatus.REDEEMED,
    (RedemptionStatus.HELD, EntryKind.REDEEM): RedemptionStatus.REDEEMED,
    (RedemptionStatus.HELD, EntryKind.RELEASE): RedemptionStatus.RELEASED,
    (RedemptionStatus.HELD, EntryKind.EXPIRE_HOLD): RedemptionStatus.EXPIRED,
    (RedemptionStatus.HELD, EntryKind.NO_SHOW): RedemptionStatus.NO_SHOW,
    (RedemptionStatus.REDEEMED, EntryKind.REVERSE): RedemptionStatus.REVERSED,
    # a no-show that was reported by mistake
    (RedemptionStatus.NO_SHOW, EntryKind.REVERSE): RedemptionStatus.REVERSED,
    # the hold of an application moves to the policy that was issued
    (RedemptionStatus.HELD, EntryKind.HOLD): RedemptionStatus.HELD,
    # the rest of a partly confirmed hold: the redemption stays redeemed
    (RedemptionStatus.REDEEMED, EntryKind.RELEASE): RedemptionStatus.REDEEMED,
}
"""The life cycle of a redemption: a pair that is not in the table is impossible."""


class BrokenInvariantError(Exception):
    """A posting would have broken an invariant of the ledger: a bug, never the client's fault."""


NO_DETAILS: Mapping[str, Any] = MappingProxyType({})


class Entry(NamedTuple):
    """One immutable line of a customer's ledger.

    `units` None: a grant without limit, or the revoke that ends it. `service_year` is the year in which it happened,
    the pool's period may be 0.
    `redemption` is the sequence of the redemption's first entry. `subject` is who acted, by their token (None:
    not known, in entries from before it was kept). `hash` covers every other field and the previous hash. A tuple,
    because a grant for everybody makes a great many.
    """

    customer_id: int
    sequence: int
    kind: EntryKind
    pool: PoolKey
    units: int | None
    service_year: int
    star: int
    edition: str | None
    occurred_at: datetime
    recorded_at: datetime
    vendor: str | None = None
    redemption: int | None = None
    beneficiary: str | None = None
    option: str | None = None
    reference: str | None = None
    details: Mapping[str, Any] = NO_DETAILS
    subject: str | None = None
    hash: bytes = b""

    @property
    def move(self) -> tuple[Stage, Stage]:
        """The stages that its units leave and enter: what began as a hold is redeemed from what is held."""
        if self.kind is EntryKind.REDEEM and self.redemption != self.sequence:
            return Stage.HELD, Stage.USED
        return MOVES[self.kind]


class Balance(NamedTuple):
    """The sums of one pool's entries, in units. `granted` is net of revokes. `unlimited`: there is no limit.

    A tuple, because each entry makes a new one.
    """

    unlimited: bool = False
    granted: int = 0
    used: int = 0
    held: int = 0
    expired: int = 0

    @property
    def available(self) -> int:
        """Units that may be taken; meaningless while `unlimited`."""
        return self.granted - self.used - self.held - self.expired

    def after(self, entry: Entry) -> "Balance":
        """The balance once `entry` is posted."""
        unlimited, granted, used, held, expired = self
        units = entry.units
        if units is None:
            unlimited = entry.kind is EntryKind.GRANT
        else:
            to_granted, to_used, to_held, to_expired = _CHANGES[entry.move]
            granted += to_granted * units
            used += to_used * units
            held += to_held * units
            expired += to_expired * units
        moved = Balance(unlimited, granted, used, held, expired)
        below_zero = granted < 0 or used < 0 or held < 0 or expired < 0
        if below_zero or (not unlimited and moved.available < 0):
            message = (
                f"entry {entry.sequence} of customer {entry.customer_id} overdraws {entry.pool}: {moved}"
            )
            raise BrokenInvariantError(message)
        return moved


def _changes(source: Stage, target: Stage) -> tuple[int, int, int, int]:
    """What a unit that leaves `source` for `target` adds to granted, used, held and expired.

    Leaving the issuer is a grant, returning to it a revoke. What is available is granted, and in no other stage.
    """

    def added(stage: Stage) -> int:
        return (target is stage) - (source is stage)

    return -added(Stage.ISSUED), added(Stage.USED), added(Stage.HELD), added(Stage.LAPSED)


_CHANGES = {(source, target): _changes(source, target) for source in Stage for target in Stage}
