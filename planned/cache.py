"""Plans, kept by the operation they are for and the values of its conditions, within a bound in bytes.

An operation is told by its node: a server that keeps parsed documents (Strawberry's `ParserCache`, or its own cache)
gives the same node for the same text. Nodes are compared by identity, since comparing what they hold costs more than
a small plan saves.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

from graphql import (
    FragmentDefinitionNode,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
    VariableValues,
)
from graphql.language.ast import DirectiveNode, Node

from planned.fields import Execute
from planned.planning import Planner, Source, TooLargeError
from planned.running import Running

MOST_BYTES = 64 * 2**20
"""The memory of all plans of a cache, unless it is told otherwise."""

# Measured, see tests/planned/test_cache.py.
_BYTES_AN_OPERATION = 4_000
_BYTES_A_NODE = 600
_BYTES_A_FIELD = 2_000

_MISSING = object()
_CONDITIONS = frozenset({"skip", "include"})
_INCREMENTAL = frozenset({"defer", "stream"})


@dataclass(slots=True, eq=False)
class _Kept:
    """The plans of one operation, by the values of its conditions; `why_not` if it has none."""

    schema: GraphQLSchema
    operation: OperationDefinitionNode
    fragments: dict[str, FragmentDefinitionNode]
    conditions: Sequence[str] = ()
    why_not: str | None = None
    weight: int = 0
    plans: dict[tuple[Hashable, ...], Execute | str] = field(default_factory=dict)


class PlanCache:
    """The latest plans. `fell_back` is told why an operation ran in graphql-core, each time that one does."""

    def __init__(
        self, most_bytes: int = MOST_BYTES, fell_back: Callable[[str], None] = lambda _why: None
    ) -> None:
        self.most_bytes = most_bytes
        self.fell_back = fell_back
        self.weight = 0
        """The memory that the plans take, in bytes, about: rather too much than too little."""
        self._kept: OrderedDict[int, _Kept] = OrderedDict()
        self._lock = RLock()  # for servers that execute in threads

    def __len__(self) -> int:
        return len(self._kept)

    def plan(self, run: Running) -> Execute | None:
        """The plan of the operation that is about to run; None if graphql-core is to run it."""
        with self._lock:
            found = _not_planned(run) or self._found(run)
        if not isinstance(found, str):
            return found
        self.fell_back(found)
        return None

    def _found(self, run: Running) -> Execute | str:
        kept = self._of(run)
        if kept.why_not is not None:
            return kept.why_not
        coerced = run.variable_values.coerced
        values = tuple(coerced.get(name, _MISSING) for name in kept.conditions)
        plan = kept.plans.get(values)
        if plan is None:
            plan = kept.plans[values] = self._planned(run, kept, values)
        return plan

    def _of(self, run: Running) -> _Kept:
        kept = self._kept.get(id(run.operation))
        if (
            kept is not None
            and kept.operation is run.operation
            and kept.schema is run.schema
            and _same(kept.fragments, run.fragment_definitions)
        ):
            self._kept.move_to_end(id(run.operation))
            return kept
        if kept is not None:
            self._drop(id(run.operation))
        kept = _Kept(run.schema, run.operation, dict(run.fragment_definitions))
        nodes = list(_nodes(kept))
        kept.why_not, kept.conditions = _why_not(kept, nodes), _conditions(nodes)
        self._kept[id(run.operation)] = kept
        self._grow(kept, _BYTES_AN_OPERATION + len(nodes) * _BYTES_A_NODE)
        return kept

    def _planned(self, run: Running, kept: _Kept, values: tuple[Any, ...]) -> Execute | str:
        coerced = {
            name: value for name, value in zip(kept.conditions, values, strict=True) if value is not _MISSING
        }
        sources = {name: run.variable_values.sources[name] for name in coerced}
        source = Source(
            schema=run.schema,
            operation=run.operation,
            fragments=run.fragments,
            conditions=VariableValues(sources, coerced),
            hide_suggestions=run.hide_suggestions,
        )
        try:
            return Planner(source, lambda fields: self._grow(kept, fields * _BYTES_A_FIELD)).root()
        except TooLargeError:
            return "too large"
        except Exception:  # noqa: BLE001 - graphql-core says what is wrong, at the field where it is
            return "cannot be planned"

    def _grow(self, kept: _Kept, by: int) -> None:
        """Note that the plans of an operation take more memory, and make room for it."""
        with self._lock:
            if self._kept.get(id(kept.operation)) is not kept:
                return  # dropped meanwhile, and still running
            kept.weight += by
            self.weight += by
            while self.weight > self.most_bytes:
                self._drop(next(iter(self._kept)))

    def _drop(self, key: int) -> None:
        self.weight -= self._kept.pop(key).weight


def _not_planned(run: Running) -> str | None:
    """Why an execution has no plan, whatever its document; None if it may have one."""
    if run.operation.operation is OperationType.SUBSCRIPTION:
        return "subscription"
    if run.abort_signal is not None:
        return "abort signal"
    manager = run.middleware_manager
    if manager is not None and manager.middlewares:
        return "middleware"
    return None


def _why_not(kept: _Kept, nodes: Sequence[Node]) -> str | None:
    """Why an operation has no plan; None if it may have one."""
    if any(each.variable_definitions for each in kept.fragments.values()):
        return "fragment variables"
    if any(isinstance(each, DirectiveNode) and each.name.value in _INCREMENTAL for each in nodes):
        return "incremental delivery"
    return None


def _conditions(nodes: Sequence[Node]) -> tuple[str, ...]:
    """The variables that decide which fields are selected."""
    names = [
        argument.value.name.value
        for node in nodes
        if isinstance(node, DirectiveNode) and node.name.value in _CONDITIONS
        for argument in node.arguments or ()
        if isinstance(argument.value, VariableNode)
    ]
    return tuple(dict.fromkeys(names))


def _nodes(kept: _Kept) -> Iterator[Node]:
    """The nodes of an operation and of its document's fragments."""
    waiting: list[Node] = [kept.operation, *kept.fragments.values()]
    while waiting:
        node = waiting.pop()
        yield node
        for name in node.keys:
            value = getattr(node, name, None)
            if isinstance(value, Node):
                waiting.append(value)
            elif isinstance(value, list | tuple):
                waiting += [each for each in value if isinstance(each, Node)]


def _same(these: dict[str, FragmentDefinitionNode], those: dict[str, FragmentDefinitionNode]) -> bool:
    return len(these) == len(those) and all(those.get(name) is each for name, each in these.items())
