"""What the insurer still owes its members in services: unused allowance, by benefit and star, on a day.

The same figures as the members' own quotas, added up: a test compares them one by one. They are computed set-based from
the tier of the day and the entries, never from posted grants; so past and future days work like today. A wished number
exists only with a new policy: none is owed before it is held (decision 19), so of numbers only the held and used are
counted. Waiting periods and documents change when a service is due, not that it is owed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from base.database import Reader
from base.sql import Queries
from handbook import Counted, Edition, Handbook, Per, Unit, business_day, start_of

SQL = Queries(Path(__file__).with_name("liability.sql"))


@dataclass(frozen=True, slots=True, kw_only=True)
class LiabilityRow:
    """The totals of one star's members for one benefit, in its units; `per` None: without limit.

    `allowance` is what the star gives to all of them, for one service year, membership, or policy; None without limit.
    `used` and `held` may exceed it where a tier has fallen; `remaining` is floored at zero per member.
    `unit_price` is the highest of the vendors' prices on the day, in CNY, None where no vendor has one; `value` is what
    the remaining units cost at it.
    """

    benefit: str
    star: int
    variant: str | None
    unit: Unit
    per: Per | None
    members: int
    allowance: int | None
    used: int
    held: int
    remaining: int | None
    unit_price: Decimal | None
    value: Decimal | None


async def liability(conn: Reader, on: date, *, handbook: Handbook, now: datetime) -> list[LiabilityRow]:
    """The unused allowances on a day, benefits as printed and stars ascending; none where no edition is in force.

    Today's figures come from the balances, those of another day from the entries that had occurred by its end.
    """
    edition = handbook.on(on)
    if edition is None:
        return []
    today = on == business_day(now)
    moment = now if today else start_of(on + timedelta(days=1))
    rows = await conn.fetch(SQL["liability"], on, _grid(edition), moment, today)
    units = {benefit.code: benefit.unit for benefit in edition.benefits}
    return [
        LiabilityRow(
            benefit=row["benefit"],
            star=row["star"],
            variant=row["variant"],
            unit=units[row["benefit"]],
            per=Per(row["per"]) if row["allowance"] is not None else None,
            members=row["members"],
            allowance=row["allowance"],
            used=row["used"],
            held=row["held"],
            remaining=row["remaining"],
            unit_price=row["unit_price"],
            value=row["value"],
        )
        for row in rows
    ]


async def prices(conn: Reader, on: date, edition: Edition | None) -> dict[tuple[str, int], Decimal]:
    """The unit prices by which the liability is valued on a day, in CNY, by benefit and star of an edition.

    Benefits without any price are left out.
    """
    if edition is None:
        return {}
    rows = await conn.fetch(SQL["prices"], on, _grid(edition))
    return {(row["benefit"], row["star"]): row["unit_price"] for row in rows}


def total_value(rows: Iterable[LiabilityRow]) -> Decimal:
    """What the remaining units cost at the prices of the day, in CNY; benefits without limit or price left out."""
    return sum((row.value for row in rows if row.value is not None), Decimal("0.00"))


def _grid(edition: Edition) -> list[dict[str, object]]:
    """The allowances of each star and benefit: what pools are counted `per`, and the units of one pool."""
    cells = [
        (benefit, grade)
        for benefit in edition.benefits
        for grade in benefit.grid
        if grade.allowance is not None
    ]
    return [
        {
            "number": number,
            "star": grade.star,
            "benefit": benefit.code,
            "variant": grade.variant,
            "per": grade.allowance.per if isinstance(grade.allowance, Counted) else benefit.per,
            "units": grade.allowance.units if isinstance(grade.allowance, Counted) else None,
            "wished": benefit.wished_number is not None,
        }
        for number, (benefit, grade) in enumerate(cells)
    ]
