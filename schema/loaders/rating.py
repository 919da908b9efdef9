"""Ratings as known at a moment (None: now), by (customer, moment): tiers are looked up in them."""

from datetime import datetime

from strawberry.dataloader import DataLoader

from base.database import Pool
from rating.customers import ratings
from rating.tiers import UNRATED, Rating


def rating_loader(pool: Pool) -> DataLoader[tuple[int, datetime | None], Rating]:
    """Ratings; without spans where nothing was known then."""

    async def load(keys: list[tuple[int, datetime | None]]) -> list[Rating]:
        async with pool.acquire() as conn:
            found = await ratings(conn, keys)
        return [found.get(key, UNRATED) for key in keys]

    return DataLoader(load)
