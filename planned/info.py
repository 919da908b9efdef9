"""What resolvers learn about their field, made when they ask for it.

Most resolvers use the context and nothing else. The path in particular, which differs from call to call, is worked out
only for those that read it.
"""

from typing import Any

from graphql import FieldNode, FragmentDefinitionNode, GraphQLObjectType, GraphQLOutputType, GraphQLSchema
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from planned.asked import Asked
from planned.places import Place, path_of


class LazyInfo:
    """Has the attributes of Strawberry's own resolve info, with the same values."""

    __slots__ = ("_asked", "_place", "_run", "context")

    def __init__(self, run: StrawberryGraphQLCoreExecutionContext, asked: Asked, place: Place) -> None:
        self._run = run
        self._asked = asked
        self._place = place
        self.context: Any = run.context_value

    @property
    def field_name(self) -> str:
        """The field's name in the schema."""
        return self._asked.name

    @property
    def field_nodes(self) -> list[FieldNode]:
        """Where the document asks for it."""
        return self._asked.nodes

    @property
    def return_type(self) -> GraphQLOutputType:
        """Its type."""
        return self._asked.definition.type

    @property
    def parent_type(self) -> GraphQLObjectType:
        """The type that has it."""
        return self._asked.parent

    @property
    def path(self) -> Path:
        """Where it is in the answer."""
        path = path_of(self._place)
        assert path is not None  # noqa: S101 - a field is never the root
        return path

    @property
    def schema(self) -> GraphQLSchema:
        """The schema that is executed."""
        return self._run.schema

    @property
    def fragments(self) -> dict[str, FragmentDefinitionNode]:
        """The document's fragments by name."""
        return self._run.fragment_definitions

    @property
    def root_value(self) -> Any:
        """The value that the operation began with."""
        return self._run.root_value

    @property
    def operation(self) -> Any:
        """The operation that is executed."""
        return self._run.operation

    @property
    def variable_values(self) -> dict[str, Any]:
        """The coerced values of the variables."""
        return self._run.variable_values.coerced

    @property
    def is_awaitable(self) -> Any:
        """The test for awaitable values."""
        return self._run.is_awaitable

    @property
    def abort_signal(self) -> Any:
        """What may abort the execution."""
        return self._run.abort_signal

    @property
    def async_helpers(self) -> Any:
        """graphql-core's helpers for work in the background."""
        return self._run.async_helpers

    @property
    def operation_extensions(self) -> Any:
        """The extensions that came with the request."""
        return self._run.operation_extensions
