"""Finding the header row and the meaning of columns, by the names that people use, in Chinese and English.

Names are compared by their letters and digits only, without text in brackets: `金额（元）`, `Amount (CNY)` and
`amount` are one name. Unknown columns are ignored and reported; two columns that could mean the same are refused,
because the wrong one might be paid.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, islice

from app.statements.sheets import (
    Row,
    SheetError,
    in_brackets,
    listed,
    plain,
    quoted,
    shown,
    value_of,
    without_brackets,
)

_ROWS_ABOVE = 50
"""So many rows are looked through for the header."""
_LIKE_A_HEADER = 2
_MOST_SHOWN = 30


class Field(StrEnum):
    """The fields of a statement line; the values are their names in the API."""

    REFERENCE = "reference"
    MEMBER_NO = "memberNo"
    BENEFIT = "benefit"
    UNITS = "units"
    OCCURRED_ON = "occurredOn"
    AMOUNT = "amount"
    UNIT_PRICE = "unitPrice"


def _names(zh: str, en: str) -> tuple[str, ...]:
    return (*zh.split(), *en.split(", "))


NAMES: Mapping[Field, tuple[str, ...]] = {
    Field.REFERENCE: _names(
        "预约号 预约编号 预约单号 单号 订单号 订单编号 服务单号 工单号 业务单号 业务流水号 流水号 交易流水号 "
        "参考号 凭证号 核销码 核销单号 券码",
        "reference, reference no, reference number, ref, ref no, ref number, order no, order number, order id, "
        "booking no, booking number, appointment no, voucher no, voucher",
    ),
    Field.MEMBER_NO: _names(
        "会员号 会员编号 会员号码 会员卡号 会员ID 荟员号 荟员编号 客户号 客户编号 客户号码",
        "member no, member number, member id, membership no, membership number, membership id, customer no, "
        "customer number, customer id",
    ),
    Field.BENEFIT: _names(
        "服务项目 项目 服务名称 服务项目名称 项目名称 服务内容 服务类型 服务 服务代码 服务编码 项目代码 "
        "权益 权益名称 权益项目 权益代码 增值服务",
        "benefit, benefit code, benefit name, service, service name, service item, service code, service type, item",
    ),
    Field.UNITS: _names(
        "次数 数量 单位数 使用次数 服务次数 服务数量 使用数量 核销次数 件数 分钟数",
        "units, unit count, number of units, qty, quantity, count, times",
    ),
    Field.OCCURRED_ON: _names(
        "服务日期 日期 使用日期 发生日期 服务时间 使用时间 发生时间 核销日期 核销时间 就诊日期",
        "occurred on, occurred at, date, service date, date of service, usage date, used on, date used, delivered on, "
        "delivery date",
    ),
    Field.AMOUNT: _names(
        "金额 总金额 结算金额 合计金额 金额合计 应结金额 应付金额 服务金额 总价 合计 费用 结算费用 服务费用 含税金额",
        "amount, total, total amount, amount total, total price, settlement amount, amount due, amount cny, amount rmb",
    ),
    Field.UNIT_PRICE: _names(
        "单价 结算单价 服务单价 含税单价", "unit price, price per unit, price, unit cost"
    ),
}
"""The names by which a column is known."""

_FIELD_OF = {plain(name): field for field, names in NAMES.items() for name in names}
_NEEDED = (Field.MEMBER_NO, Field.BENEFIT, Field.UNITS, Field.OCCURRED_ON)
_ASKED_FOR = {
    Field.REFERENCE: "预约号 / reference",
    Field.MEMBER_NO: "会员号 / member_no",
    Field.BENEFIT: "服务项目 / benefit",
    Field.UNITS: "次数 / units",
    Field.OCCURRED_ON: "服务日期 / occurred_on",
    Field.AMOUNT: "金额 / amount",
    Field.UNIT_PRICE: "单价 / unit_price",
}


_MONEY = r"[万千百亿]|\(分\)|thousand|million|usd|美元|hkd|港[币元]|eur|欧元|gbp|英镑|jpy|日元|[$€£]"
_TIME = r"小时|hour|hrs?\b|[天日]"
_OTHER_UNITS = {
    Field.UNITS: re.compile(rf"[万千百]|{_TIME}"),
    Field.AMOUNT: re.compile(_MONEY),
    Field.UNIT_PRICE: re.compile(rf"{_MONEY}|{_TIME}"),
}
"""What a heading may not say in brackets: its numbers would be read as CNY, times or minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The column of each field. `titles` are all columns as the sheet calls them; `ignored` those that are not read."""

    row: Row
    titles: tuple[str, ...]
    places: Mapping[Field, int]
    ignored: tuple[str, ...]

    def title(self, field: Field) -> str:
        """The sheet's name of a field; our own if the sheet does not have it."""
        place = self.places.get(field)
        return _ASKED_FOR[field] if place is None else quoted(self.titles[place])


