"""Vendors' deliveries in a span of days, by (vendor, first day, day after the last)."""

from datetime import date
from typing import TypeAlias

from strawberry.dataloader import DataLoader

from base.database import Pool
from ledger.reports.pages import UsageRow, vendor_usage

UsageKey: TypeAlias = tuple[str, date, date]


def usage_loader(pool: Pool) -> DataLoader[UsageKey, list[UsageRow]]:
    """Usage by benefit and price: a query for each span, whatever the number of vendors."""

    async def load(keys: list[UsageKey]) -> list[list[UsageRow]]:
        vendors: dict[tuple[date, date], list[str]] = {}
        for code, start, end in keys:
            vendors.setdefault((start, end), []).append(code)
        found: dict[UsageKey, list[UsageRow]] = {}
        for (start, end), codes in vendors.items():
            async with pool.acquire() as conn:
                usage = await vendor_usage(conn, codes, start, end)
            found |= {(code, start, end): rows for code, rows in usage.items()}
        return [found[key] for key in keys]

    return DataLoader(load)
