"""From a command to the API's answer."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

from ledger.commands import Command, Redeem
from ledger.posting.outcomes import Outcome, RedemptionOutcome
from ledger.refusals import Refusal
from schema.context import Context
from schema.look_ups import LookUp, look_up
from schema.mutations.deciding import decider
from schema.permissions import shown_refusal
from schema.types.redemption import Redemption

Answer: TypeAlias = Redemption | Refusal


async def post(context: Context, command: Command | Refusal) -> Answer:
    """Post a command; a refusal, where none could be built, is returned as it is."""
    return (await post_many(context, [command]))[0]


async def post_many(context: Context, commands: Sequence[Command | Refusal]) -> list[Answer]:
    """Post commands, each on its own; the outcomes are in their order."""
    by = decider(context)
    asked = await look_up(context, {each.member_no for each in commands if isinstance(each, Redeem)})
    told = [_withheld(each, asked) or each for each in commands]
    decided = iter(
        await context.journal.post_many(
            [replace(each, subject=by) for each in told if not isinstance(each, Refusal)]
        )
    )
    answers: list[Outcome] = [each if isinstance(each, Refusal) else next(decided) for each in told]
    named = zip(commands, answers, strict=True)
    await asked.pay_for(
        context, [(each.member_no, answer) for each, answer in named if isinstance(each, Redeem)]
    )
    decided_at = [each.answered_at for each in answers if isinstance(each, RedemptionOutcome)]
    context.written(max(decided_at, default=None))
    return [Redemption.answered(shown_refusal(context.viewer, answer)) for answer in answers]


def _withheld(command: Command | Refusal, asked: LookUp) -> Refusal | None:
    """The refusal of a command whose member number may not be looked up."""
    return asked.refusal if isinstance(command, Redeem) and command.member_no in asked.withheld else None
