"""How a sheet prints: A4 landscape, one page wide, its headings on every page, and what it is about in the footer."""

from dataclasses import dataclass
from typing import Any
from unicodedata import east_asian_width

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.page import PageMargins
from openpyxl.worksheet.properties import PageSetupProperties

_A4 = 9  # in the format's list of papers
_INCHES = PageMargins(left=0.4, right=0.4, top=0.5, bottom=0.6, header=0.3, footer=0.3)
POINTS_A_LINE = 15
_HIGHEST_LINES = 27  # a row is at most 409 points high, by the format
_LONGEST_SUBJECT = 100  # a footer has at most 255 characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """The footer of each page: the file's name, `subject`, and `pages`, in which &P is the page and &N how many."""

    subject: str
    pages: str


def set_up(sheet: Any, paper: Paper, *, one_page: bool = False) -> None:
    """Prepare a sheet before its first row. `one_page`: all of it on one page, else as many as it needs."""
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = _A4
    sheet.page_setup.fitToWidth = 1
    sheet.page_setup.fitToHeight = 1 if one_page else 0
    sheet.print_options.horizontalCentered = True
    sheet.page_margins = _INCHES
    sheet.oddFooter.left.text = "&F"
    sheet.oddFooter.center.text = paper.subject[:_LONGEST_SUBJECT].replace("&", "&&")
    sheet.oddFooter.right.text = paper.pages


def repeat_heading(sheet: Any) -> None:
    """Print the first row on every page, and lines between the cells."""
    sheet.print_options.gridLines = True
    sheet.print_title_rows = "1:1"


def lines_needed(value: object, width: int | None) -> int:
    """How many lines a text takes in a column of a width, in characters; a Chinese one is as wide as two. None: one."""
    if width is None or not isinstance(value, str) or (2 * len(value) < width and "\n" not in value):
        return 1
    return min(sum(_lines(each, width - 1) for each in value.splitlines() or [""]), _HIGHEST_LINES)


def _lines(text: str, width: int) -> int:
    taken = sum(2 if east_asian_width(sign) in "WFA" else 1 for sign in text)
    return max(-(-taken // width), 1)


def print_columns(sheet: Any, columns: int, rows: int) -> None:
    """Print the first columns of the rows so far, and no others."""
    sheet.print_area = f"A1:{get_column_letter(columns)}{rows}"
