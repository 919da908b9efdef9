"""Contents of recorded events by id, unique over all customers: to check the ids of hypothetical events."""

from collections.abc import Mapping

from strawberry.dataloader import DataLoader

from base.database import Pool
from rating.stored_events import bodies_of

Body = Mapping[str, object]


def event_bodies_loader(pool: Pool) -> DataLoader[str, Body | None]:
    """Contents; None for an unknown id."""

    async def load(keys: list[str]) -> list[Body | None]:
        async with pool.acquire() as conn:
            found = await bodies_of(conn, keys)
        return [found.get(key) for key in keys]

    return DataLoader(load)
