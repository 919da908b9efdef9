"""Redemptions, by id."""

from datetime import datetime

from strawberry.dataloader import DataLoader

from base.database import Pool
from ledger.ids import RedemptionId
from ledger.posting.redemptions import RedemptionView
from ledger.reports.filters import RedemptionFilter
from ledger.reports.pages import redemptions_page


def redemption_loader(pool: Pool, now: datetime) -> DataLoader[RedemptionId, RedemptionView | None]:
    """Redemptions as they stand at `now`; None for unknown ones."""

    async def load(keys: list[RedemptionId]) -> list[RedemptionView | None]:
        where = RedemptionFilter(ids=frozenset(keys))
        async with pool.acquire() as conn:
            page = await redemptions_page(conn, where=where, first=len(keys), after=None, now=now)
        found = {each.id: each for each in page}
        return [found.get(key) for key in keys]

    return DataLoader(load)
