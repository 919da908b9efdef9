"""What one request may cost, known before any of it runs.

Shape (depth, aliases, text that no database can store) is a validation rule: its verdict is cached with the document.
Fragments are measured once each, however often they are spread, so that measuring is linear in the document. Tokens are
limited by the parser; cost, which depends on variables, by `schema.analysis`.
"""

import re
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    OperationDefinitionNode,
    SelectionSetNode,
    StringValueNode,
    ValidationContext,
    ValidationRule,
)

MOST_TOKENS = 2_000
MOST_DEPTH = 12
MOST_ALIASES = 30
MOST_SIDE_BY_SIDE = 200
MOST_COST = 20_000
"""Objects that an answer could hold."""

# NUL has no place in PostgreSQL's text, half a surrogate pair none in UTF-8.
UNSTORABLE_TEXT = "A text holds NUL or half a character: such text cannot be stored."
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class ShapeRule(ValidationRule):
    """Depth, aliases, fields side by side and text of a document stay within limits.

    What is out of shape is refused before any rule walks the document: comparing fields with each other is quadratic.
    """

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        shape = _Shape(context.document)
        for what, found, most in (
            ("depth", shape.depth, MOST_DEPTH),
            ("number of aliases", shape.aliases, MOST_ALIASES),
            ("number of selections side by side", shape.widest, MOST_SIDE_BY_SIDE),
        ):
            if found > most:
                raise GraphQLError(f"The document's {what} is {found}; at most {most} is allowed.")

    def enter_string_value(self, node: StringValueNode, *_args: Any) -> None:
        """Refuse text that cannot be stored."""
        if _UNSTORABLE.search(node.value):
            self.report_error(GraphQLError(UNSTORABLE_TEXT, [node]))


class _Shape:
    """Depth and aliases of a document's operations; what is reached through a fragment is measured once."""

    def __init__(self, document: DocumentNode) -> None:
        self.depth = self.aliases = self.widest = 0
        self._fragments = fragments_of(document)
        self._measured: dict[str, tuple[int, int]] = {}
        for definition in document.definitions:
            if isinstance(definition, OperationDefinitionNode):
                depth, aliases = self.measure(definition.selection_set)
                self.depth, self.aliases = max(self.depth, depth), max(self.aliases, aliases)

    def measure(self, selections: SelectionSetNode | None) -> tuple[int, int]:
        if selections is None:
            return 0, 0
        self.widest = max(self.widest, len(selections.selections))
        depth = aliases = 0
        for selection in selections.selections:
            if isinstance(selection, FragmentSpreadNode):
                inner, more = self._fragment(selection.name.value)
            elif isinstance(selection, FieldNode) and selection.name.value.startswith("__"):
                inner, more = 0, 0  # introspection has a limit of its own, in a rule of GraphQL's
            else:
                inner, more = self.measure(getattr(selection, "selection_set", None))
            if isinstance(selection, FieldNode):
                inner, more = inner + 1, more + (selection.alias is not None)
            depth, aliases = max(depth, inner), aliases + more
        return depth, aliases

    def _fragment(self, name: str) -> tuple[int, int]:
        if name not in self._measured:
            self._measured[name] = (0, 0)  # a cycle, or an unknown name: other rules report these
            fragment = self._fragments.get(name)
            if fragment is not None:
                self._measured[name] = self.measure(fragment.selection_set)
        return self._measured[name]


def unstorable(value: Any) -> bool:
    """Whether a variable holds, however deep, text that cannot be stored."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            if _UNSTORABLE.search(each):
                return True
        elif isinstance(each, dict):
            waiting += each.keys()
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
    return False


def fragments_of(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    """The fragments of a document, by name."""
    return {
        definition.name.value: definition
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }
