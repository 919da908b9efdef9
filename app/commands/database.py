"""`schema` and `migrate`: print the SDL, and apply migrations."""

import asyncio

import typer

from app.commands.running import DataOption, ending_on_sigterm


def schema() -> None:
    """Print the SDL."""
    from app.settings import load_settings
    from schema.build import build_schema, sdl

    load_settings()  # no setting is used, but a wrong one is reported as by every command

    typer.echo(sdl(build_schema()), nl=False)


def migrate(data: DataOption = None) -> None:
    """Apply migrations only."""
    from app.database import database, migrated
    from app.settings import load_settings

    settings = load_settings(data=data)

    async def apply() -> tuple[str, ...]:
        async with database(settings) as (_, owner_dsn):
            return await migrated(owner_dsn)

    with ending_on_sigterm():
        applied = asyncio.run(apply())
    typer.echo(f"applied: {', '.join(applied)}" if applied else "nothing to apply")
