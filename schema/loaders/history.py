"""Histories as known at a moment (None: now), by (customer, moment): contributions are explained from them."""

from datetime import datetime

from strawberry.dataloader import DataLoader

from base.database import Pool
from rating.customers import histories
from rating.history import History


def history_loader(pool: Pool) -> DataLoader[tuple[int, datetime | None], History]:
    """Histories, folded from the events known then."""

    async def load(keys: list[tuple[int, datetime | None]]) -> list[History]:
        async with pool.acquire() as conn:
            found = await histories(conn, keys)
        return [found.get(key) or History() for key in keys]

    return DataLoader(load)
