"""The embedded PostgreSQL keeps what was committed, is shared, and starts over whatever was left behind."""

import asyncio
import multiprocessing
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from app.postgres import EmbeddedPostgres, PostgresError
from app.postgres.postmaster import running
from tests.scratch import scratch_folder

HOLDER = """
import sys
from pathlib import Path
from app.postgres import EmbeddedPostgres
with EmbeddedPostgres(Path(sys.argv[1])):
    print("holding", flush=True)
    sys.stdin.readline()
"""

ASKER = """
import asyncio, sys
import asyncpg
async def ask():
    connection = await asyncpg.connect(sys.argv[1])
    await connection.execute("SET application_name = 'asker'")
    await connection.execute("SELECT pg_sleep(600)")
asyncio.run(ask())
"""


@pytest.fixture(scope="module")
def initialised() -> Iterator[Path]:
    path = scratch_folder("pg-test")
    with EmbeddedPostgres(path):
        pass
    try:
        yield path
    finally:
        shutil.rmtree(path)


@pytest.fixture
def folder(initialised) -> Iterator[Path]:
    """A data folder that was used before; making a new one takes seconds."""
    path = scratch_folder("pg-test")
    subprocess.run(["cp", "-a", f"{initialised}/.", str(path)], check=True)
    try:
        yield path
    finally:
        server = running(path / "postgres")
        if server is not None:
            server.process.kill()
            server.process.wait()
        shutil.rmtree(path, ignore_errors=True)


def execute(dsn: str, statement: str) -> object:
    async def once() -> object:
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(once())


def hold(folder: Path) -> subprocess.Popen[str]:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "holding\n"
    return holder


def let_go(holder: subprocess.Popen[str]) -> None:
    holder.communicate("\n", timeout=30)


def kill_postmaster(folder: Path) -> None:
    server = running(folder / "postgres")
    assert server is not None
    server.process.kill()
    until(lambda: running(folder / "postgres") is None)


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_it_is_durable_and_reused_and_stopped(folder):
    with EmbeddedPostgres(folder) as postgres:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            assert execute(postgres.dsn, f"SHOW {setting}") == "on"
        execute(postgres.dsn, "CREATE TABLE kept AS SELECT 1 AS one")
    assert running(folder / "postgres") is None
    with EmbeddedPostgres(folder) as postgres:
        assert execute(postgres.dsn, "SELECT one FROM kept") == 1


def test_two_that_make_a_new_database_at_once_share_it(folder):
    shutil.rmtree(folder / "postgres")
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pids = pool.map(_started_pid, [folder] * 2)
    assert len(set(pids)) == 1


