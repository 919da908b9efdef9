"""Random documents over the schema, as large as the limits admit: what the search for ever more costly ones tries.

A document is drawn field by field, with arguments, aliases and fragments. Its pages are then made as long as its cost
allows: whatever takes longer than that cost says is found where it hurts most.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from graphql import GraphQLField, GraphQLSchema, get_named_type, is_leaf_type
from hypothesis import strategies as st

from schema.documents import DocumentCache, Prepared
from schema.limits import MOST_ALIASES, MOST_COST, MOST_DEPTH
from schema.weights import weights

_DAYS = ("2024-02-29", "2025-06-30", "2026-03-02", "2026-11-22", "2027-05-01")
_FIRSTS = (1, 2, 5, 10, 25, 50, 75, 100)
_FIELDS_AT_ONCE = 8
_DEEPEST = MOST_DEPTH - 1

Pools = Mapping[str, Sequence[str]]
"""Literals for an argument, by "Type.field.argument" or by the argument's name alone."""


def pools(names: Mapping[str, Sequence[str]]) -> Pools:
    """Literals for every argument; `names` are codes and ids of the portfolio, by the argument's name."""
    days = [f'"{day}"' for day in _DAYS]
    quoted = {name: [f'"{value}"' for value in values] for name, values in names.items()}
    return {
        **quoted,
        "on": days,
        "from": ['"2019-01-01"', '"2025-01-01"', '"2026-10-01"'],
        "to": ['"2026-11-01"', '"2026-12-31"'],
        "Vendor.serviceLevels.from": ['"2024-01-01"', '"2026-01-01"'],
        "knownAt": ['"2026-08-01T00:00:00+08:00"', '"2026-11-01T12:00:00Z"'],
        "groupBy": ["[VENDOR]", "[VENDOR, BENEFIT, VARIANT, STAR]", "[DAY]", "[DAY, VENDOR, BENEFIT, STAR]"],
        "first": ["$first"],
        "Customer.entries.first": ["5", "20", "$first"],
        "serviceYear": ["1", "2"],
        "Query.customers.where": ["{star: {gte: 4}}", "{star: {gte: 1}}"],
        "Query.entries.where": ['{occurredOn: {gte: "2026-01-01"}}', "{kind: {in: [REDEEM, REVERSE]}}"],
        "Query.redemptions.where": ["{status: {in: [REDEEMED]}}", '{occurredOn: {gte: "2026-01-01"}}'],
        "Query.usage.where": ["{star: {gte: 3}}"],
        "Statement.findings.where": ["{open: true}", "{kind: {in: [MATCHED]}}"],
        "Period.findings.where": ["{open: false}"],
        "Query.editionDiff.from": ['"zhenxuan-1"'],
        "Query.editionDiff.to": ['"zhenxuan-1"'],
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A document that the limits admit, with the page size that it runs with, and its cost."""

    text: str
    first: int
    cost: int


@dataclass(slots=True)
class _Draft:
    aliases: int = 0
    fragments: list[str] = field(default_factory=list)


class RandomDocuments:
    """Draws documents over a schema. `left_out` are fields ("Type.field") that are not asked for."""

    def __init__(self, schema: GraphQLSchema, literals: Pools, left_out: frozenset[str]) -> None:
        self._schema = schema
        self._pools = literals
        self._left_out = left_out
        self._prepare = DocumentCache(schema, weights())

    @st.composite
    @staticmethod
    def drawn(draw: st.DrawFn, self: "RandomDocuments") -> Drawn | None:
        """A document, as large as it may be; None for one that is refused even at its smallest."""
        draft = _Draft()
        body = self._selection(draw, draft, "Query", 1)
        text = f"query ($first: Int = 1) {body}\n" + "\n".join(draft.fragments)
        prepared = self._prepare(text)
        if prepared.errors:
            return None
        costs = {first: _cost(prepared, first) for first in _FIRSTS}
        admitted = [first for first, cost in costs.items() if cost <= MOST_COST]
        if not admitted:
            return None
        return Drawn(text=text, first=max(admitted), cost=costs[max(admitted)])

    def _selection(self, draw: st.DrawFn, draft: _Draft, type_name: str, depth: int) -> str:
        """Fields of a type in braces, now and then through a fragment."""
        named = self._schema.type_map[type_name]
        if hasattr(named, "types"):
            parts = [
                f"... on {each.name} {self._selection(draw, draft, each.name, depth)}"
                for each in named.types
                if draw(st.booleans())
            ]
            return f"{{ __typename {' '.join(parts)} }}"
        fields = [name for name in sorted(named.fields) if f"{type_name}.{name}" not in self._left_out]
        chosen = draw(st.lists(st.sampled_from(fields), min_size=1, max_size=_FIELDS_AT_ONCE))
        parts, seen = ["__typename"], set()
        for name in chosen:
            alias = ""
            if name in seen:
                if draft.aliases >= MOST_ALIASES:
                    continue
                draft.aliases += 1
                alias = f"a{draft.aliases}: "
            seen.add(name)
            asked = self._field(draw, draft, type_name, name, named.fields[name], depth)
            if asked is not None:
                parts.append(alias + asked)
        body = f"{{ {' '.join(parts)} }}"
        if type_name == "Query" or not draw(st.sampled_from((False, False, True))):
            return body
        name = f"F{len(draft.fragments)}"
        draft.fragments.append(f"fragment {name} on {type_name} {body}")
        return f"{{ ...{name} }}"

    def _field(
        self, draw: st.DrawFn, draft: _Draft, type_name: str, name: str, definition: GraphQLField, depth: int
    ) -> str | None:
        arguments = []
        for argument, of in definition.args.items():
            full = f"{type_name}.{name}.{argument}"
            literals = self._pools.get(full, () if argument == "where" else self._pools.get(argument, ()))
            required = str(of.type).endswith("!")
            if literals and (required or draw(st.booleans())):
                arguments.append(f"{argument}: {draw(st.sampled_from(literals))}")
            elif required:
                return None
        asked = f"{name}({', '.join(arguments)})" if arguments else name
        named = get_named_type(definition.type)
        if is_leaf_type(named):
            return asked
        if depth >= _DEEPEST:
            return None
        return f"{asked} {self._selection(draw, draft, named.name, depth + 1)}"


def _cost(prepared: Prepared, first: int) -> int:
    return prepared.operation(None).analysis.cost({"first": first})


def values_in(data: object) -> int:
    """How many values an answer has."""
    if isinstance(data, dict):
        return sum(values_in(each) for each in data.values())
    if isinstance(data, list):
        return sum(values_in(each) for each in data)
    return 1
