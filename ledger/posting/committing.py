"""A batch of commands in one transaction: lock customers, load state, decide, write.

A customer locked by another transaction is not waited for: the journal (`journal`) retries its commands.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from base.database import Connection
from handbook import Handbook
from ledger.commands import Command, Redeem
from ledger.posting.batch import SQL, Written, customer_of, load_commands
from ledger.posting.decide import decide
from ledger.posting.entries import Entry
from ledger.posting.outcomes import Outcome
from ledger.posting.writing import write_batch
from ledger.refusals import Refusal, RefusalCode


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
    batch = await load_commands(conn, commands, now=now)
    by_number = {each.account.member_no: customer_id for customer_id, each in batch.loaded.items()}
    customers = [customer_of(command, by_number) for command in commands]
    absent = [
        command
        for command, customer_id in zip(commands, customers, strict=True)
        if customer_id not in batch.loaded
    ]
    busy = await _known(conn, absent) if absent else frozenset()
    outcomes: list[Outcome | None] = []
    for command, customer_id in zip(commands, customers, strict=True):
        state = batch.states.get(customer_id) if customer_id is not None else None
        if state is None:
            outcomes.append(None if _whose(command) in busy else no_customer(command))
            continue
        vendor = command.vendor if isinstance(command, Redeem) else ""
        decision = decide(state, command, now=now, handbook=handbook, terms=batch.terms.get(vendor, ()))
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


async def _known(conn: Connection, commands: Sequence[Command]) -> frozenset[int | str]:
    """Those of the commands' customers that exist, by id or member number."""
    asked = {_whose(command) for command in commands}
    ids = sorted(each for each in asked if isinstance(each, int))
    numbers = sorted(each for each in asked if isinstance(each, str))
    rows = await conn.fetch(SQL["known_customers"], ids, numbers)
    return frozenset(row[column] for row in rows for column in ("id", "member_no"))


def _whose(command: Command) -> int | str:
    """What a command names its customer by: a member number, or the id within the redemption's."""
    return command.member_no if isinstance(command, Redeem) else command.redemption.customer_id


def no_customer(command: Command) -> Refusal:
    """The refusal of a command whose member number or redemption is unknown."""
    if isinstance(command, Redeem):
        return Refusal(code=RefusalCode.UNKNOWN_CUSTOMER, facts={"member_no": command.member_no})
    return Refusal(code=RefusalCode.UNKNOWN_REDEMPTION)
