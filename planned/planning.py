"""From an operation to its plan: which fields it selects of which types, and a function for each.

Fields are collected by graphql-core, so that merging, fragments and directives are its own. Types below an interface or
a union are planned when a value of them is first met: most are never met.
"""

from collections.abc import Callable
from dataclasses import dataclass

from graphql import (
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    TypeNameMetaFieldDef,
    VariableValues,
    get_nullable_type,
    is_leaf_type,
)
from graphql.execution.collect_fields import (
    FieldDetails,
    FragmentDetails,
    collect_fields,
    collect_subfields,
)

from planned.asked import Asked
from planned.completing import completer
from planned.fields import Execute, attribute, field
from planned.objects import Selection, fields_of, object_completer, serially
from planned.resolving import attribute_of, resolver_of
from planned.sharing import Plan

MOST_FIELDS = 10_000
"""A plan with more fields is not made: what is so large in the document may be small in the answer."""


class TooLargeError(Exception):
    """The plan would have more than MOST_FIELDS fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a plan is made from. `conditions` are the values of the variables in @skip and @include, and no others."""

    schema: GraphQLSchema
    operation: OperationDefinitionNode
    fragments: dict[str, FragmentDetails]
    conditions: VariableValues
    hide_suggestions: bool


class Planner:
    """Makes the plan of one operation; `grown` is told how many fields were planned, also later on."""

    def __init__(self, source: Source, grown: Callable[[int], None]) -> None:
        self._source = source
        self._grown = grown
        self._fields = 0

    def root(self) -> Execute:
        """The plan: executes the operation on the root value. Raises TooLargeError, and what collecting raises."""
        source = self._source
        operation = source.operation.operation
        type_ = source.schema.get_root_type(operation)
        assert type_ is not None  # noqa: S101 - the executor has checked it
        collected = collect_fields(
            source.schema,
            source.fragments,
            source.conditions,
            type_,
            source.operation,
            source.hide_suggestions,
        )
        grouped = dict(collected.grouped_field_set)
        if operation is OperationType.MUTATION:
            selection = self._selection(type_, grouped, read_attributes=False)
            return serially(selection, selection.others)
        return fields_of(self._selection(type_, grouped))

    def _object(self, type_: GraphQLObjectType, asked: Asked) -> Plan:
        source = self._source
        collected = collect_subfields(
            source.schema,
            source.fragments,
            source.conditions,
            source.operation,
            type_,
            asked.details,
            source.hide_suggestions,
        )
        return object_completer(self._selection(type_, dict(collected.grouped_field_set)), asked)

    def _selection(
        self,
        type_: GraphQLObjectType,
        grouped: dict[str, list[FieldDetails]],
        *,
        read_attributes: bool = True,
    ) -> Selection:
        """Plan the fields of an object type."""
        self._count(len(grouped))
        selection = Selection(type_=type_, grouped=grouped)
        for key, details in grouped.items():
            definition = self._source.schema.get_field(type_, details[0].node.name.value)
            if definition is None:
                continue
            selection.template[key] = type_.name if definition is TypeNameMetaFieldDef else None
            name = attribute_of(definition) if read_attributes else None
            if definition is TypeNameMetaFieldDef:
                continue
            if name is not None and is_leaf_type(get_nullable_type(definition.type)):
                selection.attributes.append((key, name, definition.type))
            else:
                execute, plan = self._field(type_, key, definition, details)
                if name is not None and plan.is_shared:
                    execute = attribute(name, execute, plan.known)
                selection.others.append((key, execute))
                selection.is_pure &= plan.is_pure and name is not None
            selection.names |= {name or ""}
        return selection

    def _field(
        self, type_: GraphQLObjectType, key: str, definition: GraphQLField, details: list[FieldDetails]
    ) -> tuple[Execute, Plan]:
        """What executes a field, and how its values are completed."""
        nodes = [each.node for each in details]
        asked = Asked(key=key, definition=definition, parent=type_, details=details, nodes=nodes)
        complete = completer(definition.type, asked, self._object)
        return field(asked, resolver_of(asked, self._source.schema), complete), complete.plain

    def _count(self, fields: int) -> None:
        self._fields += fields
        if self._fields > MOST_FIELDS:
            raise TooLargeError
        self._grown(fields)
