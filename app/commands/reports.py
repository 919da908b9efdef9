"""`report usage` and `report liability`: what was delivered, and what is still owed, added up for finance."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from app.commands.running import DataOption, day_option, fail, reading_services
from app.exports.reporting import (
    ReportForm,
    as_csv,
    liability_columns,
    liability_text,
    usage_columns,
    usage_text,
)
from app.services import Services
from handbook import business_day
from ledger.reports.usage import UsageFilter, UsageGroup

report = typer.Typer(help="Usage and liability, added up.", no_args_is_help=True)

_MOST_GROUPS = 1_000_000

FormOption = Annotated[ReportForm, typer.Option("--format", help="A table with its sums, or CSV")]
OutOption = Annotated[
    Path | None, typer.Option("--out", dir_okay=False, help="The file; standard output without it")
]


@report.command("usage")
def usage(
    start: Annotated[datetime, day_option("--from", "First day of delivery")],
    end: Annotated[
        datetime,
        day_option("--to", "The day after the last, not included"),
    ],
    by: Annotated[
        list[UsageGroup] | None,
        typer.Option(
            "--by",
            case_sensitive=False,
            help="What to group by; may be repeated  [default: vendor and benefit]",
            show_default=False,
        ),
    ] = None,
    vendor: Annotated[list[str] | None, typer.Option("--vendor", help="Code; may be repeated")] = None,
    benefit: Annotated[list[str] | None, typer.Option("--benefit", help="Code; may be repeated")] = None,
    star: Annotated[
        list[int] | None,
        typer.Option("--star", help="May be repeated"),
    ] = None,
    form: FormOption = ReportForm.TABLE,
    out: OutOption = None,
    data: DataOption = None,
) -> None:
    """What was delivered in a span of days, and what is owed for it."""
    if start >= end:
        raise typer.BadParameter("must be after --from", param_hint="--to")
    groups = by or [UsageGroup.VENDOR, UsageGroup.BENEFIT]
    where = UsageFilter(
        vendors=frozenset(vendor) if vendor else None,
        benefits=frozenset(benefit) if benefit else None,
        stars=frozenset(star) if star else None,
    )

    async def add_up(services: Services) -> bytes:
        from ledger.reports import usage as ledger_usage
        from ledger.reports.exporting import unknown_in
        from ledger.reports.filters import EntryFilter

        asked = EntryFilter(vendors=where.vendors, benefits=where.benefits)
        unknown = await unknown_in(services.pool, asked, services.handbook)
        highest = services.handbook.highest_star
        unknown += [
            f"there is no star {each}; the handbook has the stars 1 to {highest}"
            for each in star or ()
            if not 1 <= each <= highest
        ]
        if unknown:
            fail(unknown)
        views = await ledger_usage.usage(
            services.pool, start.date(), end.date(), where=where, by=groups, most=_MOST_GROUPS
        )
        if form is ReportForm.CSV:
            return as_csv(usage_columns(groups, services.handbook), views)
        return _lines(usage_text(views, groups, services.handbook))

    _write(out, reading_services(data, add_up))


@report.command("liability")
def liability(
    on: Annotated[
        datetime | None,
        day_option("--on", "The day  [default: today]", show_default=False),
    ] = None,
    form: FormOption = ReportForm.TABLE,
    out: OutOption = None,
    data: DataOption = None,
) -> None:
    """The liability on a day: what members could still use, by benefit and star, at the highest price of the day."""

    async def add_up(services: Services) -> bytes:
        from ledger.quotas.liability import liability as ledger_liability

        now = services.clock()
        day: date = on.date() if on is not None else business_day(now)
        rows = await ledger_liability(services.pool, day, handbook=services.handbook, now=now)
        if not rows:
            fail([f"no edition of the handbook is in force on {day}"])
        if form is ReportForm.CSV:
            return as_csv(liability_columns(services.handbook), rows)
        return _lines(liability_text(rows, services.handbook))

    _write(out, reading_services(data, add_up))


def _lines(text: str) -> bytes:
    return f"{text}\n".encode()


def _write(out: Path | None, content: bytes) -> None:
    from app.exports.files import complete_file

    with complete_file(out) as write:
        write(content)
