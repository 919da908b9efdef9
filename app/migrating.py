"""Migrating the database to this version's form: exactly once, also under concurrent starts.

Several workers and commands may start at once; they queue on one advisory lock, and the later ones find nothing left to
do. Migrations run as the owner of the database; the service itself works under a role that owns nothing. Without
missing migrations it takes no lock and needs no owner's rights: so a service without them can start.

A database that a newer version has migrated is refused: this program would misread what the newer one writes, and write
what the newer one cannot read.

A migration is a module `rating/migrations/NNNN_name.py` or `ledger/migrations/NNNN_name.py`:

    class Migration(migrations.Migration):
        dependencies = [("rating", "0001_initial")]     # of the same app: its predecessor
        operations = [RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))]

`RunSQL` sends the whole text of the `.sql` file beside it as one script, in a transaction, without parameters. The
record that the migration ran is written just after this transaction, so its statements must be repeatable.
"""

from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules

import asyncpg
from tortoise.context import TortoiseContext
from tortoise.migrations.executor import MigrationExecutor

from app.errors import StartError
from app.orm import APPS, orm_config
from base.database import SERVICE_ROLE, Connection, Pool

# An arbitrary number, the same in every version of this program.
_LOCK = 7_216_530_114

_OLDEST_SERVER = 16

# The migrations that this program expects; `/readyz` compares.
_APPLIED = "SELECT app, name FROM tortoise_migrations ORDER BY app, name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """Names of migrations that the database lacks, and of applied ones that this program does not know."""

    missing: tuple[str, ...]
    unknown: tuple[str, ...]

    def refuse_newer(self) -> None:
        """Raise StartError if a newer version of this program has migrated the database."""
        if self.unknown:
            raise StartError(
                f"a newer version has migrated this database ({', '.join(self.unknown)}): use that version or a later "
                "one; to go back, restore the copy of the database that was made before the upgrade"
            )


async def migrate(owner_dsn: str) -> tuple[str, ...]:
    """Apply what is missing, as the owner; return the names of what was applied ("rating.0001_initial", …).

    Raises StartError for a server that is too old, and for a database that is too new.
    """
    gate = await asyncpg.connect(owner_dsn, server_settings={"application_name": "entitlements-migrate"})
    try:
        server = gate.get_server_version()
        if server.major < _OLDEST_SERVER:
            raise StartError(f"PostgreSQL {_OLDEST_SERVER} or newer is needed; the server is {server.major}")
        if await _complete(gate):
            return ()
        await gate.execute("SELECT pg_advisory_lock($1)", _LOCK)
        (await differences(gate)).refuse_newer()  # the process that had the lock may have been newer
        applied = await _migrate(owner_dsn)
        # The service may read which migrations ran: its readiness depends on it.
        await gate.execute(f"GRANT SELECT ON tortoise_migrations TO {SERVICE_ROLE}")
        return applied
    finally:
        await gate.close()  # which also releases the lock


async def differences(connection: Connection | Pool) -> Differences:
    """Compare the database's form with this program's."""
    try:
        applied = [(row["app"], row["name"]) for row in await connection.fetch(_APPLIED)]
    except asyncpg.UndefinedTableError:
        applied = []
    known = _known()
    return Differences(
        missing=tuple(f"{app}.{name}" for app, name in known if (app, name) not in applied),
        unknown=tuple(f"{app}.{name}" for app, name in applied if (app, name) not in known),
    )


async def _complete(connection: Connection) -> bool:
    found = await differences(connection)
    found.refuse_newer()
    if found.missing:
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
