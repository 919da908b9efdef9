"""Contract terms for the rules, by the vendor's code."""

from strawberry.dataloader import DataLoader

from base.database import Pool
from ledger.entitlement.terms import Term
from ledger.vendors.registry import contracts_of


def contract_loader(pool: Pool) -> DataLoader[str, tuple[Term, ...]]:
    """Contracts; empty for an unknown vendor."""

    async def load(keys: list[str]) -> list[tuple[Term, ...]]:
        async with pool.acquire() as conn:
            found = await contracts_of(conn, keys)
        return [found.get(key, ()) for key in keys]

    return DataLoader(load)
