"""Completing lists: of objects item by item, of scalars and enums all at once."""

from collections.abc import Callable
from types import CoroutineType
from typing import Any, TypeAlias

from graphql import GraphQLLeafType, is_non_null_type
from graphql.pyutils import gather_with_cancel

from planned.asked import Asked
from planned.kinds import PLAIN
from planned.leaves import Leaf
from planned.places import Place
from planned.running import Running

Complete: TypeAlias = Callable[[Running, Any, Place], Any]
"""Completes a value at a place: with JSON, or with a coroutine of it."""


def objects(type_: Any, item_type: Any, asked: Asked, complete_item: Complete) -> Complete:
    """What completes a list of objects or of lists, side by side where they must be awaited."""
    one = _item(item_type, asked, complete_item)

    def complete_list(run: Running, items: Any, place: Place) -> Any:
        if type(items) is not list and type(items) is not tuple:
            return run.complete(type_, asked, items, place)
        results: list[Any] = []
        pending: list[int] = []
        try:
            for index, item in enumerate(items):
                value = one(run, item, (place, index, None))
                results.append(value)
                if type(value) is CoroutineType:
                    pending.append(index)
        except Exception:
            begun = [results[index] for index in pending]
            run.settle([*begun, *(each for each in items[len(results) + 1 :] if run.is_awaitable(each))])
            raise
        return _gathered(results, pending) if pending else results

    return complete_list


def _item(item_type: Any, asked: Asked, complete_item: Complete) -> Complete:
    """What completes an item, and notes its error."""

    async def settled(run: Running, value: Any, place: Place) -> Any:
        try:
            return await value
        except Exception as error:  # noqa: BLE001 - any error of a resolver is the answer's
            run.failed(error, item_type, asked, place)
            return None

    def complete_one(run: Running, item: Any, place: Place) -> Any:
        if type(item) not in PLAIN and run.is_awaitable(item):
            return run.complete_awaitable_item(item_type, asked, item, place)
        try:
            value = complete_item(run, item, place)
        except Exception as error:  # noqa: BLE001 - any error of a resolver is the answer's
            run.failed(error, item_type, asked, place)
            return None
        return settled(run, value, place) if type(value) is CoroutineType else value

    return complete_one


async def _gathered(results: list[Any], pending: list[int]) -> list[Any]:
    if len(pending) == 1:
        results[pending[0]] = await results[pending[0]]
        return results
    found = await gather_with_cancel(*(results[index] for index in pending))
    for index, value in zip(pending, found, strict=True):
        results[index] = value
    return results


def leaves(type_: Any, item_type: Any, named: GraphQLLeafType, asked: Asked) -> Complete:
    """What completes a list of scalars or enums. One item that is unusual leaves the list to graphql-core."""
    leaf = Leaf(named)
    accepted, one, learn = leaf.accepted, leaf.one, leaf.learn
    as_they_are = leaf.convert is None and not leaf.is_int
    nullable = not is_non_null_type(item_type)

    def complete_leaves(run: Running, items: Any, place: Place) -> Any:
        if type(items) is list or type(items) is tuple:
            kinds = set(map(type, items))
            if nullable:
                kinds.discard(type(None))
            if all(kind in accepted or learn(kind) for kind in kinds):
                if as_they_are:
                    return list(items)
                try:
                    return [None if each is None else one(each) for each in items]
                except Exception:  # noqa: BLE001, S110 - graphql-core says what is wrong, and where
                    pass
        return run.complete(type_, asked, items, place)

    return complete_leaves
