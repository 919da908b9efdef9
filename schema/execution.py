"""How an operation runs: who asks, what the document asks for, whether that may be, then the resolvers, then errors.

A document is parsed, validated and analysed once and kept by its text (a hash over the parsed tree, which is what
Strawberry's own caches are keyed by, costs more than all checks here). What depends on the request — the viewer's role,
variables, cost — is checked each time, before anything is executed.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    get_operation_ast,
    parse,
    specified_rules,
)
from strawberry import Schema
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema import validate_document
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.graphql import OperationType

from schema.analysis import Analysis, analysis_of
from schema.billing import Bill
from schema.context import Context
from schema.errors import BadInputError, RateLimitedError, UnauthenticatedError, presentable
from schema.limits import MOST_COST, MOST_TOKENS, UNSTORABLE_TEXT, ShapeRule, unstorable
from schema.permissions import denied
from schema.viewer import Viewer
from schema.work import Work, class_of

# A document of the most tokens takes about a megabyte.
_MOST_DOCUMENTS = 256
_RULES = (*specified_rules, ShapeRule)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A document, what is wrong with it, whether it has several operations, and what each asks for."""

    document: DocumentNode
    errors: tuple[GraphQLError, ...]
    ambiguous: bool
    analysis: Callable[[str | None], Analysis | None]


def document_cache(schema: GraphQLSchema) -> Callable[[str], Prepared]:
    """Prepares documents for a schema, and keeps the latest. Raises GraphQLError for what cannot be parsed."""

    def prepare(text: str) -> Prepared:
        document = parse(text, max_tokens=MOST_TOKENS)
        try:
            errors = tuple(validate_document(schema, document, _RULES))
        except GraphQLError as error:
            errors = (error,)

        @lru_cache(maxsize=16)
        def analysis(operation_name: str | None) -> Analysis | None:
            return analysis_of(schema, document, operation_name)

        operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
        return Prepared(document=document, errors=errors, ambiguous=len(operations) > 1, analysis=analysis)

    return lru_cache(maxsize=_MOST_DOCUMENTS)(prepare)


class PreparedDocument(SchemaExtension):
    """Hands Strawberry the document that is parsed and checked already."""

    def on_parse(self) -> Iterator[None]:
        """Give the document."""
        context: Context = self.execution_context.context
        self.execution_context.graphql_document = context.document
        yield

    def on_validate(self) -> Iterator[None]:
        """Nothing is left to find."""
        self.execution_context.pre_execution_errors = []
        yield


class EntitlementsSchema(Schema):
    """The schema with its own way in, the gate, and out: every result passes `presentable`, however it came about."""

    def __init__(self, *, query: type, mutation: type, config: StrawberryConfig) -> None:
        super().__init__(query=query, mutation=mutation, config=config, extensions=[PreparedDocument])
        self.core: GraphQLSchema = self._schema
        self._prepare = document_cache(self.core)

    def faults(self, document: str) -> Sequence[GraphQLError]:
        """What keeps a document from running for whoever asks; nothing if its operations may run."""
        try:
            prepared = self._prepare(document)
        except GraphQLError as error:
            return [error]
        if any(isinstance(each, OperationDefinitionNode) for each in prepared.document.definitions):
            return prepared.errors
        return prepared.errors or [BadInputError("The document holds no operation.")]

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Log nothing here: `presentable` logs what is ours to mend, once, with the id that the client gets."""

    async def execute(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Context | None = None,
        root_value: object = None,
        operation_name: str | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
        operation_extensions: dict[str, Any] | None = None,
    ) -> ExecutionResult:
        """Execute an operation for the viewer of the context; nothing is raised, whatever is wrong."""
        if context_value is None or context_value.viewer is None:
            return _refused(UnauthenticatedError())
        if not query:
            return _refused(BadInputError("`query` is empty."))
        bill = Bill(budgets=context_value.budgets, viewer=context_value.viewer)
        try:
            bill.check()
            prepared = self._prepare(query)
            work = _work(prepared, operation_name, variable_values, context_value.viewer)
            await bill.pay(work.cost)
            context_value.document = prepared.document
            async with context_value.admitted(work):
                result = await super().execute(
                    query,
                    variable_values,
                    context_value,
                    root_value,
                    operation_name,
                    allowed_operation_types,
                    operation_extensions,
                )
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


class _ObjectedError(Exception):
    """An operation may not run; `errors` say why; `cost` is what it would have cost, where that is known."""

    def __init__(self, errors: Sequence[GraphQLError], cost: int | None = None) -> None:
        super().__init__()
        self.errors = errors
        self.cost = cost


def _work(
    prepared: Prepared, operation_name: str | None, variables: Mapping[str, Any] | None, viewer: Viewer
) -> Work:
    """What the operation is to who runs it. Raises _ObjectedError when it may not run."""
    if prepared.errors:
        raise _ObjectedError(prepared.errors)
    if prepared.ambiguous and operation_name is None:
        raise _ObjectedError(
            [BadInputError("operationName: the document has several operations; say which one to run.")]
        )
    analysis = prepared.analysis(operation_name)
    if analysis is None:
        raise _ObjectedError([BadInputError(_no_operation(prepared.document, operation_name))])
    forbidden = denied(viewer, analysis.fields)
    if forbidden:
        raise _ObjectedError(forbidden)
    if unstorable(variables):
        raise _ObjectedError([BadInputError(UNSTORABLE_TEXT)])
    cost = analysis.cost(variables)
    if cost > MOST_COST:
        message = (
            f"The answer could hold {cost} objects; at most {MOST_COST} are allowed: "
            "ask for fewer rows (`first`)."
        )
        raise _ObjectedError([BadInputError(message)], cost)
    return Work(kind=class_of(analysis.fields), cost=cost, operation=operation_name, viewer=viewer)


def _no_operation(document: DocumentNode, name: str | None) -> str:
    if get_operation_ast(document, name) is None:
        return "operationName: the document has no such operation."
    return "There are queries and mutations only."


def _refused(error: GraphQLError) -> ExecutionResult:
    return ExecutionResult(data=None, errors=[error])
