"""The GraphQL documents that are measured: those that front ends and vendors run in production."""

import itertools
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from graphql import FragmentDefinitionNode, OperationDefinitionNode, parse, print_ast

T = TypeVar("T")

_FOLDER = Path(__file__).parents[1] / "tests" / "operations"


def document(name: str) -> str:
    """A document as it stands."""
    return (_FOLDER / f"{name}.graphql").read_text(encoding="utf-8")


def operation(document_name: str, name: str) -> str:
    """One operation of a document, with its fragments: as a client sends it."""
    kept = [
        each
        for each in parse(document(document_name)).definitions
        if isinstance(each, FragmentDefinitionNode)
        or (isinstance(each, OperationDefinitionNode) and each.name is not None and each.name.value == name)
    ]
    return "\n\n".join(print_ast(each) for each in kept)


def body(text: str, **variables: Any) -> bytes:
    """The body of a request."""
    return json.dumps({"query": text, "variables": variables}).encode()


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield the items in lists of so many; the last may be shorter."""
    rest = iter(items)
    while some := list(itertools.islice(rest, size)):
        yield some
