"""Exporting entries: all that match a filter, in one snapshot and bounded memory.

A file of the ledger is evidence. So it is read in one snapshot (without what is posted meanwhile), it has every field
that an entry's hash covers and the previous hash, and a filter that names something that does not exist is refused: an
empty file would look like "there was nothing".
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from pathlib import Path

from base.database import Pool
from base.sql import Queries
from handbook import Handbook
from ledger.posting.chain import GENESIS
from ledger.posting.entries import Entry, EntryKind
from ledger.posting.rows import entry_of
from ledger.reports.filters import EntryFilter

SQL = Queries(Path(__file__).with_name("exporting.sql"))

_ENTRIES_A_BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedEntry:
    """An entry with its owner's member number and the hash that its own hash continues."""

    member_no: str
    entry: Entry
    previous: bytes


async def unknown_in(pool: Pool, where: EntryFilter, handbook: Handbook) -> list[str]:
    """The values of a filter that do not exist, one line of words for each; empty when all exist."""
    vendors, members = sorted(where.vendors or ()), sorted(where.member_nos or ())
    unwritable = [text for text in (*vendors, *members) if not text.isprintable()]
    if unwritable:
        return [f"{text!r} is no code and no number" for text in unwritable]
    found = [
        f"there is no {row['what']} {row['value']}"
        for row in await pool.fetch(SQL["unknown"], vendors, members)
    ]
    found += [
        f"there is no benefit {code}"
        for code in sorted((where.benefits or frozenset()).difference(handbook.benefit_codes))
    ]
    found += [
        f"there is no kind of entry {kind}"
        for kind in sorted((where.kinds or frozenset()).difference(EntryKind))
    ]
    return found


async def stream_entries(pool: Pool, where: EntryFilter) -> AsyncGenerator[Sequence[ExportedEntry]]:
    """The entries of all customers that match a filter, by customer and sequence, some hundred at a time.

    One connection reads them by a cursor in one snapshot, and is given back when the generator is closed.
    """
    asked = (
        where.vendors,
        where.kinds,
        where.benefits,
        where.member_nos,
        where.occurred.start,
        where.occurred.end,
    )
    async with pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        await conn.execute(SQL["plan_for_values"])
        cursor = await conn.cursor(SQL["entries"], *asked)
        while rows := await cursor.fetch(_ENTRIES_A_BATCH):
            yield [
                ExportedEntry(
                    member_no=row["member_no"],
                    entry=entry_of(row),
                    previous=GENESIS if row["sequence"] == 1 else bytes(row["previous"] or b""),
                )
                for row in rows
            ]
