"""One batch of writing: lock the heads, load the states, and write back what changed, with one statement each.

Both who decides commands (`ledger.committing`) and who posts what is due (`ledger.granting`) work through here.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from asyncpg import Record

from ledger.account import PoolKey
from ledger.accounts import SQL, account_of, pool_of
from ledger.commands import Command, Redeem
from ledger.entries import Balance, Entry, RedemptionStatus
from ledger.ids import RedemptionId
from ledger.service_levels.milestones import Milestone
from ledger.state import Head, Redemption, State, StoredOutcome
from rating.database import Connection

_COPY_FROM = 500
"""From so many entries on COPY is quicker than INSERT."""

_ENTRY_COLUMNS = (
    "customer_id",
    "sequence",
    "kind",
    "benefit",
    "period",
    "policy_no",
    "units",
    "service_year",
    "vendor",
    "redemption",
    "beneficiary",
    "option",
    "reference",
    "star",
    "edition",
    "details",
    "occurred_at",
    "recorded_at",
    "subject",
    "hash",
)

_BALANCE_COLUMNS = (
    "customer_id",
    "benefit",
    "period",
    "policy_no",
    "unlimited",
    "granted",
    "used",
    "held",
    "expired",
)


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
    """The customers of a transaction: as they were loaded, and as they are after what was decided so far."""

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

    Without `commands` everything that can be due is loaded: all pools, and the holds that have run out.
    Without `wait` the customers whom somebody else has locked are left out.
    Must run inside a transaction; the locks last until its end.
    """
    asked = [command for each in (commands or {}).values() for command in each]
    heads = await conn.fetch(SQL["lock_heads" if wait else "lock_free_heads"], sorted(customer_ids))
    ids = [row["customer_id"] for row in heads]
    named = [command.redemption for command in asked if not isinstance(command, Redeem)]
    pairs = [each.customer_id for each in named], [each.sequence for each in named]
    benefits: list[str] | None = None
    if commands is not None:
        benefits = [command.benefit for command in asked if isinstance(command, Redeem)]
        if named:
            benefits += [row["benefit"] for row in await conn.fetch(SQL["benefits_of"], *pairs)]
    accounts = {row["id"]: account_of(row, {}) for row in await conn.fetch(SQL["accounts"], ids)}
    balances: dict[int, dict[PoolKey, Balance]] = {}
    for row in await conn.fetch(SQL["balances"], ids, benefits):
        balances.setdefault(row["customer_id"], {})[pool_of(row)] = balance_of(row)
    redemptions: dict[int, dict[int, Redemption]] = {}
    numbers = [command.wished_number for command in asked if isinstance(command, Redeem)]
    wished = sorted({number for number in numbers if number is not None})
    for row in await conn.fetch(SQL["redemptions_to_decide"], ids, *pairs, now, wished):
        redemptions.setdefault(row["customer_id"], {})[row["sequence"]] = redemption_of(row)
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
    """Write what changed: entries, balances, redemptions, heads, milestones and outcomes, one statement each."""
    changed = [(batch.loaded[each], state) for each, state in batch.states.items()]
    await _write_entries(conn, batch.entries)
    await _write_balances(conn, changed)
    redemptions = [
        _redemption_row(redemption)
        for before, after in changed
        for sequence, redemption in after.redemptions.items()
        if redemption != before.redemptions.get(sequence)
    ]
    if redemptions:
        await conn.execute(SQL["upsert_redemptions"], *_columns(redemptions))
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
        await conn.execute(SQL["update_heads"], *_columns(heads))
    if batch.milestones:
        milestones = [_milestone_row(each) for each in batch.milestones]
        await conn.execute(SQL["insert_milestones"], *_columns(milestones))
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
        await conn.execute(SQL["insert_outcomes"], *_columns(rows))


def balance_of(row: Record) -> Balance:
    """The balance from a row of balances."""
    return Balance(
        unlimited=row["unlimited"],
        granted=row["granted"],
        used=row["used"],
        held=row["held"],
        expired=row["expired"],
    )


def head_of(row: Record) -> Head:
    """The head from a row of ledger_heads."""
    return Head(
        next_sequence=row["next_sequence"],
        last_hash=row["last_hash"],
        last_recorded_at=row["last_recorded_at"],
        anchor=row["anchor"],
    )


