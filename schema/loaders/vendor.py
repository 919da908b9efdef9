"""Vendors with their contracts, by code."""

from strawberry.dataloader import DataLoader

from base.database import Pool
from ledger.vendors.registry import VendorView, vendors_by_code


def vendor_loader(pool: Pool) -> DataLoader[str, VendorView | None]:
    """Vendors; None for an unknown code."""

    async def load(keys: list[str]) -> list[VendorView | None]:
        async with pool.acquire() as conn:
            found = await vendors_by_code(conn, keys)
        return [found.get(key) for key in keys]

    return DataLoader(load)
