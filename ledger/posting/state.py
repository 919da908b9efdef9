"""A customer's state on the write path: account, head, balances, redemptions, stored outcomes.

A `State` is a value. A `Posting` collects the entries of one command on top of it and keeps balances, head and
redemptions in step, so that later steps of the same command see the earlier ones; a refused command drops its posting,
which leaves the state unchanged.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from ledger.entitlement.account import Account, PoolKey
from ledger.posting.chain import GENESIS, sealed
from ledger.posting.entries import (
    LIFE_CYCLE,
    NO_DETAILS,
    Balance,
    BrokenInvariantError,
    Entry,
    EntryKind,
    RedemptionStatus,
)
from ledger.posting.redemptions import Redemption

_NOTHING = Balance()


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The end of a customer's ledger: next sequence, the last entry's hash and time, and the service-year anchor."""

    next_sequence: int = 1
    last_hash: bytes = GENESIS
    last_recorded_at: datetime | None = None
    anchor: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredOutcome:
    """The request stored under an idempotency key, and its outcome."""

    request: Mapping[str, object]
    outcome: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A customer while a batch is decided.

    `redemptions` holds those that commands name, holds that are due, and holds of the numbers that commands wish for.
    """

    account: Account
    head: Head
    balances: Mapping[PoolKey, Balance] = field(default_factory=dict)
    redemptions: Mapping[int, Redemption] = field(default_factory=dict)
    outcomes: Mapping[tuple[str, str], StoredOutcome] = field(default_factory=dict)


class Posting:
    """The entries of one command, and the state after them."""

    def __init__(self, state: State, now: datetime, subject: str | None = None) -> None:
        """Start on `state`; entries are recorded at `now`, even if earlier ones have a later clock.

        `subject` goes into all entries, also into those that are due and posted on the way.
        """
        self.state = state
        self.recorded_at = now
        self.subject = subject
        self.next_sequence = state.head.next_sequence
        self.last_hash = state.head.last_hash
        self.last_recorded_at = state.head.last_recorded_at
        self.anchor = state.head.anchor
        self.balances = dict(state.balances)
        self.redemptions = dict(state.redemptions)
        self.entries: list[Entry] = []

    @property
    def head(self) -> Head:
        """The end of the ledger after the entries so far."""
        return Head(
            next_sequence=self.next_sequence,
            last_hash=self.last_hash,
            last_recorded_at=self.last_recorded_at,
            anchor=self.anchor,
        )

    def set_anchor(self, anchor: date) -> None:
        """Store the service-year anchor; it never changes again."""
        if self.anchor == anchor:
            return
        if self.anchor is not None:
            message = f"customer {self.state.account.customer_id}: the anchor {self.anchor} never moves"
            raise BrokenInvariantError(message)
        self.anchor = anchor

    def balance(self, pool: PoolKey) -> Balance:
        """The balance of a pool after the entries so far."""
        return self.balances.get(pool, _NOTHING)

    def post(
        self,
        kind: EntryKind,
        pool: PoolKey,
        units: int | None,
        *,
        service_year: int,
        star: int,
        edition: str | None,
        occurred_at: datetime,
        redemption: Redemption | None = None,
        details: Mapping[str, object] | None = None,
    ) -> Entry:
        """Append an entry; vendor, beneficiary and similar fields come from its redemption."""
        entry = sealed(
            Entry(
                self.state.account.customer_id,
                self.next_sequence,
                kind,
                pool,
                units,
                service_year,
                star,
                edition,
                occurred_at,
                self.recorded_at,
                *_of_redemption(redemption),
                details or NO_DETAILS,
                self.subject,
            ),
            self.last_hash,
        )
        self.balances[pool] = self.balance(pool).after(entry)
        self.next_sequence += 1
        self.last_hash = entry.hash
        self.last_recorded_at = self.recorded_at
        self.entries.append(entry)
        return entry

    def step(
        self,
        redemption: Redemption,
        kind: EntryKind,
        units: int,
        *,
        occurred_at: datetime,
        details: Mapping[str, object] | None = None,
    ) -> Redemption:
        """Post an entry of a redemption's life cycle; its status follows from `LIFE_CYCLE`."""
        before = self.redemptions.get(redemption.id.sequence)
        status = LIFE_CYCLE.get((before.status if before is not None else None, kind))
        if status is None:
            message = f"{kind} does not follow {before.status if before else 'nothing'} ({redemption.id})"
            raise BrokenInvariantError(message)
        self.post(
            kind,
            redemption.pool,
            units,
            service_year=redemption.service_year,
            star=redemption.star,
            edition=redemption.edition,
            occurred_at=occurred_at,
            redemption=redemption,
            details=details,
        )
        missed = (
            kind is EntryKind.REVERSE and before is not None and before.status is RedemptionStatus.NO_SHOW
        )
        after = redemption
        if (redemption.status, redemption.reversed_no_show) != (status, missed):
            after = replace(redemption, status=status, reversed_no_show=missed)
        self.redemptions[redemption.id.sequence] = after
        return after

    @property
    def account(self) -> Account:
        """The account, with the anchor that is stored by now."""
        account = self.state.account
        return account if account.anchor == self.anchor else replace(account, anchor=self.anchor)

    def after(self, outcomes: Mapping[tuple[str, str], StoredOutcome] | None = None) -> State:
        """The state after this posting; `outcomes` are those stored by then, if there are more."""
        return State(
            account=self.account,
            head=self.head,
            balances=self.balances,
            redemptions=self.redemptions,
            outcomes=self.state.outcomes if outcomes is None else outcomes,
        )


def _of_redemption(
    redemption: Redemption | None,
) -> tuple[str | None, int | None, str | None, str | None, str | None]:
    """What an entry has of its redemption, in the order of its fields."""
    if redemption is None:
        return None, None, None, None, None
    return (
        redemption.vendor,
        redemption.id.sequence,
        redemption.beneficiary,
        redemption.option,
        redemption.reference,
    )
