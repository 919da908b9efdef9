"""Set-based reads of customers, policies and ratings, for front ends and the ledger.

Every function is one query, however many customers are asked for, so a page of a hundred costs what a page of one
does. "As known at" a moment T is the greatest rating version known from T or earlier, and the events recorded by then.
"""

import re
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

from asyncpg import Record

from base.database import Connection, Reader
from base.sql import Queries
from handbook.benefits import Relation
from handbook.coefficients import Category, Coverage, Design, Mode
from rating.events import Line
from rating.folding import Arrived, fold
from rating.history import Component, History, Kind, Policy, Relative
from rating.lifecycle import Status
from rating.stored_events import arrived_of
from rating.tiers import UNRATED, Rating
from rating.timeline import StarSpan

SQL = Queries(Path(__file__).with_name("customers.sql"))

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

Key: TypeAlias = tuple[int, datetime | None]
"""A customer's id, and the moment as known at which (None: now)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerRow:
    """A customer (policyholder)."""

    id: int
    member_no: str
    name: str
    registered_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRow(Policy):
    """A policy as known now; `statuses` with the day each begins, ascending."""

    customer_id: int
    coverage: Coverage
    category: Category
    design: Design
    issued_on: date
    cooling_off_ends_on: date | None
    components: tuple[Component, ...]


async def customers_by_member_no(conn: Reader, member_nos: Iterable[str]) -> dict[str, CustomerRow]:
    """Return the customers of some member numbers; unknown numbers are left out."""
    rows = await conn.fetch(SQL["customers_by_member_no"], storable(member_nos))
    return {row["member_no"]: customer_of(row) for row in rows}


async def rated_customer(conn: Reader, member_no: str) -> tuple[CustomerRow, Rating] | None:
    """Return the customer of a member number with the rating as known now; None for an unknown number."""
    row = await conn.fetchrow(SQL["rated_customers_by_member_no"], storable([member_no]))
    return None if row is None else (customer_of(row), rating_of(row))


async def customers_by_id(conn: Reader, customer_ids: Iterable[int]) -> dict[int, CustomerRow]:
    """Return the customers of some ids; unknown ids are left out."""
    rows = await conn.fetch(SQL["customers_by_id"], list(customer_ids))
    return {row["id"]: customer_of(row) for row in rows}


async def customers_page(
    conn: Reader,
    *,
    first: int,
    on: date,
    after: str | None = None,
    stars: Collection[int] | None = None,
    member_nos: Collection[str] | None = None,
) -> list[CustomerRow]:
    """Return the next customers by member number: `first` + 1 rows, to know whether more follow.

    `after` is the last member number seen. `stars` (on the day `on`; 0 is no star) and `member_nos` narrow the page:
    None is no condition, an empty collection finds nobody.
    """
    name, chosen = "customers_page", []
    if member_nos is not None:
        name, chosen = "customers_page_of_members", [storable(member_nos)]
    rows = await conn.fetch(
        SQL[name],
        first + 1,
        None if after is None else _UNSTORABLE.split(after)[0],
        None if stars is None else sorted(stars),
        on,
        *chosen,
    )
    return [customer_of(row) for row in rows]


async def batches_of_customers(conn: Connection, at_once: int) -> AsyncIterator[list[int]]:
    """Yield the ids of all customers, ascending, so many at once: for going through all of them in bounded memory."""
    last = 0
    while ids := [row["id"] for row in await conn.fetch(SQL["customers_after"], last, at_once)]:
        yield ids
        last = ids[-1]


async def count_customers(conn: Reader) -> int:
    """Return how many customers there are."""
    return int(await conn.fetchval(SQL["customers_count"]))


async def ratings(conn: Reader, keys: Sequence[Key]) -> dict[Key, Rating]:
    """Return each customer's rating as known at a moment; without spans where nothing was known."""
    found = dict.fromkeys(keys, UNRATED)
    for row in await conn.fetch(SQL["ratings"], *_arrays(keys)):
        found[keys[row["number"] - 1]] = rating_of(row)
    return found


async def histories(conn: Reader, keys: Sequence[Key]) -> dict[Key, History]:
    """Return each customer's history from the events recorded until a moment; empty where there were none."""
    events: dict[Key, list[Arrived]] = {key: [] for key in keys}
    unique = list(events)
    for row in await conn.fetch(SQL["histories"], *_arrays(unique)):
        events[unique[row["number"] - 1]].append(arrived_of(row))
    return {key: fold(of_key) for key, of_key in events.items()}


async def policies(conn: Reader, customer_ids: Iterable[int]) -> dict[int, list[PolicyRow]]:
    """Return the policies of customers, by issue; an empty list for customers without any."""
    found: dict[int, list[PolicyRow]] = {customer_id: [] for customer_id in customer_ids}
    for row in await conn.fetch(SQL["policies"], list(found)):
        found[row["customer_id"]].append(_policy(row))
    return found


async def relatives(conn: Reader, customer_ids: Iterable[int]) -> dict[int, list[Relative]]:
    """Return the registered relatives of customers, by registration; an empty list for customers without any."""
    found: dict[int, list[Relative]] = {customer_id: [] for customer_id in customer_ids}
    for row in await conn.fetch(SQL["relatives"], list(found)):
        found[row["customer_id"]].append(
            Relative(
                relative_id=row["relative_id"],
                name=row["name"],
                relation=Relation(row["relation"]),
                registered_on=row["registered_on"],
            )
        )
    return found


def storable(texts: Iterable[str]) -> list[str]:
    """Leave out texts that PostgreSQL cannot store: a query with them would fail instead of finding nothing."""
    return [text for text in texts if _UNSTORABLE.search(text) is None]


def _arrays(keys: Sequence[Key]) -> tuple[list[int], list[datetime | None]]:
    return [customer_id for customer_id, _ in keys], [known_at for _, known_at in keys]


def customer_of(row: Record) -> CustomerRow:
    """Return a customer from its columns."""
    return CustomerRow(
        id=row["id"], member_no=row["member_no"], name=row["name"], registered_on=row["registered_on"]
    )


def rating_of(row: Record) -> Rating:
    """Return a rating from its columns."""
    return Rating(
        spans=tuple(map(span_of, row["spans"] or ())),
        known_from=row["known_from"],
        handbook=row["handbook"],
        computed_at=row["computed_at"],
    )


def span_of(fields: Sequence[Any]) -> StarSpan:
    """Return a span from its columns, as a version's array holds them."""
    start, end, star, rated_premium, edition = fields
    return StarSpan(start=start, end=end, star=star, rated_premium=rated_premium, edition=edition)


def _policy(row: Record) -> PolicyRow:
    return PolicyRow(
        customer_id=row["customer_id"],
        policy_no=row["policy_no"],
        line=Line(row["line"]),
        coverage=Coverage(row["coverage"]),
        category=Category(row["category"]),
        design=Design(row["design"]),
        issued_on=row["issued_on"],
        cooling_off_ends_on=row["cooling_off_ends_on"],
        statuses=tuple((date.fromisoformat(day), Status(status)) for day, status in row["statuses"]),
        components=tuple(
            Component(
                component_id=component["component_id"],
                kind=Kind(component["kind"]),
                mode=Mode(component["mode"]),
                premiums=tuple(
                    (date.fromisoformat(day), Decimal(premium)) for day, premium in component["premiums"]
                ),
                term_years=component["term_years"],
                starts_on=date.fromisoformat(component["starts_on"]),
            )
            for component in row["components"]
        ),
    )
