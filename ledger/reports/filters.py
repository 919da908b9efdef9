"""Filters of entries and redemptions.

A filter is a value: None asks for nothing, an empty set allows nothing. Lists over all customers are read newest first,
by keyset: a position is where a page ended, so that entries recorded meanwhile shift no page.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from ledger.ids import RedemptionId
from ledger.posting.redemptions import RedemptionView


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Moments from `start` (inclusive) to `end` (exclusive); None is open."""

    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryFilter:
    """Which entries: each set holds the values allowed; None allows all."""

    vendors: frozenset[str] | None = None
    kinds: frozenset[str] | None = None
    benefits: frozenset[str] | None = None
    member_nos: frozenset[str] | None = None
    occurred: Span = Span()


@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionFilter:
    """Which redemptions: each set holds the values allowed; None allows all. The status is that of the moment asked."""

    vendors: frozenset[str] | None = None
    statuses: frozenset[str] | None = None
    benefits: frozenset[str] | None = None
    member_nos: frozenset[str] | None = None
    occurred: Span = Span()
    ids: frozenset[RedemptionId] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """The position of a row in a list of all customers, newest first."""

    recorded_at: datetime
    customer_id: int
    sequence: int

    @classmethod
    def of(cls, redemption: RedemptionView) -> Self:
        """Where a redemption is listed."""
        which = redemption.id
        return cls(recorded_at=redemption.recorded_at, customer_id=which.customer_id, sequence=which.sequence)
