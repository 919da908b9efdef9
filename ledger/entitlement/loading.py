"""Loading accounts: a fixed number of SQL queries, however many customers."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

from asyncpg import Record

from base.database import Connection, Reader
from base.sql import Queries
from handbook import Relation, business_day, start_of
from ledger.entitlement.account import Account, PoolKey, Taken, pool_key
from rating.customers import CustomerRow, customer_of, rating_of, span_of, storable
from rating.events import Line
from rating.history import Policy, Relative
from rating.lifecycle import Status
from rating.tiers import Rating

SQL = Queries(Path(__file__).with_name("loading.sql"))

_MOST_STATUSES = 4_096
"""Statuses of policies that are kept as read: most policies have one or two, from a day that many share."""

_PoolsOfAll: TypeAlias = dict[int, dict[PoolKey, Taken]]


async def load_accounts(
    conn: Connection, customer_ids: Sequence[int], *, on: date, now: datetime
) -> dict[int, Account]:
    """Accounts by customer id, with the units used and held in each pool as of the day `on`; unknown ids are left out.

    Today's figures come from the balances, those of another day from the entries that had occurred by its end. For a
    past day both are read, because units taken since are not left for a backdated use.
    """
    today = business_day(now)
    none: _PoolsOfAll = {}
    by_now = _pools(await conn.fetch(SQL["taken_now"], customer_ids, now)) if on <= today else none
    taken = by_now
    if on != today:
        taken = _pools(await conn.fetch(SQL["taken_by"], customer_ids, start_of(on + timedelta(days=1))))
    return {
        row["id"]: account_of(
            row, taken.get(row["id"], {}), by_now.get(row["id"], {}) if on < today else None
        )
        for row in await conn.fetch(SQL["accounts"], customer_ids)
    }


async def load_rated_accounts(
    conn: Reader, customer_ids: Sequence[int], *, now: datetime
) -> dict[int, tuple[Account, Rating]]:
    """Accounts as of today with the ratings that their stars are from; without relatives, on whom no quota depends."""
    rows = await conn.fetch(SQL["rated_accounts"], customer_ids, now)
    return {row["id"]: _rated_account(row) for row in rows}


async def load_rated_account(
    conn: Reader, member_no: str, *, now: datetime
) -> tuple[CustomerRow, Account, Rating] | None:
    """The customer of a member number with its account and rating, as above; None for an unknown number."""
    row = await conn.fetchrow(SQL["rated_accounts_by_member_no"], storable([member_no]), now)
    return None if row is None else (customer_of(row), *_rated_account(row))


def _rated_account(row: Record) -> tuple[Account, Rating]:
    rating = rating_of(row)
    account = Account(
        customer_id=row["id"],
        member_no=row["member_no"],
        anchor=row["anchor"],
        spans=rating.spans,
        policies=tuple(_policies(row["policies"] or ())),
        taken={
            pool_key(benefit, period, policy_no): Taken(used, held)
            for benefit, period, policy_no, used, held in row["taken"] or ()
        },
    )
    return account, rating


def _pools(rows: Iterable[Record]) -> _PoolsOfAll:
    found: _PoolsOfAll = {}
    for customer_id, benefit, period, policy_no, used, held in rows:
        found.setdefault(customer_id, {})[PoolKey(benefit, period, policy_no)] = Taken(used, held)
    return found


def pool_of(row: Record | Mapping[str, Any]) -> PoolKey:
    """The pool that a row of entries, balances or redemptions is about."""
    return pool_key(row["benefit"], row["period"], row["policy_no"])


def account_of(
    row: Record, taken: Mapping[PoolKey, Taken], taken_by_now: Mapping[PoolKey, Taken] | None = None
) -> Account:
    """The account from a row of the query `accounts`."""
    return Account(
        customer_id=row["id"],
        member_no=row["member_no"],
        anchor=row["anchor"],
        spans=tuple(span_of(span) for span in row["spans"] or ()),
        policies=tuple(_policies(row["policies"] or ())),
        relatives={
            relative_id: Relative(
                relative_id=relative_id, name=name, relation=Relation(relation), registered_on=registered_on
            )
            for relative_id, name, relation, registered_on in row["relatives"] or ()
        },
        taken=taken,
        taken_by_now=taken_by_now,
    )


def _policies(rows: Iterable[tuple[str, str, str]]) -> Iterable[Policy]:
    for policy_no, line, statuses in rows:
        yield Policy(
            policy_no=policy_no,
            line=Line(line),
            statuses=_statuses(statuses),
        )


@lru_cache(maxsize=_MOST_STATUSES)
def _statuses(text: str) -> tuple[tuple[date, Status], ...]:
    return tuple((date.fromisoformat(since), Status(status)) for since, status in json.loads(text))
