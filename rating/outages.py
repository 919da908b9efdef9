"""Failures of the environment: the database is away, stopping, full, read-only, or too slow to answer in time.

None of them is the fault of what was asked. Nothing was kept of it, or it is unknown whether it was; so it may be sent
again later, a command under the same key. Every other failure says something about the request or about the program.
"""

import asyncpg
from tortoise.exceptions import BaseORMException

_CLASSES = frozenset({
    "08",  # the connection failed
    "28",  # the server no longer knows us
    "3D",  # the database is not there
    "40",  # deadlock, or serialization: the transaction was rolled back for the sake of another
    "53",  # disk full, out of memory, too many connections
    "57",  # cancelled by a timeout or by an operator, shutting down, starting
    "58",  # the operating system failed: input and output
})  # fmt: skip
"""Of an SQLSTATE, the first two characters (PostgreSQL, Appendix A)."""

_STATES = frozenset({
    "25006",  # the transaction is read-only: a standby
    "25P03",  # idle within a transaction for too long
    "25P04",  # the transaction took too long
    "55P03",  # a lock was not had within `lock_timeout`
})  # fmt: skip

_OF_THE_CALLER = (
    asyncpg.DataError,
    asyncpg.ClientConfigurationError,
    asyncpg.UnsupportedClientFeatureError,
    asyncpg.UnsupportedServerFeatureError,
)
"""Errors of asyncpg that no closed connection explains, though they are InterfaceErrors too."""


class UnavailableError(Exception):
    """The service cannot do this now, for a reason that passes: ask again later, a command under the same key."""


def is_outage(error: BaseException) -> bool:
    """Whether an error tells of the environment, and not of what was asked or of the program.

    Errors of asyncpg, of Tortoise (by what caused them), of the operating system, and timeouts.
    """
    if isinstance(error, BaseORMException):
        return error.__cause__ is not None and is_outage(error.__cause__)
    if isinstance(error, asyncpg.PostgresError):
        state = error.sqlstate or ""
        return state[:2] in _CLASSES or state in _STATES
    if isinstance(error, asyncpg.InternalClientError):  # a connection that was cut while nobody used it
        return True
    if isinstance(error, asyncpg.InterfaceError):  # a connection or a pool that is closed, or closes
        return not isinstance(error, _OF_THE_CALLER)
    return isinstance(error, UnavailableError | OSError)  # a TimeoutError is an OSError
