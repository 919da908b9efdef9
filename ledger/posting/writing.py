"""Writing back what a batch changed: one query, however many customers, commands or rows there are."""

from collections.abc import Sequence

import orjson

from base.database import Connection, RawJson
from ledger.posting.batch import SQL, Batch, Written
from ledger.posting.rows import (
    BALANCE_COLUMNS,
    ENTRY_COLUMNS,
    balance_row,
    columns,
    entry_row,
    milestone_row,
    redemption_row,
)
from ledger.posting.state import Head, State

HEAD_COLUMNS = ("customer_id", "next_sequence", "last_hash", "last_recorded_at", "anchor")
_REDEMPTION_COLUMNS, _MILESTONE_COLUMNS, _OUTCOME_COLUMNS = 23, 9, 7
_COPY_FROM = 500
"""From this number of rows on COPY is faster than INSERT."""


async def write_batch(conn: Connection, batch: Batch) -> None:
    """Write what changed: entries, balances, redemptions, milestones, outcomes and heads, in one query.

    A great many entries or new balances are copied before, which is faster.
    """
    changed = [(batch.loaded[each], state) for each, state in batch.states.items()]
    entries = [entry_row(each) for each in batch.entries]
    new, different = _balances(changed)
    if len(entries) >= _COPY_FROM:
        await conn.copy_records_to_table("entries", records=entries, columns=ENTRY_COLUMNS)
        entries = []
    if len(new) >= _COPY_FROM:
        await conn.copy_records_to_table("balances", records=new, columns=BALANCE_COLUMNS)
        new = []
    redemptions = [
        redemption_row(redemption)
        for before, after in changed
        for sequence, redemption in after.redemptions.items()
        if redemption != before.redemptions.get(sequence)
    ]
    written = (
        (entries, len(ENTRY_COLUMNS)),
        (new + different, len(BALANCE_COLUMNS)),
        (redemptions, _REDEMPTION_COLUMNS),
        ([milestone_row(each) for each in batch.milestones], _MILESTONE_COLUMNS),
        ([_outcome_row(each) for each in batch.outcomes], _OUTCOME_COLUMNS),
        (
            [
                head_row(after.account.customer_id, after.head)
                for before, after in changed
                if after.head != before.head
            ],
            len(HEAD_COLUMNS),
        ),
    )
    if any(rows for rows, _ in written):
        await conn.execute(
            SQL["write"], *(column for rows, width in written for column in columns(rows, width))
        )


def _balances(
    changed: Sequence[tuple[State, State]],
) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """The rows of balances that are new and that are different. The heads' locks keep others from adding one."""
    new: list[tuple[object, ...]] = []
    different: list[tuple[object, ...]] = []
    for before, after in changed:
        for pool, balance in after.balances.items():
            known = before.balances.get(pool)
            if balance != known:
                row = balance_row(after.account.customer_id, pool, balance)
                (new if known is None else different).append(row)
    return new, different


def _outcome_row(written: Written) -> tuple[object, ...]:
    return (
        written.customer_id,
        written.actor,
        written.key,
        RawJson(orjson.dumps(written.stored.request)),
        RawJson(orjson.dumps(written.stored.outcome)),
        written.recorded_at,
        written.subject,
    )


def head_row(customer_id: int, head: Head) -> tuple[object, ...]:
    """The row of a customer's head, in the order of `HEAD_COLUMNS`."""
    return (
        customer_id,
        head.next_sequence,
        head.last_hash,
        head.last_recorded_at,
        head.anchor,
    )
