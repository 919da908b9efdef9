"""Editions of the handbook: those in force, and those in folders that could be. Nothing here writes."""

import asyncio

import strawberry

from handbook import Candidate, EditionError, Standing, candidates, read_sources
from schema.context import Context, Info
from schema.types.edition import Edition


@strawberry.type
class EditionQueries:
    """Questions about editions."""

    @strawberry.field(
        description="The editions in force, by their first days; then those in the service's folders that are not "
        "active. An edition that could not be put in force is left out: `entitlements edition list` says why."
    )
    async def editions(self, info: Info) -> list[Edition]:
        active = info.context.handbook
        others = await asyncio.to_thread(_candidates, info.context)
        return [
            *(Edition.of(each, active=True) for each in active.editions),
            *(Edition.of(each.edition, active=False) for each in others if each.edition is not None),
        ]


def _candidates(context: Context) -> list[Candidate]:
    if not context.edition_folders:
        return []
    try:
        found = candidates(context.handbook, read_sources(*context.edition_folders))
    except (EditionError, OSError):
        return []  # a folder that is wrong is the operator's to hear of: at the start, and by the command line
    return [each for each in found if each.standing is not Standing.ACTIVE]
