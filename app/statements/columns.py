"""Finding the header row and the meaning of columns, by the names that people use, in Chinese and English.

Names are compared by their letters and digits only, without text in brackets: `金额（元）`, `Amount (CNY)` and
`amount` are one name. Unknown columns are ignored and reported; two columns that could mean the same are refused,
because the wrong one might be paid.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cached_property, lru_cache
from itertools import chain, islice

from app.statements import measures
from app.statements.measures import PLAIN, Measure
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
from base.words import Words

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
        "金额 总金额 结算金额 合计金额 金额合计 应结金额 应付金额 实付金额 实结金额 "
        "折后金额 优惠后金额 服务金额 总价 合计 费用 结算费用 服务费用 含税金额",
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


_MEASURES: Mapping[Field, Callable[[str], Measure]] = {
    Field.UNITS: measures.counted,
    Field.AMOUNT: measures.money,
    Field.UNIT_PRICE: measures.price,
}
"""How the remarks on a column of numbers are read."""
_PAYABLE = re.compile(r"应付|应结|结算|实付|实结|实收|折后|优惠后|减免后|payable|due|settle")
_MONEY = re.compile(r"金额|费|价|款|amount|price|fee|total|[应实][付结收]$")
_OTHER_DAYS = re.compile(r"开票|结算|下单|预约|打印|付款|制单|录入|invoice|order|booked|paid|printed")
"""What a column of days says in brackets that are not those of the deliveries."""
_UNIT_COLUMNS = frozenset({"单位", "计量单位", "计价单位", "数量单位", "unit", "uom"})
_CURRENCY_COLUMNS = frozenset({"币种", "货币", "币别", "结算币种", "currency", "ccy"})


@dataclass(frozen=True, kw_only=True)
class Header:
    """The column of each field. `titles` are all columns as the sheet calls them; `ignored` those that are not read.

    `measures` are what columns of numbers are counted in. `unit` and `currency` are columns that say so for each row.
    `notes` tell what a person should know of how the columns are read.
    """

    row: Row
    titles: tuple[str, ...]
    places: Mapping[Field, int]
    ignored: tuple[str, ...]
    measures: Mapping[Field, Measure]
    unit: int | None
    currency: int | None
    notes: tuple[Words, ...]

    @cached_property
    def width(self) -> int:
        """The columns up to the last one with a heading."""
        return max((place for place, title in enumerate(self.titles, 1) if title), default=0)

    @cached_property
    def unread(self) -> tuple[int, ...]:
        """The columns with headings that are no fields."""
        fields = set(self.places.values())
        return tuple(place for place, title in enumerate(self.titles) if title and place not in fields)

    def title(self, field: Field) -> str:
        """The sheet's name of a field; our own if the sheet does not have it."""
        place = self.places.get(field)
        return _ASKED_FOR[field] if place is None else quoted(self.titles[place])


def field_of(title: str) -> Field | None:
    """The field of a column of this name; None for an unknown name."""
    return _meaning(title)[0]


@lru_cache(maxsize=1024)
def _meaning(title: str) -> tuple[Field | None, str]:
    """The field of a column, and the remarks of its name on what it is counted in."""
    bare, remarks = without_brackets(title), in_brackets(title)
    field = _FIELD_OF.get(plain(bare)) or _FIELD_OF.get(plain(title))
    if field is None:
        name, measure = measures.without_measure(bare)
        field, remarks = _FIELD_OF.get(plain(name)), f"{remarks}/{measure}"
        field = field if field in _MEASURES else None
    elif plain(bare) == "分钟数":
        remarks = f"{remarks}/分钟"
    other = field is Field.OCCURRED_ON and _OTHER_DAYS.search(remarks)
    return (
        (None, "") if other or (field in _MEASURES and not measures.is_payable(title)) else (field, remarks)
    )


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
    return _read(above[best], _stated(above[:best])), chain(above[best + 1 :], rows)


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


def _stated(above: list[Row]) -> Measure:
    """The measure of money that the titles above the table state. Raises SheetError."""
    found = [
        measure for row in above for cell in row.cells if (measure := measures.stated(shown(cell))) != PLAIN
    ]
    if any(measure != found[0] or not measure.known for measure in found):
        raise SheetError(
            "表头上方写的货币或单位不是人民币元；请换算成元，并改写或删除它",
            "above the table stands another currency or unit: convert to CNY, and change or delete it",
        )
    return found[0] if found else PLAIN


