"""The units and the money of a cell, in the measure that its heading, or a column beside it, states."""

from collections.abc import Mapping
from decimal import Decimal

from app.statements.cells import UnreadableError, amount_of, is_blank, units_of
from app.statements.columns import Field, Header
from app.statements.measures import PLAIN, counted, is_cny, names_cny
from app.statements.sheets import Cell, Row, Value, quoted, shown, value_of
from handbook import Unit


class Figures:
    """Reads units and money below a header."""

    def __init__(self, header: Header) -> None:
        self._header = header
        self._measures: Mapping[Field, Decimal] = {
            field: measure.factor for field, measure in header.measures.items() if measure.factor != 1
        }

    def money(self, cell: Value, field: Field) -> Decimal:
        """An amount or a price in CNY. Raises UnreadableError."""
        amount = amount_of(cell)
        factor = self._measures.get(field)
        if factor is None:
            return amount
        if isinstance(cell, str) and names_cny(cell):
            raise UnreadableError(
                f"单元格写的是「{quoted(cell)}」，列名写的是别的单位；请只写一种",
                f"the cell says {quoted(cell)}, and the heading another unit: name one of them only",
            )
        return amount * factor

    def units(self, cell: Value, row: Row, counted_in: Unit | None = None) -> int:
        """Units, where a word of the heading, or of the column of units, counts as one of the cell.

        Raises UnreadableError.
        """
        word = self._word(row)
        number = shown(cell)
        if not word or not number or not number[-1:].isdigit():
            return units_of(cell, counted_in)
        return units_of(f"{number}{word}", counted_in)

    def _word(self, row: Row) -> str:
        place = self._header.unit
        beside = None if place is None else value_of(row.cell(place))
        heading = self._header.measures.get(Field.UNITS, PLAIN).word
        if place is None or is_blank(beside) or is_cny(shown(beside)):
            return heading
        measure = counted(shown(beside))
        if not measure.known or (heading and measure.word != heading):
            title = quoted(self._header.titles[place])
            raise UnreadableError(
                f"「{title}」列写的是「{quoted(shown(beside))}」；须为次、分钟或小时",
                f"the column {title} says {quoted(shown(beside))}; expected times, minutes or hours",
            )
        return measure.word


def other_currency(header: Header, row: Row) -> Cell:
    """What the column of currencies says, where it is not CNY."""
    place = header.currency
    cell = None if place is None else value_of(row.cell(place))
    return None if is_blank(cell) or is_cny(shown(cell)) else cell
