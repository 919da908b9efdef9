"""The customers of one transaction: lock their heads, then load their states, with as few queries as can be.

What is read waits for the locks: a query sees the database as it was when the query began. Used both for deciding
commands (`committing`) and for posting what is due (`granting`); `writing` writes what changed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from asyncpg import Record

from base.database import Connection
from base.sql import Queries
from ledger.commands import Command, Redeem
from ledger.entitlement.account import Account, PoolKey
from ledger.entitlement.loading import account_of, pool_of
from ledger.entitlement.terms import Term
from ledger.posting.entries import Balance, Entry
from ledger.posting.redemptions import Redemption
from ledger.posting.rows import balance_of, columns, head_of, redemption_of
from ledger.posting.state import State, StoredOutcome
from ledger.service_levels.milestones import Milestone
from ledger.vendors.registry import term_of

SQL = Queries(Path(__file__).with_name("batch.sql"))

_KEY_COLUMNS = 3


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
    """The customers of a transaction: as loaded, and after the decisions so far; by vendor its contract."""

    loaded: dict[int, State]
    terms: Mapping[str, Sequence[Term]] = field(default_factory=dict)
    states: dict[int, State] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    milestones: list[Milestone] = field(default_factory=list)
    outcomes: list[Written] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.states = dict(self.loaded)


@dataclass(slots=True, kw_only=True)
class _Read:
    """What is read of the customers, by their ids, and the vendors' contracts."""

    accounts: dict[int, Account] = field(default_factory=dict)
    redemptions: dict[int, dict[int, Redemption]] = field(default_factory=dict)
    balances: dict[int, dict[PoolKey, Balance]] = field(default_factory=dict)
    outcomes: dict[int, dict[tuple[str, str], StoredOutcome]] = field(default_factory=dict)
    terms: dict[str, list[Term]] = field(default_factory=dict)

    def add(self, row: Record) -> None:
        """Take a row of the query `read`."""
        if (balance := row["balance"]) is not None:
            self.balances.setdefault(balance["customer_id"], {})[pool_of(balance)] = balance_of(balance)
        elif (term := row["term"]) is not None:
            self.terms.setdefault(term["vendor"], []).append(term_of(term))
        elif (redemption := row["redemption"]) is not None:
            of_customer = self.redemptions.setdefault(redemption["customer_id"], {})
            of_customer[redemption["sequence"]] = redemption_of(redemption)
        elif (outcome := row["outcome"]) is not None:
            answered = self.outcomes.setdefault(outcome["customer_id"], {})
            answered[outcome["actor"], outcome["key"]] = StoredOutcome(
                request=outcome["request"], outcome=outcome["outcome"]
            )
        else:
            self.accounts[row["id"]] = account_of(row, {})


async def load_batch(conn: Connection, customer_ids: Iterable[int], *, now: datetime) -> Batch:
    """Lock the customers' heads in sorted order, then load everything of them that can be due at `now`.

    That is all pools, and the holds that have run out. Must run inside a transaction; the locks last until its end.
    """
    heads = await conn.fetch(SQL["lock_heads"], sorted(customer_ids))
    return await _load(conn, heads, (), {}, now)


async def load_commands(conn: Connection, commands: Sequence[Command], *, now: datetime) -> Batch:
    """Lock the heads of the commands' customers in sorted order, then load what the commands may touch.

    Customers that are unknown, or that another transaction has locked, are left out. Must run inside a transaction; the
    locks last until its end.
    """
    numbers = {command.member_no for command in commands if isinstance(command, Redeem)}
    ids = {command.redemption.customer_id for command in commands if not isinstance(command, Redeem)}
    heads = await conn.fetch(SQL["lock_free_heads"], sorted(ids), sorted(numbers))
    return await _load(conn, heads, commands, {row["member_no"]: row["customer_id"] for row in heads}, now)


async def _load(
    conn: Connection,
    heads: Sequence[Record],
    commands: Sequence[Command],
    by_number: Mapping[str, int],
    now: datetime,
) -> Batch:
    """The customers of locked heads, and what commands may touch of them; without any, all that can be due."""
    ids = [row["customer_id"] for row in heads]
    if not ids:
        return Batch(loaded={})
    taking = [command for command in commands if isinstance(command, Redeem)]
    named = {command.redemption for command in commands if not isinstance(command, Redeem)}
    keys = {(customer_of(command, by_number), command.actor, command.key) for command in commands}
    rows = await conn.fetch(
        SQL["read"],
        ids,
        [each.customer_id for each in named],
        [each.sequence for each in named],
        now,
        sorted({each.wished_number for each in taking if each.wished_number is not None}),
        sorted({each.benefit for each in taking}) if commands else None,
        *columns([key for key in keys if key[0] is not None], _KEY_COLUMNS),
        sorted({each.vendor for each in taking}),
    )
    read = _Read()
    for row in rows:
        read.add(row)
    return Batch(
        loaded={
            each: State(
                account=read.accounts[each],
                head=head_of(row),
                balances=read.balances.get(each, {}),
                redemptions=read.redemptions.get(each, {}),
                outcomes=read.outcomes.get(each, {}),
            )
            for each, row in zip(ids, heads, strict=True)
        },
        terms=read.terms,
    )


def customer_of(command: Command, by_number: Mapping[str, int]) -> int | None:
    """The customer of a command: by member number, or from the redemption's id; None for a number that is not there."""
    if isinstance(command, Redeem):
        return by_number.get(command.member_no)
    return command.redemption.customer_id
