"""Relatives, and whom a benefit was for. Read off `rating` and `ledger`; vendors see names masked."""

from datetime import date

import strawberry

from ledger.posting import redemptions
from rating import history
from schema.context import Info
from schema.permissions import shown_name
from schema.types.enums import Relation

_NAME = "The name; vendors see its first character and **."


def _name(person: strawberry.Parent[history.Relative | redemptions.Beneficiary], info: Info) -> str:
    return shown_name(info.context.viewer, person.name)


@strawberry.type(description="A relative, registered on the customer.")
class Relative:
    relative_id: strawberry.ID = strawberry.field(description="The relative's id, unique for the customer.")
    relation: Relation = strawberry.field(description="The relation to the customer.")
    registered_on: date = strawberry.field(description="The day of registration.")
    name: str = strawberry.field(resolver=_name, description=_NAME)


@strawberry.type(description="The relative whom a benefit was for.")
class Beneficiary:
    relative_id: strawberry.ID = strawberry.field(description="The relative's id, unique for the customer.")
    relation: Relation = strawberry.field(description="The relation to the customer.")
    name: str = strawberry.field(resolver=_name, description=_NAME)
