"""The control totals of a sheet: each row with a total is compared with the lines that it stands for.

What it stands for follows from the words and the order of such rows, never from the figures: a total that happened to
equal other lines would hide a line that is missing.

- 小计, subtotals, and totals of something named (成人洁牙合计) stand for the lines since the total before. One that
  directly follows another total stands for the lines since any earlier one, if a total further down covers them all:
  else the lines of its own block may be missing.
- 合计 and Total stand for all lines above; where there is also a 总计, for those since the 合计 before.
- 总计 stands for all lines above. Totals above the first line stand for what is below them.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from app.statements.sheets import SheetError
from app.statements.total_rows import Figure, Kind, Rank, Total
from base.words import Words, counted
from ledger.reconciliation.lines import LineProblem

_MOST_TOTALS = 100_000
_MOST_LOOKS = 1_000_000
"""So often earlier totals are looked up in one sheet: more would take long, and no statement needs it."""


class Sums(NamedTuple):
    """What rows come to: how many, their units, their amounts in CNY, and of how many either cannot be read."""

    rows: int = 0
    units: int = 0
    amount: Decimal = Decimal()
    without_units: int = 0
    without_amount: int = 0

    def less(self, other: "Sums") -> "Sums":
        """What the rows come to without those of `other`."""
        return Sums(
            self.rows - other.rows,
            self.units - other.units,
            self.amount - other.amount,
            self.without_units - other.without_units,
            self.without_amount - other.without_amount,
        )


class _Place(NamedTuple):
    """A point between rows of a sheet: the row with a total (the header at the beginning), and what is above it."""

    row: int
    above: Sums


class _Range(NamedTuple):
    """The lines between two points."""

    first: _Place
    last: _Place

    @property
    def sums(self) -> Sums:
        return self.last.above.less(self.first.above)

    def words(self) -> Words:
        """Which rows these are."""
        first, last, rows = self.first.row + 1, self.last.row - 1, self.sums.rows
        if last < first:
            return Words("它没有对应的明细，0 条明细", "it has no lines, which")
        return Words(
            f"第 {first} 至 {last} 行的 {rows} 条明细",
            f"the {counted(rows, 'line')} in rows {first} to {last}",
        )


class ControlTotals:
    """The totals of a sheet, in order, each with what stands above it."""

    def __init__(self, header_row: int) -> None:
        self._begin = _Place(header_row, Sums())
        self._sums = Sums()
        self._last_row = header_row
        self._totals: list[tuple[Total, _Place]] = []
        self._looks_left = _MOST_LOOKS

    def add(self, row: int, units: int | None, amount: Decimal | None) -> None:
        """A row that is, or should have been, a line; None: the figure cannot be read."""
        self._last_row = row
        sums = self._sums
        self._sums = Sums(
            sums.rows + 1,
            sums.units + (units or 0),
            sums.amount + (amount or 0),
            sums.without_units + (units is None),
            sums.without_amount + (amount is None),
        )

    def state(self, total: Total | None) -> None:
        """A row that is no line, with a total or none. Raises SheetError for more totals than a statement has."""
        if total is None:
            return
        self._last_row = total.row
        if len(self._totals) >= _MOST_TOTALS:
            raise SheetError(
                f"合计行超过 {_MOST_TOTALS} 行；请删除小计", f"more than {_MOST_TOTALS} totals: delete some"
            )
        self._totals.append((total, _Place(total.row, self._sums)))

    def compared(self) -> Iterator[tuple[int, list[LineProblem]]]:
        """When all rows have been added: each row with a total that is not what its lines come to, with its problems.

        Without problems it is not known: figures of rows that it stands for cannot be read.
        """
        for total, ranges in self._ranges():
            first = None
            for each in ranges:
                right = [_is_right(figure, each.sums) for figure in total.figures]
                if False not in right:
                    if None in right:
                        yield total.row, []
                    break
                first = first or each
            else:
                if first is not None:
                    yield total.row, _problems(total, first)

    def _ranges(self) -> Iterator[tuple[Total, Iterator[_Range]]]:
        """Each total that has figures, with the lines that it may stand for, the likeliest first."""
        end = _Place(self._last_row + 1, self._sums)
        top = max((total.rank for total, _ in self._totals if total.figures), default=Rank.BLOCK)
        covered = self._covered_to(top)
        places = [place for _, place in self._totals]
        above_their_lines = (
            bool(places) and not places[0].above.rows and places[-1].above.rows < end.above.rows
        )
        following = self._following(end) if above_their_lines else []
        before: dict[Rank, list[_Place]] = {rank: [self._begin] for rank in Rank}
        for at, (total, place) in enumerate(self._totals):
            if total.rank >= top and top is not Rank.BLOCK:
                ranges = iter([_Range(self._begin, place if place.above.rows else end)])
            elif above_their_lines:
                ranges = iter([_Range(place, following[at])])
            elif not place.above.rows:
                ranges = iter([_Range(self._begin, end)])
            else:
                ranges = self._since(before[total.rank], place, covered=place.above.rows <= covered)
            if total.figures:
                yield total, ranges
            for rank in Rank:
                if rank <= total.rank:
                    before[rank].append(place)

    def _following(self, end: _Place) -> list[_Place]:
        """For each total the next one of at least its rank."""
        following: dict[Rank, _Place] = dict.fromkeys(Rank, end)
        found = []
        for total, place in reversed(self._totals):
            found.append(following[total.rank])
            following |= {rank: place for rank in Rank if rank <= total.rank}
        return found[::-1]

    def _covered_to(self, top: Rank) -> int:
        """How many lines, from the first, are covered by totals of the whole sheet."""
        if top is Rank.BLOCK:
            return -1
        whole = [place for total, place in self._totals if total.rank is top and total.figures]
        return max(place.above.rows or self._sums.rows for place in whole)

    def _since(self, before: Sequence[_Place], place: _Place, *, covered: bool) -> Iterator[_Range]:
        """The lines since the total before; if there are none and all are `covered`, those since each earlier one."""
        nearest = _Range(before[-1], place)
        if nearest.sums.rows or not covered:
            yield nearest
            return
        for each in reversed(before[-self._looks_left :]):
            self._looks_left = max(1, self._looks_left - 1)
            found = _Range(each, place)
            if found.sums.rows:
                yield found


def _is_right(figure: Figure, sums: Sums) -> bool | None:
    """Whether a figure is what lines come to; None where that is not known."""
    if figure.problem is not None:
        return False
    match figure.kind:
        case Kind.UNITS:
            return None if sums.without_units else figure.number == sums.units
        case Kind.AMOUNT:
            return None if sums.without_amount else figure.number == sums.amount
        case Kind.ANY:
            unknown = sums.without_units or sums.without_amount
            return figure.number in {sums.units, sums.amount, sums.rows} or (None if unknown else False)


def _problems(total: Total, lines: _Range) -> list[LineProblem]:
    return [
        LineProblem(row=total.row, column=figure.column, words=figure.problem or _words(figure, lines))
        for figure in total.figures
        if _is_right(figure, lines.sums) is False
    ]


def _words(figure: Figure, lines: _Range) -> Words:
    which, sums, stated = lines.words(), lines.sums, f"{figure.number:f}"
    if figure.kind is Kind.ANY:
        return Words(
            f"合计写的是 {stated}，{which.zh}共 {sums.units} 个单位、{sums.amount:.2f} 元，两者都不是",
            f"the total says {stated}; {which.en} add up to {counted(sums.units, 'unit')} and CNY {sums.amount:.2f}, "
            "and it is neither",
        )
    come_to = f"{sums.units}" if figure.kind is Kind.UNITS else f"{sums.amount:.2f}"
    return Words(
        f"合计写的是 {stated}，{which.zh}加起来是 {come_to}",
        f"the total says {stated}; {which.en} add up to {come_to}",
    )
