"""From a command to the API's answer."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ledger.commands import Command
from ledger.outcomes import Outcome
from ledger.refusals import Refusal
from schema.context import Context
from schema.mutations.deciding import decider
from schema.types.redemption import outcome


async def post(context: Context, command: Command | Refusal) -> Any:
    """Decide a command; what could not even be made one is refused as it is."""
    return (await post_many(context, [command]))[0]


async def post_many(context: Context, commands: Sequence[Command | Refusal]) -> list[Any]:
    """Decide commands, each on its own; the answers come in their order."""
    by = decider(context)
    decided = iter(
        await context.journal.post_many(
            [replace(each, subject=by) for each in commands if not isinstance(each, Refusal)]
        )
    )
    answers: list[Outcome] = [each if isinstance(each, Refusal) else next(decided) for each in commands]
    context.renew_loaders()
    return [outcome(answer) for answer in answers]
