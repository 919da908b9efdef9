"""The processor time of each field of a query, measured over the demo portfolio.

For every type there is one document that reaches many objects of it (the `_Holder`). A field's weight is the additional
time of the document with the field, for each object. Pages are requested small and large: time that does not grow with
the surrounding page counts once, time that grows with the field's own page counts for each row.
"""

import gc
import json
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from graphql import GraphQLField, GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema, get_named_type

from schema.analysis import INTROSPECTION

Ask = Callable[[str], Awaitable[Any]]
"""Executes a document as somebody who may read all; its data, which is complete and without errors."""

_ROUNDS, _FEWEST_ROUNDS = 7, 3
_LONG_ENOUGH_US = 400_000.0
_OUTER, _INNER, _ONE = 50, 20, 1
"""Rows of a page (`$n`), of a page within a page (`$m`), and of a small one."""
_FEW = 100
_DEEPEST = 9
_LEAST_US = 2.0
_LEAST_ONCE_US = 200.0
_MOST_LEAF_US = 25.0
_ENOUGH = 50
"""What a value takes beyond `_MOST_LEAF_US` is noise where a document reaches fewer objects than `_ENOUGH`."""
_MORE = 1.2
"""A field whose argument makes it dearer by this has another weight with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The time of a field: for each object, for each row of its own page, and once.

    `length` of its list is the longest that was seen, or the argument that is as long.
    """

    each_us: float
    row_us: float = 0
    once_us: float = 0
    length: float | str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Holder:
    """A document that reaches `count` objects of a type; `@@` is the place for their fields."""

    text: str
    count: int
    on: str
    depth: int = 0

    def asking(self, field: str, outer: int = _OUTER, inner: int = _INNER) -> str:
        """The document with a field, and the sizes of its pages."""
        fields = f" ... on {self.on} {{ {field} }}" if field else ""
        text = self.text.replace("@@", "__typename" + fields)
        return text.replace("$n", str(outer)).replace("$m", str(inner))


