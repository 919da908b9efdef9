"""The command `entitlements`. Expected failures are one line on standard error, never a traceback."""

import sys

import typer

from app.commands import (
    database,
    edition_changes,
    editions,
    exports,
    findings,
    importing,
    periods,
    reports,
    serving,
    statements,
    tokens,
    upkeep,
    vendors,
)
from app.errors import StartError
from base.parallel import WorkerDiedError

cli = typer.Typer(
    name="entitlements",
    help="An insurer's VIP programme as a service: stars, quotas, redemptions and their ledger.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

cli.command()(serving.serve)
cli.command("import")(importing.import_history)
cli.command()(tokens.token)
cli.command()(tokens.revoke)
cli.add_typer(vendors.vendor, name="vendor")
cli.add_typer(statements.statement, name="statement")
cli.add_typer(findings.findings, name="findings")
cli.add_typer(periods.period, name="period")
cli.add_typer(exports.export, name="export")
cli.add_typer(reports.report, name="report")
cli.add_typer(editions.edition, name="edition")
editions.edition.command("diff")(edition_changes.diff)
editions.edition.command("what-if")(edition_changes.what_if)
cli.command()(upkeep.grant)
cli.command()(upkeep.rerate)
cli.command()(upkeep.verify)
cli.command()(database.schema)
cli.command()(database.migrate)


def main() -> None:
    """Run the command line; KeyboardInterrupt is left to `app.start`."""
    try:
        cli()
    except StartError as error:
        for line in error.lines:
            sys.stderr.write(" ".join(line.split()) + "\n")
        sys.exit(1)
    except WorkerDiedError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(1)
