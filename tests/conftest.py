"""What tests share: one PostgreSQL for the whole run, and a fresh, migrated database for each test that asks.

`DATABASE_URL` (an owner that may create databases) makes the tests use that server; otherwise an embedded one is
started in a temporary folder. A database is copied from a migrated template, which takes some ten milliseconds.
"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import HealthCheck, settings

from app.migrating import migrate
from app.postgres import EmbeddedPostgres
from base.database import connect_pool
from handbook import Handbook, load_handbook
from tests.chaos.chance import SEED
from tests.scratch import clear_left_over, scratch_folder

# A slow machine is no failure of the code. Every run of the tests tries the same examples; `make fuzz` looks for more.
_SLOW = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
settings.register_profile(
    "repeatable", deadline=None, suppress_health_check=_SLOW, derandomize=True, print_blob=True
)
settings.register_profile(
    "fuzz", deadline=None, suppress_health_check=_SLOW, max_examples=1000, print_blob=True
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


def pytest_report_header(config: pytest.Config) -> str | None:
    """Show the seed with which the fault tests or `make fuzz` can be repeated."""
    if config.option.markexpr == "chaos":
        return f"faults: SEED={SEED} repeats this run"
    seed = config.getoption("--hypothesis-seed")
    return None if seed is None else f"random examples: SEED={seed} repeats this run"


@pytest.fixture(autouse=True)
def environment_as_before() -> Iterator[None]:
    """Refuse a test after which the environment differs: settings of later tests in its process would follow it."""
    before = dict(os.environ)
    yield
    changed = {name for name, _ in before.items() ^ os.environ.items()} - {"PYTEST_CURRENT_TEST"}
    for name in changed:
        if name in before:
            os.environ[name] = before[name]
        else:
            del os.environ[name]
    assert not changed, f"the test left the environment changed: {', '.join(sorted(changed))}"


# Files are copied as they are: for small databases on a server that does not wait for the disk, the quicker way.
_COPYING = "STRATEGY FILE_COPY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """A migrated database of its own. `pool` works under the service's role, `owner_pool` as the owner."""

    dsn: str
    pool: "asyncpg.Pool[Any]"
    owner_pool: "asyncpg.Pool[Any]"


@pytest.fixture(scope="session")
def server_dsn() -> Iterator[str]:
    """The address of a database server on which databases may be created."""
    given = os.environ.get("DATABASE_URL")
    if given:
        yield given
        return
    clear_left_over("tests")
    folder = scratch_folder("tests")
    try:
        with EmbeddedPostgres(folder, durable=False) as postgres:
            yield postgres.dsn
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def template(server_dsn: str) -> Iterator[str]:
    """The name of a migrated database that others are copied from."""
    name = f"template_{uuid4().hex[:12]}"
    asyncio.run(_execute(server_dsn, f"CREATE DATABASE {name}"))
    try:
        asyncio.run(migrate(on_database(server_dsn, name)))
        yield name
    finally:
        asyncio.run(_drop(server_dsn, name))


@pytest.fixture
async def database_dsn(server_dsn: str, template: str) -> AsyncIterator[str]:
    """The address, as owner, of a fresh migrated database."""
    async with copy_of(server_dsn, template) as dsn:
        yield dsn


@pytest.fixture
async def database(database_dsn: str) -> AsyncIterator[Database]:
    """A fresh migrated database with its pools, which connect when first used."""
    pool = await connect_pool(database_dsn, min_size=0, max_size=10, service_role=True)
    owner_pool = await connect_pool(database_dsn, min_size=0, max_size=5, service_role=False)
    try:
        yield Database(dsn=database_dsn, pool=pool, owner_pool=owner_pool)
    finally:
        await asyncio.wait_for(asyncio.gather(pool.close(), owner_pool.close()), timeout=10)


@pytest.fixture
async def activated(database: Database, handbook: Handbook) -> None:
    """The shipped editions are in force in the database, as after the first command that wrote."""
    from tests.activations import put_in_force

    await put_in_force(database.pool, handbook, datetime.now(UTC))


@pytest.fixture(scope="session")
def demo_template(server_dsn: str, template: str) -> Iterator[str]:
    """The name of a database with the demo portfolio that others are copied from."""
    from tests.demo import load_demo

    name = f"demo_{uuid4().hex[:12]}"
    asyncio.run(_execute(server_dsn, f"CREATE DATABASE {name} TEMPLATE {template} {_COPYING}"))
    try:
        asyncio.run(load_demo(on_database(server_dsn, name)))
        # As a server does by itself after a while: without statistics it plans large reports badly.
        asyncio.run(_execute(on_database(server_dsn, name), "ANALYZE"))
        yield name
    finally:
        asyncio.run(_drop(server_dsn, name))


@pytest.fixture(scope="module")
def demo_dsn(server_dsn: str, demo_template: str) -> Iterator[str]:
    """The address, as owner, of a copy of the demo portfolio for one module's tests."""
    name = f"test_{uuid4().hex[:12]}"
    asyncio.run(_execute(server_dsn, f"CREATE DATABASE {name} TEMPLATE {demo_template} {_COPYING}"))
    try:
        yield on_database(server_dsn, name)
    finally:
        asyncio.run(_drop(server_dsn, name))


@pytest.fixture(scope="session")
def handbook() -> Handbook:
    """The handbook as shipped."""
    return load_handbook()


@asynccontextmanager
async def copy_of(server_dsn: str, template: str) -> AsyncIterator[str]:
    """The address of a copy of a database to which nobody is connected; dropped in the end."""
    name = f"test_{uuid4().hex[:12]}"
    await _execute(server_dsn, f"CREATE DATABASE {name} TEMPLATE {template} {_COPYING}")
    try:
        yield on_database(server_dsn, name)
    finally:
        await _drop(server_dsn, name)


def on_database(dsn: str, name: str) -> str:
    """Return the address with another database."""
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{name}"))


async def _drop(dsn: str, name: str) -> None:
    for _ in range(50):
        try:
            await _execute(dsn, f"DROP DATABASE {name} WITH (FORCE)")
        except (asyncpg.InsufficientPrivilegeError, asyncpg.ObjectInUseError):
            await asyncio.sleep(0.1)  # the server itself is at work in it: that ends soon
        else:
            return
    raise RuntimeError(f"the database {name} cannot be dropped")


async def _execute(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
