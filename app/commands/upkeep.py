"""`grant`, `rerate` and `verify`: keep the books current, rate anew, and check them."""

from typing import Annotated

import typer

from app.commands.running import DataOption, fail, progress_bar, with_services
from app.services import Services


def grant(data: DataOption = None) -> None:
    """Post the grants and expiries that are due, for every customer; safe to repeat."""

    async def post(services: Services) -> int:
        from ledger.granting import grant_all

        with progress_bar("granting", "customers") as update:
            return await grant_all(
                services.pool, now=services.clock(), handbook=services.handbook, progress=update
            )

    typer.echo(f"{with_services(data, post)} entries posted")


def rerate(
    edition: Annotated[str | None, typer.Option("--edition", help="Check that this edition is there")] = None,
    data: DataOption = None,
) -> None:
    """Rate every customer again, by the handbook as it is now."""

    async def rate(services: Services) -> int:
        from ledger.rerating import rerate_all

        known = [each.code for each in services.handbook.editions]
        if edition is not None and edition not in known:
            fail([f"there is no edition {edition}; there are: {', '.join(known)}"])
        with progress_bar("rating", "customers") as update:
            return await rerate_all(
                services.pool, now=services.clock(), handbook=services.handbook, progress=update
            )

    typer.echo(f"{with_services(data, rate)} customers rated")


def verify(data: DataOption = None) -> None:
    """Replay the ledger and check it; what is wrong is named place by place."""

    async def check(services: Services) -> list[str]:
        from ledger.verify import verify as verify_ledger

        with progress_bar("verifying", "customers") as update:
            return [str(finding) for finding in await verify_ledger(services.pool, progress=update)]

    found = with_services(data, check)
    if found:
        fail(found)
    typer.echo("the ledger is in order")
