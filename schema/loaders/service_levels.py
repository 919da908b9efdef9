"""Service levels: clocks and milestones of redemptions, reports of vendors, and the holds that a report finds late."""

from datetime import datetime
from typing import TypeAlias

from strawberry.dataloader import DataLoader

from base.database import Pool
from handbook import Handbook
from ledger.ids import RedemptionId
from ledger.posting.redemptions import RedemptionView
from ledger.reports.filters import Position
from ledger.reports.service_levels import (
    ClockView,
    Days,
    ServiceReport,
    clocks,
    late_holds,
    milestones,
    service_reports,
)
from ledger.service_levels.milestones import Milestone

ReportKey: TypeAlias = tuple[str, Days]
LateKey: TypeAlias = tuple[tuple[str, str], tuple[Days, int, Position | None]]


def clock_loader(pool: Pool, handbook: Handbook, now: datetime) -> DataLoader[RedemptionId, ClockView | None]:
    """Clocks by redemption; None where nothing is promised, or nothing was held."""

    async def load(keys: list[RedemptionId]) -> list[ClockView | None]:
        found = await clocks(pool, keys, handbook=handbook, now=now)
        return [found.get(key) for key in keys]

    return DataLoader(load)


def milestones_loader(pool: Pool) -> DataLoader[RedemptionId, list[Milestone]]:
    """Milestones by redemption, in the order in which they were recorded."""

    async def load(keys: list[RedemptionId]) -> list[list[Milestone]]:
        found = await milestones(pool, keys)
        return [found[key] for key in keys]

    return DataLoader(load)


def report_loader(
    pool: Pool, handbook: Handbook, now: datetime
) -> DataLoader[ReportKey, list[ServiceReport]]:
    """Reports by vendor and span of days: a query for each span, whatever the number of vendors."""

    async def load(keys: list[ReportKey]) -> list[list[ServiceReport]]:
        vendors: dict[Days, list[str]] = {}
        for vendor, days in keys:
            vendors.setdefault(days, []).append(vendor)
        found: dict[ReportKey, list[ServiceReport]] = {}
        for days, codes in vendors.items():
            reports = await service_reports(pool, codes, days, handbook=handbook, now=now)
            found |= {(code, days): rows for code, rows in reports.items()}
        return [found[key] for key in keys]

    return DataLoader(load)


def late_loader(pool: Pool, handbook: Handbook, now: datetime) -> DataLoader[LateKey, list[RedemptionView]]:
    """Late holds by (vendor and benefit, page): two queries for each page, whatever the number of pairs."""

    async def load(keys: list[LateKey]) -> list[list[RedemptionView]]:
        pairs: dict[tuple[Days, int, Position | None], list[tuple[str, str]]] = {}
        for pair, page in keys:
            pairs.setdefault(page, []).append(pair)
        found: dict[LateKey, list[RedemptionView]] = {}
        for page, asked in pairs.items():
            days, first, after = page
            late = await late_holds(pool, asked, days, first=first, after=after, handbook=handbook, now=now)
            found |= {(pair, page): rows for pair, rows in late.items()}
        return [found[key] for key in keys]

    return DataLoader(load)
