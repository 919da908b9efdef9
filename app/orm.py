"""Tortoise's configuration, in one place: for the migrations (as owner) and for the service (under its role).

Tortoise holds the models of mutable and plain records and runs the migrations. Its pool is separate from the pool of
the hot paths, so a slow simple write never occupies a connection of redemptions.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from tortoise.context import TortoiseContext

from base.database import SERVICE_ROLE, Timeouts
from base.observing import DatabaseObserver, observe_statements

# In order of migration: `ledger` refers to tables of `rating`.
APPS = ("rating", "ledger")


def orm_config(
    dsn: str,
    *,
    service_role: bool,
    max_size: int = 5,
    read_only: bool = False,
    timeouts: Timeouts | None = None,
    observer: DatabaseObserver | None = None,
) -> dict[str, Any]:
    """Return Tortoise's configuration for the database at `dsn`; with `service_role`, under the service's role."""
    settings = {"application_name": "entitlements-orm"}
    if service_role:
        settings["role"] = SERVICE_ROLE
    if read_only:
        settings["default_transaction_read_only"] = "on"
    if timeouts is not None:
        settings |= timeouts.settings

    async def connect(*_: Any, loop: Any, connection_class: Any, record_class: Any, **__: Any) -> Any:
        # Tortoise parses addresses itself and knows only some of their options: asyncpg knows all.
        connection = await asyncpg.connect(
            dsn,
            loop=loop,
            connection_class=connection_class,
            record_class=record_class,
            server_settings=settings,
        )
        if observer is not None:
            observe_statements(connection, observer)
        return connection

    credentials = {"connect": connect, "minsize": 0, "maxsize": max_size}
    return {
        "connections": {"default": {"engine": "tortoise.backends.asyncpg", "credentials": credentials}},
        "apps": {
            app: {
                "models": [f"{app}.models"],
                "default_connection": "default",
                "migrations": f"{app}.migrations",
            }
            for app in APPS
        },
        "use_tz": True,
        "timezone": "UTC",
    }


@asynccontextmanager
async def orm(
    dsn: str,
    *,
    max_size: int = 5,
    read_only: bool = False,
    timeouts: Timeouts | None = None,
    observer: DatabaseObserver | None = None,
) -> AsyncIterator[None]:
    """Make the models usable under the service's role, from any task, while the block runs."""
    context = TortoiseContext()
    # The web framework runs start-up and requests in different tasks: the context must be found from each.
    with context:
        await context.init(
            orm_config(
                dsn,
                service_role=True,
                max_size=max_size,
                read_only=read_only,
                timeouts=timeouts,
                observer=observer,
            ),
            _enable_global_fallback=True,
        )
    try:
        yield
    finally:
        await context.close_connections()
