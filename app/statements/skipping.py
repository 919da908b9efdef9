"""Rows of a sheet that are no lines: totals, a repeated header, signatures.

They are recognised by what they lack: a row that could be a line is never skipped.
"""

from dataclasses import dataclass

from app.statements.cells import is_blank
from app.statements.columns import Field, Header
from app.statements.sheets import Row, plain, quoted, shown

_TOTALS = (
    "合计",
    "总计",
    "小计",
    "共计",
    "累计",
    "总额",
    "总数",
    "总金额",
    "金额大写",
    "大写",
    "本页",
    "total",
    "subtotal",
    "grandtotal",
    "sum",
)
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
_COUNTING = (Field.UNITS, Field.AMOUNT, Field.UNIT_PRICE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A skipped row, with its text."""

    row: int
    words: str


class Skipping:
    """Recognises the rows below a header that are no lines."""

    def __init__(self, header: Header) -> None:
        self._places = header.places
        self._titles = tuple(title.casefold() for title in header.titles if title)

    def skipped(self, row: Row) -> Skipped | None:
        """The row as skipped; None where it could be a line. It has some text."""
        written = [shown(cell) for cell in row.cells if not is_blank(cell)]
        if tuple(text.casefold() for text in written) == self._titles:
            return Skipped(row=row.number, words=quoted(written[0]))
        first = plain(written[0])
        # A number of a member, a service and a day make a line, whatever else a row says; one of the three is the word
        # itself, where it stands in the column of one of them. A signature may have a date, but no units or amounts.
        named = self._filled(row, _NAMING)
        total = named <= 1 and first.startswith(_TOTALS)
        remark = named < len(_NAMING) and first.startswith(_REMARKS) and not self._filled(row, _COUNTING)
        return Skipped(row=row.number, words=quoted(written[0])) if total or remark else None

    def _filled(self, row: Row, fields: tuple[Field, ...]) -> int:
        return sum(field in self._places and not is_blank(row.cell(self._places[field])) for field in fields)
