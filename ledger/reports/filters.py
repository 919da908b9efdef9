"""Filters of entries and redemptions, and their SQL conditions.

A filter is a value: None asks for nothing, an empty set allows nothing. Lists over all customers are read newest first,
by keyset: a place is where a page ended, so that entries recorded meanwhile shift no page.
"""

from dataclasses import dataclass
from datetime import datetime

from base.conditions import Conditions
from ledger.ids import RedemptionId


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
class Place:
    """The place of a row in a list of all customers, newest first."""

    recorded_at: datetime
    customer_id: int
    sequence: int


def entry_conditions(where: EntryFilter, *, after: Place | None = None, parameters: int = 0) -> Conditions:
    """The conditions on entries `e` for a filter and a place, numbered after the statement's own parameters."""
    conditions = Conditions(parameters)
    _after(conditions, "e", after)
    conditions.one_of("e.vendor", where.vendors)
    conditions.one_of("e.kind", where.kinds)
    conditions.one_of("e.benefit", where.benefits)
    _members(conditions, "e", where.member_nos)
    _within(conditions, "e.occurred_at", where.occurred)
    return conditions


def redemption_conditions(where: RedemptionFilter, *, after: Place | None, parameters: int) -> Conditions:
    """The conditions on redemptions `r` for a filter and a place; the statement's own $1 is the moment asked."""
    conditions = Conditions(parameters)
    _after(conditions, "r", after)
    conditions.one_of("r.vendor", where.vendors)
    conditions.one_of(
        "case when r.status = 'HELD' and r.expires_at <= $1 then 'EXPIRED' else r.status end", where.statuses
    )
    conditions.one_of("r.benefit", where.benefits)
    _members(conditions, "r", where.member_nos)
    _within(conditions, "r.occurred_at", where.occurred)
    if where.ids is not None:
        conditions.add(
            "(r.customer_id, r.sequence) in (select * from unnest(%s::bigint[], %s::bigint[]))",
            [each.customer_id for each in sorted(where.ids)],
            [each.sequence for each in sorted(where.ids)],
        )
    return conditions


def _after(conditions: Conditions, table: str, place: Place | None) -> None:
    if place is not None:
        conditions.add(
            f"({table}.recorded_at, {table}.customer_id, {table}.sequence) < (%s, %s, %s)",
            place.recorded_at,
            place.customer_id,
            place.sequence,
        )


def _members(conditions: Conditions, table: str, member_nos: frozenset[str] | None) -> None:
    if member_nos is not None:
        # An array, not a join: so the planner starts from the customer's key.
        conditions.add(
            f"{table}.customer_id = "  # noqa: S608 (a table of ours, a value by parameter)
            "any (array(select id from customers where member_no = any (%s::text[])))",
            sorted(member_nos),
        )


def _within(conditions: Conditions, column: str, span: Span) -> None:
    if span.start is not None:
        conditions.add(f"{column} >= %s", span.start)
    if span.end is not None:
        conditions.add(f"{column} < %s", span.end)
