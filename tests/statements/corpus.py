"""Sheets as people send them, made by code that says what each is, with the lines read or the refusal by its cell.

A case is a row of a table: what the sheet is, the file, and the result. A line is written as
`member benefit units day amount`; a refusal by its beginning, with row and column, or, where the whole sheet is
refused, by words of it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Font
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from tests.statements.sheets import MAIN, csv_of, raw_xlsx, saved

COLUMNS = ("会员号", "服务项目", "次数", "服务日期", "金额", "预约号")
LINE = ("M1", "健康体检", "1", "2026-10-05", "680.00", "A-1")
TYPED = ("M1", "健康体检", 1, date(2026, 10, 5), 680, "A-1")
READ = "M1 physical-exam 1 2026-10-05 680.00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """`lines` and `refused` (the beginnings of messages) of rows; else `whole`: words of the refusal of the sheet."""

    says: str
    file: Callable[[], bytes]
    lines: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    whole: str = ""
    told: str = ""


def with_cell(row: tuple[Any, ...], column: str, value: Any) -> tuple[Any, ...]:
    place = COLUMNS.index(column)
    return (*row[:place], value, *row[place + 1 :])


def outcome(says: str, file: Callable[[], bytes], result: str, told: str = "") -> Case:
    """A case of one line: a result that names a row is its refusal, `!` marks the whole sheet's."""
    if result.startswith("!"):
        return Case(says=says, file=file, whole=result[1:])
    if result.startswith("第"):
        return Case(says=says, file=file, refused=(result,))
    return Case(says=says, file=file, lines=(result,), told=told)


def money(amount: str) -> str:
    return f"M1 physical-exam 1 2026-10-05 {amount}"


AMOUNT, UNITS, DAY, MEMBER = "第 2 行，金额：", "第 2 行，次数：", "第 2 行，服务日期：", "第 2 行，会员号："
APART = AMOUNT + "单元格里不止一个数"

