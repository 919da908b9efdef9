"""Made-up answers for any Strawberry schema: every value, null, error and delay follows from a seed and the place.

The functions of the fields are replaced, not what Strawberry has put around them; attributes are properties of made-up
classes. So both executions take their real ways through the schema, and must find the same.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from random import Random
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    is_abstract_type,
    is_leaf_type,
)
from strawberry.schema.schema_converter import GraphQLCoreConverter

_BACKREF = GraphQLCoreConverter.DEFINITION_BACKREF


VARYING = frozenset({"name", "text", "lives", "code", "units", "friend", "number", "starts_on"})
"""Attributes in which variants of an object differ from it."""


class _Word(StrEnum):
    WORD = "word"


class _Spoken:
    def __str__(self) -> str:
        return "spoken"


_SCALARS: dict[str, tuple[Any, ...]] = {
    "Int": (0, 1, -1, 2**31 - 1, 7, 12),
    "Long": (0, 2**40),
    "Float": (0.0, 1.5, 3),
    "String": ("", "a", "文字", _Word.WORD),
    "ID": ("a", "b", 5),
    "Boolean": (True, False),
    "JSON": ({"a": [1]}, "a", 0),
    "Cents": (5, 13, 250),
    "Date": (date(2026, 3, 1), date(1999, 12, 31)),
    "DateTime": (datetime(2026, 3, 1, 1, 30, tzinfo=UTC),),
    "Decimal": (Decimal(5), Decimal("12.345"), Decimal("1E+3")),
}
_ODD: tuple[Any, ...] = (
    None,
    2**31,
    1.5,
    "many",
    float("inf"),
    _Spoken(),
    ("a",),
    {},
    ValueError("an error as a value"),
)


@dataclass(slots=True, kw_only=True)
class Chances:
    """How often something is not as it should be: 0 never, 1 always."""

    null: float = 0.15
    wrong_null: float = 0.01
    odd: float = 0.01
    error: float = 0.015
    later: float = 0.15
    odd_list: float = 0.05
    shared: float = 0.0

    @classmethod
    def drawn(cls, random: Random) -> "Chances":
        """Now everything goes well, now much is odd."""
        often = random.choice((0.0, 0.5, 1.0, 1.0, 5.0))
        return cls(
            null=random.choice((0.0, 0.15, 0.4)),
            wrong_null=0.01 * often,
            odd=0.02 * often,
            error=0.015 * often,
            later=random.choice((0.0, 0.15, 0.5)),
            odd_list=0.05 * often,
            shared=random.choice((0.0, 0.3, 0.8)),
        )


@dataclass(slots=True)
class World:
    """What made-up answers follow from. `calls` are those of functions, in their order.

    `shared` are the objects that stand in many places.
    """

    seed: int
    chances: Chances = field(default_factory=Chances)
    calls: list[str] = field(default_factory=list)
    shared: dict[tuple[Any, ...], Any] = field(default_factory=dict)


class MadeUp:
    """Answers for a schema. `world` is what they follow from just now."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self.world = World(0)
        self._classes = {
            name: self._class(type_)
            for name, type_ in schema.type_map.items()
            if isinstance(type_, GraphQLObjectType) and not name.startswith("__")
        }

    def root(self, type_name: str) -> Any:
        """The value that an operation begins with."""
        return self._object(type_name, ("root",))

    def _class(self, type_: GraphQLObjectType) -> type:
        definition: Any = (type_.extensions or {}).get(_BACKREF)
        own = definition.is_type_of is not None
        attributes = {
            each.extensions[_BACKREF].python_name: self._property(each)
            for each in type_.fields.values()
            if not each.extensions[_BACKREF].base_resolver
        }
        bases = () if own else (definition.origin,)
        return type(f"MadeUp{type_.name}", bases, {**attributes, "made_of": type_.name, "variant_of": None})

    def _property(self, definition: Any) -> property:
        name = definition.extensions[_BACKREF].python_name

        def answer(source: Any) -> Any:
            where = (*source.where, name)
            if source.variant_of is not None and name in VARYING:
                where = (*where, "varying")
            return self._answer(definition.type, where)

        return property(answer)

    def _object(self, type_name: str, where: tuple[Any, ...]) -> Any:
        made = object.__new__(self._classes[type_name])
        object.__setattr__(made, "where", where)
        return made

    def _shared(self, type_name: str, number: int) -> Any:
        """One of the objects of the type that are the same wherever they stand."""
        where = ("shared", type_name, number)
        found = self.world.shared.get(where)
        if found is None:
            found = self.world.shared[where] = self._object(type_name, where)
        return found

    def _variant(self, type_name: str, number: int) -> Any:
        """Another object that is as a shared one, but for what is VARYING."""
        made = self._object(type_name, ("shared", type_name, number))
        object.__setattr__(made, "variant_of", self._shared(type_name, number))
        return made

    @property
    def classes(self) -> frozenset[type]:
        """The classes of made-up objects, whose attributes never change."""
        return frozenset(self._classes.values())

    def _random(self, where: tuple[Any, ...]) -> Random:
        return Random(f"{self.world.seed} {where}")

    def _answer(self, type_: Any, where: tuple[Any, ...]) -> Any:
        random, chances = self._random(where), self.world.chances
        if random.random() < chances.error:
            raise random.choice(
                (
                    ValueError(f"error at {where[-1]}"),
                    GraphQLError("told", extensions={"code": "TOLD", "where": str(where[-1])}),
                    KeyError("missing"),
                )
            )
        if random.random() < chances.odd:
            return 2**31 if "Int" in str(type_) and random.random() < 0.5 else random.choice(_ODD)
        return self._value(random, type_, where)

    def _value(self, random: Random, type_: Any, where: tuple[Any, ...]) -> Any:
        chances = self.world.chances
        if isinstance(type_, GraphQLNonNull):
            return None if random.random() < chances.wrong_null else self._some(random, type_.of_type, where)
        return None if random.random() < chances.null else self._some(random, type_, where)

    def _some(self, random: Random, type_: Any, where: tuple[Any, ...]) -> Any:
        chances = self.world.chances
        if isinstance(type_, GraphQLList):
            return self._list(random, type_.of_type, where)
        if isinstance(type_, GraphQLEnumType):
            return random.choice([each.value for each in type_.values.values()] + list(type_.wrapped_cls))
        if is_leaf_type(type_):
            return random.choice(_SCALARS[type_.name])
        if is_abstract_type(type_):
            type_ = random.choice(self._schema.get_possible_types(type_))
        if random.random() < chances.shared:
            made = random.choice((self._shared, self._shared, self._variant))
            return made(type_.name, random.randint(0, 1))
        return self._object(type_.name, where)

    def _list(self, random: Random, item: Any, where: tuple[Any, ...]) -> Any:
        items = [self._value(random, item, (*where, index)) for index in range(random.randint(0, 3))]
        chance = random.random()
        if chance > self.world.chances.odd_list:
            return items if random.random() < 0.7 else tuple(items)
        kinds: tuple[Callable[[], Any], ...] = (
            lambda: (each for each in items),
            lambda: _one_by_one(items, random.randint(0, 3)),
            lambda: [_later(each, random.randint(0, 3), None) for each in items],
            lambda: [
                _later(None, 1, ValueError("a late item")) if index else each
                for index, each in enumerate(items)
            ],
            lambda: dict(enumerate(items)).values(),
            lambda: deque(items),
            lambda: [GraphQLError("an item"), *items],
            lambda: [*items, None],
            lambda: "text",
            lambda: dict.fromkeys(range(len(items))),
        )
        return random.choice(kinds)()

    @contextmanager
    def functions(self) -> Iterator[None]:
        """Replace the functions of all fields while the block runs."""
        kept = []
        for name, made in self._classes.items():
            type_: Any = self._schema.type_map[name]
            if made.__bases__ == (object,):
                kept.append((type_, "is_type_of", type_.is_type_of))
                type_.is_type_of = self._is_type_of(name)
            for definition in type_.fields.values():
                resolver = definition.extensions[_BACKREF].base_resolver
                if resolver is not None:
                    kept.append((resolver, "wrapped_func", resolver.wrapped_func))
                    resolver.wrapped_func = self._function(name, definition, resolver)
        try:
            yield
        finally:
            for each, attribute, value in reversed(kept):
                setattr(each, attribute, value)

    def _is_type_of(self, name: str) -> Callable[..., bool]:
        def is_type_of(value: Any, info: Any) -> bool:
            if getattr(value, "made_of", None) != name:
                return False
            self.world.calls.append(f"{name} at {info.path.as_list()} {info.parent_type}")
            return True

        return is_type_of

    def _function(self, type_name: str, definition: Any, resolver: Any) -> Callable[..., Any]:
        info_name = resolver.info_parameter.name if resolver.info_parameter else None
        sources = [each.name for each in (resolver.parent_parameter, resolver.root_parameter) if each]

        def prepared(positional: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
            given = dict(named)
            info = given.pop(info_name) if info_name else None
            source = positional[0] if positional else None
            for each in sources:
                source = given.pop(each)
            where = getattr(source, "where", ("nowhere",))
            told = (resolver.name, repr(sorted(given.items(), key=lambda each: each[0])))
            if info is not None:
                told += (
                    info.field_name,
                    *info.path.as_list(),
                    info.path.typename,
                    repr(info.variable_values),
                )
            self.world.calls.append(f"{type_name}.{told}, {info and len(info._raw_info.field_nodes)}")
            for each in given.values():
                if isinstance(each, list):
                    each.append("changed by the resolver")
            return (*where, *told)

        def function(*positional: Any, **named: Any) -> Any:
            where = prepared(positional, named)
            random = self._random((*where, "when"))
            if random.random() < self.world.chances.later:
                return _later_answer(lambda: self._answer(definition.type, where), random.randint(0, 3))
            return self._answer(definition.type, where)

        async def later(*positional: Any, **named: Any) -> Any:
            where = prepared(positional, named)
            for _ in range(self._random((*where, "when")).randint(0, 3)):
                await asyncio.sleep(0)
            return self._answer(definition.type, where)

        return later if resolver.is_async else function


async def _later_answer(answer: Callable[[], Any], ticks: int) -> Any:
    for _ in range(ticks):
        await asyncio.sleep(0)
    return answer()


async def _later(value: Any, ticks: int, error: Exception | None) -> Any:
    for _ in range(ticks):
        await asyncio.sleep(0)
    if error is not None:
        raise error
    return value


async def _one_by_one(items: list[Any], ticks: int) -> Any:
    for item in items:
        for _ in range(ticks):
            await asyncio.sleep(0)
        yield item
