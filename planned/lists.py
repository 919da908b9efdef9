"""Completing lists: of objects item by item, of scalars and enums all at once."""

from collections import deque
from types import CoroutineType
from typing import Any, NamedTuple

from graphql import GraphQLLeafType, is_non_null_type
from graphql.pyutils import gather_with_cancel

from planned.asked import Asked
from planned.kinds import PLAIN
from planned.leaves import Leaf
from planned.places import Place
from planned.running import Running
from planned.sharing import Complete, Plan

_LISTS = frozenset({list, tuple})
_LIKE_LISTS = frozenset({set, frozenset, deque, type({}.values())})


class Completer(NamedTuple):
    """Completes values of `any` kind; `plain` those of plain classes only, which most are."""

    any: Complete
    plain: Plan


def objects(type_: Any, item_type: Any, asked: Asked, complete: Completer) -> Complete:
    """What completes a list of objects or of lists, side by side where they must be awaited."""
    complete_plain, complete_any = complete.plain.complete, _any_item(item_type, asked, complete)
    known_of = complete.plain.known

    async def settled(run: Running, value: Any, place: Place) -> Any:
        try:
            return await value
        except Exception as error:  # noqa: BLE001 - any error of a resolver is the answer's
            run.failed(error, item_type, asked, place)
            return None

    def complete_list(run: Running, items: Any, place: Place) -> Any:
        if type(items) not in _LISTS and type(items) not in _LIKE_LISTS:
            return run.complete(type_, asked, items, place)
        results: list[Any] = []
        pending: list[int] = []
        known = known_of(run)
        try:
            for index, item in enumerate(items):
                completed = known.get(id(item))
                if completed is not None:
                    results.append(completed)
                    continue
                at = (place, index, None)
                try:
                    value = (complete_plain if type(item) in PLAIN else complete_any)(run, item, at)
                except Exception as error:  # noqa: BLE001 - any error of a resolver is the answer's
                    run.failed(error, item_type, asked, at)
                    value = None
                if type(value) is CoroutineType:
                    value = settled(run, value, at)
                    pending.append(index)
                results.append(value)
        except Exception:
            later = list(items)[len(results) + 1 :]
            run.settle([*(results[index] for index in pending), *filter(run.is_awaitable, later)])
            raise
        return _gathered(results, pending) if pending else results

    return complete_list


def _any_item(item_type: Any, asked: Asked, complete: Completer) -> Complete:
    def complete_any(run: Running, item: Any, place: Place) -> Any:
        if run.is_awaitable(item):
            return run.complete_awaitable_item(item_type, asked, item, place)
        return complete.any(run, item, place)

    return complete_any


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
        if type(items) in _LISTS or type(items) in _LIKE_LISTS:
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