AMOUNTS = {
    "680": money("680.00"),
    "¥1,180.00": money("1180.00"),
    "￥ 1，180": money("1180.00"),
    "1 180.00": money("1180.00"),
    "1\xa0180.00": money("1180.00"),
    "１１８０．５０元": money("1180.50"),
    "CNY 680.5": money("680.50"),
    "680元整": money("680.00"),
    "+680": money("680.00"),
    "-680": "M1 physical-exam -1 2026-10-05 -680.00",
    "(680.00)": "M1 physical-exam -1 2026-10-05 -680.00",
    "680-": "M1 physical-exam -1 2026-10-05 -680.00",
    "180\n180": APART,
    "180 180": APART,
    "180\t180": APART,
    "180\xa0180": APART,
    "1 180": APART,
    "180.00 180.00": APART,
    "180元 180元": AMOUNT,
    "180/180": AMOUNT,
    "180+20": AMOUNT,
    "180~200": AMOUNT,
    "180-200": AMOUNT,
    "1.180": AMOUNT + "「1.180」可能是 1180，也可能是 1.18",
    "1.180,00": AMOUNT,
    "1180,50": AMOUNT,
    "1,18": AMOUNT,
    "11,80.00": AMOUNT,
    "680.005": AMOUNT,
    "0.068万元": AMOUNT,
    "0.068万": AMOUNT,
    "68000分": AMOUNT,
    "$680": AMOUNT,
    "680 USD": AMOUNT,
    "HK$680": AMOUNT,
    "680港币": AMOUNT,
    "680美元": AMOUNT,
    "€680": AMOUNT,
    "约680": AMOUNT,
    "680*": AMOUNT,
    "680①": AMOUNT,
    "680（含税）": AMOUNT,
    "六百八十": AMOUNT,
    "免费": AMOUNT,
    "6.8E+2": AMOUNT,
    "68%": AMOUNT,
    "#REF!": AMOUNT + "单元格是错误值",
    "#DIV/0!": AMOUNT + "单元格是错误值",
    "########": AMOUNT + "单元格是错误值",
    "TRUE": AMOUNT + "单元格是逻辑值",
    "=C2*680": AMOUNT + "单元格是公式",
    "": AMOUNT + "不能为空",
    "—": AMOUNT,
    "同上": AMOUNT,
    '"': AMOUNT,
}
UNITS_WRITTEN = {
    "1次": READ,
    "1.0": READ,
    "１": READ,
    "1 1": UNITS + "单元格里不止一个数",
    "1\n1": UNITS + "单元格里不止一个数",
    "1次 1次": UNITS,
    "1.5": UNITS,
    "1.000": UNITS + "「1.000」可能是 1000，也可能是",
    "60分钟": UNITS + "该项目按次计",
    "1小时": UNITS + "该项目按次计",
    "0": UNITS,
    "1/2": UNITS,
    "一": UNITS,
    "1+1": UNITS,
    "1-2": UNITS,
    "1天": UNITS,
    "50%": UNITS,
    "": UNITS,
}
DAYS = {
    "2026/10/5": READ,
    "2026年10月5日": READ,
    "20261005": READ,
    "2026-10-05 14:30": READ,
    "46300": READ,
    "5 Oct 2026": READ,
    "44838": DAY + "2022-10-04 离账期 2026-10 太远",
    "2025-10-05": DAY + "2025-10-05 离账期 2026-10 太远",
    "2027-10-05": DAY,
    "2062-10-05": DAY,
    "5/10/2026": DAY,
    "10/05/26": DAY,
    "2026-02-30": DAY,
    "2026-10-05\n2026-10-06": DAY,
    "2026-10-05 2026-10-06": DAY,
    "2026-10-05（改期）": DAY,
    "2026-10": DAY,
    "昨天": DAY,
    "": DAY,
}
MEMBERS = {
    "Ｍ１": READ,
    "'M1": READ,
    "M1\nM2": MEMBER,
    "合计": "!没有任何行",
    "小计": "!没有任何行",
    "本月合计": "!没有任何行",
    "成人洁牙小计": "!没有任何行",
    "总计：": "!没有任何行",
    "Total": "!没有任何行",
    "合计001": MEMBER + "这一行像是合计",
    "1.38E+10": MEMBER,
    "#N/A": MEMBER,
    "TRUE": MEMBER,
    "": MEMBER,
}


BENEFIT = "第 2 行，服务项目："
BENEFITS = {
    "physical-exam": READ,
    "健康体检（男）": READ,
    "健康体检（1次）": READ,
    "健康体检（2次）": BENEFIT + "括号里写着「2次」",
    "健康体检（已取消）": BENEFIT + "括号里写着「已取消」",
    "健康体检（退款）": BENEFIT,
    "健康体检+洁牙": BENEFIT + "没有叫",
    "健康体检\n成人洁牙": BENEFIT,
    "体检": BENEFIT + "没有叫",
    "": BENEFIT + "不能为空",
}


def texts() -> Iterator[Case]:
    """One cell of a CSV file, written in another way."""
    tables = (
        ("金额", AMOUNTS),
        ("次数", UNITS_WRITTEN),
        ("服务日期", DAYS),
        ("会员号", MEMBERS),
        ("服务项目", BENEFITS),
    )
    for column, table in tables:
        for text, result in table.items():
            yield outcome(
                f"{column} is written {text!r}",
                partial(csv_of, COLUMNS, with_cell(LINE, column, text)),
                result,
            )


