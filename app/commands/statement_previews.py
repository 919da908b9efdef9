"""`statement preview`: how a sheet is read, before it is imported. Nothing is kept or changed."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.running import FAILED, DataOption, fail, month_of, progress_bars, reading_services
from app.commands.sheet_files import notes_of, opened
from app.exports.columns import Language
from app.services import Services
from base.words import counted
from ledger.reconciliation.lines import LineProblem
from ledger.reconciliation.values import StatementLine

if TYPE_CHECKING:
    from app.statements.checking import Checked
    from app.statements.sheets import Row
    from app.statements.tables import Table

_FIRST_LINES = 5


@dataclass(slots=True)
class _Preview:
    """The first lines of a sheet, and the lines, units and CNY of each benefit."""

    checked: "Checked"
    first: list[StatementLine] = field(default_factory=list)
    totals: dict[str, tuple[int, int, Decimal]] = field(default_factory=dict)

    def add(self, line: StatementLine) -> None:
        if len(self.first) < _FIRST_LINES:
            self.first.append(line)
        lines, units, amount = self.totals.get(line.benefit, (0, 0, Decimal(0)))
        self.totals[line.benefit] = (lines + 1, units + line.units, amount + line.amount)


def preview_statement(
    file: Annotated[Path, typer.Argument(help="CSV, XLSX, XLS, ODS or XLSB", show_default=False)],
    period: Annotated[
        str | None, typer.Option("--period", help="The month: days far from it are refused, like 2026-10")
    ] = None,
    sheet: Annotated[
        str | None, typer.Option("--sheet", help="Which sheet of a workbook with several")
    ] = None,
    language: Annotated[Language, typer.Option("--language", help="Language of reasons")] = Language.ZH,
    data: DataOption = None,
) -> None:
    """Show how a sheet is read, without importing it: columns, first lines, totals for each benefit."""
    month = None if period is None else month_of(period)
    if file.is_dir() or not file.exists():
        raise typer.BadParameter(f"there is no file {file}", param_hint="FILE")

    def name(_table: "Table", _row: "Row", problems: Sequence[LineProblem]) -> None:
        for problem in problems:
            sys.stderr.write(" ".join(problem.message(language).split()) + "\n")

    async def run(services: Services) -> _Preview:
        from app.statements.checking import Spool, check
        from app.statements.sheets import SheetError

        with opened(file) as stream, Spool() as spool, progress_bars() as bars:
            try:
                checked = check(
                    stream,
                    spool,
                    handbook=services.handbook,
                    sheet=sheet,
                    on_problems=name,
                    progress=lambda done, size: bars.update("checking", done, size, unit="bytes"),
                    month=month,
                )
            except SheetError as error:
                fail([f"{file}: {error.message(language)}"])
            preview = _Preview(checked)
            async for line in spool.lines():
                preview.add(line)
        return preview

    preview = reading_services(data, run)
    _show(preview)
    for note in notes_of(preview.checked, language):
        typer.echo(note)
    if preview.checked.refused or preview.checked.differing:
        raise typer.Exit(FAILED)


def _show(preview: _Preview) -> None:
    checked = preview.checked
    for meaning, title in checked.columns:
        typer.echo(f"column {title} is read as {meaning}")
    for line in preview.first:
        typer.echo(
            f"row {line.line_no}: {line.reference or '-'}  {line.member_no}  {line.benefit}  "
            f"{counted(line.units, 'unit')}  {line.occurred_on}  {line.amount:.2f} CNY"
        )
    for benefit, (lines, units, amount) in sorted(preview.totals.items()):
        typer.echo(
            f"total of {benefit}: {counted(lines, 'line')}, {counted(units, 'unit')}, {amount:.2f} CNY"
        )
    typer.echo(
        f"{counted(checked.lines, 'good row')}, {checked.refused} that cannot be read; nothing was imported"
    )
