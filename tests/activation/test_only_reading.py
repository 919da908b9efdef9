"""Commands that only read create, migrate and activate nothing: without a database they fail, and say what to do."""

import os
import shutil
from pathlib import Path

import asyncpg
import pytest

from app.services import open_to_read
from app.settings import Settings
from handbook import SHIPPED_EDITIONS
from rating.timeline import METHOD
from tests.commands import run_command
from tests.conftest import on_database
from tests.scratch import scratch_folder

READERS = {
    "verify": ("verify",),
    "edition list": ("edition", "list"),
    "edition check": ("edition", "check", str(SHIPPED_EDITIONS / "zhenxuan-1")),
    "edition what-if": ("edition", "what-if", str(SHIPPED_EDITIONS / "zhenxuan-1")),
    "export entries": ("export", "entries"),
    "export findings": ("export", "findings", "--vendor", "v", "--period", "2026-10", "--out", "-"),
    "export settlement": ("export", "settlement", "--vendor", "v", "--period", "2026-10", "--out", "-"),
    "report usage": ("report", "usage", "--from", "2026-01-01", "--to", "2026-02-01"),
    "report liability": ("report", "liability"),
    "statement list": ("statement", "list"),
    "period show": ("period", "show", "--vendor", "v", "--period", "2026-10"),
}
ON_WHAT_IS_THERE = {
    "grant": ("grant",),
    "rerate": ("rerate",),
    "edition activate": ("edition", "activate", "zhenxuan-2"),
    "statement withdraw": ("statement", "withdraw", "1", "--vendor", "v", "--note", "n"),
    "period reconcile": ("period", "reconcile", "--vendor", "v", "--period", "2026-10"),
    "period close": ("period", "close", "--vendor", "v", "--period", "2026-10"),
}
"""Commands that write, and make no sense on nothing: a mistyped folder must not become a database."""

TABLES = "select count(*) from pg_class where relnamespace = 'public'::regnamespace"


def run(reader: str, folder: Path, **more: str):
    hidden = ("ENTITLEMENTS_", "DATABASE_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    return run_command(*(READERS | ON_WHAT_IS_THERE)[reader], environment=environment | more, folder=folder)


def says(done, words: str) -> None:
    assert done.returncode == 1, done.stdout
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert words in done.stderr


@pytest.mark.parametrize("reader", READERS | ON_WHAT_IS_THERE)
def test_without_a_database_nothing_is_made(reader, tmp_path):
    says(run(reader, tmp_path), "there is no database in .data")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("reader", READERS)
async def test_an_empty_database_stays_empty(reader, server_dsn, tmp_path):
    name = f"empty_{os.urandom(6).hex()}"
    server = await asyncpg.connect(server_dsn)
    await server.execute(f"create database {name}")
    try:
        dsn = on_database(server_dsn, name)
        says(run(reader, tmp_path, DATABASE_URL=dsn), "the database is empty")
        empty = await asyncpg.connect(dsn)
        assert await empty.fetchval(TABLES) == 0
        await empty.close()
    finally:
        await server.execute(f"drop database {name} with (force)")
        await server.close()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("reader", READERS)
def test_where_no_edition_was_ever_in_force_that_is_said(reader, database_dsn, tmp_path):
    says(run(reader, tmp_path, DATABASE_URL=database_dsn), "no edition was ever put in force")
    assert not list(tmp_path.iterdir())


async def test_a_database_that_lacks_a_migration_is_named_and_left(database_dsn, tmp_path):
    owner = await asyncpg.connect(database_dsn)
    await owner.execute("delete from tortoise_migrations where name = '0004_activations'")
    says(run("verify", tmp_path, DATABASE_URL=database_dsn), "rating.0004_activations")
    assert (
        await owner.fetchval("select count(*) from tortoise_migrations where name = '0004_activations'") == 0
    )
    await owner.close()


@pytest.mark.usefixtures("activated")
def test_books_without_customers_are_in_order_and_said_to_be_empty(database_dsn, tmp_path):
    done = run("verify", tmp_path, DATABASE_URL=database_dsn)
    assert (done.returncode, done.stdout) == (
        0,
        "checked 0 customers, 0 events, 0 entries, 0 ratings, 0 settled months: the ledger is in order\n",
    )


@pytest.mark.usefixtures("activated")
@pytest.mark.parametrize(
    ("method", "words"),
    [(METHOD - 1, "by an earlier version of this program"), (METHOD + 1, "a newer version of this program")],
)
async def test_ratings_by_the_method_of_another_version_are_not_approved(
    method, words, database, database_dsn, tmp_path
):
    await database.pool.execute(
        "insert into activations (handbook, method, activated_at) select handbook, $1, activated_at from activations",
        method,
    )
    says(run("verify", tmp_path, DATABASE_URL=database_dsn), words)


@pytest.mark.usefixtures("activated")
async def test_the_database_itself_refuses_whatever_a_reader_would_change(database_dsn, tmp_path):
    async with open_to_read(Settings(data=tmp_path, DATABASE_URL=database_dsn)) as services:
        for change in ("insert into vendors values (1)", "delete from staged_ratings", "create table x ()"):
            with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
                await services.pool.execute(change)
        assert not services.journal.running


def test_the_embedded_database_is_started_for_a_reader_and_nothing_is_added_to_it():
    folder = scratch_folder("reading-test")
    data = {"ENTITLEMENTS_DATA": str(folder)}
    try:
        says(run("verify", folder, **data), "there is no database")
        assert not list(folder.iterdir())
        hidden = ("ENTITLEMENTS_", "DATABASE_")
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(hidden)
        } | data
        assert run_command("migrate", environment=environment, folder=folder).returncode == 0
        says(run("verify", folder, **data), "no edition was ever put in force")
        assert run_command("grant", environment=environment, folder=folder).returncode == 0
        before = sorted(each.name for each in folder.iterdir())
        assert run("verify", folder, **data).returncode == 0
        assert sorted(each.name for each in folder.iterdir()) == before
    finally:
        shutil.rmtree(folder, ignore_errors=True)
