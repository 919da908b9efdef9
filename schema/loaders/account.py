"""Accounts by (customer, day), from which quotas and service years are computed."""

from datetime import date, datetime

from strawberry.dataloader import DataLoader

from base.database import Pool
from ledger.entitlement.account import Account
from ledger.entitlement.loading import load_accounts
from schema.loaders.grouping import by_argument


def account_loader(pool: Pool, now: datetime) -> DataLoader[tuple[int, date], Account]:
    """Accounts as of a day; the figures of today are those of `now`."""

    async def load(keys: list[tuple[int, date]]) -> list[Account]:
        found: dict[tuple[int, date], Account] = {}
        for day, customer_ids in by_argument(keys).items():
            async with pool.acquire() as conn:
                accounts = await load_accounts(conn, customer_ids, on=day, now=now)
            found |= {(customer_id, day): account for customer_id, account in accounts.items()}
        return [found[key] for key in keys]

    return DataLoader(load)