OTHER_UNIT = "!用的是别的单位"
HEADINGS = {
    ("金额", "金额（元）"): money("680.00"),
    ("金额", "金额：元"): money("680.00"),
    ("金额", "金额元"): money("680.00"),
    ("金额", "Amount (CNY)"): money("680.00"),
    ("金额", "金额（含税）"): money("680.00"),
    ("金额", "*金额（必填）"): money("680.00"),
    ("金额", "金额（万元）"): money("6800000.00"),
    ("金额", "金额万元"): money("6800000.00"),
    ("金额", "金额/千元"): money("680000.00"),
    ("金额", "金额（单位：分）"): money("6.80"),
    ("金额", "金额 [角]"): money("68.00"),
    ("金额", "金额（亿元）"): OTHER_UNIT,
    ("金额", "金额（美元）"): OTHER_UNIT,
    ("金额", "Amount (USD)"): OTHER_UNIT,
    ("金额", "Amount USD"): OTHER_UNIT,
    ("金额", "amount_hkd"): OTHER_UNIT,
    ("金额", "金额（港币）"): OTHER_UNIT,
    ("金额", "金额港币"): OTHER_UNIT,
    ("金额", "金额（新台币）"): OTHER_UNIT,
    ("金额", "金额（比索）"): OTHER_UNIT,
    ("金额", "Total ($)"): OTHER_UNIT,
    ("金额", "Amount (in thousands)"): OTHER_UNIT,
    ("金额", "不含税金额"): "!缺少列：金额",
    ("金额", "金额（不含税）"): "!缺少列：金额",
    ("金额", "优惠前金额"): "!缺少列：金额",
    ("金额", "金额（优惠前）"): "!缺少列：金额",
    ("金额", "累计金额"): "!缺少列：金额",
    ("金额", "金额（累计）"): "!缺少列：金额",
    ("金额", "Amount (excl. tax)"): "!缺少列：金额",
    ("服务日期", "日期（服务）"): READ,
    ("服务日期", "日期（开票）"): "!缺少列：服务日期",
    ("次数", "数量（次）"): READ,
    ("次数", "数量（次/分钟）"): READ,
    ("次数", "数量（小时）"): "第 2 行，数量（小时）：该项目按次计，单元格写的是「1小时」",
    ("次数", "Qty (hours)"): "第 2 行，Qty (hours)：该项目按次计",
    ("次数", "分钟数"): "第 2 行，分钟数：该项目按次计，单元格写的是「1分钟」",
    ("次数", "次数（百次）"): OTHER_UNIT,
    ("次数", "数量（天）"): OTHER_UNIT,
    ("次数", "次数（剩余）"): OTHER_UNIT,
    ("次数", "累计次数"): "!缺少列：次数",
}
LEGAL = with_cell(LINE, "服务项目", "legal-consultation")
MINUTES = "M1 legal-consultation 60 2026-10-05 680.00"


def headings() -> Iterator[Case]:
    """A heading that says more than a name."""
    for (column, title), result in HEADINGS.items():
        yield outcome(
            f"the heading of {column} is {title}",
            partial(csv_of, with_cell(COLUMNS, column, title), LINE),
            result,
        )
    for title in ("数量（小时）", "数量小时", "Qty (hours)"):
        rows = (with_cell(COLUMNS, "次数", title), LEGAL)
        yield outcome(f"minutes are counted by {title}", partial(csv_of, *rows), MINUTES)
    above = {
        "单位：元": READ,
        "金额单位：人民币元": READ,
        "单位：瑞康健康有限公司": READ,
        "单位：万元": money("6800000.00"),
        "金额单位：千元": money("680000.00"),
        "单位：美元": "!表头上方",
        "币种：USD": "!表头上方",
        "对账单（美元）": "!表头上方",
        "Statement in USD": "!表头上方",
        "对账单（10月）": READ,
        "对账单（万元）": money("6800000.00"),
        "Currency: HKD": "!表头上方",
        "(Amounts in thousands)": "!表头上方",
    }
    for text, result in above.items():
        yield outcome(f"above the table stands {text}", partial(csv_of, (text,), (), COLUMNS, LINE), result)
    two = (("单位：万元",), with_cell(COLUMNS, "金额", "金额（元）"), LINE)
    yield outcome("heading and title name different units", partial(csv_of, *two), "!请只写一种")
    below = (COLUMNS, LINE, ("注：以上金额单位：万元",))
    yield outcome("a note below the table says 万元", partial(csv_of, *below), "!第 3 行写着")
    both = (with_cell(COLUMNS, "金额", "金额（万元）"), with_cell(LINE, "金额", "680元"))
    yield outcome(
        "a cell says 元 below a heading of 万元",
        partial(csv_of, *both),
        "第 2 行，金额（万元）：单元格写的是",
    )
    for total, refused in {"0.068": (), "0.168": ("第 3 行，金额（万元）：",)}.items():
        titles, row = with_cell(COLUMNS, "金额", "金额（万元）"), with_cell(LINE, "金额", "0.068")
        in_10_000 = (titles, row, ("合计", "", "", "", total))
        yield Case(
            says=f"below a heading of 万元, the total is {total}",
            file=partial(csv_of, *in_10_000),
            lines=(READ,),
            refused=refused,
        )
    factor = (with_cell(COLUMNS, "金额", "金额（分）"), with_cell(LINE, "金额", "68000"))
    yield outcome(
        "an amount in 分 is told",
        partial(csv_of, *factor),
        READ,
        "「金额（分）」的数已换算成元：每个数乘以 0.01",
    )


