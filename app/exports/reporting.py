"""Reports of finance as text: a table with a line of totals for people, or CSV without it for spreadsheets.

Both have the same columns; amounts stay exact and are not rounded.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from rich.box import Box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.exports.columns import Cell, Column, Language
from app.exports.csvs import csv_head, csv_rows, plain
from base.months import month_text
from handbook import Handbook
from ledger.quotas.liability import LiabilityRow, total_value
from ledger.reports.usage import UsageGroup, UsageView, total

Row = TypeVar("Row")

# Rules of hyphens only below the headings and above the totals.
_RULES = Box("    \n    \n -- \n    \n    \n -- \n    \n    ", ascii=True)
_WIDEST = 100_000


class ReportForm(StrEnum):
    """The forms of a report."""

    TABLE = "table"
    CSV = "csv"


def usage_text(views: Sequence[UsageView], by: Iterable[UsageGroup], handbook: Handbook) -> str:
    """Usage as a table; one column for each thing that it is grouped by."""
    columns = usage_columns(by, handbook)
    figures = total(views)
    sums: dict[str, Cell] = {
        "redemptions": figures.redemptions,
        "units": figures.units,
        "reversed_units": figures.reversed_units,
        "amount": figures.amount,
        "unpriced_units": figures.unpriced_units,
    }
    return table(columns, views, sums)


def usage_columns(by: Iterable[UsageGroup], handbook: Handbook) -> list[Column[UsageView]]:
    """The columns of a report of usage: what it is grouped by, then the figures."""
    asked = frozenset(by)
    groups: list[tuple[frozenset[UsageGroup], list[Column[UsageView]]]] = [
        (
            frozenset({UsageGroup.MONTH}),
            [
                Column(
                    name="month",
                    title="月份",
                    cell=lambda view: month_text(view.month) if view.month else None,
                )
            ],
        ),
        (frozenset({UsageGroup.DAY}), [Column(name="day", title="日期", cell=lambda view: view.day)]),
        (
            frozenset({UsageGroup.VENDOR}),
            [
                Column(
                    name="vendor", title="服务商", cell=lambda view: view.vendor.code if view.vendor else None
                )
            ],
        ),
        (
            frozenset({UsageGroup.BENEFIT, UsageGroup.VARIANT}),
            [
                Column(name="benefit", title="服务项目", cell=lambda view: view.benefit),
                Column(name="name", title="名称", cell=lambda view: _named(handbook, view.benefit)),
            ],
        ),
        (
            frozenset({UsageGroup.VARIANT}),
            [Column(name="variant", title="等级", cell=lambda view: view.variant)],
        ),
        (frozenset({UsageGroup.STAR}), [Column(name="star", title="星级", cell=lambda view: view.star)]),
    ]
    return [
        *(column for needed, columns in groups if asked & needed for column in columns),
        Column(name="redemptions", title="次数", cell=lambda view: view.figures.redemptions),
        Column(name="units", title="数量", cell=lambda view: view.figures.units),
        Column(name="reversed_units", title="冲正数量", cell=lambda view: view.figures.reversed_units),
        Column(name="amount", title="金额", cell=lambda view: view.figures.amount),
        Column(name="unpriced_units", title="无价数量", cell=lambda view: view.figures.unpriced_units),
    ]


def liability_text(rows: Sequence[LiabilityRow], handbook: Handbook) -> str:
    """The liability as a table."""
    return table(liability_columns(handbook), rows, {"value": total_value(rows)})


def liability_columns(handbook: Handbook) -> list[Column[LiabilityRow]]:
    """The columns of the liability: which benefit at which star, then the figures."""
    return [
        Column(name="benefit", title="服务项目", cell=lambda row: row.benefit),
        Column(name="name", title="名称", cell=lambda row: _named(handbook, row.benefit)),
        Column(name="star", title="星级", cell=lambda row: row.star),
        Column(name="variant", title="等级", cell=lambda row: row.variant),
        Column(name="members", title="会员数", cell=lambda row: row.members),
        Column(name="unit", title="单位", cell=lambda row: row.unit.value),
        Column(name="allowance", title="总额度", cell=lambda row: row.allowance),
        Column(name="used", title="已用", cell=lambda row: row.used),
        Column(name="held", title="占用", cell=lambda row: row.held),
        Column(name="remaining", title="剩余", cell=lambda row: row.remaining),
        Column(name="unit_price", title="单价", cell=lambda row: row.unit_price),
        Column(name="value", title="价值", cell=lambda row: row.value),
    ]


def as_csv(columns: Sequence[Column[Row]], rows: Iterable[Row]) -> bytes:
    """A report as a CSV file, headed by the names of its columns."""
    return csv_head(columns, Language.EN) + csv_rows(columns, rows, Language.EN)


def table(columns: Sequence[Column[Row]], rows: Iterable[Row], sums: dict[str, Cell]) -> str:
    """Columns side by side, numbers to the right; below a rule the sums, by the names of their columns."""
    body = [[column.cell(row) for column in columns] for row in rows]
    sum_line = [sums.get(column.name) for column in columns]
    laid = Table(box=_RULES, show_footer=True, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for index, column in enumerate(columns):
        numbers = any(isinstance(line[index], (int, Decimal)) for line in [*body, sum_line])
        laid.add_column(
            Text(column.name),
            Text(plain(sum_line[index])),
            justify="right" if numbers else "left",
            no_wrap=True,
        )
    for line in body:
        laid.add_row(*(Text(plain(cell)) for cell in line))
    # Never wrapped to a terminal's width: the output may go to a file or a pipe.
    console = Console(width=_WIDEST, color_system=None)
    with console.capture() as capture:
        console.print(laid)
    return "\n".join(line.rstrip() for line in capture.get().removesuffix("\n").split("\n"))


def _named(handbook: Handbook, code: str | None) -> str | None:
    """The printed name of a benefit, by the latest edition that has it."""
    found = (edition.benefit(code) for edition in reversed(handbook.editions) if code is not None)
    return next((benefit.name for benefit in found if benefit is not None), code)