def redemption_of(row: Record) -> Redemption:
    """The redemption from a row of redemptions."""
    return Redemption(
        id=RedemptionId(row["customer_id"], row["sequence"]),
        status=RedemptionStatus(row["status"]),
        pool=pool_of(row),
        variant=row["variant"],
        service_year=row["service_year"],
        option=row["option"],
        facility=row["facility"],
        wished_number=row["wished_number"],
        beneficiary=row["beneficiary"],
        vendor=row["vendor"],
        units=row["units"],
        reference=row["reference"],
        evidence=tuple(tuple(piece) for piece in row["evidence"]),
        star=row["star"],
        edition=row["edition"],
        occurred_at=row["occurred_at"],
        recorded_at=row["recorded_at"],
        expires_at=row["expires_at"],
        reason=row["reason"],
        reversed_no_show=row["reversed_no_show"],
    )


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
        for row in await conn.fetch(SQL["outcomes"], *_columns(sorted(set(keys)))):
            found.setdefault(row["customer_id"], {})[row["actor"], row["key"]] = StoredOutcome(
                request=row["request"], outcome=row["outcome"]
            )
    return found


async def _write_entries(conn: Connection, entries: Sequence[Entry]) -> None:
    if not entries:
        return
    rows = [_entry_row(entry) for entry in entries]
    if len(rows) >= _COPY_FROM:
        await conn.copy_records_to_table("entries", records=rows, columns=_ENTRY_COLUMNS)
    else:
        await conn.execute(SQL["insert_entries"], *_columns(rows))


async def _write_balances(conn: Connection, changed: Sequence[tuple[State, State]]) -> None:
    """Write the balances that are new or different. Under the heads' locks nobody else makes a new one."""
    new: list[tuple[Any, ...]] = []
    different: list[tuple[Any, ...]] = []
    for before, after in changed:
        for pool, balance in after.balances.items():
            known = before.balances.get(pool)
            if balance != known:
                row = _balance_row(after.account.customer_id, pool, balance)
                (new if known is None else different).append(row)
    if len(new) >= _COPY_FROM:
        await conn.copy_records_to_table("balances", records=new, columns=_BALANCE_COLUMNS)
    else:
        different += new
    if different:
        await conn.execute(SQL["upsert_balances"], *_columns(different))


def _entry_row(entry: Entry) -> tuple[Any, ...]:
    return (
        entry.customer_id,
        entry.sequence,
        entry.kind.value,
        entry.pool.benefit,
        entry.pool.period,
        entry.pool.policy_no,
        entry.units,
        entry.service_year,
        entry.vendor,
        entry.redemption,
        entry.beneficiary,
        entry.option,
        entry.reference,
        entry.star,
        entry.edition,
        dict(entry.details),
        entry.occurred_at,
        entry.recorded_at,
        entry.subject,
        entry.hash,
    )


def _balance_row(customer_id: int, pool: PoolKey, balance: Balance) -> tuple[Any, ...]:
    return (
        customer_id,
        pool.benefit,
        pool.period,
        pool.policy_no,
        balance.unlimited,
        balance.granted,
        balance.used,
        balance.held,
        balance.expired,
    )


def _redemption_row(redemption: Redemption) -> tuple[Any, ...]:
    return (
        redemption.id.customer_id,
        redemption.id.sequence,
        redemption.status.value,
        redemption.pool.benefit,
        redemption.variant,
        redemption.pool.period,
        redemption.service_year,
        redemption.pool.policy_no,
        redemption.option,
        redemption.facility,
        redemption.wished_number,
        redemption.beneficiary,
        redemption.vendor,
        redemption.units,
        redemption.reference,
        json.dumps(redemption.evidence, ensure_ascii=False),
        redemption.star,
        redemption.edition,
        redemption.occurred_at,
        redemption.recorded_at,
        redemption.expires_at,
        redemption.reason,
        redemption.reversed_no_show,
    )


def _milestone_row(milestone: Milestone) -> tuple[Any, ...]:
    return (
        milestone.redemption.customer_id,
        milestone.redemption.sequence,
        milestone.kind.value,
        milestone.occurred_at,
        milestone.appointment_at,
        milestone.actor,
        milestone.key,
        milestone.recorded_at,
        milestone.subject,
    )


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    """Rows turned into the column arrays that the statements unnest."""
    return [list(column) for column in zip(*rows, strict=True)]
