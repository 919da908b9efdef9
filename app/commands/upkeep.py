"""`grant`, `rerate` and `verify`: keep the books current, rate anew, and check them."""

from typing import Annotated

import typer

from app.commands.running import DataOption, customers_bar, fail, with_services
from app.services import Services, granting
from rating.words import counted


def grant(data: DataOption = None) -> None:
    """Post the grants and expiries that are due, for every customer; safe to repeat."""

    async def post(services: Services) -> int:
        from ledger.granting import grant_all

        with customers_bar("granting") as update:
            return await grant_all(
                services.pool, now=services.clock(), handbook=services.handbook, progress=update
            )

    typer.echo(f"{counted(with_services(data, post), 'entry', 'entries')} posted")


def rerate(
    edition: Annotated[
        str | None,
        typer.Option("--edition", help="The edition that is new or was corrected: it must be there"),
    ] = None,
    data: DataOption = None,
) -> None:
    """Rate every customer again, by the handbook as it is now; grants follow. Safe to repeat."""

    async def rate(services: Services) -> int:
        from rating.rerating import rerate_all

        known = [each.code for each in services.handbook.editions]
        if edition is not None and edition not in known:
            fail([f"there is no edition {edition}; there are: {', '.join(known)}"])
        with customers_bar("rating") as update:
            return await rerate_all(
                services.pool,
                now=services.clock(),
                handbook=services.handbook,
                progress=update,
                after_batch=granting(services),
            )

    typer.echo(f"{counted(with_services(data, rate), 'customer')} rated otherwise than before")


def verify(data: DataOption = None) -> None:
    """Rate all histories again, replay the ledger, check settlements' seals; what is wrong is named by its place."""

    async def check(services: Services) -> list[str]:
        from ledger.reconciliation.closing import check_seals
        from ledger.verify import verify as verify_ledger
        from rating.verifying import verify_ratings

        with customers_bar("verifying the ratings") as update:
            faults = await verify_ratings(services.pool, handbook=services.handbook, progress=update)
        with customers_bar("verifying the ledger") as update:
            findings = await verify_ledger(services.pool, progress=update)
        seals = await check_seals(services.pool)
        return [str(wrong) for wrong in (*faults, *findings, *seals)]

    found = with_services(data, check)
    if found:
        fail(found)
    typer.echo("the ledger is in order")
