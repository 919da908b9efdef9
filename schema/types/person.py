"""Relatives, and whom a benefit was for. Read straight off values of `rating` and `ledger`."""

from datetime import date

import strawberry

from schema.types.enums import Relation


@strawberry.type(description="A relative, registered on the customer.")
class Relative:
    relative_id: strawberry.ID = strawberry.field(description="Names the relative among the customer's.")
    name: str = strawberry.field(description="The name.")
    relation: Relation = strawberry.field(description="What the relative is to the customer.")
    registered_on: date = strawberry.field(description="First day of being registered.")


@strawberry.type(description="The relative whom a benefit was for.")
class Beneficiary:
    relative_id: strawberry.ID = strawberry.field(description="Names the relative among the customer's.")
    name: str = strawberry.field(description="The name.")
    relation: Relation = strawberry.field(description="What the relative is to the customer.")
