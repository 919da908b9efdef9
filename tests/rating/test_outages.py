"""Which failures are the environment's, and which are the request's or the program's."""

import errno

import asyncpg
import pytest
from tortoise.exceptions import DoesNotExist, IntegrityError, OperationalError

from base.outages import OutageError, described, is_lock_timeout, is_momentary, is_outage
from tests.conftest import Database

OUTAGES = [
    OutageError("later"),
    OSError(errno.ENOSPC, "No space left on device"),
    ConnectionResetError(),
    FileNotFoundError("the server's socket"),
    TimeoutError(),
    asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
    asyncpg.ConnectionFailureError("gone"),
    asyncpg.InvalidPasswordError("no"),
    asyncpg.InvalidCatalogNameError("no database"),
    asyncpg.DeadlockDetectedError("deadlock"),
    asyncpg.SerializationError("again"),
    asyncpg.DiskFullError("could not extend file"),
    asyncpg.OutOfMemoryError("out of memory"),
    asyncpg.TooManyConnectionsError("too many clients"),
    asyncpg.QueryCanceledError("statement timeout"),
    asyncpg.AdminShutdownError("terminating"),
    asyncpg.CrashShutdownError("crash of another server process"),
    asyncpg.CannotConnectNowError("starting up"),
    asyncpg.PostgresIOError("could not read block"),
    asyncpg.ReadOnlySQLTransactionError("read-only"),
    asyncpg.IdleInTransactionSessionTimeoutError("idle"),
    asyncpg.LockNotAvailableError("lock timeout"),
    asyncpg.InterfaceError("connection is closed"),
    asyncpg.InternalClientError("cannot switch to state 15; another operation (2) is in progress"),
]

OTHERS = [
    ValueError("program"),
    AssertionError(),
    asyncpg.DataError("invalid input for query argument"),
    asyncpg.NumericValueOutOfRangeError("out of range"),
    asyncpg.CheckViolationError("check"),
    asyncpg.UniqueViolationError("twice"),
    asyncpg.UndefinedTableError("no such table"),
    asyncpg.InsufficientPrivilegeError("may not"),
    asyncpg.InFailedSQLTransactionError("aborted"),
    asyncpg.RestrictViolationError("append-only"),
    DoesNotExist("nobody"),
]


@pytest.mark.parametrize("error", OUTAGES, ids=lambda error: type(error).__name__)
def test_a_failure_of_the_environment_is_an_outage(error):
    assert is_outage(error)


@pytest.mark.parametrize("error", OTHERS, ids=lambda error: type(error).__name__)
def test_a_fault_of_a_request_or_of_the_program_is_none(error):
    assert not is_outage(error)


def test_only_momentary_failures_are_retried_at_once():
    momentary = {type(each).__name__ for each in OUTAGES if is_momentary(each)}
    assert momentary == {
        "OSError",
        "ConnectionResetError",
        "FileNotFoundError",
        "ConnectionDoesNotExistError",
        "ConnectionFailureError",
        "DeadlockDetectedError",
        "SerializationError",
        "TooManyConnectionsError",
        "AdminShutdownError",
        "CrashShutdownError",
        "CannotConnectNowError",
        "InterfaceError",
        "InternalClientError",
    }
    assert not any(map(is_momentary, OTHERS))
    assert [each for each in (*OUTAGES, *OTHERS) if is_lock_timeout(each)] == [
        each for each in OUTAGES if isinstance(each, asyncpg.LockNotAvailableError)
    ]


def test_a_log_gets_one_short_line_and_no_value_of_a_request():
    full = asyncpg.DiskFullError('could not extend file "base/5/1": No space left on device\n' + "x" * 10**6)
    assert described(full) == 'DiskFullError 53100: could not extend file "base/5/1": No space left on device'
    assert len(described(OSError("x" * 10**6))) < 300
    assert described(asyncpg.DataError("invalid input for query argument $1: 'M00001'")) == "DataError 22000"
    twice = asyncpg.UniqueViolationError("duplicate key M00001")
    twice.constraint_name = "entries_pkey"
    assert described(twice) == "UniqueViolationError 23505 entries_pkey"
    assert described(ZeroDivisionError("M00001")) == "ZeroDivisionError"


def test_an_error_of_the_orm_counts_as_what_caused_it():
    for cause, outage in ((asyncpg.DiskFullError("full"), True), (asyncpg.DataError("value"), False)):
        error = OperationalError(cause)
        error.__cause__ = cause
        assert is_outage(error) is outage
    broken = IntegrityError("twice")
    broken.__cause__ = asyncpg.UniqueViolationError("twice")
    assert not is_outage(broken)


async def test_what_the_database_says_when_it_is_too_slow_or_only_read_is_an_outage(database: Database):
    async with database.owner_pool.acquire() as conn:
        with pytest.raises(asyncpg.QueryCanceledError) as slow:
            await conn.execute("set statement_timeout = '5ms'; select pg_sleep(1)")
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError) as standby:
            await conn.execute("set transaction read only; create table nothing (id integer)")
    assert is_outage(slow.value)
    assert is_outage(standby.value)


async def test_a_closed_pool_is_an_outage(database: Database):
    await database.pool.close()
    with pytest.raises(asyncpg.InterfaceError) as raised:
        await database.pool.fetchval("select 1")
    assert is_outage(raised.value)
