"""`submitStatement`: a vendor's statement from a program; people import spreadsheets."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import strawberry
from strawberry.types import get_object_definition
from strawberry.types.arguments import InputContext

from ledger.reconciliation.statements import Submitted, checked_lines, submit
from ledger.reconciliation.values import StatedTotal, StatementId
from ledger.refusals import Refusal
from schema.context import Context, Info
from schema.errors import BadInputError
from schema.months import given_month
from schema.mutations.deciding import decider
from schema.permissions import check_own_vendor
from schema.scalars import Long
from schema.types.finding import Statement, StatementOutcome

_MOST_LINES = 5000
_LINES_A_TURN = 250
"""Lines checked before yielding to other tasks: some milliseconds."""


@strawberry.input(description="A line of a statement.")
class StatementLineInput:
    line_no: int = strawberry.field(
        description="The vendor's number of the line, from 1; each line has its own."
    )
    reference: str | None = strawberry.field(
        default=None, description="The reference that the vendor gave when it held or redeemed, if any."
    )
    member_no: str = strawberry.field(description="The member number.")
    benefit: str = strawberry.field(description="The code of the benefit.")
    units: int = strawberry.field(
        description="How many, in the unit that the benefit counts; below 0 in a credit line, which takes them back."
    )
    occurred_on: date = strawberry.field(description="The day of delivery.")
    amount: Decimal = strawberry.field(
        description="For all units, in CNY, at most 2 places. Below 0 it makes the line a credit of its units."
    )


def _line_of(type_: type, given: Mapping[str, Any], _: InputContext) -> Any:
    """A line from coerced values: validating each of them again would take two thirds of the call's time."""
    return type_(
        line_no=given["lineNo"],
        reference=given.get("reference"),
        member_no=given["memberNo"],
        benefit=given["benefit"],
        units=given["units"],
        occurred_on=given["occurredOn"],
        amount=given["amount"],
    )


get_object_definition(StatementLineInput, strict=True).from_input = _line_of


@strawberry.input(description="What the invoice says that a whole statement comes to.")
class StatementTotalInput:
    units: Long | None = strawberry.field(
        default=None, description="Units of all lines, less those of credit lines."
    )
    amount: Decimal | None = strawberry.field(default=None, description="In CNY.")


@strawberry.input(description="A vendor's statement for a month.")
class StatementInput:
    vendor: str = strawberry.field(description="The code of the vendor.")
    number: str = strawberry.field(
        description="The vendor's own number of the statement, unique for that vendor: 1 to 200 visible characters."
    )
    period: str = strawberry.field(description="The month, like 2026-10.")
    lines: list[StatementLineInput] = strawberry.field(
        description=f"At most {_MOST_LINES}; longer statements are uploaded or imported as files."
    )
    total: StatementTotalInput | None = strawberry.field(
        default=None,
        description="What the invoice says; refused (TOTAL_DIFFERS) where the lines do not add up to it. It is kept "
        "with the statement and sealed with its settlement.",
    )


@strawberry.type
class SubmitStatementMutation:
    """A vendor's statement comes in."""

    @strawberry.mutation(
        description="Submit a vendor's statement, as finance or, for itself only, as the vendor, "
        "and match it with the ledger: all of its lines or, when any is "
        "malformed, none. The same statement again changes nothing and is returned as it is now, also when "
        "its period is closed; other content under the same number is refused (KEY_REUSED) with what differs. "
        "Lines may come in any order.",
        graphql_type=StatementOutcome,
    )
    async def submit_statement(self, info: Info, input: StatementInput) -> Statement | Refusal:
        context = info.context
        check_own_vendor(context.viewer, input.vendor)
        if len(input.lines) > _MOST_LINES:
            raise BadInputError(
                f"input.lines: expected at most {_MOST_LINES}; got {len(input.lines)}. Longer statements are "
                "uploaded or imported as files."
            )
        month = given_month(input.period)
        if isinstance(month, Refusal):
            return month
        answer = await submit(
            context.pool,
            vendor=input.vendor,
            number=input.number,
            month=month,
            lines=checked_lines(_in_turns(input.lines), context.handbook),
            total=_total(input.total),
            by=decider(context),
            now=context.now,
            handbook=context.handbooks,
        )
        context.written()
        return await answered(context, answer)


def _total(given: StatementTotalInput | None) -> StatedTotal:
    return StatedTotal() if given is None else StatedTotal(units=given.units, amount=given.amount)


async def answered(context: Context, answer: Submitted | Refusal) -> Statement | Refusal:
    """The statement after a command on it, or the refusal."""
    if isinstance(answer, Refusal):
        return answer
    view = await context.loaders.statement.load(answer.statement)
    if view is None:
        raise LookupError(f"the statement {StatementId(answer.statement)} was stored and is not there")
    return Statement.of(view)


async def _in_turns(lines: list[StatementLineInput]) -> AsyncIterator[StatementLineInput]:
    for number, each in enumerate(lines):
        if number % _LINES_A_TURN == 0:
            await asyncio.sleep(0)
        yield each
