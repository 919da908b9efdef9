"""A schema with each feature of the type system, and of Strawberry's fields, that execution has to know."""

import enum
from collections.abc import AsyncIterator
from typing import Annotated, Any, Generic, NewType, TypeVar

import strawberry
from strawberry.extensions import FieldExtension
from strawberry.permission import BasePermission
from strawberry.scalars import JSON
from strawberry.schema.config import StrawberryConfig
from strawberry.types.scalar import ScalarDefinition

T = TypeVar("T")

Cents = NewType("Cents", int)


def _cents(value: Any) -> str | None:
    return None if value == 13 else f"{value / 100:.2f}"


@strawberry.enum
class Colour(enum.Enum):
    RED = "r"
    GREEN = strawberry.enum_value("g", name="LEAF")
    BLUE = 3


@strawberry.enum
class Size(enum.StrEnum):
    SMALL = "small"
    LARGE = "large"


class Forbidden(BasePermission):
    """Nobody who asks with a null may."""

    message = "forbidden here"
    error_extensions = {"code": "FORBIDDEN"}  # noqa: RUF012 - Strawberry's form

    async def has_permission(self, source: Any, info: strawberry.Info, **kwargs: Any) -> bool:
        """Whether the argument is given."""
        return kwargs.get("given") is not None


class Louder(FieldExtension):
    """Says it louder."""

    def resolve(self, next_: Any, source: Any, info: strawberry.Info, **kwargs: Any) -> Any:
        """The text in capitals."""
        value = next_(source, info, **kwargs)
        return value.upper() if isinstance(value, str) else value


@strawberry.input
class Range:
    least: int | None = 1
    most: int | None = None
    within: "Range | None" = None
    colours: list[Colour] | None = strawberry.UNSET
    words: list[str | None] = strawberry.field(default_factory=lambda: ["a", None])


@strawberry.input(one_of=True)
class ByOne:
    number: strawberry.Maybe[int]
    text: strawberry.Maybe[str]


@strawberry.interface
class Named:
    name: str
    nickname: str | None


@strawberry.interface
class Counted(Named):
    count: int

    @strawberry.field
    def half(self) -> float:
        return self.count / 2


@strawberry.type
class Leaves:
    number: int
    fraction: float
    text: str
    truth: bool
    key: strawberry.ID
    price: Cents
    colour: Colour
    size: Size | None
    anything: JSON | None
    texts: list[str]
    numbers: list[int | None] | None
    grid: list[list[int]]
    prices: list[Cents | None]
    colours: list[Colour]


@strawberry.type
class Cat(Counted):
    lives: int
    friend: Annotated["Dog", strawberry.lazy("tests.planned.features")] | None
    leaves: Leaves

    @strawberry.field
    def says(self, info: strawberry.Info, how: str = "softly", times: int | None = None) -> str:
        return f"{how} {times} {info.path.key}"

    @strawberry.field
    def tags(self, of: list[str], within: Range | None = None) -> list[str | None]: ...

    @strawberry.field(extensions=[Louder()])
    def loud(self, words: list[str], within: Range | None = None) -> str: ...


@strawberry.type
class Dog(Named):
    friends: list[Annotated["Pet", strawberry.lazy("tests.planned.features")]]
    best: Annotated["Pet", strawberry.lazy("tests.planned.features")] | None

    @strawberry.field
    async def later(self, info: strawberry.Info) -> Cat: ...

    @strawberry.field
    async def never(self) -> Cat | None: ...


@strawberry.type
class Stone:
    """Told by its own predicate."""

    weight: float | None

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return hasattr(value, "weight")


Pet = Annotated[Cat | Dog, strawberry.union("Pet")]
Thing = Annotated[Cat | Stone | Leaves, strawberry.union("Thing")]


@strawberry.type
class Edge(Generic[T]):
    cursor: str
    node: T


@strawberry.type
class Page(Generic[T]):
    edges: list[Edge[T]]
    more: bool


@strawberry.type
class Query:
    leaves: Leaves
    maybe: Leaves | None

    @strawberry.field
    def pets(self, info: strawberry.Info, range: Range | None = None) -> list[Pet]: ...

    @strawberry.field
    async def things(self, info: strawberry.Info, by: ByOne) -> list[Thing | None] | None: ...

    @strawberry.field
    def named(self, colour: Colour = Colour.RED, sizes: list[Size] | None = None) -> Named: ...

    @strawberry.field
    async def counted(self) -> list[Counted]: ...

    @strawberry.field
    def cats(
        self, info: strawberry.Info, first: int = 2, after: strawberry.ID | None = None
    ) -> Page[Cat]: ...

    @strawberry.field
    async def dogs(
        self, root: strawberry.Parent[Any], price: Cents | None = Cents(5)
    ) -> Page[Dog] | None: ...

    @strawberry.field
    @staticmethod
    def grid(info: strawberry.Info) -> list[list[Cat | None]]: ...

    @strawberry.field
    async def stream(self) -> list[Dog]: ...

    @strawberry.field(permission_classes=[Forbidden])
    def guarded(self, given: int | None = None) -> Cat | None: ...

    @strawberry.field(permission_classes=[Forbidden])
    async def guarded_needed(self, given: int | None = None) -> Cat: ...

    @strawberry.field(extensions=[Louder()])
    def loud(self, info: strawberry.Info, word: str = "word") -> str | None: ...


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def add(self, info: strawberry.Info, range: Range, to: list[ByOne] | None = None) -> Cat: ...

    @strawberry.mutation
    def drop(self, key: strawberry.ID) -> Thing | None: ...

    @strawberry.mutation
    async def stir(self) -> list[Named | None]: ...


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def ticks(self, to: int) -> AsyncIterator[int]:
        for tick in range(to):
            yield tick


SCALARS: dict[object, ScalarDefinition] = {
    Cents: ScalarDefinition(
        name="Cents",
        description=None,
        specified_by_url=None,
        serialize=_cents,
        parse_value=Cents,
        parse_literal=None,
        origin=Cents,
    )
}


def build(**named: Any) -> strawberry.Schema:
    """The schema."""
    return strawberry.Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        config=StrawberryConfig(scalar_map=SCALARS),
        **named,
    )
