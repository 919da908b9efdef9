"""`edition diff` and `edition what-if`: the changes of an edition, and their effect. Nothing is written.

An edition is named by its code, or by its folder.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from datetime import date, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.editions import edition_folder, edition_in, edition_of_code
from app.commands.exports import LanguageOption
from app.commands.running import DataOption, customers_bar, day_option, fail, reading_services
from app.exports.columns import Language
from app.exports.files import complete_file
from app.exports.telling import SheetForm, Telling
from app.services import Services
from handbook import (
    Candidate,
    Edition,
    EditionError,
    EditionSource,
    as_written,
    business_day,
    read_source,
)

if TYPE_CHECKING:
    from app.exports.editions import WhatIf
    from ledger.what_if.comparing import Question
    from ledger.what_if.portfolio import NamedLoss

NamedEdition = Annotated[str, typer.Argument(help="Code of an edition, or its folder", show_default=False)]
OutOption = Annotated[
    Path | None, typer.Option("--out", dir_okay=False, help="The file; standard output without it")
]


class DiffForm(StrEnum):
    """The forms of a diff."""

    TABLE = "table"
    JSON = "json"


class WhatIfForm(StrEnum):
    """The forms of a what-if."""

    TABLE = "table"
    CSV = "csv"
    XLSX = "xlsx"


def diff(
    before: Annotated[
        str, typer.Argument(metavar="A", help="Code of an edition, or its folder", show_default=False)
    ],
    after: Annotated[
        str, typer.Argument(metavar="B", help="Code of an edition, or its folder", show_default=False)
    ],
    form: Annotated[DiffForm, typer.Option("--format", help="Lines in words, or JSON")] = DiffForm.TABLE,
    language: LanguageOption = Language.ZH,
    data: DataOption = None,
) -> None:
    """How edition B differs from edition A: thresholds, coefficients, allowances, conditions, everything.

    A code is looked for among those in force first for A, in the folders first for B: with one code for both, what
    a correction changes.
    """
    from app.exports.editions import changes_json, changes_text
    from handbook.diff import diff as changes_between

    folders = [edition_folder(Path(name)) for name in (before, after)]
    if all(folders):
        old, new = (_as_written(read_source(each)) for each in folders if each is not None)
    else:

        async def read(services: Services) -> tuple[Edition, Edition]:
            old, new = _found(services, before, active_first=True), _found(services, after)
            return _as_written(old.source), _as_written(new.source)

        old, new = reading_services(data, read)
    changes = changes_between(old, new)
    typer.echo(changes_json(changes) if form is DiffForm.JSON else changes_text(changes, language))


def what_if(
    file: Annotated[str, typer.Argument(help="Code of an edition, or its folder", show_default=False)],
    on: Annotated[
        datetime | None,
        day_option(
            "--on",
            "The day  [default: today, or the edition's first day if that is ahead]",
            show_default=False,
        ),
    ] = None,
    form: Annotated[WhatIfForm, typer.Option("--format", help="Form of the result")] = WhatIfForm.TABLE,
    out: OutOption = None,
    losing: Annotated[
        Path | None,
        typer.Option("--losing", dir_okay=False, help="CSV of the members who lose a benefit, and when"),
    ] = None,
    language: LanguageOption = Language.ZH,
    data: DataOption = None,
) -> None:
    """What an edition would do to the portfolio: stars, units, open liability, who loses what. Nothing is written."""
    if losing is not None and out is not None and losing.resolve() == out.resolve():
        raise typer.BadParameter("must not be the file of --out", param_hint="--losing")

    async def run(services: Services) -> None:
        found = _found(services, file)
        question = _question(services, found, on.date() if on is not None else None)
        telling = Telling(handbook=question.after, language=language, now=services.clock())
        result = await _ask(services, found, question, losing, telling)
        await _write(out, result, form, telling)

    reading_services(data, run)


def _question(services: Services, found: Candidate, on: date | None) -> "Question":
    from ledger.what_if.comparing import NoEditionError, Question

    if found.handbook is None or found.edition is None:
        raise AssertionError
    try:
        return Question.about(
            found.edition,
            before=services.handbook,
            after=found.handbook,
            on=on,
            today=business_day(services.clock()),
        )
    except NoEditionError as error:
        fail([str(error)])


async def _ask(
    services: Services, found: Candidate, question: "Question", losing: Path | None, telling: Telling
) -> "WhatIf":
    from app.exports.editions import WhatIf, losses_csv, losses_heading
    from app.what_if import what_if_in_parallel

    if found.edition is None:
        raise AssertionError
    with _losses_file(losing) as write:
        write(losses_heading(telling))

        def take(losses: "Sequence[NamedLoss]") -> None:
            write(losses_csv(losses, telling))

        with customers_bar("asking what if") as update:
            consequences = await what_if_in_parallel(services, question, progress=update, losses=take)
    return WhatIf(edition=found.edition.code, consequences=consequences)


@contextmanager
def _losses_file(path: Path | None) -> Iterator[Callable[[bytes], None]]:
    if path is None:
        yield lambda _chunk: None
    else:
        with complete_file(path) as write:
            yield write


async def _write(out: Path | None, result: "WhatIf", form: WhatIfForm, telling: Telling) -> None:
    from app.exports.editions import what_if_file, what_if_text
    from app.exports.making import file_chunks

    with complete_file(out) as write:
        if form is WhatIfForm.TABLE:
            write(f"{what_if_text(result, telling)}\n".encode())
            return
        chunks = file_chunks(partial(what_if_file, result, SheetForm(form.value), telling))
        async with aclosing(chunks):
            async for chunk in chunks:
                write(chunk)


def _found(services: Services, name: str, *, active_first: bool = False) -> Candidate:
    """The edition of a name, in force or a sound candidate; otherwise fail with what is wrong with it."""
    folder = edition_folder(Path(name))
    found = (
        edition_in(services.handbook, folder)
        if folder is not None
        else edition_of_code(services.handbook, services.settings, name, active_first=active_first)
    )
    if found.error is not None:
        fail([str(found.error)])
    return found


def _as_written(source: EditionSource) -> Edition:
    try:
        return as_written(source)
    except EditionError as error:
        fail([str(error)])