def beside(titles: str, *cells: str) -> Callable[[], bytes]:
    """A sheet with further columns."""
    return partial(csv_of, (*COLUMNS, *titles.split()), (*LINE, *cells))


def columns() -> Iterator[Case]:
    """Columns beside the ones that are read."""
    yield outcome("a column of remarks", beside("备注", "好"), READ)
    yield outcome(
        "two amounts, of which one is payable", beside("结算金额", "600"), money("600.00"), "没有用：金额"
    )
    yield outcome(
        "list price and payable amount", beside("应付金额", "600"), money("600.00"), "按「应付金额」结算"
    )
    yield outcome("an amount and one without tax", beside("不含税金额", "641.51"), READ)
    yield outcome("an amount and one before a discount", beside("优惠前金额", "800"), READ)
    yield outcome("the amount in capitals beside it", beside("金额（大写）", "陆佰捌拾元整"), READ)
    yield outcome("a cumulative amount", beside("累计金额", "9800"), READ)
    yield outcome("two amounts of the same meaning", beside("总金额", "700"), "!含义相同")
    yield outcome("two payable amounts", beside("应付金额 结算金额", "600", "500"), "!含义相同")
    yield outcome("a payable amount of an unknown name", beside("实结服务费合计", "600"), "!像是应结算的金额")
    yield outcome(
        "a payable amount that is called so and no more", beside("本次应付", "600"), "!像是应结算的金额"
    )
    yield outcome("units × price is the amount", beside("单价", "680"), READ)
    yield outcome(
        "units × price contradicts the amount",
        beside("单价", "650"),
        AMOUNT + "与次数 × 单价不符：1 × 650 = 650",
    )
    yield outcome("a word in place of a price", beside("单价", "面议"), READ)
    yield outcome("a price in another currency", beside("单价", "$680"), "第 2 行，单价：不是金额")
    yield outcome(
        "a price rounded to cents",
        partial(
            csv_of, (*COLUMNS, "单价"), (*with_cell(with_cell(LINE, "次数", "3"), "金额", "100.00"), "33.33")
        ),
        "M1 physical-exam 3 2026-10-05 100.00",
    )
    for text, result in {
        "人民币": READ,
        "CNY": READ,
        "": READ,
        "USD": "第 2 行，币种：须为人民币",
        "港币": "第 2 行，币种：",
    }.items():
        yield outcome(f"the column of currencies says {text!r}", beside("币种", text), result)
    for text, result in {
        "次": READ,
        "元": READ,
        "": READ,
        "小时": UNITS + "该项目按次计",
        "天": UNITS + "「单位」列写的是",
    }.items():
        yield outcome(f"the column of units says {text!r}", beside("单位", text), result)
    hours = partial(csv_of, (*COLUMNS, "单位"), (*LEGAL, "小时"))
    yield outcome("the column of units says 小时 of a benefit in minutes", hours, MINUTES)
    for text in ("已取消", "作废", "退款", "No Show"):
        yield outcome(f"the status says {text}", beside("状态", text), "第 2 行，状态：写着")
    for text in ("已完成", "客户取消后又来了", "退款见下月"):
        yield outcome(f"the status says {text}", beside("状态", text), READ)
    yield outcome(
        "a column that is not read says 小计", beside("类别", "小计"), "第 2 行，类别：这一行像是合计"
    )
    credit = partial(csv_of, (*COLUMNS, "状态"), (*with_cell(LINE, "金额", "-680"), "退款"))
    yield outcome("the status of a credit line", credit, "M1 physical-exam -1 2026-10-05 -680.00")


