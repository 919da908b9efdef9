"""Relatives of customers, by customer."""

from strawberry.dataloader import DataLoader

from base.database import Pool
from rating.customers import relatives
from rating.history import Relative


def relatives_loader(pool: Pool) -> DataLoader[int, list[Relative]]:
    """Relatives as they are known now; none for an unknown customer."""

    async def load(keys: list[int]) -> list[list[Relative]]:
        async with pool.acquire() as conn:
            found = await relatives(conn, keys)
        return [found.get(key, []) for key in keys]

    return DataLoader(load)
