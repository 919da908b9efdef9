"""Two sheets to try the import with: lines that are missing in last month's statements, as vendors send them.

`entitlements serve --demo` writes them into DATA/demo-statements, unless they are there. The dentists' is a workbook,
all of it good; the call centre's is a CSV file in GBK, as Excel in China writes it, with two rows that cannot be read.
"""

import csv
from collections.abc import Callable
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Font

from base.sql import Queries
from demo.contracts import ASSIST, DENTAL, NAMES
from demo.loading import begun_on
from demo.months import last_month
from demo.service import Service
from demo.statements import number_of
from handbook import Handbook

SQL = Queries(Path(__file__).with_name("finance.sql"))

_HEADINGS = ("预约号", "会员号", "服务项目", "次数", "服务日期", "金额（元）")

Forgotten = list[tuple[str, str, str, int, date, Any]]
"""Rows as the headings say."""


async def write_sheets(service: Service, folder: Path) -> bool:
    """Write the sheets that are missing into a folder; whether the demonstration is in the database at all."""
    today = await begun_on(service.pool)
    if today is None:
        return False
    month = last_month(today)
    for vendor, write, suffix in ((DENTAL, _write_workbook, "xlsx"), (ASSIST, _write_csv, "csv")):
        file = folder / f"{number_of(vendor, month)}-补.{suffix}"
        _write_missing(file, write, vendor, await _forgotten(service, vendor, month))
    return True


def _write_missing(
    file: Path, write: Callable[[Path, str, Forgotten], None], vendor: str, rows: Forgotten
) -> None:
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        write(file, vendor, rows)


async def _forgotten(service: Service, vendor: str, month: date) -> Forgotten:
    rows = await service.pool.fetch(SQL["forgotten"], vendor, month)
    return [
        (
            row["reference"],
            row["member_no"],
            _printed(row["benefit"], service.handbook, row["day"]),
            row["units"],
            row["day"],
            row["amount"],
        )
        for row in rows
    ]


def _printed(benefit: str, handbook: Handbook, day: date) -> str:
    """The benefit as the handbook prints it: vendors know no codes."""
    edition = handbook.on(day)
    known = edition.benefit(benefit) if edition is not None else None
    return known.name if known is not None else benefit


def _write_workbook(file: Path, vendor: str, rows: Forgotten) -> None:
    book = Workbook()
    sheet = book.active
    if sheet is None:
        raise AssertionError
    sheet.title = "补充对账单"
    sheet.append([f"{NAMES[vendor]} 补充对账单"])
    sheet["A1"].font = Font(bold=True, size=14)
    sheet.append([])
    sheet.append(_HEADINGS)
    for row in rows:
        sheet.append(row)
    sheet.append(["合计", None, None, sum(row[3] for row in rows), None, sum(row[5] for row in rows)])
    for column in ("A", "C", "E"):
        sheet.column_dimensions[column].width = 24
    book.save(file)


def _write_csv(file: Path, _: str, rows: Forgotten) -> None:
    out = StringIO()
    writer = csv.writer(out)  # ends lines with CR LF, as Excel does
    writer.writerow(_HEADINGS)
    for reference, member_no, benefit, units, day, amount in rows:
        writer.writerow(
            (reference, member_no, benefit, units, f"{day.year}/{day.month}/{day.day}", f"{amount:,.2f}")
        )
    if rows:
        reference, member_no, benefit, units, day, amount = rows[-1]
        writer.writerow((f"{reference}X", member_no, benefit, "两次", f"{day:%Y/%m/%d}", f"{amount:,.2f}"))
        writer.writerow((f"{reference}Y", member_no, f"{benefit}（新）", units, f"{day:%Y/13/%d}", "面议"))
    file.write_bytes(out.getvalue().encode("gb18030"))