def plain_csv(*lines: str, encoding: str = "utf-8") -> Callable[[], bytes]:
    return lambda: "\r\n".join((",".join(COLUMNS), *lines)).encode(encoding)


def files() -> Iterator[Case]:
    """Files of text, and rows that are no lines."""
    good = ",".join(LINE)
    yield outcome(
        "an amount with a comma, unquoted",
        plain_csv(good.replace("680.00", "1,180.00")),
        "第 2 行：最后一个列名的右边还有内容",
    )
    short = ",".join(LINE[:4]) + ",1,180.00"
    yield outcome(
        "such an amount in a row that is one cell short",
        plain_csv(short),
        AMOUNT + "「1」和右边的「180.00」像是一个数",
    )
    yield outcome(
        "a cell beyond the headings", plain_csv(good + ",,已核对"), "第 2 行：最后一个列名的右边还有内容"
    )
    yield outcome("empty cells beyond the headings", plain_csv(good + ",,,"), READ)
    yield outcome(
        "a quotation mark that is not closed", plain_csv(good.replace("A-1", '"A-1'), good), "!第 2 行"
    )
    yield outcome(
        "one that another row closes", plain_csv(good.replace("A-1", '"A-1'), good + '"'), "!第 2 行"
    )
    yield outcome("text behind a quoted cell", plain_csv(good.replace("M1", '"M"1')), "!第 2 行")
    yield outcome("a quotation mark within a cell", plain_csv(good.replace("A-1", 'A-1"')), READ)
    yield outcome("a quoted amount", plain_csv(good.replace("680.00", '"1,180.00"')), money("1180.00"))
    yield outcome(
        "UTF-8 that was cut in a cell",
        lambda: plain_csv(good)().replace("健康".encode(), "健康".encode()[:-1]),
        "第 2 行，服务项目：",
    )
    for encoding in ("utf-8-sig", "gbk", "gb18030", "utf-16"):
        yield outcome(f"a file in {encoding}", plain_csv(good, encoding=encoding), READ)
    rows = (COLUMNS, LINE)
    for separator in ";\t|":
        yield outcome(f"cells apart by {separator!r}", partial(csv_of, *rows, separator=separator), READ)
    yield outcome(
        "decimal commas", partial(csv_of, COLUMNS, with_cell(LINE, "金额", "680,50"), separator=";"), AMOUNT
    )
    yield outcome(
        "grouped by points", partial(csv_of, COLUMNS, with_cell(LINE, "金额", "1.180"), separator=";"), AMOUNT
    )
    for words in ("合计", "本月合计", "总计（元）", "Total"):
        total = (words, "", "1", "", "680.00")
        yield outcome(f"a total called {words}", partial(csv_of, *rows, total), READ)
    yield outcome("headings again", partial(csv_of, *rows, COLUMNS), READ)
    other = with_cell(with_cell(COLUMNS, "次数", "金额"), "金额", "次数")
    yield outcome(
        "a second heading with units and amount swapped",
        partial(csv_of, *rows, other, LINE),
        "!第 3 行像是另一个表头",
    )
    yield outcome(
        "a second heading in 万元",
        partial(csv_of, *rows, with_cell(COLUMNS, "金额", "金额（万元）"), LINE),
        "!像是另一个表头",
    )
    yield outcome(
        "headings again, a column further", partial(csv_of, *rows, ("", *COLUMNS), LINE), "!像是另一个表头"
    )
    yield outcome("who made the sheet", partial(csv_of, *rows, ("制表：王芳",)), READ)
    yield outcome("an empty file", lambda: b"", "!文件是空的")
    yield outcome("no lines", partial(csv_of, COLUMNS), "!没有任何行")


