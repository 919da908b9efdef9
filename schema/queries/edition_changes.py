"""What an edition changes, and what it would do to the portfolio: asked before it is in force. Nothing is written."""

import asyncio
from datetime import date
from typing import Annotated

import strawberry

from handbook.diff import diff
from ledger.what_if.comparing import NoEditionError, Question
from ledger.what_if.portfolio import UnderWayError, what_if
from schema.candidates import edition_as_written, edition_named
from schema.context import Info
from schema.errors import BadInputError, BusyError
from schema.types.edition_change import EditionChange, EditionWhatIf

_UNDER_WAY = {
    "zh": "editionWhatIf：正在测算另一个版本，一次只测算一个，请一分钟后再试。",
    "en": "editionWhatIf: another one is under way, and one runs at a time: try again in a minute.",
}
_MINUTE_S = 60


@strawberry.type
class EditionChangeQueries:
    """Questions about what an edition changes."""

    @strawberry.field(
        description="How one edition differs from another: first the rules, then the quoted clauses. "
        "Editions in force and candidates in the service's folders, by their codes: `from` is looked up among "
        "those in force first, `to` in the folders first, so that one code for both shows what a correction changes."
    )
    async def edition_diff(
        self, info: Info, from_: Annotated[str, strawberry.argument(name="from")], to: str
    ) -> list[EditionChange]:
        before = await edition_as_written(info.context, "from", from_, active_first=True)
        after = await edition_as_written(info.context, "to", to)
        changes = await asyncio.to_thread(diff, before, after)
        return [EditionChange.of(each) for each in changes]

    @strawberry.field(
        description="The effect of an edition on all customers on a day (default: today, or its first day if "
        "that is ahead): all are rated and granted by it and by the editions in force. Takes about a minute "
        "for 50,000 "
        "customers, one at a time: during another one the error is `BUSY`; retry in a minute. `entitlements "
        "edition what-if` is quicker, and lists who loses what."
    )
    async def edition_what_if(self, info: Info, edition: str, on: date | None = None) -> EditionWhatIf:
        context = info.context
        found, handbook = await edition_named(context, "edition", edition)
        try:
            question = Question.about(
                found, before=context.handbook, after=handbook, on=on, today=context.today
            )
        except NoEditionError as error:
            raise BadInputError(f"on: {error}.") from None
        try:
            found_out = await what_if(context.pool, question, now=context.now)
        except UnderWayError:
            raise BusyError(_UNDER_WAY[context.language], retry_after_s=_MINUTE_S) from None
        return EditionWhatIf.of(found_out, question)
