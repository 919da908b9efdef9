"""Objects with an id of their own."""

import strawberry


@strawberry.interface(description="A thing with an id of its own, which `node` finds again.")
class Node:
    id: strawberry.ID = strawberry.field(description="Opaque; never changes.")
