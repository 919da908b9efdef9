"""The first grants of customers who are imported: worked out with their ratings, without reading the ledger.

A customer of whom nothing was recorded before has no entries. So their ledger begins with what is due by the rating,
and any process can work it out.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from base.database import Connection
from handbook import Handbook
from ledger.entitlement.account import Account
from ledger.posting.catching_up import catch_up
from ledger.posting.granting import post_due
from ledger.posting.rows import BALANCE_COLUMNS, ENTRY_COLUMNS, balance_row, entry_row
from ledger.posting.state import Head, Posting, State
from ledger.posting.writing import HEAD_COLUMNS, head_row
from rating.batch_intake import Judged

_EMPTY_HEAD_COLUMNS = ("customer_id", "anchor")
_Row = tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledgers:
    """The rows that the ledgers of some customers begin with.

    `empty_heads` are of customers without any entry.
    """

    entries: list[_Row] = field(default_factory=list)
    balances: list[_Row] = field(default_factory=list)
    heads: list[_Row] = field(default_factory=list)
    empty_heads: list[_Row] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstGrants:
    """What follows from an import (`rating.import_work.Following`): grants, by a handbook; `subject` is who imports.

    `clock` is read for each batch: others write meanwhile.
    """

    clock: Callable[[], datetime]
    handbook: Handbook
    subject: str | None

    def work(self, customers: Sequence[Judged]) -> Ledgers:
        """Work out the ledgers of customers of whom nothing was recorded before."""
        found, now = Ledgers(), self.clock()
        for each in customers:
            state = State(account=_account(each), head=Head())
            posting = Posting(state, now, self.subject)
            catch_up(posting, handbook=self.handbook)
            customer_id, head = each.change.customer_id, posting.head
            if posting.entries:
                found.entries.extend(entry_row(entry) for entry in posting.entries)
                found.balances.extend(
                    balance_row(customer_id, pool, balance) for pool, balance in posting.balances.items()
                )
                found.heads.append(head_row(customer_id, head))
            else:
                found.empty_heads.append((customer_id, head.anchor))
        return found

    async def write(self, conn: Connection, worked: Ledgers | None, others: Sequence[int]) -> None:
        """Write them, and post what is due for `others`."""
        if worked is not None:
            for table, names, rows in (
                ("ledger_heads", HEAD_COLUMNS, worked.heads),
                ("ledger_heads", _EMPTY_HEAD_COLUMNS, worked.empty_heads),
                ("entries", ENTRY_COLUMNS, worked.entries),
                ("balances", BALANCE_COLUMNS, worked.balances),
            ):
                if rows:
                    await conn.copy_records_to_table(table, records=rows, columns=names)
        if others:
            await post_due(conn, others, now=self.clock(), handbook=self.handbook, subject=self.subject)


def _account(judged: Judged) -> Account:
    """The account that will be loaded once the ratings are written."""
    intake = judged.change.intake
    return Account(
        customer_id=judged.change.customer_id,
        member_no=judged.member_no,
        spans=intake.versions[-1].spans,
        policies=tuple(policy for _, policy in sorted(intake.history.policies.items())),
        relatives=intake.history.relatives,
    )
