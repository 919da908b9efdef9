"""Pages of findings, by (statement or period, page)."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from strawberry.dataloader import DataLoader

from base.database import Pool
from ledger.reconciliation.reading import (
    FindingFilter,
    FindingPosition,
    FindingView,
    Scope,
    ScopeKind,
    findings_pages,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingsPage:
    """Which findings, how many, and after which position."""

    where: FindingFilter
    first: int
    after: FindingPosition | None


FindingsKey: TypeAlias = tuple[Scope, FindingsPage]


def findings_loader(pool: Pool, now: datetime) -> DataLoader[FindingsKey, list[FindingView]]:
    """Pages of findings, with their deliveries as they stand at `now`; keys with the same page are read together."""

    async def load(keys: list[FindingsKey]) -> list[list[FindingView]]:
        alike: dict[tuple[ScopeKind, FindingsPage], list[int]] = {}
        for scope, page in keys:
            alike.setdefault((scope.kind, page), []).append(scope.id)
        found: dict[FindingsKey, list[FindingView]] = {}
        for (kind, page), ids in alike.items():
            async with pool.acquire() as conn:
                pages = await findings_pages(
                    conn, kind, ids, where=page.where, first=page.first, after=page.after, now=now
                )
            found |= {(Scope(kind=kind, id=id_), page): views for id_, views in pages.items()}
        return [found[key] for key in keys]

    return DataLoader(load)