def test_the_owner_of_the_database_is_no_superuser(folder):
    with EmbeddedPostgres(folder) as postgres:
        assert execute(postgres.dsn, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False


def test_what_was_committed_survives_kill_9_of_the_database(folder):
    postgres = EmbeddedPostgres(folder)
    postgres.start()
    execute(postgres.dsn, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
    kill_postmaster(folder)
    postgres.stop()
    with EmbeddedPostgres(folder) as again:
        assert execute(again.dsn, "SELECT count(*) FROM kept") == 1000


def test_what_was_committed_survives_kill_9_of_the_service(folder):
    holder = hold(folder)
    server = running(folder / "postgres")
    assert server is not None
    assert server.socket_dir is not None
    execute(
        f"postgresql://entitlements@/entitlements?host={server.socket_dir}",
        "CREATE TABLE kept AS SELECT 1 AS one",
    )
    holder.kill()
    holder.communicate()
    with EmbeddedPostgres(folder) as postgres:
        assert execute(postgres.dsn, "SELECT one FROM kept") == 1
    assert running(folder / "postgres") is None  # the killed holder does not keep it alive


@pytest.mark.chaos
def test_what_a_killed_client_asked_for_ends(folder):
    asking = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'asker' AND query ~ 'pg_sleep'"
    with EmbeddedPostgres(folder) as postgres:
        asker = subprocess.Popen([sys.executable, "-c", ASKER, postgres.dsn])
        try:
            until(lambda: execute(postgres.dsn, asking) == 1)
        finally:
            asker.kill()
            asker.wait()
        until(lambda: execute(postgres.dsn, asking) == 0)


def test_the_first_to_leave_does_not_stop_it_for_the_others(folder):
    first = hold(folder)
    second = hold(folder)
    let_go(first)
    with EmbeddedPostgres(folder) as postgres:
        assert execute(postgres.dsn, "SELECT 1") == 1
    assert running(folder / "postgres") is not None
    let_go(second)
    assert running(folder / "postgres") is None


def test_two_that_start_at_once_share_one_server(folder):
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        pids = pool.map(_started_pid, [folder] * 4)
    assert len(set(pids)) == 1
    assert running(folder / "postgres") is None


def _started_pid(folder: Path) -> int:
    with EmbeddedPostgres(folder):
        server = running(folder / "postgres")
        assert server is not None
        time.sleep(2)
        return server.process.pid


def test_a_stale_lock_of_the_socket_does_not_keep_it_from_starting(folder):
    data = folder / "postgres"
    (data / ".s.PGSQL.5432.lock").write_text(f"{os.getpid()}\n{data}\n0\n5432\n\n")
    with EmbeddedPostgres(folder) as postgres:
        assert execute(postgres.dsn, "SELECT 1") == 1


@pytest.mark.parametrize(
    "content", ["", "12", "garbage\n", "99999999999999999999\n/x\n", "{own}\n{data}\n0\n5432\n"]
)
def test_a_stale_pid_file_does_not_keep_it_from_starting(folder, content):
    data = folder / "postgres"
    # `own`: the number of a living process of this very user, as after a restart of the machine
    (data / "postmaster.pid").write_text(content.format(own=os.getpid(), data=data))
    owner = data.stat()
    os.chown(data / "postmaster.pid", owner.st_uid, owner.st_gid)
    with EmbeddedPostgres(folder) as postgres:
        assert execute(postgres.dsn, "SELECT 1") == 1


def test_children_of_a_killed_server_are_waited_for(folder):
    said: list[str] = []
    postgres = EmbeddedPostgres(folder, say=said.append)
    postgres.start()

    async def busy() -> None:
        connection = await asyncpg.connect(postgres.dsn)
        sleeping = asyncio.create_task(connection.execute("SELECT pg_sleep(60)"))
        await asyncio.sleep(0.3)
        kill_postmaster(folder)
        postgres.stop()
        await asyncio.to_thread(postgres.start)
        with pytest.raises((asyncpg.PostgresConnectionError, ConnectionError)):
            await sleeping

    asyncio.run(busy())
    assert execute(postgres.dsn, "SELECT 1") == 1
    postgres.stop()


def test_a_path_that_is_too_long_for_a_socket_is_no_obstacle(folder):
    deep = folder / ("d" * 120)
    deep.mkdir()
    (folder / "postgres").rename(deep / "postgres")
    with EmbeddedPostgres(deep) as postgres:
        assert execute(postgres.dsn, "SELECT 1") == 1
        server = running(deep / "postgres")
        assert server is not None
        assert server.socket_dir is not None
        socket_dir = server.socket_dir
        with EmbeddedPostgres(deep) as other:
            assert execute(other.dsn, "SELECT 1") == 1
    assert not socket_dir.exists()


def test_a_path_with_strange_characters_is_no_obstacle(folder):
    with EmbeddedPostgres(folder / "数据 & 'quotes' %20, #") as postgres:
        assert execute(postgres.dsn, "SELECT 1") == 1


def test_a_folder_that_holds_something_else_is_left_alone(folder):
    shutil.rmtree(folder / "postgres")
    (folder / "postgres").mkdir()
    (folder / "postgres" / "letter.txt").write_text("dear")
    with pytest.raises(PostgresError, match="holds no PostgreSQL data"):
        EmbeddedPostgres(folder).start()
    assert (folder / "postgres" / "letter.txt").read_text() == "dear"


def test_data_of_another_version_is_named(folder):
    (folder / "postgres" / "PG_VERSION").write_text("9\n")
    with pytest.raises(PostgresError, match="PostgreSQL 9"):
        EmbeddedPostgres(folder).start()


def test_a_server_that_cannot_start_says_why(folder):
    with (folder / "postgres" / "postgresql.conf").open("a") as conf:
        conf.write("\nshared_buffers = 'plenty'\n")
    with pytest.raises(PostgresError, match=r"shared_buffers|configuration"):
        EmbeddedPostgres(folder).start()


def test_an_interrupted_initialisation_is_begun_anew(folder):
    shutil.rmtree(folder / "postgres")
    half = folder / "postgres.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(folder) as postgres:
        assert execute(postgres.dsn, "SELECT 1") == 1
    assert not half.exists()


def test_no_address_before_the_start(folder):
    with pytest.raises(PostgresError, match="not started"):
        _ = EmbeddedPostgres(folder).dsn


def test_ctrl_c_in_the_terminal_does_not_reach_the_database(folder):
    with EmbeddedPostgres(folder):
        server = running(folder / "postgres")
        assert server is not None
        assert os.getsid(server.process.pid) != os.getsid(0)
