"""Limits of one request, checked before any of it runs.

Shape (depth, aliases, text that no database can store) is a validation rule: its verdict is cached with the document.
Fragments are measured once each, however often they are spread, so that measuring is linear in the document. Tokens are
limited by the parser; cost, which depends on variables, by `schema.analysis`.
"""

import re

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    StringValueNode,
    ValidationContext,
    ValidationRule,
)

LONGEST_DOCUMENT = 64 * 1024
"""In characters: comments and long texts are few tokens, but must be parsed too."""
MOST_TOKENS = 2_000
MOST_OPERATIONS = 20
MOST_ERRORS = 10
"""Reported for one document, or for one request's variables: finding more is not worth its cost."""
LONGEST_NUMBER = 30
"""In characters, of a literal or of a number in JSON: no valid value has more, and long ones are expensive to parse."""
MOST_JSON_VALUES = 50_000
"""In a request's body, about, and the longest statement has room: small values cost more than their bytes say."""
MOST_DEPTH = 12
MOST_ALIASES = 30
MOST_SIDE_BY_SIDE = 200
MOST_ALIKE = 20
MOST_FIELDS = 10_000
"""With every fragment spelled out, so far as the limit of depth."""
MOST_COST = 30_000
"""Three tenths of a second of the process, in the units of `schema.analysis`."""

# PostgreSQL's text cannot hold NUL, UTF-8 no lone surrogate.
UNSTORABLE_TEXT = "A text holds NUL or half a character: such text cannot be stored."
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class ShapeRule(ValidationRule):
    """Depth, aliases, fields side by side, fields alike and text of a document stay within limits.

    Checked before any other rule walks the document: GraphQL compares all fields of the same response name with each
    other, which blocks the process meanwhile.
    """

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        shape, together = _Shape(context.document), _Together(context.document)
        for what, found, most in (
            ("number of operations", shape.operations, MOST_OPERATIONS),
            ("depth", shape.depth, MOST_DEPTH),
            ("number of aliases", shape.aliases, MOST_ALIASES),
            ("number of selections side by side", shape.widest, MOST_SIDE_BY_SIDE),
            ("number of fields, with fragments spelled out,", together.fields, MOST_FIELDS),
            ("number of fields of one name in one place", together.alike, MOST_ALIKE),
        ):
            if found > most:
                raise GraphQLError(f"The document's {what} is {found}; at most {most} is allowed.")

    def enter_string_value(self, node: StringValueNode, *_args: object) -> None:
        """Refuse text that cannot be stored."""
        if _UNSTORABLE.search(node.value):
            self.report_error(GraphQLError(UNSTORABLE_TEXT, [node]))


class _Shape:
    """Depth and aliases of a document's operations; what is reached through a fragment is measured once."""

    def __init__(self, document: DocumentNode) -> None:
        self.depth = self.aliases = self.widest = self.operations = 0
        self._fragments = fragments_of(document)
        self._measured: dict[str, tuple[int, int]] = {}
        for definition in document.definitions:
            if isinstance(definition, OperationDefinitionNode):
                self.operations += 1
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


class _Together:
    """The fields of a document as they are merged in the answer: by place and response name.

    `alike` is the greatest number of them; `fields` how many there are, beyond MOST_FIELDS no longer counted.
    """

    def __init__(self, document: DocumentNode) -> None:
        self.alike = self.fields = 0
        self._fragments = fragments_of(document)
        for definition in document.definitions:
            if isinstance(definition, OperationDefinitionNode):
                self._lay([definition.selection_set])

    def _lay(self, sets: list[SelectionSetNode]) -> None:
        waiting = [(0, sets)]
        while waiting and self.fields <= MOST_FIELDS:
            depth, sets = waiting.pop()
            for fields in self._by_name(sets).values():
                self.fields += len(fields)
                self.alike = max(self.alike, len(fields))
                below = [each.selection_set for each in fields if each.selection_set is not None]
                if below and depth < MOST_DEPTH:
                    waiting.append((depth + 1, below))

    def _by_name(self, sets: list[SelectionSetNode]) -> dict[str, list[FieldNode]]:
        named: dict[str, list[FieldNode]] = {}
        waiting, spread = list(sets), set()
        while waiting:
            for selection in waiting.pop().selections:
                if isinstance(selection, FieldNode):
                    name = selection.alias.value if selection.alias is not None else selection.name.value
                    named.setdefault(name, []).append(selection)
                elif isinstance(selection, InlineFragmentNode):
                    waiting.append(selection.selection_set)
                elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in spread:
                    spread.add(selection.name.value)
                    fragment = self._fragments.get(selection.name.value)
                    waiting += [fragment.selection_set] if fragment is not None else []
        return named


def unstorable(value: object) -> bool:
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
