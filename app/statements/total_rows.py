"""Recognising rows with totals, what each stands for, and the figures that it states.

A figure under the heading of units or amounts is one of these. Any other figure of the row (`合计：1440.00元` in one
cell, or a number under no heading) may be the units, the amount or the number of lines. Amounts may be written in
capitals (壹仟肆佰肆拾元整).
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum, StrEnum

from app.statements.capitals import amount_in_capitals
from app.statements.cells import UnreadableError, amount_of, is_blank, units_of
from app.statements.columns import Field, Header
from app.statements.figures import Figures
from app.statements.sheets import Cell, Doubtful, Row, plain, shown, without_brackets
from base.words import Words

_WORDS = (
    r"小计|汇总|合计|总计|共计|总额|总数|总金额|金额大写|大写|本页|累计|"
    r"sub-?\s*total|grand\s*total|year\s*to\s*date|total|sum"
)
_NAMED = re.compile(rf"(?P<before>.*?)(?P<word>{_WORDS})(?P<after>.*)", re.DOTALL)
_PHRASE = re.compile(
    r".{0,40}?(?:小计|汇总|合计|总计|共计|累计|总额|总数|总金额|sub-?\s*total|grand\s*total|\btotal)"
    r"\s*(?:金额|数量|次数)?\s*(?:\([^()]*\))?\s*:?"
)
"""What a cell says that is nothing but the name of a total."""
_BLOCKS = re.compile(r"小计|汇总|本页|sub-?\s*total")
_GRAND = re.compile(r"总计|共计|总额|总数|总金额|大写|grand\s*total")
_MORE_THAN_THE_SHEET = re.compile(r"累计|year\s*to\s*date")
_OF_ALL = re.compile(
    r"(?:本[月期次]|当月|全部|金额|费用|数量|次数|价税|结算|服务费?|账单|"
    r"[0-9]{4}[-/.年]?|[0-9]{1,2}月份?|the|invoice|monthly|all|[\s:])*"
)
"""What stands before the word where the total is that of the sheet, and not of a member, a benefit or a page."""
_DAYS = re.compile(r"[0-9]{2,4}[-/.年][0-9]{1,2}(?:[-/.月][0-9]{1,2})?[月日号]?")
_FIGURE = re.compile(r"(?<![\w.])(-?[0-9][0-9,]*(?:\.[0-9]+)?)\s*([^\W\d_]*)")
_OTHER_THINGS = re.compile(r"[年月日号人位名页张]")
"""What a number counts that is none of the lines, their units or amounts."""
_LINES = re.compile(r"\s*[笔条行单]$")

_LONGEST_NAME = 100
_WITHOUT_FIGURES = frozenset({Field.MEMBER_NO, Field.BENEFIT, Field.REFERENCE})


class Rank(IntEnum):
    """What a total stands for: a block of lines, all lines above it, or all of them beyond doubt (总计)."""

    BLOCK = 0
    ALL = 1
    GRAND = 2


class Kind(StrEnum):
    """What a figure of a total states."""

    UNITS = "UNITS"
    AMOUNT = "AMOUNT"
    ANY = "ANY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure of a total, with its column as the sheet calls it (None: no column of ours).

    `problem`: why it cannot be read; the figure is then 0.
    """

    kind: Kind
    column: str | None
    number: Decimal = Decimal()
    problem: Words | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """A row with a total. Without figures it states nothing."""

    row: int
    rank: Rank
    figures: tuple[Figure, ...]


def names_a_total(text: str) -> bool:
    """Whether a text is nothing but the name of a total: 合计, 本月合计, 成人洁牙小计, Total."""
    return len(text) <= _LONGEST_NAME and _PHRASE.fullmatch(_normal(text)) is not None


def begins_with_a_total(text: str) -> bool:
    """Whether a text begins as totals do, whatever follows."""
    return re.match(_WORDS, plain(text)) is not None


def total_of(row: Row, header: Header) -> Total:
    """The total that a row states, which has a cell that names one."""
    label = next(
        (
            place
            for place, cell in enumerate(row.cells)
            if isinstance(cell, str) and (names_a_total(cell) or begins_with_a_total(cell))
        ),
        0,
    )
    named = _NAMED.match(_normal(shown(row.cell(label))))
    before, word, after = named.groups() if named is not None else ("", "合计", "")
    if _MORE_THAN_THE_SHEET.search(before + word):
        return Total(row=row.number, rank=Rank.BLOCK, figures=())
    figures = [*_in_text(after), *_in_cells(row, header, label)]
    return Total(row=row.number, rank=_rank(before, word), figures=tuple(figures))


def _normal(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().strip()


def _rank(before: str, word: str) -> Rank:
    if _BLOCKS.search(before + word):
        return Rank.BLOCK
    if _GRAND.search(word):
        return Rank.GRAND
    return Rank.ALL if _OF_ALL.fullmatch(without_brackets(before)) else Rank.BLOCK


def _in_text(text: str) -> Iterator[Figure]:
    """The figures beside the word, in the same cell."""
    capitals = amount_in_capitals(text)
    if capitals is not None:
        yield Figure(kind=Kind.AMOUNT, column=None, number=capitals)
        return
    for number, counted in _FIGURE.findall(_DAYS.sub(" ", text)):
        if not _OTHER_THINGS.match(counted):
            yield Figure(kind=Kind.ANY, column=None, number=Decimal(number.replace(",", "")))


def _in_cells(row: Row, header: Header, label: int) -> Iterator[Figure]:
    """The figures of all other cells; those of columns that are not read say nothing about lines."""
    field_at = {place: field for field, place in header.places.items()}
    priced = header.places.get(Field.AMOUNT, header.places.get(Field.UNIT_PRICE))
    for place, cell in enumerate(row.cells):
        if place == label or is_blank(cell):
            continue
        field = field_at.get(place)
        title = header.titles[place] if place < len(header.titles) else ""
        if field is Field.UNITS:
            yield _read(row, cell, Kind.UNITS, field, header)
        elif place == priced:
            yield _read(row, cell, Kind.AMOUNT, field_at[place], header)
        elif field in _WITHOUT_FIGURES or (field is None and not title):
            yield from _elsewhere(cell)


def _read(row: Row, cell: Cell, kind: Kind, field: Field, header: Header) -> Figure:
    column = header.title(field)
    if isinstance(cell, Doubtful):
        return Figure(kind=kind, column=column, problem=cell.words)
    if isinstance(cell, str):
        capitals = amount_in_capitals(cell)
        if capitals is not None:
            return Figure(kind=Kind.AMOUNT, column=column, number=capitals)
    try:
        figures = Figures(header)
        number = Decimal(figures.units(cell, row)) if kind is Kind.UNITS else figures.money(cell, field)
    except UnreadableError as error:
        return Figure(kind=kind, column=column, problem=error.words)
    return Figure(kind=kind, column=column, number=number)


def _elsewhere(cell: Cell) -> Iterator[Figure]:
    """A figure under no heading of ours; a text that is no number says nothing."""
    if isinstance(cell, str):
        capitals = amount_in_capitals(cell)
        if capitals is not None:
            yield Figure(kind=Kind.AMOUNT, column=None, number=capitals)
            return
        cell = _LINES.sub("", cell)
    for read in (amount_of, units_of):
        try:
            yield Figure(kind=Kind.ANY, column=None, number=Decimal(read(cell)))  # type: ignore[arg-type]
        except UnreadableError:
            continue
        return
