"""What lies around the cells of a worksheet: merged cells and hidden columns.

A worksheet names its merged cells behind all of its rows, so it is parsed once for them before the rows are read.
"""

import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from app.statements.archive import Parsing, damaged, pairs
from app.statements.formats import is_on
from app.statements.sheets import MOST_COLUMNS, Cell, Doubtful, Row, Span, shown, value_of
from base.words import Words

_MOST_MERGED = 200_000
_RANGE = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})(?::\$?([A-Z]{1,3})\$?([0-9]{1,7}))?")
_COVERED = Words(
    "被合并的单元格盖住，里面另有内容；请取消合并，写出这一格的值",
    "is covered by a merged cell and holds something else: unmerge it, and write what it is",
)


class Merged(NamedTuple):
    """A merged cell: its rows, from 1, and its columns, from 0, each the first and the last one."""

    rows: Span
    columns: Span


@dataclass(slots=True)
class Layout:
    """The merged cells, in order of their first rows, and the hidden columns."""

    merged: list[Merged] = field(default_factory=list)
    hidden_columns: set[int] = field(default_factory=set)

    def start(self, name: str, attributes: list[str]) -> None:
        """Take an element of a worksheet."""
        local = name.rpartition(":")[2]
        if local == "mergeCell":
            if len(self.merged) >= _MOST_MERGED:
                raise damaged()
            self.merged.append(_merged(dict(pairs(attributes)).get("ref", "")))
        elif local == "col":
            named = dict(pairs(attributes))
            if is_on(named.get("hidden", "")) or float(named.get("width", "1")) == 0:
                last = min(int(named["max"]), MOST_COLUMNS)
                self.hidden_columns.update(range(int(named["min"]) - 1, last))


def layout_of(archive: zipfile.ZipFile, part: str) -> Layout:
    """The layout of a worksheet. Raises SheetError."""
    layout = Layout()
    parsing = Parsing(archive, part)
    parsing.parser.StartElementHandler = layout.start
    for _ in parsing.steps():
        pass
    layout.merged.sort()
    return layout


def _merged(written: str) -> Merged:
    found = _RANGE.fullmatch(written)
    if found is None:
        raise damaged()
    left, top, right, bottom = found[1], int(found[2]), found[3] or found[1], int(found[4] or found[2])
    return Merged(Span(top, bottom), Span(column_place(left), column_place(right)))


def column_place(letters: str) -> int:
    """The index of a column, from 0, from its letters. Raises SheetError."""
    place = 0
    for letter in letters:
        place = place * 26 + ord(letter) - 64
    if place < 1:
        raise damaged()
    return place - 1


def with_merged(rows: Iterator[Row], merged: Sequence[Merged]) -> Iterator[Row]:
    """The rows, in which the cells below one that is merged downwards have its value too. Raises SheetError."""
    if not merged:
        yield from rows
        return
    coming = iter(merged)
    following = next(coming, None)
    covering: dict[int, tuple[Merged, Cell]] = {}
    """What covers the present row, by its first column, with its value."""
    for row in rows:
        covering = {place: each for place, each in covering.items() if each[0].rows.last >= row.number}
        while following is not None and following.rows.first <= row.number:
            place = following.columns.first
            if place < MOST_COLUMNS and following.rows.last >= row.number:
                if any(_overlap(following.columns, each.columns) for each, _ in covering.values()):
                    raise damaged()
                value = row.cell(place) if following.rows.first == row.number else None
                covering[place] = following, value
            following = next(coming, None)
        yield _covered(row, covering) if covering else row


def _covered(row: Row, covering: dict[int, tuple[Merged, Cell]]) -> Row:
    cells = list(row.cells)
    spans: dict[int, Span] = {}
    for place, (merged, value) in covering.items():
        rows, columns = merged
        if rows.last > rows.first:
            spans[place] = rows
        for column in range(place, min(columns.last + 1, MOST_COLUMNS)):
            if column >= len(cells):
                cells.extend([None] * (column + 1 - len(cells)))
            if (row.number, column) != (rows.first, place):
                own = value_of(cells[column])
                shown_here = value if column == place else None
                hides = shown(own) and own != value_of(value)
                cells[column] = Doubtful(own, _COVERED) if hides else shown_here
    return row._replace(cells=tuple(cells), merged=spans)


def _overlap(one: Span, other: Span) -> bool:
    return one.first <= other.last and other.first <= one.last
