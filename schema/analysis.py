"""Static analysis of a document: the fields it uses, and the most work that its answer can take.

Computed once for a document and cached; each request only fills in the values of its variables. Cost is work. Every
field has a weight (`schema.weights`). A list with `first` counts as that many rows; a list with one row for each item
of an argument as that many items; any other list has the length that the weights give. Fields that a directive excludes
are counted too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    OperationDefinitionNode,
    SchemaMetaFieldDef,
    SelectionSetNode,
    TypeMetaFieldDef,
    ValueNode,
    VariableNode,
    get_named_type,
    is_leaf_type,
)

from schema.argument_values import literals, value_us
from schema.limits import fragments_of
from schema.weights import OPERATION, TYPENAME, FieldWeight, Weights

UNIT_US = 10
"""The unit of cost, in microseconds of this process."""

_FIRST = "first"
# The rows of a page: `first` of the field one level up.
_ROWS = "edges"
_MOST_SUMS = 8
"""Of a selection that does not depend on variables, for how many sizes of page its work is kept."""
INTROSPECTION: Mapping[str, GraphQLField] = {"__schema": SchemaMetaFieldDef, "__type": TypeMetaFieldDef}


@dataclass(frozen=True, slots=True)
class _Count:
    """A count from a variable: its value, or the length of a list."""

    variable: str
    value: bool = False

    def of(self, variables: Mapping[str, Any]) -> int:
        value = variables.get(self.variable)
        if self.value:
            return max(0, value) if isinstance(value, int) else 1
        return len(value) if isinstance(value, list) else 1


@dataclass(slots=True, eq=False)
class _Asked:
    """A field as selected in a document.

    `if_given` is its weight where one of the variables that it depends on has a value. `values_us` is the weight of
    literal arguments, `values_of` names the variables whose values come on top.
    """

    weight: FieldWeight
    if_given: tuple[FieldWeight, Sequence[str]] | None
    values_us: float
    values_of: Sequence[str]
    times: float | _Count | None
    first: int | _Count | None
    inner: "_Selection | None"

    @property
    def varies(self) -> bool:
        """Whether the work depends on variables."""
        return (
            self.if_given is not None
            or bool(self.values_of)
            or isinstance(self.times, _Count)
            or isinstance(self.first, _Count)
            or (self.inner is not None and self.inner.varies)
        )


@dataclass(slots=True, eq=False)
class _Selection:
    """A selection set: fields and fragments.

    `varies`: the work depends on variables. Otherwise `sums` keeps it, by how many rows the selection stands in.
    """

    parts: "list[_Asked | _Selection]" = field(default_factory=list)
    varies: bool = False
    sums: dict[float, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """The fields that an operation uses, as "Type.field", and what it costs."""

    fields: frozenset[str]
    _selection: _Selection
    _types: Mapping[str, Any]
    """The types of the variables, by name."""
    _weights: Weights

    @property
    def of_schema(self) -> bool:
        """Whether it is pure introspection."""
        return not self.fields

    def cost(self, variables: Mapping[str, Any]) -> int:
        """The most work that the answer can take, in units, given the values of the variables."""
        return ceil(_Sum(self._weights, variables, self._types).total_us(self._selection) / UNIT_US)


class _Sum:
    """The work for one request; a part that is shared is added up once for each size of page that it stands in."""

    def __init__(self, table: Weights, variables: Mapping[str, Any], types: Mapping[str, Any]) -> None:
        self._weights = table
        self._variables = variables
        self._types = types
        self._known: dict[tuple[int, float], tuple[float, float]] = {}
        self._values: dict[str, float] = {}

    def total_us(self, selection: _Selection) -> float:
        once, each = self._selection(selection, 1)
        return self._weights.fields[OPERATION].each_us + once + each

    def _selection(self, selection: _Selection, rows: float) -> tuple[float, float]:
        """The work of the fields: once, and for each object that has them."""
        key = id(selection), rows
        known = self._known.get(key) or selection.sums.get(rows)
        if known is None:
            sums = [
                self._field(part, rows) if isinstance(part, _Asked) else self._selection(part, rows)
                for part in selection.parts
            ]
            known = self._known[key] = sum(once for once, _ in sums), sum(each for _, each in sums)
            if not selection.varies and len(selection.sums) < _MOST_SUMS:
                selection.sums[rows] = known
        return known

    def _field(self, asked: _Asked, rows: float) -> tuple[float, float]:
        weight = asked.weight
        if asked.if_given is not None:
            dearer, names = asked.if_given
            weight = dearer if any(self._variables.get(name) is not None for name in names) else weight
        once, each = weight.once_us, weight.each_us + asked.values_us
        each += sum(self._value(name) for name in asked.values_of)
        first = 1 if asked.first is None else self._number(asked.first)
        times = rows if asked.times is None else self._number(asked.times)
        each += weight.row_us * (first if asked.first is not None else times)
        if asked.inner is not None:
            inner_once, inner_each = self._selection(asked.inner, first)
            once, each = once + inner_once, each + times * inner_each
        return once, each

    def _number(self, count: float | _Count) -> float:
        return count.of(self._variables) if isinstance(count, _Count) else count

    def _value(self, name: str) -> float:
        if name not in self._values:
            self._values[name] = value_us(self._weights, self._types.get(name), self._variables.get(name))
        return self._values[name]


def analysis_of(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    root: GraphQLNamedType,
    table: Weights,
) -> Analysis:
    """Analyse an operation of a valid document, from the type `root` on, with the costs of the table."""
    walk = _Walk(schema, document, table)
    selection = walk.selections(operation.selection_set, root)
    return Analysis(
        fields=frozenset(walk.fields),
        _selection=selection,
        _types={
            each.variable.name.value: schema.type_map.get(_named(each.type))
            for each in operation.variable_definitions or ()
        },
        _weights=table,
    )


class _Walk:
    """One walk over an operation; what is reached through a fragment is walked once."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, table: Weights) -> None:
        self.fields: set[str] = set()
        self._schema = schema
        self._weights = table
        self._fragments = fragments_of(document)
        self._walked: dict[str, _Selection] = {}

    def selections(self, selections: SelectionSetNode | None, parent: GraphQLNamedType) -> _Selection:
        found = _Selection()
        for selection in selections.selections if selections is not None else ():
            if isinstance(selection, FieldNode):
                found.parts.append(self._field(selection, parent))
            elif isinstance(selection, FragmentSpreadNode):
                found.parts.append(self._fragment(selection.name.value))
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                inner = self._schema.type_map[condition.name.value] if condition is not None else parent
                found.parts.append(self.selections(selection.selection_set, inner))
        found.varies = any(part.varies for part in found.parts)
        return found

    def _fragment(self, name: str) -> _Selection:
        if name not in self._walked:
            fragment = self._fragments[name]
            on = self._schema.type_map[fragment.type_condition.name.value]
            self._walked[name] = self.selections(fragment.selection_set, on)
        return self._walked[name]

    def _field(self, node: FieldNode, parent: GraphQLNamedType) -> _Asked:
        name = node.name.value
        if name == TYPENAME:
            return _Asked(self._weights.fields[TYPENAME], None, 0, (), 1, None, None)
        full = f"{parent.name}.{name}"
        definition = INTROSPECTION.get(name) or parent.fields[name]  # type: ignore[attr-defined]
        if not name.startswith("__") and not parent.name.startswith("__"):
            self.fields.add(full)
        named = get_named_type(definition.type)
        given = {each.name.value: each.value for each in node.arguments or ()}
        weight, if_given = self._weight(full, given)
        values_us, values_of = literals(definition.args, node.arguments or (), self._weights)
        return _Asked(
            weight,
            if_given,
            values_us,
            values_of,
            None if name == _ROWS else _length(weight, given),
            _first(given),
            None if is_leaf_type(named) else self.selections(node.selection_set, named),
        )

    def _weight(
        self, full: str, given: Mapping[str, ValueNode]
    ) -> tuple[FieldWeight, tuple[FieldWeight, Sequence[str]] | None]:
        plain, if_given = self._weights.fields[full], None
        for argument, dearer in self._weights.dearer.get(full, {}).items():
            value = given.get(argument)
            if isinstance(value, VariableNode):
                names = (*(if_given[1] if if_given is not None else ()), value.name.value)
                if_given = (dearer, names)
            elif value is not None and not isinstance(value, NullValueNode):
                plain = dearer
        return plain, if_given


def _first(given: Mapping[str, ValueNode]) -> int | _Count | None:
    value = given.get(_FIRST)
    if isinstance(value, VariableNode):
        return _Count(value.name.value, value=True)
    return max(0, int(value.value)) if isinstance(value, IntValueNode) else None


def _length(weight: FieldWeight, given: Mapping[str, ValueNode]) -> float | _Count:
    """How many objects a field stands for."""
    if not isinstance(weight.length, str):
        return 1 if weight.length is None else weight.length
    value = given.get(weight.length)
    if isinstance(value, VariableNode):
        return _Count(value.name.value)
    return len(value.values) if isinstance(value, ListValueNode) else 1


def _named(type_node: Any) -> str:
    while not hasattr(type_node, "name"):
        type_node = type_node.type
    return str(type_node.name.value)
