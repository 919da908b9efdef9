"""`export`: the ledger, findings and settlements as files. A file appears only when it is complete."""

from collections.abc import Awaitable, Callable, Iterable
from contextlib import aclosing
from datetime import datetime
from pathlib import Path
from typing import IO, Annotated

import typer

from app.commands.running import DataOption, day_option, fail, month_of, progress_bars, reading_services
from app.exports.columns import Language
from app.exports.entries import EntryForm, entry_chunks
from app.exports.files import complete_file
from app.exports.telling import NothingThereError, SheetForm, Telling
from app.services import Services
from handbook import start_of
from ledger.posting.entries import EntryKind
from ledger.reconciliation.values import FindingKind
from ledger.reports.exporting import unknown_in
from ledger.reports.filters import EntryFilter, Span

export = typer.Typer(help="Files: the ledger, findings, settlements.", no_args_is_help=True)

_CHUNK_BYTES = 256 * 1024

VendorOption = Annotated[str, typer.Option("--vendor", help="Code of the vendor")]
PeriodOption = Annotated[str, typer.Option("--period", help="The month, like 2026-10")]
FormOption = Annotated[SheetForm, typer.Option("--format", help="Form of the file")]
LanguageOption = Annotated[Language, typer.Option("--language", help="Language of headings and reasons")]
OutOption = Annotated[Path, typer.Option("--out", dir_okay=False, help="The file; `-` is standard output")]


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
        datetime | None,
        day_option("--from", "First day on which it happened"),
    ] = None,
    end: Annotated[
        datetime | None,
        day_option("--to", "The day after the last, not included"),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", dir_okay=False, help="The file; standard output without it")
    ] = None,
    data: DataOption = None,
) -> None:
    """Export the entries of the ledger that match the filters, with their hashes."""
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

    reading_services(data, write)


@export.command("findings")
def findings(
    vendor: VendorOption,
    period: PeriodOption,
    out: OutOption,
    statement: Annotated[
        str | None, typer.Option("--statement", help="Of this statement only (the vendor's number)")
    ] = None,
    kind: Annotated[
        list[FindingKind] | None, typer.Option("--kind", case_sensitive=False, help="May be repeated")
    ] = None,
    only_open: Annotated[bool, typer.Option("--open", help="Only those that wait for a decision")] = False,
    form: FormOption = SheetForm.XLSX,
    language: LanguageOption = Language.ZH,
    data: DataOption = None,
) -> None:
    """Export the findings of a vendor's month: every line, every difference with its reason."""
    month = month_of(period)

    async def make(services: Services) -> IO[bytes]:
        from app.exports.findings import FindingsAsked, findings_file
        from ledger.reconciliation.reading import FindingFilter

        where = FindingFilter(kinds=_set(kind), open=only_open or None)
        asked = FindingsAsked(vendor=vendor, month=month, statement=statement, where=where)
        return await findings_file(services.pool, asked, form, _telling(services, language))

    _write(data, out, make)


@export.command("settlement")
def settlement(
    vendor: VendorOption,
    period: PeriodOption,
    out: OutOption,
    form: FormOption = SheetForm.XLSX,
    language: LanguageOption = Language.ZH,
    data: DataOption = None,
) -> None:
    """Export the settlement of a closed month, with its seal."""
    month = month_of(period)

    async def make(services: Services) -> IO[bytes]:
        from app.exports.settlement import settlement_file

        return await settlement_file(services.pool, vendor, month, form, _telling(services, language))

    _write(data, out, make)


def _write(data: Path | None, out: Path, make: Callable[[Services], Awaitable[IO[bytes]]]) -> None:
    """Write a file and move it into place; if its subject does not exist, fail with one line."""

    async def write(services: Services) -> None:
        try:
            with await make(services) as file, complete_file(out) as write_chunk:
                while chunk := file.read(_CHUNK_BYTES):
                    write_chunk(chunk)
        except NothingThereError as error:
            fail([str(error)])

    reading_services(data, write)


def _telling(services: Services, language: Language) -> Telling:
    return Telling(handbook=services.handbook, language=language, now=services.clock())


def _set(values: Iterable[str] | None) -> frozenset[str] | None:
    """The values given; None (all) when there are none."""
    return frozenset(values or ()) or None


def _start_of(day: datetime | None) -> datetime | None:
    return None if day is None else start_of(day.date())
