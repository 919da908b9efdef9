"""`statement`: import vendors' statements from sheets (CSV, workbooks), list and withdraw them.

An import is atomic. Each row that cannot be read is reported on standard error, with its columns and the reasons; with
`--keep-going` the good rows are imported and the others written to FILE.rejected.csv, to be corrected and sent as a
statement of their own. Idempotent: the same sheet again changes nothing.
"""

import sys
from collections.abc import AsyncIterator, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.running import (
    FAILED,
    AsOption,
    Bars,
    DataOption,
    fail,
    month_of,
    progress_bars,
    reading_services,
    with_services,
)
from app.commands.sheet_files import notes_of, opened
from app.commands.statement_previews import preview_statement
from app.exports.columns import Language
from app.services import COMMAND_LINE, Services
from base.months import month_text
from base.words import counted
from ledger.reconciliation.lines import LineProblem
from ledger.reconciliation.values import StatementId

if TYPE_CHECKING:
    from app.statements.importing import Imported
    from app.statements.sheets import Row
    from app.statements.tables import Table
    from ledger.reconciliation.reading import StatementView

statement = typer.Typer(help="Vendors' statements.", no_args_is_help=True)
statement.command("preview")(preview_statement)

_PAGE = 100

VendorOption = Annotated[str, typer.Option("--vendor", help="Code of the vendor")]
LanguageOption = Annotated[Language, typer.Option("--language", help="Language of reasons")]


@statement.command("import")
def import_statement(
    file: Annotated[Path, typer.Argument(help="CSV, XLSX, XLS, ODS or XLSB", show_default=False)],
    vendor: VendorOption,
    period: Annotated[str, typer.Option("--period", help="The month that it is for, like 2026-10")],
    number: Annotated[
        str | None,
        typer.Option(
            "--number", help="The vendor's number of it [default: the file's name]", show_default=False
        ),
    ] = None,
    sheet: Annotated[
        str | None, typer.Option("--sheet", help="Which sheet of a workbook with several")
    ] = None,
    total: Annotated[
        str | None,
        typer.Option(
            "--total", help="What the invoice says, in CNY: nothing is taken unless the lines add up to it"
        ),
    ] = None,
    keep_going: Annotated[
        bool, typer.Option("--keep-going", help="Take the good rows; the others go into FILE.rejected.csv")
    ] = False,
    language: LanguageOption = Language.ZH,
    as_: AsOption = None,
    data: DataOption = None,
) -> None:
    """Import a vendor's statement from a sheet, and match it."""
    month, stated = month_of(period), _amount(total)
    if file.is_dir() or not file.exists():
        raise typer.BadParameter(f"there is no file {file}", param_hint="FILE")

    async def run(services: Services) -> "Imported":
        from app.statements.importing import Sheet, import_sheet
        from app.statements.rejected import RejectedRows
        from app.statements.sheets import SheetError

        rejected_file = file.with_name(f"{file.name}.rejected.csv")
        with (
            opened(file) as stream,
            RejectedRows(rejected_file, language=language) as rejected,
            progress_bars() as bars,
        ):

            def name(table: "Table", row: "Row", problems: Sequence[LineProblem]) -> None:
                for problem in problems:
                    sys.stderr.write(" ".join(problem.message(language).split()) + "\n")
                if keep_going:
                    rejected.add(table, row, problems)

            asked = Sheet(
                stream=stream,
                vendor=vendor,
                number=file.stem if number is None else number,
                month=month,
                name=sheet,
                keep_going=keep_going,
                total=stated,
            )
            try:
                imported = await import_sheet(
                    services,
                    asked,
                    by=as_ or COMMAND_LINE,
                    on_problems=name,
                    reading=lambda done, size: bars.update("checking", done, size, unit="bytes"),
                    taking=lambda done: _taking(bars, done),
                )
            except SheetError as error:
                fail([f"{file}: {error.message(language)}"])
            # Nothing changed: keep the first run's rejected rows, which somebody may be correcting.
            if keep_going and _is_taken(imported) and not (imported.replayed and rejected_file.exists()):
                rejected.keep()
        return imported

    imported = with_services(data, run, existing=True)
    _tell(imported, file, language, keep_going=keep_going)


def _amount(total: str | None) -> Decimal | None:
    from app.statements.cells import UnreadableError, amount_of

    try:
        return None if total is None else amount_of(total)
    except UnreadableError as error:
        raise typer.BadParameter(error.words.en, param_hint="--total") from None


