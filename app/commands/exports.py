"""`export`: the ledger, findings and settlements as files. A file is there when it is complete, never in part."""

from collections.abc import Iterable
from contextlib import aclosing
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from app.commands.running import DataOption, fail, progress_bars, with_services
from app.exports.entries import EntryForm, entry_chunks
from app.exports.files import complete_file
from app.services import Services
from handbook import start_of
from ledger.entries import EntryKind
from ledger.exporting import unknown_in
from ledger.reports import EntryFilter, Span

export = typer.Typer(help="Files: the ledger, findings, settlements.", no_args_is_help=True)

_DAY = ["%Y-%m-%d"]


@export.command("entries")
def entries(
    form: Annotated[EntryForm, typer.Option("--format", help="Form of the file")] = EntryForm.CSV,
    vendor: Annotated[list[str] | None, typer.Option("--vendor", help="Code; may be repeated")] = None,
    benefit: Annotated[list[str] | None, typer.Option("--benefit", help="Code; may be repeated")] = None,
    kind: Annotated[
        list[EntryKind] | None, typer.Option("--kind", case_sensitive=False, help="May be repeated")
    ] = None,
    member: Annotated[
        list[str] | None, typer.Option("--member", help="Member number; may be repeated")
    ] = None,
    start: Annotated[
        datetime | None, typer.Option("--from", formats=_DAY, help="First day on which it happened")
    ] = None,
    end: Annotated[
        datetime | None, typer.Option("--to", formats=_DAY, help="The day after the last, not included")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", dir_okay=False, help="The file; standard output without it")
    ] = None,
    data: DataOption = None,
) -> None:
    """Every entry of the ledger, or those asked for, with their hashes."""
    where = EntryFilter(
        vendors=_set(vendor),
        kinds=_set(kind),
        benefits=_set(benefit),
        member_nos=_set(member),
        occurred=Span(start=_start_of(start), end=_start_of(end)),
    )
    if start is not None and end is not None and start >= end:
        raise typer.BadParameter("must be after --from", param_hint="--to")

    async def write(services: Services) -> None:
        unknown = await unknown_in(services.pool, where, services.handbook)
        if unknown:
            fail(unknown)
        with complete_file(out) as write_chunk, progress_bars() as bars:
            chunks = entry_chunks(
                services.pool,
                where,
                form,
                progress=lambda done: bars.update("exporting", done, None, unit="entries"),
            )
            async with aclosing(chunks):
                async for chunk in chunks:
                    write_chunk(chunk)

    with_services(data, write)


def _set(values: Iterable[str] | None) -> frozenset[str] | None:
    """The values given; None, which allows all, when none are."""
    return frozenset(values or ()) or None


def _start_of(day: datetime | None) -> datetime | None:
    return None if day is None else start_of(day.date())
