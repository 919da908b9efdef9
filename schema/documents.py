"""Documents: parsed, validated and split into their operations once, and kept by their text.

Text is the key because a hash over the parsed tree, which is what Strawberry's own caches are keyed by, costs more than
all checks of a request. The cache has a weight in bytes; an invalid document is not kept, so that such
documents cannot fill the cache.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from cachetools import LRUCache
from graphql import (
    DocumentNode,
    FloatValueNode,
    GraphQLError,
    GraphQLSchema,
    IntValueNode,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    Token,
    VariableDefinitionNode,
    specified_rules,
    validate,
)
from graphql.execution.collect_fields import FragmentDetails
from graphql.language.parser import Parser
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from schema.analysis import Analysis, analysis_of
from schema.coercion import Coercion
from schema.errors import BadInputError
from schema.limits import LONGEST_DOCUMENT, LONGEST_NUMBER, MOST_ERRORS, MOST_TOKENS, ShapeRule, fragments_of
from schema.weights import Weights
from schema.work import WorkClass, class_of

MOST_KEPT_BYTES = 32 * 2**20
"""The maximum memory of all cached documents."""

# A token with its share of the tree and of the analysis, in memory; measured with documents of many small tokens.
_BYTES_A_TOKEN = 1_000
_RULES = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule, ShapeRule)


class Operation:
    """One operation of a document. `document` is what runs: the operation without its variables, and the fragments.

    The variables are left out because their values are worked out before the cost, and handed to the execution. `node`,
    `fragments` and `fragment_details` are the parts of `document` as an execution takes them.
    """

    def __init__(
        self, schema: GraphQLSchema, table: Weights, whole: DocumentNode, node: OperationDefinitionNode
    ) -> None:
        self.fragments = fragments_of(whole)
        self.fragment_details = {name: FragmentDetails(each) for name, each in self.fragments.items()}
        self.node = OperationDefinitionNode(
            operation=node.operation,
            name=node.name,
            directives=node.directives,
            selection_set=node.selection_set,
            loc=node.loc,
        )
        self.variables: Sequence[VariableDefinitionNode] = node.variable_definitions or ()
        self.coercion = Coercion(schema, self.variables)
        self.document = DocumentNode(definitions=(self.node, *self.fragments.values()), loc=whole.loc)
        self._schema = schema
        self._weights = table
        self._whole = node

    @cached_property
    def analysis(self) -> Analysis:
        """Its analysis. Raises BadInputError for a kind of operation that the schema does not have."""
        root = self._schema.get_root_type(self._whole.operation)
        if root is None:
            raise BadInputError("There are queries and mutations only.")
        return analysis_of(self._schema, self.document, self._whole, root, self._weights)

    @cached_property
    def kind(self) -> WorkClass:
        """The class of work that it is. Raises BadInputError as `analysis` does."""
        return class_of(self.analysis.fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A document's operations by name, and its errors; `weight` is in bytes."""

    operations: Mapping[str | None, Operation]
    errors: Sequence[GraphQLError]
    weight: int

    def operation(self, name: str | None) -> Operation:
        """The operation to run. Raises BadInputError when the name is missing and needed, or unknown."""
        if name is None and len(self.operations) > 1:
            raise BadInputError("operationName: the document has several operations; say which one to run.")
        found = next(iter(self.operations.values()), None) if name is None else self.operations.get(name)
        if found is None:
            raise BadInputError("operationName: the document has no such operation.")
        return found


class DocumentCache:
    """Prepares documents for a schema, with the table of weights, and keeps the latest."""

    def __init__(self, schema: GraphQLSchema, table: Weights, *, introspection: bool = True) -> None:
        self._schema = schema
        self._table = table
        self._rules = _RULES if introspection else (*_RULES, NoSchemaIntrospectionCustomRule)
        self._kept: LRUCache[str, Prepared] = LRUCache(
            MOST_KEPT_BYTES, getsizeof=lambda prepared: prepared.weight
        )

    def __call__(self, text: str) -> Prepared:
        """Prepare a document. Raises GraphQLError for what cannot be parsed."""
        found = self._kept.get(text)
        if found is None:
            found = _prepare(self._schema, self._table, self._rules, text)
            if not found.errors:
                self._kept[text] = found
        return found

    def known(self, text: str) -> Prepared | None:
        """A document that is cached: without errors, and without doing any work."""
        return self._kept.get(text)


def _prepare(schema: GraphQLSchema, table: Weights, rules: Sequence[type], text: str) -> Prepared:
    if len(text) > LONGEST_DOCUMENT:
        raise BadInputError(
            f"The document has {len(text)} characters; at most {LONGEST_DOCUMENT} are allowed: "
            "values belong into variables."
        )
    document = parse(text)
    try:
        errors = validate(schema, document, rules, max_errors=MOST_ERRORS)
    except GraphQLError as error:
        errors = [error]
    operations = {
        each.name.value if each.name is not None else None: Operation(schema, table, document, each)
        for each in document.definitions
        if isinstance(each, OperationDefinitionNode)
    }
    return Prepared(operations=operations, errors=tuple(errors), weight=len(text) + _weight(document))


def parse(text: str) -> DocumentNode:
    """Parse a text. Raises GraphQLError at the first error."""
    parser = _Parser(text, max_tokens=MOST_TOKENS)
    try:
        return parser.parse_document()
    except RecursionError:
        raise BadInputError("The document is nested too deeply.") from None


class _Parser(Parser):
    """GraphQL's parser, except that overlong numbers are refused before Python converts them."""

    def parse_int(self, is_const: bool = False) -> IntValueNode:  # noqa: FBT001, FBT002 - the parser's form
        self._check_number(self._lexer.token)
        return super().parse_int(is_const)

    def parse_float(self, is_const: bool = False) -> FloatValueNode:  # noqa: FBT001, FBT002
        self._check_number(self._lexer.token)
        return super().parse_float(is_const)

    @staticmethod
    def _check_number(token: Token) -> None:
        if len(token.value or "") > LONGEST_NUMBER:
            raise BadInputError(f"A number has more than {LONGEST_NUMBER} characters.")


def _weight(document: DocumentNode) -> int:
    tokens, token = 0, document.loc.start_token if document.loc is not None else None
    while token is not None:
        tokens, token = tokens + 1, token.next
    return tokens * _BYTES_A_TOKEN
