"""`findings`: decisions on findings, from the file of `export findings`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.running import AsOption, DataOption, fail, with_services
from app.errors import StartError
from app.exports.columns import Language
from app.services import COMMAND_LINE, Services
from base.words import counted

if TYPE_CHECKING:
    from app.decided import Applied

findings = typer.Typer(help="Findings of a month: decisions from a file.", no_args_is_help=True)


@findings.command("apply")
def apply(
    file: Annotated[
        Path,
        typer.Argument(
            help="The file of `export findings`, with its columns for decisions filled",
            exists=True,
            dir_okay=False,
            show_default=False,
        ),
    ],
    language: Annotated[Language, typer.Option("--language", help="Language of reasons")] = Language.ZH,
    as_: AsOption = None,
    data: DataOption = None,
) -> None:
    """Decide on findings as a file says: all rows that are filled, or none."""

    async def run(services: Services) -> "Applied":
        if services.settings.four_eyes_above is not None and as_ is None:
            fail(["name who decides with --as NAME: ENTITLEMENTS_FOUR_EYES_ABOVE is set"])
        from app.decided import apply_decisions
        from app.exports.telling import Telling
        from app.statements.sheets import SheetError

        telling = Telling(handbook=services.handbook, language=language, now=services.clock())
        try:
            with file.open("rb") as stream:
                return await apply_decisions(
                    services.pool,
                    stream,
                    telling,
                    by=as_ or COMMAND_LINE,
                    handbook=services.handbooks,
                    now=services.clock(),
                )
        except OSError as error:
            raise StartError(f"cannot read {file}: {error}") from error
        except SheetError as error:
            fail([f"{file}: {error.message(language)}"])

    applied = with_services(data, run, existing=True)
    if applied.problems:
        typer.echo("nothing was decided")
        fail([each.message(language) for each in applied.problems])
    if not applied.decided:
        typer.echo("nothing was decided: the columns for decisions are empty")
        return
    typer.echo(f"{counted(applied.decided, 'finding')} decided")