def book(change: Callable[[Any], None], *rows: tuple[Any, ...]) -> Callable[[], bytes]:
    """A workbook of typed cells, then changed."""

    def made() -> bytes:
        workbook = Workbook()
        for row in (COLUMNS, *(rows or (TYPED,))):
            workbook.active.append(row)
        change(workbook.active)
        return saved(workbook)

    return made


def put(
    place: str, value: Any = None, *, shown_as: str = "", font: Font | None = None
) -> Callable[[Any], None]:
    def change(sheet: Any) -> None:
        cell = sheet[place]
        cell.value = cell.value if value is None else value
        cell.number_format = shown_as or cell.number_format
        if font is not None:
            cell.font = font

    return change


FORMAT = "单元格的格式"
FORMATS = {
    ("E2", "0.00", 680.5): money("680.50"),
    ("E2", "#,##0.00", 1180): money("1180.00"),
    ("E2", '0.00"元"', 680): money("680.00"),
    ("E2", "[$¥-804]#,##0.00", 680): money("680.00"),
    ("E2", "0.00;[Red]-0.00", -680): "M1 physical-exam -1 2026-10-05 -680.00",
    ("E2", "[$$-409]#,##0.00", 680): AMOUNT + "不是金额：「$680」",
    ("E2", "[$HKD] 0.00", 680): AMOUNT,
    ("E2", '0.00"万元"', 0.068): AMOUNT,
    ("E2", '0.0000"万元"', 0.068): AMOUNT + "不是金额：「0.068万元」",
    ("E2", '0"分"', 68000): AMOUNT,
    ("E2", "0.00,", 680): AMOUNT + FORMAT + "把数缩小后显示",
    ("E2", '0!.0,"万"', 6800): AMOUNT + FORMAT,
    ("E2", "0%", 6.8): AMOUNT + FORMAT + "把数显示为百分比",
    ("E2", "0", 680.5): AMOUNT + FORMAT + "把数四舍五入后显示",
    ("E2", "#,##0", 680.4): AMOUNT + FORMAT + "把数四舍五入后显示",
    ("E2", ";;;", 680): AMOUNT + FORMAT + "不显示内容",
    ("E2", "0;0", -680): AMOUNT + FORMAT + "把数显示成相反的正负号",
    ("E2", "yyyy-mm-dd", 680): AMOUNT + "不是金额：「1901-11-10」",
    ("E2", '[>=10000]0"万";0', 680): AMOUNT + FORMAT,
    ("C2", '0"小时"', 1): UNITS + "该项目按次计，单元格写的是「1小时」",
    ("C2", '0"次"', 1): READ,
    ("C2", "h:mm", 1): UNITS + FORMAT + "把数显示为时间",
    ("C2", "0", 1.5): UNITS + FORMAT + "把数四舍五入后显示",
    ("D2", "General", 46300): READ,
    ("D2", "h:mm", 46300.5): DAY + FORMAT,
    ("A2", '"M"0', 1): READ,
    ("A2", ";;;", "M1"): MEMBER + FORMAT + "不显示内容",
}
ROWS = (TYPED, with_cell(TYPED, "会员号", "M2"))
SECOND = "M2 physical-exam 1 2026-10-05 680.00"
STRUCK = "内容已划掉"


def hide(row: int) -> Callable[[Any], None]:
    def change(sheet: Any) -> None:
        sheet.row_dimensions[row].hidden = True

    return change


def filtered(sheet: Any) -> None:
    sheet.auto_filter.ref = "A1:F3"
    hide(3)(sheet)


def strike_row(sheet: Any) -> None:
    for cell in sheet[2]:
        cell.font = Font(strike=True)


def hide_amounts(sheet: Any) -> None:
    sheet.column_dimensions["E"].hidden = True


def comment(sheet: Any) -> None:
    sheet["E2"].comment = Comment("此单作废", "王芳")


