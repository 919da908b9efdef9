"""Replaying the ledger of every customer, and comparing the caches with it.

Nothing is repaired here: entries never change, and a cache that disagrees with them is evidence of a fault that must be
investigated first.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from base.connected import NO_HELPERS, Helpers
from base.database import Connection, Pool
from base.sql import Queries
from ledger.entitlement.account import PoolKey
from ledger.entitlement.loading import pool_of
from ledger.posting.batch import SQL as POSTING
from ledger.posting.entries import Balance, Entry
from ledger.posting.redemptions import Redemption
from ledger.posting.rows import balance_of, entry_of, head_of, redemption_of
from ledger.reports.service_levels import milestone_from
from ledger.service_levels.milestones import Milestone
from ledger.verifying.checks import Books, problems_of
from rating.checking import CUSTOMERS_A_BATCH, Batch, Checked, Fault, Progress, check_customers

SQL = Queries(Path(__file__).with_name("verify.sql"))

_Customer: TypeAlias = tuple[int, str | None]
"""A customer's id and member number; None: there is a ledger under the id, but no customer."""


async def verify(
    pool: Pool,
    *,
    helpers: Helpers = NO_HELPERS,
    progress: Progress | None = None,
    checked: Checked | None = None,
) -> list[Fault]:
    """Check every customer's ledger in one consistent snapshot; return the faults in order of customers.

    `checked` counts the entries; `helpers` share the work. Memory is bounded by batches of customers. Raises
    WorkerDiedError.
    """
    async with pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        found = await check_customers(
            conn, _check_batch, None, _batches(conn), helpers=helpers, progress=progress, checked=checked
        )
        found += [
            Fault(
                customer_id=row["customer_id"],
                member_no="?",
                place=row["place"],
                problem="nobody's: no customer",
            )
            for row in await conn.fetch(SQL["rows_of_nobody"])
        ]
    return found


async def _batches(conn: Connection) -> AsyncIterator[list[_Customer]]:
    last = 0
    while rows := await conn.fetch(SQL["customers_to_verify"], last, CUSTOMERS_A_BATCH):
        yield [(row["customer_id"], row["member_no"]) for row in rows]
        last = rows[-1]["customer_id"]


async def _check_batch(conn: Connection, _: None, customers: Sequence[_Customer]) -> Batch:
    ids = [each for each, _ in customers]
    entries: dict[int, list[Entry]] = {each: [] for each in ids}
    for row in await conn.fetch(SQL["entries_of"], ids):
        entries[row["customer_id"]].append(entry_of(row))
    balances: dict[int, dict[PoolKey, Balance]] = {each: {} for each in ids}
    for row in await conn.fetch(POSTING["balances"], ids, None):
        balances[row["customer_id"]][pool_of(row)] = balance_of(row)
    unreadable: dict[int, list[tuple[str, str]]] = {each: [] for each in ids}
    redemptions: dict[int, dict[int, Redemption]] = {each: {} for each in ids}
    for row in await conn.fetch(SQL["redemptions_of"], ids):
        try:
            redemptions[row["customer_id"]][row["sequence"]] = redemption_of(row)
        except (TypeError, ValueError) as error:
            unreadable[row["customer_id"]].append((f"redemption {row['sequence']}", f"unreadable: {error}"))
    outcomes: dict[int, list[tuple[str, str, Mapping[str, Any]]]] = {each: [] for each in ids}
    for row in await conn.fetch(SQL["outcomes_of"], ids):
        outcomes[row["customer_id"]].append((row["actor"], row["key"], row["outcome"]))
    milestones: dict[int, list[Milestone]] = {each: [] for each in ids}
    for row in await conn.fetch(SQL["milestones_of"], ids):
        milestones[row["customer_id"]].append(milestone_from(row))
    heads = {row["customer_id"]: head_of(row) for row in await conn.fetch(POSTING["heads_of"], ids)}
    found: list[Fault] = []
    for each, member_no in customers:
        problems: Sequence[tuple[str, str]]
        if member_no is None:
            problems = [("head", "it is nobody's: no customer")]
        elif each not in heads:
            problems = [("head", "it is missing")]
        else:
            books = Books(
                customer_id=each,
                entries=entries[each],
                balances=balances[each],
                redemptions=redemptions[each],
                head=heads[each],
                outcomes=outcomes[each],
                milestones=milestones[each],
            )
            problems = [*unreadable[each], *problems_of(books)]
        found += [
            Fault(customer_id=each, member_no=member_no or "?", place=place, problem=problem)
            for place, problem in problems
        ]
    return Batch(
        size=len(ids),
        faults=found,
        checked=Checked(entries=sum(len(of_customer) for of_customer in entries.values())),
    )
