"""Pages of customers' ledgers, by (customer, (service year, how many, before which sequence))."""

from datetime import datetime
from typing import TypeAlias

from strawberry.dataloader import DataLoader

from base.database import Pool
from ledger.reports.pages import EntryRow, customers_entries
from schema.loaders.grouping import by_argument

EntriesKey: TypeAlias = tuple[int, tuple[int | None, int, int | None]]


def entries_loader(pool: Pool, now: datetime) -> DataLoader[EntriesKey, list[EntryRow]]:
    """Entries newest first, with their redemptions as they stand at `now`."""

    async def load(keys: list[EntriesKey]) -> list[list[EntryRow]]:
        found: dict[EntriesKey, list[EntryRow]] = {}
        for page, customer_ids in by_argument(keys).items():
            service_year, first, before = page
            async with pool.acquire() as conn:
                pages = await customers_entries(
                    conn, customer_ids, service_year=service_year, first=first, before=before, now=now
                )
            found |= {(customer_id, page): rows for customer_id, rows in pages.items()}
        return [found[key] for key in keys]

    return DataLoader(load)
