"""What else there is of the same member, benefit and day as a finding, for finance: nothing is paid twice unseen."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from asyncpg import Record

from base.database import Reader
from base.sql import Queries
from ledger.ids import RedemptionId
from ledger.reconciliation.grounds import LineName, Related, RelatedKind
from ledger.reconciliation.values import FindingKind, LineFindingId
from ledger.reconciliation.views import FindingView

SQL = Queries(Path(__file__).with_name("related.sql"))


async def related_items(conn: Reader, views: Sequence[FindingView]) -> list[tuple[Related, ...]]:
    """For each finding what else was delivered or paid; nothing for a line that simply agrees."""
    about = [(place, view, view.about_member) for place, view in enumerate(views) if _is_looked_at(view)]
    if not about:
        return [()] * len(views)
    lines = [view.id if isinstance(view.id, LineFindingId) else None for _, view, _ in about]
    rows = await conn.fetch(
        SQL["related"],
        [place for place, _, _ in about],
        [view.vendor for _, view, _ in about],
        [member_no for _, _, member_no in about],
        [view.benefit for _, view, _ in about],
        [view.line.occurred_on if view.line is not None else view.occurred_on for _, view, _ in about],
        [each.statement if each is not None else None for each in lines],
        [each.line_no if each is not None else None for each in lines],
    )
    found: dict[int, list[Related]] = defaultdict(list)
    for row in rows:
        found[row["place"]].append(
            Related(
                how=RelatedKind(row["how"]),
                vendor=row["vendor"],
                vendor_name=row["vendor_name"],
                month=row["month"],
                units=row["units"],
                redemption=_redemption(row),
                line=_line(row),
            )
        )
    return [tuple(found[place]) for place in range(len(views))]


def _redemption(row: Record) -> RedemptionId | None:
    if row["customer_id"] is None:
        return None
    return RedemptionId(row["customer_id"], row["sequence"])


def _line(row: Record) -> LineName | None:
    if row["statement"] is None:
        return None
    return LineName(statement=row["number"], line_no=row["line_no"], key=row["statement"])


def _is_looked_at(view: FindingView) -> bool:
    return view.about_member is not None and (view.waits or view.kind is not FindingKind.MATCHED)