def field_of(title: str) -> Field | None:
    """The field of a column of this name; None for an unknown name."""
    return _FIELD_OF.get(plain(without_brackets(title))) or _FIELD_OF.get(plain(title))


def known_columns(row: Row) -> int:
    """How many different fields the cells of a row name."""
    return len(
        {field for cell in row.cells if isinstance(value_of(cell), str) and (field := field_of(shown(cell)))}
    )


def find_header(rows: Iterator[Row]) -> tuple[Header, Iterator[Row]]:
    """The header, below any titles, and the rows below it.

    Raises SheetError when there is none, when a column is missing, and when two columns have the same meaning.
    """
    above = list(islice(rows, _ROWS_ABOVE))
    best = max(range(len(above)), key=lambda place: known_columns(above[place]), default=None)
    if best is None or known_columns(above[best]) < _LIKE_A_HEADER:
        raise _without_header(above)
    return _read(above[best]), chain(above[best + 1 :], rows)


def _without_header(above: list[Row]) -> SheetError:
    first = next((row for row in above if any(shown(cell) for cell in row.cells)), None)
    if first is None:
        return SheetError("文件是空的", "the sheet is empty")
    found = [quoted(shown(cell)) for cell in first.cells if shown(cell)][:_MOST_SHOWN]
    needed = [_ASKED_FOR[field] for field in (*_NEEDED, Field.AMOUNT)]
    return SheetError(
        f"没有找到表头（需要的列：{listed(needed)}）；第 {first.number} 行是：{listed(found)}",
        f"there is no row with the names of the columns (needed: {listed(needed, separator=', ')}); "
        f"row {first.number} says: {listed(found, separator=', ')}",
    )


def _read(row: Row) -> Header:
    titles = tuple(shown(cell) for cell in row.cells)
    found: dict[Field, list[int]] = {}
    ignored = []
    for place, title in enumerate(titles):
        field = field_of(title) if title else None
        if field is not None:
            found.setdefault(field, []).append(place)
        elif title:
            ignored.append(quoted(title))
    for field, places in found.items():
        if len(places) > 1:
            raise _two_columns(row, titles, field, places)
    for field, says in _OTHER_UNITS.items():
        title = titles[found[field][0]] if field in found else ""
        if says.search(in_brackets(title)):
            raise SheetError(
                f"列「{quoted(title)}」用的是别的单位；请换算成元、次数或分钟数，并改列名",
                f"the column {quoted(title)} has another unit: convert it to CNY, times or minutes, and rename it",
            )
    missing = [_ASKED_FOR[field] for field in _NEEDED if field not in found]
    if Field.AMOUNT not in found and Field.UNIT_PRICE not in found:
        missing.append(_ASKED_FOR[Field.AMOUNT])
    if missing:
        raise SheetError(
            f"缺少列：{listed(missing)}；第 {row.number} 行的列有：{_columns(titles)}",
            f"missing: {listed(missing, separator=', ')}; the columns in row {row.number} are: "
            f"{_columns(titles, separator=', ')}",
        )
    places_of = {field: places[0] for field, places in found.items()}
    return Header(row=row, titles=titles, places=places_of, ignored=tuple(ignored))


def _two_columns(row: Row, titles: tuple[str, ...], field: Field, places: list[int]) -> SheetError:
    same = [quoted(titles[place]) for place in places]
    return SheetError(
        f"这些列含义相同（{_ASKED_FOR[field]}），请只保留一列：{listed(same)}；"
        f"第 {row.number} 行的列有：{_columns(titles)}",
        f"several columns mean the same ({_ASKED_FOR[field]}), keep one of them: {listed(same, separator=', ')}; "
        f"the columns in row {row.number} are: {_columns(titles, separator=', ')}",
    )


def _columns(titles: tuple[str, ...], *, separator: str = "、") -> str:
    return listed([quoted(title) for title in titles if title][:_MOST_SHOWN], separator=separator)
