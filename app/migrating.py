"""Bringing the database to this version's form: once, whoever comes first, whoever else comes at the same time.

Several workers and commands may start at once; they queue on one advisory lock, and the later ones find nothing left to
do. Migrations run as the owner of the database; the service itself works under a role that owns nothing. Where nothing
is missing, nothing is locked and no right of an owner is needed: so a service may start that cannot migrate.

A migration is a module `rating/migrations/NNNN_name.py` or `ledger/migrations/NNNN_name.py`:

    class Migration(migrations.Migration):
        dependencies = [("rating", "0001_initial")]     # of the same app: its predecessor
        operations = [RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))]

`RunSQL` sends the whole text of the `.sql` file beside it as one script, in a transaction, without parameters. That the
migration ran is recorded just after this transaction, so its statements must bear being run a second time.
"""

from importlib import import_module
from pkgutil import iter_modules

import asyncpg
from tortoise.context import TortoiseContext
from tortoise.migrations.executor import MigrationExecutor

from app.errors import StartError
from app.orm import APPS, orm_config
from rating.database import SERVICE_ROLE, Connection, Pool

# Any number will do, as long as every version of this program takes the same one.
_LOCK = 7_216_530_114

_OLDEST_SERVER = 16

# What this program expects to find applied; `/readyz` compares.
_APPLIED = "SELECT app, name FROM tortoise_migrations"


async def migrate(owner_dsn: str) -> tuple[str, ...]:
    """Apply what is missing, as the owner; return the names of what was applied ("rating.0001_initial", …).

    Raises StartError for a server that is too old.
    """
    gate = await asyncpg.connect(owner_dsn, server_settings={"application_name": "entitlements-migrate"})
    try:
        server = gate.get_server_version()
        if server.major < _OLDEST_SERVER:
            raise StartError(f"PostgreSQL {_OLDEST_SERVER} or newer is needed; the server is {server.major}")
        if await _complete(gate):
            return ()
        await gate.execute("SELECT pg_advisory_lock($1)", _LOCK)
        applied = await _migrate(owner_dsn)
        # The service may see which migrations ran: its readiness depends on it.
        await gate.execute(f"GRANT SELECT ON tortoise_migrations TO {SERVICE_ROLE}")
        return applied
    finally:
        await gate.close()  # which also gives the lock back


async def missing(connection: Connection | Pool) -> tuple[str, ...]:
    """Return the names of the migrations that this program has and the database has not."""
    try:
        applied = {(row["app"], row["name"]) for row in await connection.fetch(_APPLIED)}
    except asyncpg.UndefinedTableError:
        applied = set()
    return tuple(f"{app}.{name}" for app, name in _known() if (app, name) not in applied)


async def _complete(connection: Connection) -> bool:
    if await missing(connection):
        return False
    return bool(
        await connection.fetchval(
            "SELECT has_table_privilege($1, 'tortoise_migrations', 'SELECT')", SERVICE_ROLE
        )
    )


async def _migrate(owner_dsn: str) -> tuple[str, ...]:
    config = orm_config(owner_dsn, service_role=False)
    applied: list[str] = []

    def note(event: str, app: str, name: str) -> None:
        if event == "apply_done":
            applied.append(f"{app}.{name}")

    async with TortoiseContext() as context:
        await context.init(config)
        executor = MigrationExecutor(context.connections.get("default"), config["apps"])
        await executor.migrate(direction="forward", progress=note)
    return tuple(applied)


def _known() -> list[tuple[str, str]]:
    return [
        (app, module.name)
        for app in APPS
        for module in iter_modules(import_module(f"{app}.migrations").__path__)
        if module.name[0] not in "_~"
    ]