def never_calculated() -> bytes:
    """As XlsxWriter writes formulas: with 0 as the result."""
    cells = "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in LINE[:4])
    titles = "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in COLUMNS)
    row = f"<row>{cells}<c><f>C2*680</f><v>0</v></c></row>"
    return raw_xlsx(f'<worksheet xmlns="{MAIN}"><sheetData><row>{titles}</row>{row}</sheetData></worksheet>')


def two_statements() -> bytes:
    workbook = Workbook()
    for sheet in (workbook.active, workbook.create_sheet("副本")):
        sheet.append(COLUMNS)
        sheet.append(TYPED)
    return saved(workbook)


def since_1904() -> bytes:
    workbook = Workbook()
    workbook.epoch = CALENDAR_MAC_1904
    workbook.active.append(COLUMNS)
    workbook.active.append(with_cell(TYPED, "服务日期", 46300 - 1462))
    return saved(workbook)


def books() -> Iterator[Case]:
    """Workbooks: what a format, a font, a formula or a merged cell says beyond the value."""
    for (place, code, value), result in FORMATS.items():
        yield outcome(
            f"{place} holds {value} in the format {code}", book(put(place, value, shown_as=code)), result
        )
    yield outcome("a formula without a result", book(put("E2", "=C2*680")), AMOUNT + "单元格是公式")
    yield outcome("a formula that was never calculated", never_calculated, AMOUNT + "公式的结果是 0")
    yield outcome(
        "two sheets that look like statements", two_statements, "!有几张工作表像对账单：Sheet、副本"
    )
    for place, value in (("E2", True), ("A2", False)):
        yield outcome(
            f"{place} holds {value}",
            book(put(place, value)),
            f"第 2 行，{'金额' if place == 'E2' else '会员号'}：",
        )
    yield outcome("an error", book(put("E2", "#REF!")), AMOUNT + "单元格是错误值")
    yield outcome("an amount struck through", book(put("E2", font=Font(strike=True))), AMOUNT + STRUCK)
    yield outcome("a row struck through", book(strike_row), "第 2 行：" + STRUCK)
    yield outcome("a heading struck through", book(put("E1", font=Font(strike=True))), "!删除线")
    yield outcome("a hidden column", book(hide_amounts), "!这些列已隐藏：金额")
    yield outcome("a hidden heading", book(hide(1)), "!表头已隐藏")
    hidden = "第 3 行：该行已隐藏"
    yield Case(says="a hidden row", file=book(hide(3), *ROWS), lines=(READ,), refused=(hidden,))
    yield Case(says="a filtered row", file=book(filtered, *ROWS), lines=(READ,), refused=(hidden,))
    for cells, column in (("E2:E3", "金额"), ("C2:C3", "次数")):
        refused = tuple(f"第 {row} 行，{column}：单元格合并了第 2 至 3 行" for row in (2, 3))
        yield Case(says=f"{column} is merged downwards", file=book(_merge(cells), *ROWS), refused=refused)
    yield Case(says="a member merged downwards", file=book(_merge("A2:A3"), *ROWS), lines=(READ, READ))
    yield Case(says="a day merged downwards", file=book(_merge("D2:D3"), *ROWS), lines=(READ, SECOND))
    yield outcome("days counted from 1904, in a workbook that says so", since_1904, READ)
    yield outcome(
        "days counted from 1904, and nobody says so", book(put("D2", 46300 - 1462)), DAY + "2022-10-04 离账期"
    )
    yield outcome("a comment on the amount", book(comment), READ, "有批注的单元格，请核对：E2 此单作废")
    yield outcome("an amount as text", book(put("E2", "680.00")), READ)
    yield outcome("an amount of two lines", book(put("E2", "180\n180")), APART)
    yield outcome(
        "a remark beyond the headings", book(put("H2", "已核对")), "第 2 行：最后一个列名的右边还有内容"
    )
    yield outcome("a member number in powers of ten", book(put("A2", "1.38E+10")), MEMBER)


def _merge(cells: str) -> Callable[[Any], None]:
    return lambda sheet: sheet.merge_cells(cells)


CASES = (*texts(), *headings(), *columns(), *files(), *books())
