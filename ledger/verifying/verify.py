"""Replaying the ledger of every customer, and comparing the caches with it.

Nothing is repaired here: entries never change, and a cache that disagrees with them is evidence of a fault that must be
investigated first.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

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
from rating.customers import count_customers
from rating.verifying import Checked, Fault

SQL = Queries(Path(__file__).with_name("verify.sql"))

_CUSTOMERS_A_BATCH = 200


async def verify(
    pool: Pool,
    *,
    progress: Callable[[int, int], None] | None = None,
    checked: Checked | None = None,
) -> list[Fault]:
    """Check every customer's ledger in one consistent snapshot; return the faults in order of customers.

    `progress` gets the number of customers done, and of all; `checked` counts the entries. Memory is bounded by a
    batch of customers.
    """
    found: list[Fault] = []
    async with pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        total = await count_customers(conn)
        last = done = 0
        while rows := await conn.fetch(SQL["customers_to_verify"], last, _CUSTOMERS_A_BATCH):
            numbers = {row["customer_id"]: row["member_no"] for row in rows}
            found += await _verify_batch(conn, numbers, checked or Checked())
            last, done = rows[-1]["customer_id"], done + len(rows)
            if progress is not None:
                progress(min(done, total), total)
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


async def _verify_batch(conn: Connection, numbers: Mapping[int, str | None], checked: Checked) -> list[Fault]:
    ids = list(numbers)
    entries: dict[int, list[Entry]] = {each: [] for each in ids}
    for row in await conn.fetch(SQL["entries_of"], ids):
        entries[row["customer_id"]].append(entry_of(row))
    checked.entries += sum(len(of_customer) for of_customer in entries.values())
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
    for each, member_no in numbers.items():
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
    return found
