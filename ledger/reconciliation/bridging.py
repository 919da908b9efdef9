"""Reading the bridge of a vendor's month: from what its statements state to what is payable now."""

from datetime import date
from decimal import Decimal

from base.database import Reader
from ledger.reconciliation.bridge import Found, Origin, Outcome, Step, bridge
from ledger.reconciliation.finding_pages import SQL
from ledger.reconciliation.values import FindingKind


async def bridge_of(conn: Reader, vendor: str, month: date) -> tuple[Step, ...]:
    """The steps, also of an open month, where what waits is not paid yet. An unknown vendor has stated nothing."""
    row = await conn.fetchrow(SQL["period"], vendor, month)
    if row is None:
        return bridge(0, Decimal(), ())
    rows = await conn.fetch(SQL["bridge"], row["id"]) if row["id"] is not None else []
    return bridge(
        row["lines"],
        row["amount"],
        [
            Found(
                origin=Origin(each["origin"]),
                outcome=Outcome(each["outcome"]),
                kind=FindingKind(each["kind"]),
                findings=each["findings"],
                exceptions=each["exceptions"],
                asked=each["asked"],
                supported=each["supported"],
                paid=each["paid"],
            )
            for each in rows
        ],
    )
