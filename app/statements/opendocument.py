"""OpenDocument sheets (.ods): checked before they are converted, for what the converting library does not tell.

The library would loop for ever on truncated XML, and shows neither merged cells nor hidden rows and columns. These are
found here, in one pass; a sheet that has them is not read.
"""

from zipfile import ZipFile

from app.statements.archive import Parsing, pairs
from app.statements.converted import StillWanted, unreadable
from app.statements.sheets import MOST_COLUMNS, SheetError

_HIDDEN = frozenset({"collapse", "filter"})


def sheets_not_shown(archive: ZipFile, still_wanted: StillWanted) -> frozenset[str]:
    """The names of sheets with cells that are merged downwards, or with hidden rows or columns that hold something.

    Raises SheetError unless the content is sound XML.
    """
    found = _Found()
    try:
        parsing = Parsing(archive, "content.xml")
        parsing.parser.StartElementHandler = found.start
        for _ in parsing.steps():
            still_wanted()
    except SheetError as error:
        raise unreadable(".ods") from error
    return frozenset(found.names)


class _Found:
    """Gathers the names of sheets from parser events."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self._name = ""
        self._columns = 0
        self._hidden_columns: set[int] = set()
        self._row_hidden = False
        self._place = 0

    def start(self, name: str, attributes: list[str]) -> None:
        local = name.rpartition(":")[2]
        if local in {"table", "table-column", "table-row", "table-cell", "covered-table-cell"}:
            named = {key.rpartition(":")[2]: value for key, value in pairs(attributes)}
            if local == "table":
                self._name = named.get("name", "")
                self._columns = 0
                self._hidden_columns.clear()
            elif local == "table-column":
                self._column(named)
            elif local == "table-row":
                self._row_hidden = named.get("visibility") in _HIDDEN
                self._place = 0
            else:
                self._cell(named)

    def _column(self, named: dict[str, str]) -> None:
        first, self._columns = self._columns, self._columns + _repeated(named)
        if named.get("visibility") in _HIDDEN:
            self._hidden_columns.update(range(first, min(self._columns, MOST_COLUMNS)))

    def _cell(self, named: dict[str, str]) -> None:
        filled = "value-type" in named
        hidden = self._row_hidden or self._place in self._hidden_columns
        if (filled and hidden) or int(named.get("number-rows-spanned", "1")) > 1:
            self.names.add(self._name)
        self._place += _repeated(named)


def _repeated(named: dict[str, str]) -> int:
    return int(named.get("number-columns-repeated", "1"))
