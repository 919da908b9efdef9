"""One batch of writing: lock the heads, load the states, and write back what changed, with one query each.

Used both for deciding commands (`committing`) and for posting what is due (`granting`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from base.database import Connection
from base.sql import Queries
from ledger.commands import Command, Redeem
from ledger.entitlement.account import PoolKey
from ledger.entitlement.loading import SQL as ACCOUNTS
from ledger.entitlement.loading import account_of, pool_of
from ledger.posting.entries import Balance, Entry
from ledger.posting.redemptions import Redemption
from ledger.posting.rows import (
    BALANCE_COLUMNS,
    ENTRY_COLUMNS,
    balance_of,
    balance_row,
    columns,
    entry_row,
    head_of,
    milestone_row,
    redemption_of,
    redemption_row,
)
from ledger.posting.state import State, StoredOutcome
from ledger.service_levels.milestones import Milestone

SQL = Queries(Path(__file__).with_name("batch.sql"))

_COPY_FROM = 500
"""From this number of entries on COPY is faster than INSERT."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """An outcome to store."""

    customer_id: int
    actor: str
    key: str
    stored: StoredOutcome
    recorded_at: datetime
    subject: str | None


@dataclass(slots=True, kw_only=True)
class Batch:
    """The customers of a transaction: as loaded, and after the decisions so far."""

    loaded: dict[int, State]
    states: dict[int, State] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    milestones: list[Milestone] = field(default_factory=list)
    outcomes: list[Written] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.states = dict(self.loaded)


async def load_batch(
    conn: Connection,
    customer_ids: Iterable[int],
    *,
    now: datetime,
    commands: Mapping[int, Sequence[Command]] | None = None,
    wait: bool = True,
) -> Batch:
    """Lock the customers' heads in sorted order, then load what their commands touch.

    Without `commands` everything that can be due is loaded: all pools, and the holds that have run out. Without `wait`
    the customers that another transaction has locked are skipped. Must run inside a transaction; the locks last until
    its end.
    """
    asked = [command for each in (commands or {}).values() for command in each]
    heads = await conn.fetch(SQL["lock_heads" if wait else "lock_free_heads"], sorted(customer_ids))
    ids = [row["customer_id"] for row in heads]
    accounts = {row["id"]: account_of(row, {}) for row in await conn.fetch(ACCOUNTS["accounts"], ids)}
    redemptions = await _redemptions(conn, ids, asked, now)
    benefits = _benefits(asked, redemptions) if commands is not None else None
    balances: dict[int, dict[PoolKey, Balance]] = {}
    for row in await conn.fetch(SQL["balances"], ids, benefits):
        balances.setdefault(row["customer_id"], {})[pool_of(row)] = balance_of(row)
    outcomes = await _outcomes(conn, commands or {})
    return Batch(
        loaded={
            row["customer_id"]: State(
                account=accounts[row["customer_id"]],
                head=head_of(row),
                balances=balances.get(row["customer_id"], {}),
                redemptions=redemptions.get(row["customer_id"], {}),
                outcomes=outcomes.get(row["customer_id"], {}),
            )
            for row in heads
        }
    )


async def write_batch(conn: Connection, batch: Batch) -> None:
    """Write what changed: entries, balances, redemptions, heads, milestones and outcomes, one query each."""
    changed = [(batch.loaded[each], state) for each, state in batch.states.items()]
    await _write_entries(conn, batch.entries)
    await _write_balances(conn, changed)
    redemptions = [
        redemption_row(redemption)
        for before, after in changed
        for sequence, redemption in after.redemptions.items()
        if redemption != before.redemptions.get(sequence)
    ]
    if redemptions:
        await conn.execute(SQL["upsert_redemptions"], *columns(redemptions))
    heads = [
        (
            after.account.customer_id,
            after.head.next_sequence,
            after.head.last_hash,
            after.head.last_recorded_at,
            after.head.anchor,
        )
        for before, after in changed
        if after.head != before.head
    ]
    if heads:
        await conn.execute(SQL["update_heads"], *columns(heads))
    if batch.milestones:
        milestones = [milestone_row(each) for each in batch.milestones]
        await conn.execute(SQL["insert_milestones"], *columns(milestones))
    if batch.outcomes:
        rows = [
            (
                each.customer_id,
                each.actor,
                each.key,
                each.stored.request,
                each.stored.outcome,
                each.recorded_at,
                each.subject,
            )
            for each in batch.outcomes
        ]
        await conn.execute(SQL["insert_outcomes"], *columns(rows))


async def _redemptions(
    conn: Connection, customer_ids: Sequence[int], commands: Sequence[Command], now: datetime
) -> dict[int, dict[int, Redemption]]:
    """By customer and sequence: those that commands name, holds that have run out, holds of the numbers wished for."""
    named = [command.redemption for command in commands if not isinstance(command, Redeem)]
    pairs = [each.customer_id for each in named], [each.sequence for each in named]
    numbers = [command.wished_number for command in commands if isinstance(command, Redeem)]
    wished = sorted({number for number in numbers if number is not None})
    found: dict[int, dict[int, Redemption]] = {}
    for row in await conn.fetch(SQL["redemptions_to_decide"], customer_ids, *pairs, now, wished):
        found.setdefault(row["customer_id"], {})[row["sequence"]] = redemption_of(row)
    return found


def _benefits(
    commands: Sequence[Command], redemptions: Mapping[int, Mapping[int, Redemption]]
) -> Sequence[str]:
    """The benefits whose pools commands may touch: those named, and those of the redemptions named."""
    benefits = set()
    for command in commands:
        if isinstance(command, Redeem):
            benefits.add(command.benefit)
            continue
        of_customer = redemptions.get(command.redemption.customer_id, {})
        if command.redemption.sequence in of_customer:
            benefits.add(of_customer[command.redemption.sequence].pool.benefit)
    return sorted(benefits)


async def _outcomes(
    conn: Connection, commands: Mapping[int, Sequence[Command]]
) -> dict[int, dict[tuple[str, str], StoredOutcome]]:
    keys = [
        (customer_id, command.actor, command.key)
        for customer_id, each in commands.items()
        for command in each
    ]
    found: dict[int, dict[tuple[str, str], StoredOutcome]] = {}
    if keys:
        for row in await conn.fetch(SQL["outcomes"], *columns(sorted(set(keys)))):
            found.setdefault(row["customer_id"], {})[row["actor"], row["key"]] = StoredOutcome(
                request=row["request"], outcome=row["outcome"]
            )
    return found


async def _write_entries(conn: Connection, entries: Sequence[Entry]) -> None:
    if not entries:
        return
    rows = [entry_row(entry) for entry in entries]
    if len(rows) >= _COPY_FROM:
        await conn.copy_records_to_table("entries", records=rows, columns=ENTRY_COLUMNS)
    else:
        await conn.execute(SQL["insert_entries"], *columns(rows))


async def _write_balances(conn: Connection, changed: Sequence[tuple[State, State]]) -> None:
    """Write the balances that are new or different. The heads' locks keep others from inserting one."""
    new: list[tuple[object, ...]] = []
    different: list[tuple[object, ...]] = []
    for before, after in changed:
        for pool, balance in after.balances.items():
            known = before.balances.get(pool)
            if balance != known:
                row = balance_row(after.account.customer_id, pool, balance)
                (new if known is None else different).append(row)
    if len(new) >= _COPY_FROM:
        await conn.copy_records_to_table("balances", records=new, columns=BALANCE_COLUMNS)
    else:
        different += new
    if different:
        await conn.execute(SQL["upsert_balances"], *columns(different))