class FieldCosts:
    """Measures fields; `arguments` are those that they need, `optional` those that change the work."""

    def __init__(
        self, schema: GraphQLSchema, ask: Ask, arguments: Mapping[str, str], optional: Mapping[str, str]
    ) -> None:
        self._schema = schema
        self._ask = ask
        self._arguments = arguments
        self._optional = optional
        self._bases: dict[tuple[str, tuple[int, ...]], float] = {}

    async def holders(self) -> Mapping[str, _Holder]:
        """For each type that a query reaches, the document that reaches most of its objects."""
        # With a field outside of introspection: pure introspection answers are cached.
        holders = {"Query": _Holder(text="{ viewer { role } @@ }", count=1, on="Query")}
        waiting = ["Query"]
        while waiting:
            parent = waiting.pop(0)
            for name, field in _fields(self._schema, parent).items():
                named = get_named_type(field.type)
                if not hasattr(named, "fields") and not hasattr(named, "types"):
                    continue
                for on in _concrete(self._schema, named.name):
                    known = holders.get(on)
                    if holders[parent].depth >= _DEEPEST or (known is not None and known.count >= _FEW):
                        continue
                    found = await self._holder(holders[parent], f"{parent}.{name}", on)
                    if found.count > (3 * known.count if known is not None else 0):
                        holders[on] = found
                        if on not in waiting and on != parent:
                            waiting.append(on)
        return holders

    async def _holder(self, parent: _Holder, full: str, on: str) -> _Holder:
        asked = f"... on {parent.on} {{ {self._call(full)} {{ @@ }} }}"
        holder = _Holder(text=parent.text.replace("@@", asked), count=0, on=on, depth=parent.depth + 1)
        data = await self._ask(holder.asking(""))
        return replace(holder, count=sum(name == on for name in _typenames(data)))

    def _call(self, full: str, argument: str = "") -> str:
        given = ", ".join(each for each in (self._arguments.get(full, ""), argument) if each)
        name = full.partition(".")[2]
        return f"{name}({given})" if given else name

    async def field(self, holder: _Holder, full: str, field: GraphQLField, argument: str = "") -> Measured:
        """The time of one field."""
        asked = self._call(full, argument)
        composite = hasattr(get_named_type(field.type), "fields") or hasattr(
            get_named_type(field.type), "types"
        )
        if composite:
            asked += " { __typename }"
        if "first" in field.args or full.endswith(".edges"):
            return await self._page(holder, asked)
        large = await self._more_us(holder, asked, _OUTER, _INNER)
        once = 0.0
        if composite and "$n" in holder.text:
            once = (await self._more_us(holder, asked, _ONE, _ONE)) - large / holder.count
            once = once if once >= _LEAST_ONCE_US else 0.0
        length = await self._length(holder, full, asked) if composite else None
        each = max(_LEAST_US, (large - once) / holder.count)
        if not composite and holder.count < _ENOUGH:
            each = min(each, _MOST_LEAF_US)
        return Measured(each_us=each, once_us=once, length=length)

    async def _length(self, holder: _Holder, full: str, asked: str) -> float | None:
        """How many objects the field has: for a list the maximum, for introspection the mean."""
        name = full.partition(".")[2]
        lists = "[" in str(_fields(self._schema, holder.on)[name].type)
        if holder.on.startswith("__"):
            data = await self._ask(holder.asking(asked))
            values = list(_values(data, name))
            found = sum(len(each) if isinstance(each, list) else 1 for each in values if each is not None)
            return round(found / max(1, holder.count), 2)
        if not lists:
            return None
        data = await self._ask(holder.asking(asked))
        return max((len(each) for each in _values(data, name) if isinstance(each, list)), default=0)

    async def _page(self, holder: _Holder, asked: str) -> Measured:
        """The time of a page, or of its rows."""
        sizes = (_OUTER, _ONE) if "$m" in holder.text + asked else (_ONE, _INNER)
        large = await self._more_us(holder, asked, _OUTER, _INNER)
        small = await self._more_us(holder, asked, *sizes)
        rows = (await self._rows(holder, asked, _OUTER, _INNER)) - (await self._rows(holder, asked, *sizes))
        row = max(_LEAST_US, (large - small) / max(1, rows))
        connections = holder.count if sizes[0] == _OUTER else 1
        return Measured(each_us=max(_LEAST_US, small / connections - row), row_us=row)

    async def _rows(self, holder: _Holder, asked: str, *sizes: int) -> int:
        inner = asked.replace("{ __typename }", "{ edges { __typename } }") if "edges" not in asked else asked
        data = await self._ask(holder.asking(inner, *sizes))
        return sum(name.endswith("Edge") for name in _typenames(data))

    async def all(self) -> Mapping[str, Mapping[str, Measured]]:
        """Every field that a query reaches, by type; with "(argument)" the time with that argument."""
        table: dict[str, dict[str, Measured]] = {}
        for type_name, holder in (await self.holders()).items():
            fields = table.setdefault(type_name, {})
            for name, field in _fields(self._schema, type_name).items():
                full = f"{type_name}.{name}"
                fields[name] = await self.field(holder, full, field)
                for argument, value in self._optional_of(full):
                    dearer = await self.field(holder, full, field, value)
                    # For a page, the time of its rows too.
                    if dearer.each_us + dearer.row_us > _MORE * (fields[name].each_us + fields[name].row_us):
                        fields[f"{name}({argument})"] = dearer
            print(f"{type_name}: {holder.count} objects")
        return table

    def _optional_of(self, full: str) -> Iterator[tuple[str, str]]:
        for key, value in self._optional.items():
            field, _, argument = key.partition("(")
            if field == full:
                yield argument.rstrip(")"), value

    async def _more_us(self, holder: _Holder, asked: str, *sizes: int) -> float:
        """The additional time of the document with the field."""
        key = holder.text, sizes
        if key not in self._bases:
            self._bases[key] = await cpu_us(self._ask, holder.asking("", *sizes))
        return (await cpu_us(self._ask, holder.asking(asked, *sizes))) - self._bases[key]


async def cpu_us(ask: Ask, text: str, rounds: int = _ROUNDS) -> float:
    """The processor time of the process, in microseconds, that a document takes, its answer written as JSON."""
    await ask(text)
    gc.collect()
    gc.disable()
    took = []
    try:
        for _ in range(rounds):
            started = time.process_time_ns()
            json.dumps(await ask(text), ensure_ascii=False).encode()
            took.append((time.process_time_ns() - started) / 1000)
            if len(took) >= _FEWEST_ROUNDS and sum(took) > _LONG_ENOUGH_US:
                break
    finally:
        gc.enable()
    return min(took)


def _fields(schema: GraphQLSchema, type_name: str) -> Mapping[str, GraphQLField]:
    named = schema.type_map[type_name]
    fields = named.fields if isinstance(named, GraphQLObjectType | GraphQLInterfaceType) else {}
    return {**fields, **INTROSPECTION} if named is schema.query_type else fields


def _concrete(schema: GraphQLSchema, name: str) -> list[str]:
    """The types of objects that a type stands for."""
    named = schema.type_map[name]
    if isinstance(named, GraphQLObjectType):
        return [name]
    return [each.name for each in schema.get_possible_types(named)]  # type: ignore[arg-type]


def _typenames(data: Any) -> Iterator[str]:
    """The `__typename`s of the objects without more in them: those that were asked for last."""
    if isinstance(data, dict):
        if set(data) == {"__typename"}:
            yield data["__typename"]
        for each in data.values():
            yield from _typenames(each)
    elif isinstance(data, list):
        for each in data:
            yield from _typenames(each)


def _values(data: Any, field: str) -> Iterator[Any]:
    """The values of the field at all places of an answer."""
    if isinstance(data, dict):
        for name, each in data.items():
            if name == field:
                yield each
            else:
                yield from _values(each, field)
    elif isinstance(data, list):
        for each in data:
            yield from _values(each, field)