def _read(row: Row, stated: Measure) -> Header:
    titles = tuple(shown(cell) for cell in row.cells)
    found: dict[Field, list[int]] = {}
    ignored, notes = [], []
    for place, title in enumerate(titles):
        field = field_of(title) if title else None
        if field is not None:
            found.setdefault(field, []).append(place)
        elif title:
            ignored.append(quoted(title))
    for field, places in found.items():
        payable = [place for place in places if _PAYABLE.search(titles[place].casefold())]
        if len(places) > 1 and len(payable) == 1 and field in _MEASURES:
            others = [quoted(titles[place]) for place in places if place not in payable]
            ignored += others
            notes.append(_not_chosen(quoted(titles[payable[0]]), others))
            found[field] = payable
        elif len(places) > 1:
            raise _two_columns(row, titles, field, places)
    _must_not_be_owed(titles, found)
    counted = {
        field: _measure(field, titles[places[0]], stated)
        for field, places in found.items()
        if field in _MEASURES
    }
    notes += [
        _multiplied(quoted(titles[found[field][0]]), measure.factor)
        for field, measure in counted.items()
        if measure.factor != 1
    ]
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
    unit, currency = _only(titles, _UNIT_COLUMNS), _only(titles, _CURRENCY_COLUMNS)
    return Header(
        row=row,
        titles=titles,
        places=places_of,
        ignored=tuple(name for name in ignored if plain(name) not in _UNIT_COLUMNS | _CURRENCY_COLUMNS),
        measures=counted,
        unit=unit,
        currency=currency,
        notes=tuple(notes),
    )


def _only(titles: tuple[str, ...], names: frozenset[str]) -> int | None:
    """The column of one of some names. Raises SheetError where there are several."""
    found = [place for place, title in enumerate(titles) if plain(without_brackets(title)) in names]
    if len(found) > 1:
        same = [quoted(titles[place]) for place in found]
        raise SheetError(
            f"这些列含义相同，请只保留一列：{listed(same)}",
            f"several columns mean the same, keep one of them: {listed(same, separator=', ')}",
        )
    return found[0] if found else None


def _measure(field: Field, title: str, stated: Measure) -> Measure:
    """What a column is counted in, by its heading and what stands above the table. Raises SheetError."""
    remarks = _meaning(title)[1].strip("/")
    measure = _MEASURES[field](remarks)
    if field is not Field.UNITS and stated != PLAIN:
        if remarks and measure != stated:
            raise SheetError(
                f"列「{quoted(title)}」和表头上方写的单位不同；请只写一种",
                f"the column {quoted(title)} and what stands above the table name different units: name one",
            )
        measure = stated
    if not measure.known:
        raise SheetError(
            f"列「{quoted(title)}」用的是别的单位；请换算成元、次数或分钟数，并改列名",
            f"the column {quoted(title)} has another unit: convert it to CNY, times or minutes, and rename it",
        )
    return measure


def _multiplied(title: str, factor: Decimal) -> Words:
    return Words(
        f"「{title}」的数已换算成元：每个数乘以 {factor:f}",
        f"the numbers of {title} were multiplied by {factor:f}, to CNY",
    )


def _not_chosen(title: str, others: list[str]) -> Words:
    return Words(
        f"按「{title}」结算，没有用：{listed(others)}",
        f"{title} is what is to be paid; not used: {listed(others, separator=', ')}",
    )


def _must_not_be_owed(titles: tuple[str, ...], found: Mapping[Field, list[int]]) -> None:
    """Raise SheetError for a column that by its name is to be paid, of a name that is not known, beside another one."""
    places = found.get(Field.AMOUNT, ())
    if any(_PAYABLE.search(titles[place].casefold()) for place in places):
        return
    for title in titles:
        owed = _PAYABLE.search(title.casefold()) and _MONEY.search(title.casefold())
        if owed and field_of(title) is None and measures.is_payable(title):
            raise SheetError(
                f"列「{quoted(title)}」像是应结算的金额，但不认识这个列名；请改名为「结算金额」，或删除",
                f"the column {quoted(title)} looks like what is to be paid, by a name that is not known: call it "
                "settlement amount, or delete it",
            )


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
