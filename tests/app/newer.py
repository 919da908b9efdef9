"""A database as a newer version of this program leaves it."""

import asyncpg

LATER = "9999_from_the_future"


async def migrate_further(dsn: str) -> None:
    """Note a migration that this version does not have."""
    owner = await asyncpg.connect(dsn)
    try:
        await owner.execute(
            "INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('ledger', $1, now())", LATER
        )
    finally:
        await owner.close()
