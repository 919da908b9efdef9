"""A batch of commands in one transaction: lock customers, load state, decide, write.

A customer locked by another transaction is not waited for: the journal (`journal`) retries its commands.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from base.database import Connection
from handbook import Handbook
from ledger.commands import Command, Redeem
from ledger.posting.batch import SQL, Written, load_batch, write_batch
from ledger.posting.decide import decide
from ledger.posting.entries import Entry
from ledger.posting.outcomes import Outcome
from ledger.refusals import Refusal, RefusalCode
from ledger.vendors.registry import contracts_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """The result of a batch: the commands' outcomes in their order, and the entries written.

    The outcome is None for a command whose customer another transaction has locked: it is to be retried.
    """

    outcomes: list[Outcome | None]
    entries: Sequence[Entry]


async def commit(
    conn: Connection, commands: Sequence[Command], *, now: datetime, handbook: Handbook
) -> Decided:
    """Decide commands in their order and write the results, inside the caller's transaction."""
    customers = await _customers(conn, commands)
    by_customer: dict[int, list[Command]] = {}
    for command, customer_id in zip(commands, customers, strict=True):
        if customer_id is not None:
            by_customer.setdefault(customer_id, []).append(command)
    batch = await load_batch(conn, by_customer, now=now, commands=by_customer, wait=False)
    busy = await _known(conn, by_customer.keys() - batch.loaded.keys())
    vendors = sorted({command.vendor for command in commands if isinstance(command, Redeem)})
    terms = await contracts_of(conn, vendors) if vendors else {}
    outcomes: list[Outcome | None] = []
    for command, customer_id in zip(commands, customers, strict=True):
        state = batch.states.get(customer_id) if customer_id is not None else None
        if state is None:
            outcomes.append(None if customer_id in busy else no_customer(command))
            continue
        vendor = command.vendor if isinstance(command, Redeem) else ""
        decision = decide(state, command, now=now, handbook=handbook, terms=terms.get(vendor, ()))
        batch.states[state.account.customer_id] = decision.state
        batch.entries += decision.entries
        if decision.milestone is not None:
            batch.milestones.append(decision.milestone)
        if decision.stored is not None:
            batch.outcomes.append(
                Written(
                    customer_id=state.account.customer_id,
                    actor=command.actor,
                    key=command.key,
                    stored=decision.stored,
                    recorded_at=now,
                    subject=command.subject,
                )
            )
        outcomes.append(decision.outcome)
    await write_batch(conn, batch)
    return Decided(outcomes=outcomes, entries=batch.entries)


async def _known(conn: Connection, customer_ids: Iterable[int]) -> frozenset[int]:
    """Those of the ids that belong to a customer."""
    asked = sorted(customer_ids)
    rows = await conn.fetch(SQL["heads_of"], asked) if asked else ()
    return frozenset(row["customer_id"] for row in rows)


def no_customer(command: Command) -> Refusal:
    """The refusal of a command whose member number or redemption is unknown."""
    if isinstance(command, Redeem):
        return Refusal(code=RefusalCode.UNKNOWN_CUSTOMER, facts={"member_no": command.member_no})
    return Refusal(code=RefusalCode.UNKNOWN_REDEMPTION)


async def _customers(conn: Connection, commands: Sequence[Command]) -> list[int | None]:
    """The customer of each command: by member number, or from the redemption's id."""
    numbers = sorted({command.member_no for command in commands if isinstance(command, Redeem)})
    ids = {}
    if numbers:
        ids = {row["member_no"]: row["id"] for row in await conn.fetch(SQL["customer_ids"], numbers)}
    return [
        ids.get(command.member_no) if isinstance(command, Redeem) else command.redemption.customer_id
        for command in commands
    ]
