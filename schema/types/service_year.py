"""Service years. Read straight off `ledger.entitlement.account`."""

from datetime import date

import strawberry


@strawberry.type(description="A year of the customer's membership, counted from the first day with a star.")
class ServiceYear:
    number: int = strawberry.field(description="From 1.")
    start: date = strawberry.field(description="First day.")
    end: date = strawberry.field(description="First day of the next service year.")
