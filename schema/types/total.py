"""Units and money, added up."""

from decimal import Decimal

import strawberry

from schema.scalars import Long


@strawberry.type(description="Units and money, added up.")
class Total:
    units: Long = strawberry.field(description="Units, each in what its benefit counts.")
    amount: Decimal = strawberry.field(description="In CNY.")

    @classmethod
    def of(cls, units: int, amount: Decimal) -> "Total":
        """So many units and so much money."""
        return cls(units=Long(units), amount=amount)
