"""Editions of the handbook: those in force, and those in folders that could be. Nothing here writes."""

import strawberry

from handbook import Standing
from schema.candidates import known_candidates
from schema.context import Info
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
        others = await known_candidates(info.context)
        return [
            *(Edition.of(each, active=True) for each in active.editions),
            *(
                Edition.of(each.edition, active=False)
                for each in others
                if each.edition is not None and each.standing is not Standing.ACTIVE
            ),
        ]
