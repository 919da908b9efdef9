"""What a document asks for: which fields, and how many objects its answer could hold.

Worked out once for a document and kept; for each request only the variables are filled in. Objects are counted, not
fields: they are what is loaded, built and sent. A list with `first` counts that many, any other list an assumed length.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLOutputType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    get_operation_ast,
    is_leaf_type,
)

from schema.limits import fragments_of

# What a customer has a few of; what the handbook has many of; and the rows of a report.
# Guesses of the size, no numbers of the handbook: an edition with more of them is served, and costs more than foreseen.
_ASSUMED_LENGTH = 5
_ASSUMED_LENGTHS = {
    "quotas": 20,
    "benefits": 20,
    "readings": 20,
    "coefficients": 20,
    "rows": 1000,
    "editionDiff": 200,
}
# What it takes to answer a field, in objects, where that is more than one: a history is read, judged and rated anew.
_WORK = {"Customer.whatIf": 50}
_FIRST = "first"
# The rows of a page are counted where `first` stands, one level up.
_ROWS = "edges"


@dataclass(slots=True, eq=False)
class _Weight:
    """Objects of a part of an answer: so many itself, and its parts so many times (a number, or a variable's)."""

    objects: int = 0
    parts: list[tuple[int | str, "_Weight"]] = field(default_factory=list)

    def total(self, variables: Mapping[str, Any], known: dict[int, int]) -> int:
        """The sum, each part that is shared being added up once."""
        if id(self) not in known:
            times = ((_number(factor, variables), part) for factor, part in self.parts)
            known[id(self)] = self.objects + sum(
                factor * part.total(variables, known) for factor, part in times
            )
        return known[id(self)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """The fields that an operation uses, as "Type.field", and what it costs."""

    fields: frozenset[str]
    _weight: _Weight
    _defaults: Mapping[str, int]

    def cost(self, variables: Mapping[str, Any] | None) -> int:
        """How many objects the answer could hold, given the variables."""
        return self._weight.total({**self._defaults, **(variables or {})}, {})


def analysis_of(schema: GraphQLSchema, document: DocumentNode, operation_name: str | None) -> Analysis | None:
    """What a valid document's operation asks for; None when it has no such operation."""
    operation = get_operation_ast(document, operation_name)
    root = schema.get_root_type(operation.operation) if operation is not None else None
    if operation is None or root is None:
        return None
    walk = _Walk(schema, document)
    weight = walk.selections(operation.selection_set, root)
    return Analysis(fields=frozenset(walk.fields), _weight=weight, _defaults=_defaults(operation))


class _Walk:
    """One walk over an operation; what is reached through a fragment is walked once."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self.fields: set[str] = set()
        self._schema = schema
        self._fragments = fragments_of(document)
        self._walked: dict[str, _Weight] = {}

    def selections(self, selections: SelectionSetNode | None, parent: GraphQLNamedType) -> _Weight:
        weight = _Weight()
        for selection in selections.selections if selections is not None else ():
            if isinstance(selection, FieldNode):
                self._field(selection, parent, weight)
            elif isinstance(selection, FragmentSpreadNode):
                weight.parts.append((1, self._fragment(selection.name.value)))
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                inner = self._schema.type_map[condition.name.value] if condition is not None else parent
                weight.parts.append((1, self.selections(selection.selection_set, inner)))
        return weight

    def _fragment(self, name: str) -> _Weight:
        if name not in self._walked:
            fragment = self._fragments[name]
            on = self._schema.type_map[fragment.type_condition.name.value]
            self._walked[name] = self.selections(fragment.selection_set, on)
        return self._walked[name]

    def _field(self, node: FieldNode, parent: GraphQLNamedType, weight: _Weight) -> None:
        name = node.name.value
        definition = getattr(parent, "fields", {}).get(name)
        if definition is None:
            return  # introspection, which has a limit of its own
        self.fields.add(f"{parent.name}.{name}")
        named = get_named_type(definition.type)
        if is_leaf_type(named):
            return
        inner = self.selections(node.selection_set, named)
        inner.objects += _WORK.get(f"{parent.name}.{name}", 1)
        weight.parts.append((_length(node, definition.type), inner))


def _length(node: FieldNode, type_: GraphQLOutputType) -> int | str:
    """How many objects a field stands for: a number, or the variable that says it."""
    for argument in node.arguments or ():
        if argument.name.value == _FIRST:
            if isinstance(argument.value, VariableNode):
                return argument.value.name.value
            return int(argument.value.value) if isinstance(argument.value, IntValueNode) else 1
    plain = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    if not isinstance(plain, GraphQLList) or node.name.value == _ROWS:
        return 1
    return _ASSUMED_LENGTHS.get(node.name.value, _ASSUMED_LENGTH)


def _number(factor: int | str, variables: Mapping[str, Any]) -> int:
    number = variables.get(factor) if isinstance(factor, str) else factor
    # Whatever else it is, is refused when the variables are read.
    return max(0, number) if isinstance(number, int) else 1


def _defaults(operation: OperationDefinitionNode) -> dict[str, int]:
    return {
        definition.variable.name.value: int(definition.default_value.value)
        for definition in operation.variable_definitions or ()
        if isinstance(definition.default_value, IntValueNode)
    }
