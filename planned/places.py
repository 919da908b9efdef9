"""Places in the answer, as cheap to make as possible: most of them are never looked at.

graphql-core makes a `Path` for each field of each object. Here an object and an item of a list have a place, which is a
plain tuple with the same three parts; a `Path` is made from it when an error or a resolver asks for one.
"""

from typing import Any, TypeAlias

from graphql.pyutils import Path

Place: TypeAlias = tuple[Any, str | int, str | None]
"""The place around it (None for the root), the response name or the index, and the type that has the field."""


def path_of(place: Place | None) -> Path | None:
    """The place as graphql-core has it; None for the root."""
    parts = []
    while place is not None:
        parts.append(place)
        place = place[0]
    path: Path | None = None
    for _, key, typename in reversed(parts):
        path = Path(path, key, typename)
    return path


def field_of(place: Place) -> Place:
    """The place of the field whose value, or whose item, is at a place."""
    while isinstance(place[1], int):
        place = place[0]
    return place
