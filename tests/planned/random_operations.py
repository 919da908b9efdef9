"""Random operations over any schema: aliases, fragments, directives, variables, arguments, fields asked for twice.

They are drawn from a seed. Their values are not always valid: errors of arguments belong to execution too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
)

_LITERALS: Mapping[str, tuple[str, ...]] = {
    "Int": ("0", "1", "-7", "2147483647"),
    "Long": ("0", "9007199254740991"),
    "Float": ("0", "1.5", "-2e3"),
    "String": ('"a"', '""', '"文字"', '"""block\n text"""'),
    "ID": ('"id-1"', "17"),
    "Boolean": ("true", "false"),
    "JSON": ('"a"', "{a: 1}", "[1]"),
    "Cents": ("5", '"many"'),
    "Date": ('"2026-03-01"', '"1999-12-31"', '"2026-02-30"'),
    "DateTime": ('"2026-03-01T09:30:00+08:00"', '"2026-03-01T01:30:00Z"'),
    "Decimal": ('"30000.00"', '"-1"', '"many"'),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A document, and values for its variables."""

    text: str
    variables: dict[str, Any]


@dataclass(slots=True)
class _Draft:
    fields: int
    fragments: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    aliases: int = 0


class RandomOperations:
    """Draws operations of a schema, each with about `fields` fields at most, and `deepest` levels."""

    def __init__(self, schema: GraphQLSchema, *, fields: int = 25, deepest: int = 6) -> None:
        self._schema = schema
        self._fields = fields
        self._deepest = deepest

    def drawn(self, random: Random) -> Operation:
        """An operation: a mutation now and then, where the schema has some."""
        draft = _Draft(random.randint(1, self._fields))
        mutating = self._schema.mutation_type is not None and random.random() < 0.25
        root = self._schema.mutation_type if mutating else self._schema.query_type
        body = self._selection(random, draft, root, 0)
        variables = ", ".join(f"${name}: {type_}" for name, type_ in draft.variables.items())
        head = f"{'mutation' if mutating else 'query'} Q{f'({variables})' if variables else ''}"
        return Operation(text="\n".join([f"{head} {body}", *draft.fragments]), variables=draft.values)

    def _selection(self, random: Random, draft: _Draft, type_: Any, depth: int) -> str:
        parts = []
        for _ in range(random.randint(1, 5)):
            draft.fields -= 1
            if draft.fields < 0 and parts:
                break
            parts.append(self._part(random, draft, type_, depth))
        return f"{{ {' '.join(parts)} }}"

    def _part(self, random: Random, draft: _Draft, type_: Any, depth: int) -> str:
        chance = random.random()
        if is_abstract_type(type_) and chance < 0.7:
            return self._fragment(random, draft, random.choice(self._schema.get_possible_types(type_)), depth)
        if chance < 0.12:
            interfaces = list(getattr(type_, "interfaces", ()))
            return self._fragment(random, draft, random.choice([type_, *interfaces]), depth)
        if chance < 0.2 or not getattr(type_, "fields", None):
            return self._named(random, draft, "__typename") + self._directives(random, draft)
        return self._field(random, draft, type_, depth)

    def _fragment(self, random: Random, draft: _Draft, type_: Any, depth: int) -> str:
        body = self._selection(random, draft, type_, depth)
        directives = self._directives(random, draft)
        if random.random() < 0.5:
            return f"... on {type_.name}{directives} {body}"
        name = f"F{len(draft.fragments)}"
        draft.fragments.append(f"fragment {name} on {type_.name} {body}")
        return f"...{name}{directives}" + (f" ...{name}" if random.random() < 0.1 else "")

    def _field(self, random: Random, draft: _Draft, type_: Any, depth: int) -> str:
        name = random.choice(list(type_.fields))
        definition = type_.fields[name]
        named = get_named_type(definition.type)
        if not is_leaf_type(named) and depth >= self._deepest:
            return self._named(random, draft, "__typename")
        arguments = self._arguments(random, draft, definition)
        alias = f"a{draft.aliases}: "
        draft.aliases += 1
        if not arguments and random.random() < 0.5:
            alias = ""
        asked = f"{alias}{name}{arguments}{self._directives(random, draft)}"
        if is_leaf_type(named):
            return asked
        both = [f"{asked} {self._selection(random, draft, named, depth + 1)}"]
        if random.random() < 0.1:
            both.append(f"{asked} {self._selection(random, draft, named, depth + 1)}")
        return " ".join(both)

    def _arguments(self, random: Random, draft: _Draft, definition: Any) -> str:
        given = [
            f"{name}: {self._value(random, draft, argument.type, 0)}"
            for name, argument in definition.args.items()
            if isinstance(argument.type, GraphQLNonNull) or random.random() < 0.5
        ]
        return f"({', '.join(given)})" if given else ""

    def _value(self, random: Random, draft: _Draft, type_: Any, depth: int) -> str:
        if random.random() < 0.15 and is_leaf_type(get_named_type(type_)) and "[" not in str(type_):
            return self._variable(random, draft, type_)
        if isinstance(type_, GraphQLNonNull):
            type_ = type_.of_type
        elif random.random() < 0.1:
            return "null"
        if isinstance(type_, GraphQLList):
            items = [
                self._value(random, draft, type_.of_type, depth + 1) for _ in range(random.randint(0, 3))
            ]
            return f"[{', '.join(items)}]"
        if isinstance(type_, GraphQLInputObjectType):
            return self._input(random, draft, type_, depth)
        if isinstance(type_, GraphQLEnumType):
            return random.choice(list(type_.values))
        return random.choice(_LITERALS[type_.name])

    def _input(self, random: Random, draft: _Draft, type_: GraphQLInputObjectType, depth: int) -> str:
        fields = type_.fields
        chosen = [
            name
            for name, each in fields.items()
            if isinstance(each.type, GraphQLNonNull) or (depth < 3 and random.random() < 0.4)
        ]
        if type_.is_one_of:
            chosen = [random.choice(list(fields))]
        inner = [f"{name}: {self._value(random, draft, fields[name].type, depth + 1)}" for name in chosen]
        return f"{{{', '.join(inner)}}}"

    def _variable(self, random: Random, draft: _Draft, type_: Any) -> str:
        name = f"v{len(draft.variables)}"
        text = str(type_)
        named = get_named_type(type_)
        literals = list(named.values) if isinstance(named, GraphQLEnumType) else _LITERALS[named.name]
        chosen = random.choice(literals)
        if random.random() < 0.3:
            draft.variables[name] = f"{text} = {chosen}"
        else:
            draft.variables[name] = text
            if text.endswith("!") or random.random() < 0.7:
                draft.values[name] = _as_json(named, chosen)
        return f"${name}"

    def _directives(self, random: Random, draft: _Draft) -> str:
        chance = random.random()
        if chance > 0.12:
            return ""
        directive = random.choice(("skip", "include"))
        if chance > 0.06:
            return f" @{directive}(if: {random.choice(('true', 'false'))})"
        name = f"c{random.randint(0, 2)}"
        draft.variables[name] = "Boolean!"
        draft.values.setdefault(name, random.random() < 0.5)
        return f" @{directive}(if: ${name})"

    def _named(self, random: Random, draft: _Draft, name: str) -> str:
        draft.aliases += 1
        return f"t{draft.aliases}: {name}" if random.random() < 0.5 else name


def _as_json(named: Any, literal: str) -> Any:
    if isinstance(named, GraphQLEnumType):
        return literal
    if literal.startswith('"""'):
        return literal.strip('"')
    if literal.startswith('"'):
        return literal[1:-1]
    if literal in {"true", "false"}:
        return literal == "true"
    if named.name in {"Int", "Long", "Cents"}:
        return int(literal)
    if named.name == "JSON":
        return [1]
    return float(literal) if named.name == "Float" else literal
