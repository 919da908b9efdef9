"""Executing an operation: authentication, document, permissions, cost, resolvers, presentation of errors.

A document is prepared once (`schema.documents`). What depends on the request — the viewer's role, variables, cost — is
checked each time, before anything is executed. Variables are coerced once: the values that were checked and counted are
those that run.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, ClassVar, TypeGuard, cast

from graphql import (
    GraphQLError,
    GraphQLSchema,
    VariableValues,
    default_field_resolver,
    default_type_resolver,
)
from strawberry import Schema
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.graphql import OperationType

from handbook import Benefit
from ledger.quotas.quota import Quota
from planned import PlanCache, PlannedExecution, VariantOf
from schema.billing import Bill
from schema.context import Context
from schema.documents import DocumentCache, Operation, Prepared
from schema.errors import BadInputError, RateLimitedError, UnauthenticatedError, presentable
from schema.introspection import IntrospectionAnswers, asked
from schema.limits import MOST_COST, UNSTORABLE_TEXT, unstorable
from schema.permissions import denied
from schema.viewer import Viewer
from schema.weights import Weights
from schema.work import Work, WorkClass


class _Planned(PlannedExecution):
    """Runs an operation by its plan.

    A page of members has few different quotas and benefits: each is completed once an answer.
    """

    shared: ClassVar = {Quota: VariantOf("of_any_year", frozenset({"resets_on"})), Benefit: None}


class EntitlementsSchema(Schema):
    """The schema with its own `execute`; every result passes through `presentable`.

    Operations run by `plans`; without them in graphql-core, with the same answers.
    """

    def __init__(
        self,
        *,
        query: type,
        mutation: type,
        config: StrawberryConfig,
        table: Weights,
        introspection: bool = True,
        plans: PlanCache | None = None,
    ) -> None:
        super().__init__(
            query=query,
            mutation=mutation,
            config=config,
            execution_context_class=StrawberryGraphQLCoreExecutionContext
            if plans is None
            else type("_Planned", (_Planned,), {"plans": plans}),
        )
        self.core: GraphQLSchema = self._schema
        self._running = self.execution_context_class
        self._prepare = DocumentCache(self.core, table, introspection=introspection)
        self._introspections = IntrospectionAnswers()

    def faults(self, document: str) -> Sequence[GraphQLError]:
        """The errors of a document that do not depend on the viewer; empty if its operations may run."""
        try:
            prepared = self._prepare(document)
        except GraphQLError as error:
            return [error]
        return prepared.errors or (
            [] if prepared.operations else [BadInputError("The document holds no operation.")]
        )

    def known_class(self, document: str, operation_name: str | None) -> WorkClass | None:
        """The class of an operation if its document is cached; without doing any work."""
        known = self._prepare.known(document)
        if known is None:
            return None
        try:
            return known.operation(operation_name).kind
        except GraphQLError:
            return None

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Log nothing here: `presentable` logs internal errors, once, with the id that the client gets."""

    async def execute(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Context | None = None,
        root_value: object = None,
        operation_name: str | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,  # noqa: ARG002 - Strawberry's form
        operation_extensions: dict[str, Any] | None = None,  # noqa: ARG002
    ) -> ExecutionResult:
        """Execute an operation for the viewer of the context; never raises."""
        if context_value is None or context_value.viewer is None:
            return _refused(UnauthenticatedError())
        if not query:
            return _refused(BadInputError("`query` is empty."))
        bill = context_value.bill or Bill(budgets=None, viewer=context_value.viewer)
        try:
            bill.check()  # others of this caller may have spent what was left while the body was read
            operation = _operation(self._prepare(query), operation_name)
            _check_permitted(operation, context_value.viewer)
            variables = self._variables(operation, variable_values)
            work = _work(operation, operation_name, variables, context_value.viewer)
            await bill.pay(work.cost)
            context_value.document = operation.document
            async with context_value.admitted(work):
                question = asked(query, operation_name, variables) if operation.analysis.of_schema else None
                result = self._introspections.get(question)
                if result is None:
                    result = await self._run(operation, variables, context_value, root_value)
                    self._introspections.keep(question, result)
        except RateLimitedError as error:
            await bill.refuse()
            result = _refused(error)
        except _ObjectedError as error:
            bill.asked = error.cost
            await bill.pay_for_reading()
            result = ExecutionResult(data=None, errors=list(error.errors))
        except GraphQLError as error:
            await bill.pay_for_reading()
            result = _refused(error)
        except RecursionError as error:
            await bill.pay_for_reading()
            result = _refused(GraphQLError(str(error), original_error=error))
        if result.errors:
            result.errors = presentable(result.errors, context_value.language)
        result.extensions = {**(result.extensions or {}), "cost": bill.told(context_value.look_ups)}
        return result

    async def _run(
        self, operation: Operation, variables: VariableValues, context: Context, root_value: object
    ) -> ExecutionResult:
        """Run an operation that may run. Strawberry's own `execute` would parse, validate and coerce once more."""
        run = self._running(
            self.core,
            operation.fragments,
            operation.fragment_details,
            root_value,
            context,
            operation.node,
            variables,
            default_field_resolver,
            default_type_resolver,
            default_field_resolver,
            is_awaitable=cast("Callable[[Any], TypeGuard[Awaitable[Any]]]", optimized_is_awaitable),
        )
        try:
            result: Any = run.execute_operation()
            if optimized_is_awaitable(result):
                result = await result
        except GraphQLError as error:
            return _refused(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is an error of the answer
            return _refused(GraphQLError(str(error), original_error=error))
        return ExecutionResult(data=result.data, errors=result.errors)

    @staticmethod
    def _variables(operation: Operation, given: dict[str, Any] | None) -> VariableValues:
        """The values of the operation's variables. Raises _ObjectedError for those that are not of their type."""
        found = operation.coercion.values(given or {})
        if isinstance(found, list):
            raise _ObjectedError(found)
        if unstorable(found.coerced):
            raise _ObjectedError([BadInputError(UNSTORABLE_TEXT)])
        return found


class _ObjectedError(Exception):
    """An operation may not run; `errors` say why; `cost` is what it would have cost, where that is known."""

    def __init__(self, errors: Sequence[GraphQLError], cost: int | None = None) -> None:
        super().__init__()
        self.errors = errors
        self.cost = cost


def _operation(prepared: Prepared, name: str | None) -> Operation:
    """The operation that is to run. Raises _ObjectedError for a document that is refused, or has no such operation."""
    if prepared.errors:
        raise _ObjectedError(prepared.errors)
    return prepared.operation(name)


def _check_permitted(operation: Operation, viewer: Viewer) -> None:
    """Raise _ObjectedError for what the viewer's role may not see or do."""
    forbidden = denied(viewer, operation.analysis.fields)
    if forbidden:
        raise _ObjectedError(forbidden)


def _work(operation: Operation, name: str | None, variables: VariableValues, viewer: Viewer) -> Work:
    """The operation as a unit of work. Raises _ObjectedError when it costs too much."""
    cost = operation.analysis.cost(variables.coerced)
    if cost > MOST_COST:
        message = (
            f"The operation would cost {cost}; at most {MOST_COST} is allowed: "
            "ask for fewer rows (`first`), fewer fields, or less at once."
        )
        raise _ObjectedError([BadInputError(message)], cost)
    return Work(kind=operation.kind, cost=cost, operation=name, viewer=viewer)


def _refused(error: GraphQLError) -> ExecutionResult:
    return ExecutionResult(data=None, errors=[error])
