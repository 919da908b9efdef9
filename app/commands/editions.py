"""`edition list|check|activate`: the editions of the handbook in force, candidates, and activation."""

from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.running import (
    AsOption,
    DataOption,
    fail,
    progress_bars,
    reading_services,
    with_services,
)
from app.commands.upkeep import grant_everybody
from app.console import say
from app.services import COMMAND_LINE, Services
from app.settings import Settings
from base.words import counted
from handbook import (
    Candidate,
    Edition,
    EditionError,
    Handbook,
    Standing,
    business_day,
    candidate,
    named,
    read_source,
    unknown_edition,
)
from handbook.sources import EDITION_FILE

if TYPE_CHECKING:
    from rating.activating import Activated
    from rating.activations import ActiveHandbook

edition = typer.Typer(
    help="Editions of the handbook: which are in force, and putting one in force.", no_args_is_help=True
)


@edition.command("list")
def list_editions(data: DataOption = None) -> None:
    """List the editions in force, then those in folders that are not; one a line."""

    async def run(services: Services) -> None:
        from app.editions import read_candidates

        active = services.handbook
        found = read_candidates(active, services.settings)
        origins = {
            each.edition.code: each.source.origin
            for each in found
            if each.edition is not None and each.standing is Standing.ACTIVE
        }
        for each in active.editions:
            typer.echo(_line(each, Standing.ACTIVE, origins.get(each.code, "the database only")))
        for other in found:
            if other.edition is not None and other.standing is not Standing.ACTIVE:
                typer.echo(_line(other.edition, other.standing, other.source.origin))
            elif other.error is not None:
                typer.echo(f"{Standing.WRONG}  {other.error}")

    reading_services(data, run)


@edition.command("check")
def check(
    file: Annotated[Path, typer.Argument(help=f"The edition's folder, or its {EDITION_FILE}")],
    data: DataOption = None,
) -> None:
    """Check whether an edition could be put in force beside those that are; changes nothing."""
    folder = edition_folder(file)
    if folder is None:
        raise typer.BadParameter(f"there is no {EDITION_FILE} in {file}", param_hint="FILE")

    async def run(services: Services) -> Candidate:
        return edition_in(services.handbook, folder)

    found = reading_services(data, run)
    if found.edition is None:
        fail([str(found.error)])
    if found.standing is Standing.ACTIVE:
        typer.echo(f"edition {found.edition.code} is active as it is")
        return
    instead = " in place of the active one of its code" if found.standing is Standing.DIFFERS else ""
    typer.echo(f"edition {found.edition.code} can be activated{instead}: {_span(found.edition)}")


@edition.command("activate")
def activate(
    code: Annotated[str, typer.Argument(help="Code of an edition in the folders", show_default=False)],
    as_: AsOption = None,
    data: DataOption = None,
) -> None:
    """Activate an edition: rate all customers by it and put it in force. Idempotent, and safe to interrupt."""

    async def run(services: Services) -> None:
        done = await _activate(services, code)
        if done is None:
            typer.echo(f"edition {code} is active as it is: nothing was changed")
        else:
            _tell(done, code, business_day(services.clock()))
            await _look(services)
        posted = await grant_everybody(services, by=as_ or COMMAND_LINE)
        if posted:
            typer.echo(f"{counted(posted, 'entry', 'entries')} posted")

    with_services(data, run, existing=True)


async def _activate(services: Services, code: str) -> "Activated | None":
    """Activate the candidate of a code; None when it is active as it stands in the folder."""
    from app.editions import Told, activated

    def propose(active: "ActiveHandbook | None") -> Handbook | None:
        if active is None:  # opening the services has activated something
            raise AssertionError
        chosen = edition_of_code(active.handbook, services.settings, code)
        if chosen.error is not None:
            fail([str(chosen.error)])
        return None if chosen.standing is Standing.ACTIVE else chosen.handbook

    with progress_bars() as bars:

        def progress(done: int, total: int) -> None:
            bars.update("rating", done, total, unit="customers")

        return await activated(services.pool, propose, services.clock, Told(line=say, progress=progress))


async def _look(services: Services) -> None:
    from rating.activations import ActiveHandbook

    if isinstance(services.handbooks, ActiveHandbook):
        await services.handbooks.look(services.pool)


def _tell(done: "Activated", code: str, today: date) -> None:
    new = done.handbook.edition(code)
    if new is None:
        raise AssertionError
    typer.echo(
        f"edition {code} is active: {_span(new)}; {done.changed} of {counted(done.customers, 'customer')} "
        "have another timeline"
    )
    if new.effective_from <= today:
        typer.echo(
            f"its days since {new.effective_from} are rated anew, as known from now on; "
            "what was known before stays known"
        )


def edition_of_code(
    active: Handbook, settings: Settings, code: str, *, active_first: bool = False
) -> Candidate:
    """The edition of a code, as `handbook.named` finds it; otherwise fail, listing the known and the wrong ones."""
    from app.editions import read_candidates

    found = read_candidates(active, settings)
    edition = named(active, found, code, active_first=active_first)
    if edition is None:
        wrong = [str(each.error) for each in found if each.error is not None]
        fail([unknown_edition(active, found, code), *wrong])
    return edition


def edition_folder(path: Path) -> Path | None:
    """The folder of an edition that a path names by itself or by its edition.yaml; None when there is none."""
    folder = path.parent if path.name == EDITION_FILE else path
    return folder if (folder / EDITION_FILE).is_file() else None


def edition_in(active: Handbook, folder: Path) -> Candidate:
    """The edition in a folder; otherwise fail with the reason why it cannot be read."""
    try:
        return candidate(active, read_source(folder))
    except EditionError as error:
        fail([str(error)])


def _line(each: Edition, standing: Standing, origin: str) -> str:
    return f"{each.code}  {_span(each)}  {standing.value:9}  {each.name}  {origin}"


def _span(each: Edition) -> str:
    if each.effective_to is None:
        return f"from {each.effective_from} on"
    return f"{each.effective_from} to {each.effective_to - timedelta(days=1)}"