def _taking(bars: Bars, lines: int) -> None:
    bars.update("taking", lines, None, unit="lines")


def _is_taken(imported: "Imported") -> bool:
    from ledger.reconciliation.reading import StatementView

    return isinstance(imported.outcome, StatementView)


def _tell(imported: "Imported", file: Path, language: Language, *, keep_going: bool) -> None:
    """Print the result; exit code 1 when something was refused."""
    from ledger.refusals import Refusal

    checked, outcome = imported.checked, imported.outcome
    for note in notes_of(checked, language):
        typer.echo(note)
    if outcome is None:
        totals = (
            f", {counted(checked.differing, 'total differs', 'totals differ')}" if checked.differing else ""
        )
        typer.echo(
            f"nothing was imported: {counted(checked.lines, 'good row')}, {checked.refused} that cannot be read{totals}"
        )
        raise typer.Exit(FAILED)
    if isinstance(outcome, Refusal):
        fail([outcome.message(language)])
    if imported.replayed:
        typer.echo("nothing was changed: the statement had been imported before")
    typer.echo(_summary(outcome))
    if checked.refused:
        one = checked.refused == 1
        kept = f"; {'it is' if one else 'they are'} in {file.name}.rejected.csv" if keep_going else ""
        typer.echo(f"{counted(checked.refused, 'row was', 'rows were')} not imported{kept}")
        raise typer.Exit(FAILED)


def _summary(view: "StatementView") -> str:
    counts = ", ".join(f"{kind.value} {count}" for kind, count in view.counts)
    return (
        f"statement {view.number} of {view.vendor.code} for {month_text(view.month)} "
        f"({StatementId(view.id).opaque}): {counted(view.lines, 'line')}, {counted(view.stated_units, 'unit')}, "
        f"{view.stated_amount:.2f} CNY; payable {view.payable:.2f} CNY; open {view.open}; {counts}"
    )


@statement.command("list")
def list_statements(
    vendor: Annotated[str | None, typer.Option("--vendor", help="Of this vendor only")] = None,
    period: Annotated[str | None, typer.Option("--period", help="For this month only, like 2026-10")] = None,
    data: DataOption = None,
) -> None:
    """List statements, the latest first, one a line."""
    month = None if period is None else month_of(period)

    async def run(services: Services) -> None:
        from ledger.vendors.registry import vendors_by_code

        if vendor is not None and not await vendors_by_code(services.pool, [vendor]):
            fail([f"there is no vendor {vendor}"])
        async for view in _statements(services, vendor, month):
            typer.echo(
                f"{view.vendor.code}  {month_text(view.month)}  {view.number}  {view.status.value}  "
                f"{counted(view.lines, 'line')}  stated {view.stated_amount:.2f}  payable {view.payable:.2f}  "
                f"open {view.open}  {StatementId(view.id).opaque}"
            )

    reading_services(data, run)


@statement.command("withdraw")
def withdraw_statement(
    number: Annotated[str, typer.Argument(help="The vendor's number of it", show_default=False)],
    vendor: VendorOption,
    note: Annotated[str, typer.Option("--note", help="Why it is withdrawn")],
    language: LanguageOption = Language.ZH,
    as_: AsOption = None,
    data: DataOption = None,
) -> None:
    """Withdraw a statement while its period is open: its lines no longer count."""

    async def run(services: Services) -> None:
        from ledger.reconciliation.statements import withdraw
        from ledger.refusals import Refusal

        async for view in _statements(services, vendor, None):
            if view.number == number:
                break
        else:
            fail([f"the vendor {vendor} has no statement {number}"])
        outcome = await withdraw(
            services.pool,
            statement=view.id,
            note=note,
            by=as_ or COMMAND_LINE,
            handbook=services.handbooks,
            now=services.clock(),
        )
        if isinstance(outcome, Refusal):
            fail([outcome.message(language)])
        if outcome.replayed:
            typer.echo("nothing was changed: the statement had been withdrawn before")
        typer.echo(f"statement {number} of {vendor} is withdrawn")

    with_services(data, run, existing=True)


async def _statements(
    services: Services, vendor: str | None, month: date | None
) -> AsyncIterator["StatementView"]:
    from ledger.reconciliation.reading import StatementFilter, statements_page

    where = StatementFilter(
        vendors=None if vendor is None else frozenset({vendor}),
        months=None if month is None else frozenset({month}),
    )
    after = None
    while page := await statements_page(services.pool, where=where, first=_PAGE, after=after):
        for view in page:
            yield view
        after = page[-1].id
