"""Policies of customers, by customer."""

from strawberry.dataloader import DataLoader

from base.database import Pool
from rating.customers import PolicyRow, policies


def policies_loader(pool: Pool) -> DataLoader[int, list[PolicyRow]]:
    """Policies as they are known now; none for an unknown customer."""

    async def load(keys: list[int]) -> list[list[PolicyRow]]:
        async with pool.acquire() as conn:
            found = await policies(conn, keys)
        return [found.get(key, []) for key in keys]

    return DataLoader(load)
