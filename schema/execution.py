"""How an operation runs: who asks, what the document asks for, whether that may be, then the resolvers, then errors.

A document is parsed, validated and analysed once and kept by its text (a hash over the parsed tree, which is what
Strawberry's own caches are keyed by, costs more than all checks here). What depends on the request — the viewer's role,
variables, cost — is checked each time, before anything is executed.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphql import DocumentNode, GraphQLError, GraphQLSchema, OperationDefinitionNode, parse, specified_rules
from strawberry import Schema
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.schema.schema import validate_document
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.graphql import OperationType

from schema.analysis import Analysis, analysis_of
from schema.context import Context
from schema.errors import BadInputError, UnauthenticatedError, presentable
from schema.limits import MOST_COST, MOST_TOKENS, UNSTORABLE_TEXT, ShapeRule, unstorable
from schema.permissions import denied

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


class Gate(SchemaExtension):
    """Takes the prepared document, and lets it through or not."""

    def __init__(self, prepare: Callable[[str], Prepared]) -> None:
        self._prepare = prepare
        self._prepared: Prepared | None = None

    def on_parse(self) -> Iterator[None]:
        """Take the document from the cache."""
        execution = self.execution_context
        self._prepared = self._prepare(execution.query or "")
        execution.graphql_document = self._prepared.document
        yield

    def on_validate(self) -> Iterator[None]:
        """Say what is wrong with the document, or else with the request."""
        execution = self.execution_context
        prepared = self._prepared or self._prepare(execution.query or "")
        execution.pre_execution_errors = list(prepared.errors or self._objections(prepared, execution))
        yield

    def _objections(self, prepared: Prepared, execution: ExecutionContext) -> list[GraphQLError]:
        context: Context = execution.context
        if context.viewer is None:
            return [UnauthenticatedError()]
        if prepared.ambiguous and execution._provided_operation_name is None:  # noqa: SLF001 (shown nowhere else)
            return [
                BadInputError("operationName: the document has several operations; say which one to run.")
            ]
        analysis = prepared.analysis(execution.operation_name)
        if analysis is None:
            return []
        forbidden = denied(context.viewer, analysis.fields)
        if forbidden:
            return list(forbidden)
        if unstorable(execution.variables):
            return [BadInputError(UNSTORABLE_TEXT)]
        cost = analysis.cost(execution.variables)
        if cost > MOST_COST:
            return [
                BadInputError(
                    f"The answer could hold {cost} objects; at most {MOST_COST} are allowed: "
                    "ask for fewer rows (`first`)."
                )
            ]
        return []


class EntitlementsSchema(Schema):
    """The schema with its own way in, the gate, and out: every result passes `presentable`, however it came about."""

    def __init__(self, *, query: type, mutation: type, config: StrawberryConfig) -> None:
        super().__init__(query=query, mutation=mutation, config=config, extensions=[lambda: Gate(prepare)])
        self.core: GraphQLSchema = self._schema
        prepare = document_cache(self.core)

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
        try:
            result = await super().execute(
                query,
                variable_values,
                context_value,
                root_value,
                operation_name,
                allowed_operation_types,
                operation_extensions,
            )
        except CannotGetOperationTypeError:
            return _refused(BadInputError("operationName: the document has no such operation."))
        except InvalidOperationTypeError:
            return _refused(BadInputError("There are queries and mutations only."))
        if result.errors:
            result.errors = presentable(result.errors, context_value.language)
        return result


def _refused(error: GraphQLError) -> ExecutionResult:
    return ExecutionResult(data=None, errors=[error])
