"""SQL kept in files.

Queries stand in `.sql` files beside the module that runs them, each with a name and a comment on its purpose, so that
they can be read, explained and tuned as SQL. (A statement is what a vendor sends; SQL has queries, those that write
included.)
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

_NAME = "-- name: "
_NAMES: dict[str, str] = {}
_FIRST_WORD = re.compile(r"^\s*([a-z]+)", re.IGNORECASE | re.MULTILINE)  # past lines of comment


class Queries(Mapping[str, str]):
    """The queries of a `.sql` file by name.

    `-- name: lock_heads` begins one; comment lines right below it describe it; then the query follows, with or without
    a semicolon at its end. Raises ValueError for a name used twice or without a query.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._queries: dict[str, str] = {}
        _, *parts = ("\n" + path.read_text(encoding="utf-8")).split(f"\n{_NAME}")
        for part in parts:
            name, _, query = part.partition("\n")
            self._add(name.strip(), query.strip().removesuffix(";"))

    def _add(self, name: str, query: str) -> None:
        if name in self._queries:
            raise ValueError(f"{self._path.name} has two queries {name}")
        if all(line.lstrip().startswith("--") for line in query.splitlines()):
            raise ValueError(f"{self._path.name}: {name} is followed by no query")
        self._queries[name] = query
        _NAMES[query] = f"{self._path.stem}.{name}"

    def __getitem__(self, name: str) -> str:
        try:
            return self._queries[name]
        except KeyError:
            raise KeyError(f"{self._path.name} has no query {name}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._queries)

    def __len__(self) -> int:
        return len(self._queries)


def query_name(text: str) -> str:
    """Return a query's name for traces: file and name, or the first word of one that stands in no file."""
    name = _NAMES.get(text)
    if name is None:
        word = _FIRST_WORD.search(text)
        name = word[1].upper() if word else "QUERY"
    return name
