"""Failures of the environment: the database is away, stopping, full, read-only, or too slow to answer in time.

None of them is caused by the request. Either nothing was committed, or it is unknown whether it was: so the client may
retry later, a command under the same idempotency key. Every other failure is caused by the request or is a bug.
"""

import asyncpg
from tortoise.exceptions import BaseORMException

_CLASSES = frozenset({
    "08",  # the connection failed
    "28",  # the server refuses the user
    "3D",  # the database is not there
    "40",  # deadlock, or serialization: the transaction was rolled back in favour of another
    "53",  # disk full, out of memory, too many connections
    "57",  # cancelled by a timeout or by an operator, shutting down, starting
    "58",  # the operating system failed: input and output
})  # fmt: skip
"""Of an SQLSTATE, the first two characters (PostgreSQL, Appendix A)."""

_STATES = frozenset({
    "25006",  # the transaction is read-only: a standby
    "25P03",  # idle within a transaction for too long
    "25P04",  # the transaction took too long
    "55P03",  # a lock was not obtained within `lock_timeout`
})  # fmt: skip

_MOMENTARY_CLASSES = frozenset({"08", "40"})
_MOMENTARY_STATES = frozenset({
    "53300",  # too many connections
    "57P01",  # shutting down
    "57P02",  # another server process crashed
    "57P03",  # starting up
})  # fmt: skip

_LONGEST_WORDS = 200

_OF_THE_CALLER = (
    asyncpg.ClientConfigurationError,
    asyncpg.UnsupportedClientFeatureError,
    asyncpg.UnsupportedServerFeatureError,
)
"""InterfaceErrors of asyncpg that are not caused by a closed connection."""


class OutageError(Exception):
    """The environment prevents this now: retry later, a command under the same idempotency key."""


def is_momentary(error: BaseException) -> bool:
    """Whether an outage may be over within moments, so that the transaction is worth an immediate retry.

    True for a lost connection, a restarting server, a deadlock or serialization failure. False for a full disk or a
    timeout, where a retry would only add to the load.
    """
    if isinstance(error, asyncpg.PostgresError):
        state = error.sqlstate or ""
        return state[:2] in _MOMENTARY_CLASSES or state in _MOMENTARY_STATES
    return is_outage(error) and not isinstance(error, OutageError | TimeoutError)


def is_lock_timeout(error: BaseException) -> bool:
    """Whether another transaction held a lock for longer than `lock_timeout`."""
    return isinstance(error, asyncpg.LockNotAvailableError)


def described(error: BaseException) -> str:
    """Return an error as one short line for the log: its type and SQLSTATE, and its message if it is an outage.

    The messages of other errors quote values, which may be a member's, or a megabyte long.
    """
    parts = [type(error).__name__]
    if isinstance(error, asyncpg.PostgresError) and error.sqlstate:
        parts.append(error.sqlstate)
    if isinstance(error, asyncpg.PostgresError) and error.constraint_name:
        parts.append(error.constraint_name)
    words = str(error).partition("\n")[0][:_LONGEST_WORDS] if is_outage(error) else ""
    return " ".join(parts) + (f": {words}" if words else "")


def is_outage(error: BaseException) -> bool:
    """Whether an error is caused by the environment, and not by the request or by a bug.

    Errors of asyncpg, of Tortoise (by what caused them), of the operating system, and timeouts.
    """
    if isinstance(error, BaseORMException):
        return error.__cause__ is not None and is_outage(error.__cause__)
    if isinstance(error, asyncpg.PostgresError):
        state = error.sqlstate or ""
        return state[:2] in _CLASSES or state in _STATES
    if isinstance(error, asyncpg.InternalClientError):  # a connection that was cut while idle
        return True
    if isinstance(error, asyncpg.InterfaceError):  # a connection or a pool that is closed, or closes
        return not isinstance(error, _OF_THE_CALLER)
    return isinstance(error, OutageError | OSError)  # a TimeoutError is an OSError
