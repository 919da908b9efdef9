"""Completing objects: most fields are attributes with a scalar value, and are read all at once.

Reading, checking the classes and building the dictionary are three calls into C for all such fields together. If one of
the values is not what it should be, graphql-core executes all fields of this object: nothing has been called by then.
The other fields are executed one by one, in the order of the document.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter, contains
from types import CoroutineType
from typing import Any

from graphql import GraphQLObjectType, is_non_null_type
from graphql.execution.collect_fields import FieldDetails
from graphql.pyutils import Undefined, gather_with_cancel

from planned.asked import Asked
from planned.completing import CompleteObject
from planned.fields import Execute
from planned.leaves import LEAST_INT, MOST_INT, Leaf
from planned.places import Place
from planned.running import Running

_NONE = type(None)


@dataclass(slots=True, kw_only=True)
class Selection:
    """What a document selects of an object type: `template` has all response names in their order.

    `attributes` are fields that are read: response name, attribute and type. `others` are executed one by one.
    """

    type_: GraphQLObjectType
    grouped: dict[str, list[FieldDetails]]
    template: dict[str, Any] = field(default_factory=dict)
    attributes: list[tuple[str, str, Any]] = field(default_factory=list)
    others: list[tuple[str, Execute]] = field(default_factory=list)


def fields_of(selection: Selection) -> Callable[[Running, Any, Place | None], Any]:
    """What executes the selected fields of an object, side by side where they must be awaited."""
    read = _Attributes(selection.attributes).into if selection.attributes else None
    template, others = selection.template, selection.others

    def execute(run: Running, source: Any, place: Place | None) -> Any:
        results = template.copy()
        if read is not None and not read(source, results):
            return run.execute(selection.type_, selection.grouped, source, place)
        pending: list[str] = []
        try:
            for key, execute_field in others:
                value = results[key] = execute_field(run, source, place)
                if type(value) is CoroutineType:
                    pending.append(key)
        except Exception:
            run.settle([results[each] for each in pending])
            raise
        return _gathered(results, pending) if pending else results

    return execute


def serially(selection: Selection, each: Sequence[tuple[str, Execute]]) -> Execute:
    """What executes the fields of a mutation: each one when the one before is done."""

    async def rest(
        run: Running, source: Any, results: dict[str, Any], index: int, first: Any
    ) -> dict[str, Any]:
        results[each[index][0]] = await first
        for key, execute_field in each[index + 1 :]:
            value = execute_field(run, source, None)
            results[key] = await value if type(value) is CoroutineType else value
        return results

    def execute(run: Running, source: Any, _place: Place | None) -> Any:
        results = selection.template.copy()
        for index, (key, execute_field) in enumerate(each):
            value = execute_field(run, source, None)
            if type(value) is CoroutineType:
                return rest(run, source, results, index, value)
            results[key] = value
        return results

    return execute


def object_completer(selection: Selection, asked: Asked) -> CompleteObject:
    """What completes an object of the type."""
    type_, execute = selection.type_, fields_of(selection)

    def complete_object(run: Running, value: Any, place: Place) -> Any:
        is_type_of = type_.is_type_of
        if is_type_of is not None and is_type_of(value, run.info(asked, place)) is not True:
            return run.complete_object(type_, asked, value, place)
        return execute(run, value, place)

    return complete_object


class _Attributes:
    """The fields that are attributes of the object, and hold scalars or enums."""

    def __init__(self, attributes: Sequence[tuple[str, str, Any]]) -> None:
        self._keys = [key for key, _, _ in attributes]
        getter = attrgetter(*(name for _, name, _ in attributes))
        self._read: Callable[[Any], Any] = getter if len(attributes) > 1 else lambda source: (getter(source),)
        self._accepted: list[set[type]] = []
        self._leaves: list[Leaf] = []
        self._ints: list[int] = []
        self._converted: list[tuple[int, Callable[[Any], Any]]] = []
        for index, (_, _, type_) in enumerate(attributes):
            leaf = Leaf(type_.of_type if is_non_null_type(type_) else type_)
            if not is_non_null_type(type_):
                leaf.accepted.add(_NONE)
            self._leaves.append(leaf)
            self._accepted.append(leaf.accepted)
            if leaf.is_int:
                self._ints.append(index)
            elif leaf.convert is not None:
                self._converted.append((index, leaf.convert))

    def into(self, source: Any, results: dict[str, Any]) -> bool:
        """Complete all of them; False if one of them is left to graphql-core."""
        try:
            values = self._read(source)
            if not all(map(contains, self._accepted, map(type, values))) and not self._learn(values):
                return False
            for index in self._ints:
                value = values[index]
                if value is not None and not LEAST_INT <= value <= MOST_INT:
                    return False
            if self._converted:
                values = self._convert(list(values))
        except Exception:  # noqa: BLE001 - graphql-core raises it again, at its field
            return False
        if values is None:
            return False
        results.update(zip(self._keys, values, strict=False))
        return True

    def _convert(self, values: list[Any]) -> list[Any] | None:
        for index, convert in self._converted:
            value = values[index]
            if value is not None:
                value = convert(value)
                if value is None or value is Undefined:
                    return None
                values[index] = value
        return values

    def _learn(self, values: Sequence[Any]) -> bool:
        return all(
            type(value) in leaf.accepted or leaf.learn(type(value))
            for leaf, value in zip(self._leaves, values, strict=True)
        )


async def _gathered(results: dict[str, Any], pending: list[str]) -> dict[str, Any]:
    if len(pending) == 1:
        results[pending[0]] = await results[pending[0]]
        return results
    found = await gather_with_cancel(*(results[key] for key in pending))
    results.update(zip(pending, found, strict=True))
    return results
