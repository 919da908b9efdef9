"""Completing values: functions that are made once for a place in a document, and then complete every value there.

They raise what graphql-core raises; who calls them notes it at the field (`fields.py`) or at the item (`lists.py`). A
completed value that must be awaited is a coroutine, always.
"""

from collections.abc import Callable
from types import CoroutineType
from typing import Any, TypeAlias

from graphql import GraphQLAbstractType, GraphQLLeafType, GraphQLList, GraphQLNonNull, GraphQLObjectType

from planned import lists
from planned.asked import Asked
from planned.kinds import is_plain
from planned.leaves import Leaf
from planned.lists import Completer
from planned.places import Place
from planned.running import Running
from planned.sharing import Complete, Plan

PlanObject: TypeAlias = Callable[[GraphQLObjectType, Asked], Plan]
"""Plans the selection of a field for an object type."""


def completer(type_: Any, asked: Asked, plan_object: PlanObject) -> Completer:
    """What completes a field's values, or the items of its list, of a type."""
    inner = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    if isinstance(inner, GraphQLLeafType):
        complete = _leaf(type_, inner, asked)
        return Completer(complete, Plan(complete, is_pure=True))
    if isinstance(inner, GraphQLList):
        plan = _list(type_, inner.of_type, asked, plan_object)
    elif isinstance(inner, GraphQLObjectType):
        plan = plan_object(inner, asked)
    else:
        plan = Plan(_abstract(inner, asked, plan_object))
    return Completer(_of_any_kind(type_, asked, plan.complete), plan)


def _of_any_kind(type_: Any, asked: Asked, complete: Complete) -> Complete:
    """What completes plain values, and leaves nothing and the unusual to graphql-core."""
    nullable = not isinstance(type_, GraphQLNonNull)

    def complete_any(run: Running, value: Any, place: Place) -> Any:
        if value is None and nullable:
            return None
        if is_plain(type(value)):
            return complete(run, value, place)
        return run.complete(type_, asked, value, place)

    return complete_any


def _leaf(type_: Any, inner: GraphQLLeafType, asked: Asked) -> Complete:
    nullable = not isinstance(type_, GraphQLNonNull)
    leaf = Leaf(inner)
    accepted, one, learn = leaf.accepted, leaf.one, leaf.learn

    def complete_leaf(run: Running, value: Any, place: Place) -> Any:
        if value is None and nullable:
            return None
        if type(value) in accepted or learn(type(value)):
            try:
                return one(value)
            except Exception:  # noqa: BLE001, S110 - graphql-core says what is wrong with it
                pass
        return run.complete(type_, asked, value, place)

    return complete_leaf


def _list(type_: Any, item_type: Any, asked: Asked, plan_object: PlanObject) -> Plan:
    named = item_type.of_type if isinstance(item_type, GraphQLNonNull) else item_type
    if isinstance(named, GraphQLLeafType):
        return Plan(lists.leaves(type_, item_type, named, asked), is_pure=True)
    items = completer(item_type, asked, plan_object)
    return Plan(lists.objects(type_, item_type, asked, items), is_pure=items.plain.is_pure)


def _abstract(type_: GraphQLAbstractType, asked: Asked, plan_object: PlanObject) -> Complete:
    known: dict[str, Complete] = {}

    def planned_for(run: Running, name: Any, value: Any, info: Any) -> Complete:
        found = known.get(name) if type(name) is str else None
        if found is None:
            concrete = run.ensure_valid_runtime_type(name, type_, asked.details, info, value)
            found = known[concrete.name] = plan_object(concrete, asked).complete
        return found

    async def complete_later(run: Running, name: Any, value: Any, place: Place, info: Any) -> Any:
        completed = planned_for(run, await name, value, info)(run, value, place)
        return await completed if type(completed) is CoroutineType else completed

    def complete_abstract(run: Running, value: Any, place: Place) -> Any:
        info = run.info(asked, place)
        name = (type_.resolve_type or run.type_resolver)(value, info, type_)
        if type(name) is not str and run.is_awaitable(name):
            return complete_later(run, name, value, place, info)
        return planned_for(run, name, value, info)(run, value, place)

    return complete_abstract
