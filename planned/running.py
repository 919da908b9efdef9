"""One execution: graphql-core's executor, with what plans need of it.

A plan does the usual itself, and hands everything else over to graphql-core at the place where it meets it: values that
are of no class it knows, missing values, errors. So these have the same answer by construction.
"""

from collections import defaultdict
from collections.abc import Mapping
from types import CoroutineType
from typing import Any, ClassVar, NamedTuple

from graphql import GraphQLObjectType, GraphQLOutputType
from graphql.execution.collect_fields import FieldDetails
from graphql.type import GraphQLResolveInfoHelpers
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from planned.asked import Asked
from planned.info import LazyInfo
from planned.places import Place, field_of, path_of

_ITS_OWN = StrawberryGraphQLCoreExecutionContext.build_resolve_info


class VariantOf(NamedTuple):
    """Values of a class may be variants of another one, which is the value of `attribute`, or None.

    A variant equals the other in all attributes except `but`.
    """

    attribute: str
    but: frozenset[str]


class Running(StrawberryGraphQLCoreExecutionContext):
    """An executor that plans can run on."""

    shared: ClassVar[Mapping[type, VariantOf | None]] = {}
    """Classes whose values never change, so that each is completed once, and what they may be variants of: see
    `planned.sharing`."""

    def __init__(self, *positional: Any, **named: Any) -> None:
        super().__init__(*positional, **named)
        self.arguments: dict[Asked, dict[str, Any]] = {}
        """The arguments of fields, where they are the same for every object."""
        self.converted: dict[Asked, dict[str, Any]] = {}
        """The same as their functions take them."""
        self.completed: defaultdict[object, dict[int, Any]] = defaultdict(dict)
        """Values of shared classes, completed, by the selection and by their identity."""
        self.alive: list[Any] = []
        """The same values, lest others have their identity."""
        self.handed_over = False
        """Whether graphql-core completed a value or an object that the plan met."""

    @property
    def async_helpers(self) -> GraphQLResolveInfoHelpers:
        """Helpers for work in the background.

        Made anew each time: graphql-core keeps them, and they it, which only the garbage collector could undo.
        """
        return GraphQLResolveInfoHelpers(gather=self.gather_async_work, track=self.track_async_work)

    @async_helpers.setter
    def async_helpers(self, _: GraphQLResolveInfoHelpers) -> None:
        """Not kept."""

    def info(self, asked: Asked, place: Place) -> Any:
        """The resolve info of a field; `place` is the field's, or that of an item of its list."""
        place = field_of(place)
        if type(self).build_resolve_info is _ITS_OWN:
            return LazyInfo(self, asked, place)
        path: Any = path_of(place)
        return self.build_resolve_info(asked.definition, asked.nodes, asked.parent, path)

    def failed(self, error: Exception, type_: GraphQLOutputType, asked: Asked, place: Place) -> None:
        """Note the error of a field or of an item of its list. Raises it, located, where null is not allowed."""
        path: Any = path_of(place)
        self.handle_field_error(error, type_, asked.details, path)

    def complete(self, type_: GraphQLOutputType, asked: Asked, value: Any, place: Place) -> Any:
        """Let graphql-core complete a value, at its place."""
        self.handed_over = True
        path: Any = path_of(place)
        info = self.info(asked, place)
        completed = self.complete_value(type_, asked.details, info, path, value, None)
        return self._coroutine(completed)

    def complete_object(self, type_: GraphQLObjectType, asked: Asked, value: Any, place: Place) -> Any:
        """Let graphql-core complete an object whose type is known."""
        self.handed_over = True
        path: Any = path_of(place)
        info = self.info(asked, place)
        completed = self.complete_object_value(type_, asked.details, info, path, value, None)
        return self._coroutine(completed)

    def complete_awaitable_item(
        self, type_: GraphQLOutputType, asked: Asked, value: Any, place: Place
    ) -> Any:
        """Let graphql-core await and complete an item of a list."""
        self.handed_over = True
        path: Any = path_of(place)
        info = self.info(asked, place)
        return self.complete_awaitable_list_item_value(value, type_, asked.details, info, path, None)

    def settle(self, awaitables: list[Any]) -> None:
        """Let what nobody awaits any more end in the background."""
        if awaitables:
            self.settle_in_background(awaitables)

    def execute(
        self,
        type_: GraphQLObjectType,
        grouped: dict[str, list[FieldDetails]],
        value: Any,
        place: Place | None,
    ) -> Any:
        """Let graphql-core execute all selected fields of an object."""
        self.handed_over = True
        path: Any = path_of(place)
        return self._coroutine(self.execute_fields(type_, value, path, grouped, None))

    def _coroutine(self, value: Any) -> Any:
        """The value itself; as a coroutine if it can be awaited."""
        if type(value) is CoroutineType or not self.is_awaitable(value):
            return value
        return _awaited(value)


async def _awaited(value: Any) -> Any:
    return await value
