"""`vendor add`: register a vendor and its contract.

A first price has no start day: so deliveries from before the registration can still be posted (uses may be backdated).
A further price, also the first one of a variant whose benefit has a price, starts today or on the given day.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.running import AsOption, DataOption, day_option, fail, with_services
from app.services import COMMAND_LINE, Services
from base.words import counted
from ledger.vendors.contracts import MOST_TOLERANCE_DAYS

if TYPE_CHECKING:
    from ledger.entitlement.terms import Term

vendor = typer.Typer(help="Vendors and their contracts.", no_args_is_help=True)


@vendor.command("add")
def add(
    code: Annotated[str, typer.Argument(help="Code of the vendor")],
    name: Annotated[str, typer.Option("--name", help="Its name")],
    benefit: Annotated[
        list[str] | None,
        typer.Option("--benefit", help="CODE[/VARIANT]=PRICE of one unit in CNY; may be repeated"),
    ] = None,
    since: Annotated[
        datetime | None,
        day_option(
            "--from",
            "First day of the prices  [default: a first price holds without a day, a further one from today]",
        ),
    ] = None,
    date_tolerance: Annotated[
        int | None,
        typer.Option(
            "--date-tolerance",
            min=0,
            max=MOST_TOLERANCE_DAYS,
            help="Days by which a statement's line may differ from the delivery that it is matched with  [default: 3]",
            show_default=False,
        ),
    ] = None,
    as_: AsOption = None,
    data: DataOption = None,
) -> None:
    """Register a vendor and its contract; for a known one, its name, further benefits and prices from today on."""
    prices = [_price(text) for text in benefit or []]

    async def register(services: Services) -> None:
        from handbook import business_day
        from ledger.entitlement.terms import Term
        from ledger.refusals import Refusal
        from ledger.vendors.registry import register_vendor, vendors_by_code

        now = services.clock()
        known = (await vendors_by_code(services.pool, [code])).get(code)
        terms = known.terms if known else ()
        priced = {(term.benefit, term.variant) for term in terms}
        today = business_day(now)
        further = since.date() if since is not None else today
        first = since.date() if since is not None else services.handbook.editions[0].effective_from
        outcome = await register_vendor(
            code=code,
            name=name,
            terms=[
                Term(
                    benefit=each.benefit,
                    variant=each.variant,
                    unit_price=each.amount,
                    starts_on=further if each.follows(priced) else first,
                )
                for each in prices
                if since is not None or not any(each.is_that_of(term, today) for term in terms)
            ],
            date_tolerance_days=date_tolerance,
            now=now,
            subject=as_ or COMMAND_LINE,
            handbook=services.handbook,
        )
        if isinstance(outcome, Refusal):
            fail([outcome.message("en")])
        typer.echo(f"vendor {outcome.code} ({outcome.name}): {counted(len(outcome.terms), 'term')}")

    with_services(data, register)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Price:
    """The price of one unit of a benefit, or of one variant of it, in CNY."""

    benefit: str
    variant: str | None
    amount: Decimal

    def is_that_of(self, term: "Term", day: date) -> bool:
        """Whether the term tells this price for the day: then it need not be registered again."""
        priced = (term.benefit, term.variant, term.unit_price)
        return term.holds_on(day) and priced == (self.benefit, self.variant, self.amount)

    def follows(self, priced: set[tuple[str, str | None]]) -> bool:
        """Whether there is already a price for what this one is for."""
        return (self.benefit, self.variant) in priced or (self.benefit, None) in priced


def _price(text: str) -> _Price:
    named, separator, amount = text.rpartition("=")
    benefit, slash, variant = named.partition("/")
    try:
        price = Decimal(amount)
    except InvalidOperation:
        price = Decimal(-1)
    if not separator or not benefit or bool(slash) != bool(variant) or not price.is_finite() or price < 0:
        raise typer.BadParameter(f"{text!r} is not CODE=PRICE or CODE/VARIANT=PRICE", param_hint="--benefit")
    return _Price(benefit=benefit, variant=variant or None, amount=price)
