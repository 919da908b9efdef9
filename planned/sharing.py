"""Values that occur in many places of an answer, and are completed once.

The author of a schema says of which classes values never change (`PlannedExecution.shared`). Where nothing but
attributes of such a value is selected, all its places under one selection get the same dictionary, in one execution;
so do its variants, if nothing is selected in which they differ (`VariantOf`).
What has an error is completed at each place, because errors have their path; so is what must be awaited.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from planned.places import Place
from planned.running import Running

Complete: TypeAlias = Callable[[Running, Any, Place], Any]
"""Completes a value at a place: with JSON, or with a coroutine of it."""
Known: TypeAlias = Callable[[Running], Mapping[int, Any]]
"""The completed values of an execution, by the identity of what was completed."""

_NONE: Mapping[int, Any] = {}


class Plan(NamedTuple):
    """How values of plain classes (`kinds.PLAIN`) are completed.

    `is_pure`: without calling any function of the schema. `is_shared`: those of shared classes once; `known` are those
    that are completed already.
    """

    complete: Complete
    is_pure: bool = False
    is_shared: bool = False
    known: Known = lambda _run: _NONE


def shared(complete: Complete, selected: frozenset[str]) -> Plan:
    """What completes each value of a shared class once; `complete` must be pure, and read the attributes `selected`."""
    key = object()

    def known(run: Running) -> Mapping[int, Any]:
        return run.completed[key]

    def complete_once(run: Running, value: Any, place: Place) -> Any:
        if type(value) not in run.shared:
            return complete(run, value, place)
        of_run = run.completed[key]
        completed = of_run.get(id(value))
        if completed is not None:
            return completed
        variant = run.shared[type(value)]
        if variant is not None and variant.but.isdisjoint(selected):
            other = getattr(value, variant.attribute)
            if other is not None:
                completed = complete_once(run, other, place)
                if of_run.get(id(other)) is completed:
                    of_run[id(value)] = completed
                    run.alive.append(value)
                return completed
        errors = run.collected_errors.errors
        before = len(errors)
        completed = complete(run, value, place)
        if type(completed) is dict and len(errors) == before:
            of_run[id(value)] = completed
            run.alive.append(value)  # so that no other value gets its identity
        return completed

    return Plan(complete_once, is_pure=True, is_shared=True, known=known)
