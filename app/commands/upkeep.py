"""`grant`, `rerate` and `verify`: post what is due, rate again, and check everything."""

from typing import Annotated

import typer

from app.commands.running import AsOption, DataOption, customers_bar, fail, reading_services, with_services
from app.console import say
from app.services import COMMAND_LINE, Services, helpers
from base.words import counted
from rating.checking import Checked


def grant(as_: AsOption = None, data: DataOption = None) -> None:
    """Post the grants and expiries that are due, for every customer, and drop old audit events; safe to repeat."""

    async def post(services: Services) -> tuple[int, list[str]]:
        from ledger.auditing import drop_old_months

        posted = await grant_everybody(services, by=as_ or COMMAND_LINE)
        return posted, await drop_old_months(services.pool, kept_days=services.settings.audit_days)

    posted, dropped = with_services(data, post, existing=True)
    typer.echo(f"{counted(posted, 'entry', 'entries')} posted")
    if dropped:
        typer.echo(f"older than ENTITLEMENTS_AUDIT_DAYS and dropped: {', '.join(dropped)}")


async def grant_everybody(services: Services, *, by: str) -> int:
    """Post what is due for every customer in the name of `by`, with a progress bar; return the number of entries."""
    from ledger.posting.granting import grant_all

    with customers_bar("granting") as update:
        return await grant_all(
            services.pool,
            clock=services.clock,
            handbook=services.handbooks,
            subject=by,
            progress=update,
            helpers=await helpers(services),
        )


def rerate(
    edition: Annotated[
        str | None,
        typer.Option("--edition", help="An edition that must be in force"),
    ] = None,
    as_: AsOption = None,
    data: DataOption = None,
) -> None:
    """Rate every customer again by the editions in force; grants follow. Safe to repeat."""

    async def rate(services: Services) -> int:
        from ledger.posting.granting import PostDue
        from rating.rerating import rerate_all

        known = [each.code for each in services.handbook.editions]
        if edition is not None and edition not in known:
            told = f"edition {edition} is not in force; in force are: {', '.join(known)}"
            fail([f"{told} (`entitlements edition activate {edition}` rates everybody by it)"])

        with customers_bar("rating") as update:
            return await rerate_all(
                services.pool,
                now=services.clock(),
                handbook=services.handbooks,
                progress=update,
                after_batch=PostDue(clock=services.clock, subject=as_ or COMMAND_LINE),
                helpers=await helpers(services),
            )

    typer.echo(f"{counted(with_services(data, rate, existing=True), 'customer')} rated otherwise than before")


def verify(data: DataOption = None) -> None:
    """Rate all histories again, replay the ledger, check settlements' seals; problems are reported with their place.

    What clocks that were wrong have left behind is told too: a fault where somebody must take something back, else a
    note, which fails nothing.
    """

    async def check(services: Services) -> tuple[list[str], list[str], Checked]:
        from ledger.reconciliation.closing import check_seals
        from ledger.verifying.clocks import wrong_clocks
        from ledger.verifying.verify import verify as verify_ledger
        from rating.verifying import verify_ratings

        checked, sharing = Checked(), await helpers(services)
        with customers_bar("verifying the ratings") as update:
            faults = await verify_ratings(
                services.pool,
                handbook=services.handbooks,
                helpers=sharing,
                progress=update,
                checked=checked,
            )
        with customers_bar("verifying the ledger") as update:
            findings = await verify_ledger(services.pool, helpers=sharing, progress=update, checked=checked)
        seals = await check_seals(services.pool, checked=checked)
        clocks = await wrong_clocks(services.pool, now=services.clock())
        wrong = [str(each) for each in (*faults, *findings, *seals, *clocks.faults)]
        return wrong, [f"note: {each}" for each in clocks.notes], checked

    found, notes, checked = reading_services(data, check)
    for line in notes:
        say(line)
    if found:
        typer.echo(f"{checked.words()}: {counted(len(found), 'fault')}")
        fail(found)
    typer.echo(f"{checked.words()}: the ledger is in order")
