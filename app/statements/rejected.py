"""The rows that were not taken, as a sheet to be mended: as they were, under their own header, each with the reasons.

What stands in it comes from outside and is opened in a spreadsheet program, which runs what looks like a formula: such
texts are made harmless, as in every file that leaves us.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import IO, Self

from app.exports.columns import Cell
from app.exports.csvs import BYTE_ORDER_MARK, csv_lines
from app.statements.reading import Table
from app.statements.sheets import Row
from ledger.reconciliation.values import LineProblem

_ROW = {"zh": "原行号", "en": "row before"}
_REASON = {"zh": "未导入原因", "en": "reason"}


class RejectedRows:
    """Writes a draft beside `path`; `keep` puts it in its place. A context manager: a draft that is not kept goes.

    What an earlier run left out goes too when it is kept, so that the file is always what the last run left out.
    """

    def __init__(self, path: Path, *, language: str) -> None:
        self._path = path
        self._draft = path.with_name(f"{path.name}.new")
        self._language = language
        self._stream: IO[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._stream is not None:
            self._stream.close()
            self._draft.unlink(missing_ok=True)

    def add(self, table: Table, row: Row, problems: Sequence[LineProblem]) -> None:
        """Write a row and what is wrong with it."""
        titles = table.header.titles
        if self._stream is None:
            self._stream = self._draft.open("wb")
            self._stream.write(BYTE_ORDER_MARK)
            self._write((_ROW[self._language], *titles, _REASON[self._language]))
        cells = (*row.cells, *[None] * len(titles))[: len(titles)]
        reasons = [
            f"{problem.column}: {problem.words_en}"
            if self._language == "en"
            else f"{problem.column}：{problem.words_zh}"
            for problem in problems
        ]
        self._write((row.number, *cells, ("; " if self._language == "en" else "；").join(reasons)))

    def _write(self, cells: Sequence[Cell]) -> None:
        if self._stream is not None:
            self._stream.write(csv_lines([cells]))

    def keep(self) -> Path | None:
        """Put the file in its place; None when there is nothing to mend."""
        if self._stream is None:
            self._path.unlink(missing_ok=True)
            return None
        self._stream.close()
        self._stream = None
        self._draft.replace(self._path)
        return self._path
