"""`vendor add`: register a vendor and its contract.

A first price is told without a day and so holds without one: what was delivered before the contract was entered can
still be posted (uses may lie back). A further price for the same benefit begins today.
"""

from decimal import Decimal, InvalidOperation
from typing import Annotated

import typer

from app.commands.running import DataOption, fail, with_services
from app.services import Services

vendor = typer.Typer(help="Vendors and their contracts.", no_args_is_help=True)


@vendor.command("add")
def add(
    code: Annotated[str, typer.Argument(help="Code of the vendor")],
    name: Annotated[str, typer.Option("--name", help="Its name")],
    benefit: Annotated[
        list[str] | None, typer.Option("--benefit", help="CODE=PRICE of one unit in CNY; may be repeated")
    ] = None,
    data: DataOption = None,
) -> None:
    """Register a vendor and its contract; for a known one, its name, further benefits and prices from today on."""
    prices = [_price(text) for text in benefit or []]

    async def register(services: Services) -> None:
        from handbook import business_day
        from ledger.refusals import Refusal
        from ledger.vendors import TermView, register_vendor, vendors_by_code

        now = services.clock()
        known = (await vendors_by_code(services.pool, [code])).get(code)
        priced = {term.benefit for term in known.terms} if known else set()
        ever = services.handbook.editions[0].effective_from
        terms = [
            TermView(benefit=each, unit_price=price, starts_on=business_day(now) if each in priced else ever)
            for each, price in prices
        ]
        outcome = await register_vendor(
            code=code, name=name, terms=terms, now=now, handbook=services.handbook
        )
        if isinstance(outcome, Refusal):
            fail([outcome.message("en")])
        typer.echo(f"vendor {outcome.code} ({outcome.name}): {len(outcome.terms)} terms")

    with_services(data, register)


def _price(text: str) -> tuple[str, Decimal]:
    benefit, separator, amount = text.partition("=")
    try:
        price = Decimal(amount)
    except InvalidOperation:
        price = Decimal(-1)
    if not separator or not benefit or not price.is_finite() or price < 0:
        raise typer.BadParameter(f"{text!r} is not CODE=PRICE", param_hint="--benefit")
    return benefit, price
