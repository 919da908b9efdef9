"""Objects with an id of their own."""

import strawberry


@strawberry.interface(description="An object with an id of its own, which `node` finds.")
class Node:
    id: strawberry.ID = strawberry.field(description="Opaque; never changes.")
