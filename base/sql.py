"""SQL kept in files.

Statements stand in `.sql` files beside the module that runs them, each with a name and a comment on its purpose, so
that they can be read, explained and tuned as SQL.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

_NAME = "-- name: "
_NAMES: dict[str, str] = {}
_FIRST_WORD = re.compile(r"^\s*([a-z]+)", re.IGNORECASE | re.MULTILINE)  # past lines of comment


class Statements(Mapping[str, str]):
    """The statements of a `.sql` file by name.

    `-- name: lock_heads` begins one; comment lines right below it describe it; then the statement follows,
    with or without a semicolon at its end. Raises ValueError for a name used twice or without a statement.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._statements: dict[str, str] = {}
        _, *parts = ("\n" + path.read_text(encoding="utf-8")).split(f"\n{_NAME}")
        for part in parts:
            name, _, statement = part.partition("\n")
            self._add(name.strip(), statement.strip().removesuffix(";"))

    def _add(self, name: str, statement: str) -> None:
        if name in self._statements:
            raise ValueError(f"{self._path.name} has two statements {name}")
        if all(line.lstrip().startswith("--") for line in statement.splitlines()):
            raise ValueError(f"{self._path.name}: {name} is followed by no statement")
        self._statements[name] = statement
        _NAMES[statement] = f"{self._path.stem}.{name}"

    def __getitem__(self, name: str) -> str:
        try:
            return self._statements[name]
        except KeyError:
            raise KeyError(f"{self._path.name} has no statement {name}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._statements)

    def __len__(self) -> int:
        return len(self._statements)


def statement_name(text: str) -> str:
    """Return a statement's name for traces: file and name, or the first word of one that stands in no file."""
    name = _NAMES.get(text)
    if name is None:
        word = _FIRST_WORD.search(text)
        name = word[1].upper() if word else "STATEMENT"
    return name
