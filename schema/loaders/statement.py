"""Statements as they stand, by id."""

from strawberry.dataloader import DataLoader

from base.database import Pool
from ledger.reconciliation.reading import StatementView, statements_by_id


def statement_loader(pool: Pool) -> DataLoader[int, StatementView | None]:
    """Statements; None for an unknown id."""

    async def load(keys: list[int]) -> list[StatementView | None]:
        async with pool.acquire() as conn:
            found = await statements_by_id(conn, keys)
        return [found.get(key) for key in keys]

    return DataLoader(load)
