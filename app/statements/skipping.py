"""Rows of a sheet that are no lines: totals, a repeated header, signatures.

They are recognised by what they lack: a row that could be a line is never skipped.
"""

from dataclasses import dataclass

from app.statements.cells import is_blank
from app.statements.columns import Field, Header, known_columns
from app.statements.measures import PLAIN, stated
from app.statements.sheets import Row, SheetError, plain, quoted, shown
from app.statements.total_rows import Total, begins_with_a_total, names_a_total, total_of

_REMARKS = (
    "制表",
    "审核",
    "复核",
    "盖章",
    "经办",
    "备注",
    "说明",
    "注",
    "打印",
    "签字",
    "负责人",
    "财务",
    "会计",
    "出纳",
    "日期",
    "开户行",
    "账号",
    "联系电话",
    "preparedby",
    "note",
    "signature",
)
_NAMING = (Field.MEMBER_NO, Field.BENEFIT, Field.OCCURRED_ON)
_MONEY = (Field.AMOUNT, Field.UNIT_PRICE)
_HEADINGS = 3
"""A row with the names of so many columns is a heading."""
_COUNTING = (Field.UNITS, Field.AMOUNT, Field.UNIT_PRICE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A skipped row, with its text, and the total that it states."""

    row: int
    words: str
    total: Total | None = None


class Skipping:
    """Recognises the rows below a header that are no lines."""

    def __init__(self, header: Header) -> None:
        self._header = header
        self._places = header.places
        self._titles = tuple(title.casefold() for title in header.titles if title)

    def skipped(self, row: Row) -> Skipped | None:
        """The row as skipped; None where it could be a line. It has some text."""
        written = [shown(cell) for cell in row.cells if not is_blank(cell)]
        if tuple(text.casefold() for text in written) == self._titles and self._is_in_place(row):
            return Skipped(row=row.number, words=quoted(written[0]))
        if known_columns(row) >= _HEADINGS:
            raise SheetError(
                f"第 {row.number} 行像是另一个表头，列和第 {self._header.row.number} 行的不同；请把两张表分成两个文件",
                f"row {row.number} looks like a second heading, of other columns than row {self._header.row.number}: "
                "put each table in a file of its own",
            )
        self._must_not_state_another_measure(row, written)
        # A number of a member, a service and a day make a line, whatever else a row says; one of the three is the word
        # itself, where it stands in the column of one of them. A signature may have a date, but no units or amounts.
        named = self._filled(row, _NAMING)
        if self._is_total(row, written, named):
            return Skipped(row=row.number, words=quoted(written[0]), total=total_of(row, self._header))
        first = plain(written[0])
        remark = named < len(_NAMING) and first.startswith(_REMARKS) and not self._filled(row, _COUNTING)
        return Skipped(row=row.number, words=quoted(written[0])) if remark else None

    def _is_in_place(self, row: Row) -> bool:
        """Whether each heading that is repeated stands in its column."""
        titles = self._header.titles
        return all(shown(row.cell(at)).casefold() == titles[at].casefold() for at in self._places.values())

    def _must_not_state_another_measure(self, row: Row, written: list[str]) -> None:
        money = {self._header.measures[field] for field in _MONEY if field in self._header.measures}
        for text in written:
            measure = stated(text)
            if measure != PLAIN and money != {measure}:
                raise SheetError(
                    f"第 {row.number} 行写着「{quoted(text)}」，和列名的单位不同；请换算成元，并删除它",
                    f"row {row.number} says {quoted(text)}, another unit than the headings: "
                    "convert to CNY, and delete it",
                )

    def _is_total(self, row: Row, written: list[str], named: int) -> bool:
        """Whether a row is a total: by its first word, or by a cell that is nothing but the name of one."""
        if named <= 1 and begins_with_a_total(written[0]):
            return True
        if not any(names_a_total(text) for text in written):
            return False
        naming = [shown(row.cell(self._places[field])) for field in _NAMING if field in self._places]
        return named - sum(map(names_a_total, naming)) <= 1 or names_a_total(naming[0])

    def _filled(self, row: Row, fields: tuple[Field, ...]) -> int:
        return sum(field in self._places and not is_blank(row.cell(self._places[field])) for field in fields)
