"""Recorded events by customer: the base for hypothetical ones."""

from strawberry.dataloader import DataLoader

from base.database import Pool
from rating.intake import Stored
from rating.what_if import stored_of


def stored_loader(pool: Pool) -> DataLoader[int, Stored]:
    """All recorded events, in the order of their arrival."""

    async def load(keys: list[int]) -> list[Stored]:
        async with pool.acquire() as conn:
            found = await stored_of(conn, keys)
        return [found[key] for key in keys]

    return DataLoader(load)
