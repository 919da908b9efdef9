"""Lines of statements, by the key of their statement and their number."""

from strawberry.dataloader import DataLoader

from base.database import Pool
from ledger.reconciliation.reading import lines_by_id
from ledger.reconciliation.values import StatementLine


def statement_line_loader(pool: Pool) -> DataLoader[tuple[int, int], StatementLine | None]:
    """Lines; None for unknown ones."""

    async def load(keys: list[tuple[int, int]]) -> list[StatementLine | None]:
        async with pool.acquire() as conn:
            found = await lines_by_id(conn, keys)
        return [found.get(key) for key in keys]

    return DataLoader(load)
