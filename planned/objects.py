"""Completing objects: most fields are attributes with a scalar value, and are read all at once.

If one of these is not what it should be, graphql-core executes all fields of the object: nothing has been called yet.
The other fields are executed one by one, in the order of the document.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import CoroutineType
from typing import Any

from graphql import GraphQLObjectType
from graphql.execution.collect_fields import FieldDetails
from graphql.pyutils import gather_with_cancel

from planned.asked import Asked
from planned.attributes import reader
from planned.fields import Execute
from planned.places import Place
from planned.running import Running
from planned.sharing import Plan, shared


@dataclass(slots=True, kw_only=True)
class Selection:
    """What a document selects of an object type: `template` has all response names in their order.

    `attributes` are fields that are read: response name, attribute and type. `others` are executed one by one; where it
    `is_pure` these, too, are attributes, and `names` are all attributes.
    """

    type_: GraphQLObjectType
    grouped: dict[str, list[FieldDetails]]
    template: dict[str, Any] = field(default_factory=dict)
    attributes: list[tuple[str, str, Any]] = field(default_factory=list)
    names: frozenset[str] = frozenset()
    is_pure: bool = True
    others: list[tuple[str, Execute]] = field(default_factory=list)


def fields_of(selection: Selection) -> Execute:
    """What executes the selected fields of an object, side by side where they must be awaited."""
    read = reader(selection.attributes)
    keys = [key for key, _, _ in selection.attributes]
    template, others = selection.template, selection.others

    def execute(run: Running, source: Any, place: Place | None) -> Any:
        values = read(source)
        if values is None:
            return run.execute(selection.type_, selection.grouped, source, place)
        results = template.copy()
        results.update(zip(keys, values))  # noqa: B905 - the argument takes longer than the rest
        pending: list[str] | None = None
        try:
            for key, execute_field in others:
                value = results[key] = execute_field(run, source, place)
                if type(value) is CoroutineType:
                    if pending is None:
                        pending = []
                    pending.append(key)
        except Exception:
            run.settle([results[each] for each in pending or ()])
            raise
        return results if pending is None else _gathered(results, pending)

    def read_only(run: Running, source: Any, place: Place | None) -> Any:
        values = read(source)
        if values is None:
            return run.execute(selection.type_, selection.grouped, source, place)
        return dict(zip(keys, values))  # noqa: B905

    return read_only if len(keys) == len(template) else execute


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


def object_completer(selection: Selection, asked: Asked) -> Plan:
    """What completes an object of the type."""
    type_, execute = selection.type_, fields_of(selection)
    if type_.is_type_of is None:
        return shared(execute, selection.names) if selection.is_pure else Plan(execute)

    def complete_object(run: Running, value: Any, place: Place) -> Any:
        is_type_of = type_.is_type_of
        if is_type_of is not None and is_type_of(value, run.info(asked, place)) is not True:
            return run.complete_object(type_, asked, value, place)
        return execute(run, value, place)

    return Plan(complete_object)


async def _gathered(results: dict[str, Any], pending: list[str]) -> dict[str, Any]:
    if len(pending) == 1:
        results[pending[0]] = await results[pending[0]]
        return results
    found = await gather_with_cancel(*(results[key] for key in pending))
    results.update(zip(pending, found, strict=True))
    return results
