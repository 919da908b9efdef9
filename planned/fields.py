"""Executing a field of an object: resolve it, complete its value, note its error."""

from collections.abc import Callable
from types import CoroutineType
from typing import Any, TypeAlias

from planned.asked import Asked
from planned.kinds import PLAIN
from planned.lists import Completer
from planned.places import Place
from planned.resolving import Resolve
from planned.running import Running
from planned.sharing import Known

Execute: TypeAlias = Callable[[Running, Any, Place | None], Any]
"""Executes a field of an object at a place. Raises a located error where a value is needed and there is none."""


def attribute(name: str, execute: Execute, known: Known) -> Execute:
    """What executes a field that is an attribute: a value that is completed already is not completed again."""

    def execute_attribute(run: Running, source: Any, around: Place | None) -> Any:
        try:
            found = known(run).get(id(getattr(source, name)))
        except Exception:  # noqa: BLE001 - raised again, and noted at the field
            found = None
        return execute(run, source, around) if found is None else found

    return execute_attribute


def field(asked: Asked, resolve: Resolve, complete: Completer) -> Execute:
    """What executes a field."""
    key, parent, type_ = asked.key, asked.parent.name, asked.definition.type
    complete_any, complete_plain = complete.any, complete.plain.complete

    async def awaited(run: Running, value: Any, place: Place) -> Any:
        try:
            completed = complete_any(run, await value, place)
            return await completed if type(completed) is CoroutineType else completed
        except Exception as error:  # noqa: BLE001
            run.failed(error, type_, asked, place)
            return None

    async def settled(run: Running, completed: Any, place: Place) -> Any:
        try:
            return await completed
        except Exception as error:  # noqa: BLE001
            run.failed(error, type_, asked, place)
            return None

    def execute(run: Running, source: Any, around: Place | None) -> Any:
        place = (around, key, parent)
        try:
            value = resolve(run, source, place)
            if type(value) in PLAIN:
                completed = complete_plain(run, value, place)
            elif run.is_awaitable(value):
                return awaited(run, value, place)
            else:
                completed = complete_any(run, value, place)
        except Exception as error:  # noqa: BLE001
            run.failed(error, type_, asked, place)
            return None
        return settled(run, completed, place) if type(completed) is CoroutineType else completed

    return execute
