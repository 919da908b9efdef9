"""`period`: the state of a vendor's month, the match, and the close.

The same as the API's `reconcilePeriod` and `closePeriod`, for a person at a terminal. A refusal is one line on
standard error, and the exit code 1.
"""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated

import typer

from app.commands.running import AsOption, DataOption, fail, month_of, reading_services, with_services
from app.exports.columns import Language
from app.services import COMMAND_LINE, Services
from base.months import month_text
from base.words import counted
from ledger.refusals import Refusal

period = typer.Typer(help="Vendors' months: how they stand, the match, the close.", no_args_is_help=True)


VendorOption = Annotated[str, typer.Option("--vendor", help="Code of the vendor")]
PeriodOption = Annotated[str, typer.Option("--period", help="The month, like 2026-10")]
LanguageOption = Annotated[Language, typer.Option("--language", help="Language of refusals and of steps")]


@period.command("show")
def show(
    vendor: VendorOption,
    period: PeriodOption,
    language: LanguageOption = Language.ZH,
    data: DataOption = None,
) -> None:
    """Show the state of a month: what is stated and open, by kind of finding, and how that leads to what is payable."""
    month = month_of(period)

    async def run(services: Services) -> None:
        await _tell(services, vendor, month)
        await _tell_bridge(services, vendor, month, language)

    reading_services(data, run)


@period.command("reconcile")
def reconcile(
    vendor: VendorOption,
    period: PeriodOption,
    language: LanguageOption = Language.ZH,
    data: DataOption = None,
) -> None:
    """Run the match again, with what has been recorded since; decisions stay."""
    from ledger.reconciliation.matching import reconcile_period

    month = month_of(period)

    async def run(services: Services) -> None:
        outcome = await reconcile_period(
            services.pool, vendor=vendor, month=month, handbook=services.handbooks, now=services.clock()
        )
        await _told(outcome, language, lambda: _tell(services, vendor, month))

    with_services(data, run, existing=True)


@period.command("close")
def close(
    vendor: VendorOption,
    period: PeriodOption,
    language: LanguageOption = Language.ZH,
    as_: AsOption = None,
    data: DataOption = None,
) -> None:
    """Close a month for ever, with its settlement; refused while findings are open."""
    from ledger.reconciliation.closing import close_period

    month = month_of(period)

    async def run(services: Services) -> None:
        above = services.settings.four_eyes_above
        if above is not None and as_ is None:
            fail(["name who closes with --as NAME: ENTITLEMENTS_FOUR_EYES_ABOVE is set"])
        outcome = await close_period(
            services.pool,
            vendor=vendor,
            month=month,
            by=as_ or COMMAND_LINE,
            handbook=services.handbooks,
            now=services.clock(),
            four_eyes_above=above,
        )
        await _told(outcome, language, lambda: _tell_settlement(services, vendor, month))

    with_services(data, run, existing=True)


async def _told(outcome: int | Refusal, language: Language, tell: Callable[[], Awaitable[None]]) -> None:
    if isinstance(outcome, Refusal):
        fail([outcome.message(language)])
    await tell()


async def _tell(services: Services, vendor: str, month: date) -> None:
    from ledger.reconciliation.reading import period_view

    view = await period_view(services.pool, vendor, month)
    if view is None:
        fail([f"there is no vendor {vendor}"])
    tally = view.tally
    typer.echo(
        f"{vendor}  {month_text(month)}  {view.status.value}  {counted(view.lines, 'line')}  "
        f"stated {view.stated_amount:.2f}  payable {tally.payable:.2f}  open {tally.open}"
    )
    for kind, count in tally.counts:
        typer.echo(f"{kind.value:17} {count}")


async def _tell_bridge(services: Services, vendor: str, month: date, language: Language) -> None:
    """The way from stated to payable, one step a line: amount, sum so far, lines, name."""
    from ledger.reconciliation.bridging import bridge_of

    steps = await bridge_of(services.pool, vendor, month)
    for each in steps:
        if each.lines or each.amount or each in {steps[0], steps[-1]}:
            typer.echo(
                f"{each.amount:14.2f}  {each.running_total:14.2f}  {each.lines:7}  {each.label.spoken(language)}"
            )


async def _tell_settlement(services: Services, vendor: str, month: date) -> None:
    from ledger.reconciliation.reading import settlement

    view = await settlement(services.pool, vendor, month)
    if view is None:  # it was stored before the close was acknowledged
        raise AssertionError
    typer.echo(
        f"{vendor}  {month_text(month)}  CLOSED  payable {view.payable:.2f}  "
        f"carried forward {view.carried_forward:.2f}  seal {view.seal}"
    )
    for line in view.lines:
        late = "" if line.occurred_in == month else f"  of {month_text(line.occurred_in)}"
        correction = "  correction" if line.correction else ""
        typer.echo(f"{line.benefit}  {counted(line.units, 'unit')}  {line.amount:.2f}{late}{correction}")
