"""The rejected rows, as a sheet to be corrected: unchanged, under their own header, each with its reasons.

The content is untrusted and is opened in a spreadsheet program, which evaluates what looks like a formula: such texts
are escaped, as in all exports.
"""

from collections.abc import Sequence
from pathlib import Path

from app.drafts import Draft
from app.exports.csvs import BYTE_ORDER_MARK, csv_lines
from app.statements.sheets import Row, value_of
from app.statements.tables import Table
from ledger.reconciliation.lines import LineProblem

_ROW = {"zh": "原行号", "en": "row before"}
_REASON = {"zh": "未导入原因", "en": "reason"}


class RejectedRows(Draft):
    """The rejected rows of a run, in the language of its reasons (`zh` or `en`)."""

    def __init__(self, path: Path, *, language: str) -> None:
        super().__init__(path)
        self._language = language

    def add(self, table: Table, row: Row, problems: Sequence[LineProblem]) -> None:
        """Write a row and its problems."""
        titles = table.header.titles
        if self.empty:
            self.write(BYTE_ORDER_MARK)
            self.write(csv_lines([(_ROW[self._language], *titles, _REASON[self._language])]))
        cells = (*map(value_of, row.cells), *[None] * len(titles))[: len(titles)]
        colon, semicolon = (": ", "; ") if self._language == "en" else ("：", "；")
        reasons = [
            (f"{problem.column}{colon}" if problem.column else "") + problem.words.spoken(self._language)
            for problem in problems
        ]
        self.write(csv_lines([(row.number, *cells, semicolon.join(reasons))]))
