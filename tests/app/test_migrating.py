"""Checks of the server and the database before migrations change anything."""

import asyncio

import pytest
from typer.testing import CliRunner

from app import migrating
from app.cli import cli
from app.errors import StartError
from app.migrating import migrate
from tests.activation.test_only_reading import ON_WHAT_IS_THERE, READERS
from tests.app.newer import LATER, migrate_further


async def test_a_server_that_is_too_old_is_refused(database_dsn, monkeypatch):
    monkeypatch.setattr(migrating, "_OLDEST_SERVER", 999)
    with pytest.raises(StartError, match="PostgreSQL 999 or newer is needed; the server is"):
        await migrate(database_dsn)


async def test_a_complete_database_has_nothing_to_apply(database_dsn):
    assert await migrate(database_dsn) == ()


COMMANDS = {
    **READERS,
    **ON_WHAT_IS_THERE,
    "serve": ("serve", "--port", "0"),
    "import": ("import", "-"),
    "migrate": ("migrate",),
    "vendor add": ("vendor", "add", "v", "--name", "v", "--benefit", "physical-exam=1"),
}


def test_no_command_works_on_a_database_that_a_newer_version_has_migrated(
    database_dsn, tmp_path, monkeypatch
):
    monkeypatch.setenv("DATABASE_URL", database_dsn)
    monkeypatch.setenv("ENTITLEMENTS_DATA", str(tmp_path))
    asyncio.run(migrate_further(database_dsn))
    for arguments in COMMANDS.values():
        done = CliRunner().invoke(cli, arguments, input="")
        assert isinstance(done.exception, StartError), (arguments, done.output)
        (line,) = done.exception.lines
        assert f"a newer version has migrated this database (ledger.{LATER}): use that version" in line
