"""Connections to PostgreSQL: every pool is opened here, and reads and writes JSON as Python values."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import asyncpg

from base.observing import DatabaseObserver, ObservedPool, observe_statements

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Pool: TypeAlias = asyncpg.Pool[asyncpg.Record]
    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]
else:
    Pool = asyncpg.Pool
    Connection = asyncpg.Connection

Reader: TypeAlias = Connection | Pool
"""What a read-only query runs on: a connection in a transaction, or a pool."""

SERVICE_ROLE = "entitlements_service"
"""The role that the service works as: it owns nothing and cannot change append-only tables."""

_TEMPORARY_TABLES = "128MB"
"""Of memory for the temporary tables of a connection, taken as they grow: what a match lays side by side fits in."""

_CONNECT_S, _PATIENT_CONNECT_S = 5.0, 60.0

PLANS_ONCE = {
    "plan_cache_mode": "force_generic_plan",
    **dict.fromkeys(("enable_seqscan", "enable_hashjoin", "enable_mergejoin"), "off"),
}
"""Settings of a server that plans a query once, and looks each row up by an index, so that the plan holds while tables
grow from nothing: of an empty table PostgreSQL would rather read everything."""

_JSONB_VERSION = b"\x01"
_EMPTY_OBJECT = _JSONB_VERSION + b"{}"
"""Most entries have no details: they are not parsed."""


class RawJson(bytes):
    """A JSON text in UTF-8 that is written to a `jsonb` as it is.

    Within an array of `jsonb` a list must come as this: asyncpg takes a list there for one more dimension.
    """

    __slots__ = ()

    @classmethod
    def of(cls, value: object) -> Self:
        """Return the text of a value."""
        return cls(_json(value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long the connections of a pool may wait for one lock, and take for a query; None: for ever."""

    lock_s: float
    statement_s: float | None = None

    @property
    def settings(self) -> dict[str, str]:
        """The server settings for it, with a timeout for sessions that are idle in a transaction."""
        told = {"lock_timeout": self.lock_s}
        if self.statement_s is not None:
            told |= {
                "statement_timeout": self.statement_s,
                "idle_in_transaction_session_timeout": 2 * self.statement_s,
            }
        return {name: f"{seconds * 1000:.0f}ms" for name, seconds in told.items()}


async def connect_pool(
    dsn: str,
    *,
    min_size: int,
    max_size: int,
    service_role: bool,
    read_only: bool = False,
    name: str = "entitlements",
    timeouts: Timeouts | None = None,
    observer: DatabaseObserver | None = None,
    resets: bool = True,
    plans_once: bool = False,
) -> Pool:
    """Open a pool; with `service_role` its connections work as `entitlements_service`, with `read_only` they only read.

    `name` is the connections' application name. With `timeouts` a query ends with LockNotAvailableError or
    QueryCanceledError; without them it may run for ever. With `resets` a query resets the session of a connection that
    is given back; without it, nothing that runs on the pool may change a session. With `plans_once` a connection plans
    a query once for all values, and finds all rows by an index, also if a table is still empty when it plans. Raises
    what asyncpg raises: OSError when the server cannot be reached, PostgresError when it refuses the connection.
    """
    settings = _settings(service_role=service_role, read_only=read_only) | {"application_name": name}
    if plans_once:
        settings |= PLANS_ONCE
    options: dict[str, Any] = {
        "min_size": min_size,
        "max_size": max_size,
        "server_settings": settings | (timeouts.settings if timeouts else {}),
        "timeout": _CONNECT_S if timeouts else _PATIENT_CONNECT_S,
        # A server that hangs cannot time out a query itself: the client does so, a second later.
        "command_timeout": timeouts.statement_s + 1 if timeouts and timeouts.statement_s else None,
        "reset": None if resets else _nothing_to_reset,
    }
    if observer is None:
        return await asyncpg.create_pool(dsn, init=prepare_connection, **options)

    async def prepare(conn: "asyncpg.Connection[asyncpg.Record]") -> None:
        await prepare_connection(conn)
        observe_statements(conn, observer)

    return await ObservedPool(dsn, observer=observer, init=prepare, **options)


async def _nothing_to_reset(_: Connection) -> None:
    """Send nothing. asyncpg itself rolls back a transaction that was left open."""


async def connect_worker(dsn: str, *, read_only: bool) -> "asyncpg.Connection[asyncpg.Record]":
    """Open one connection under the service's role, for a process that needs no pool. Raises as `connect_pool`."""
    settings = _settings(service_role=True, read_only=read_only)
    conn = await asyncpg.connect(dsn, server_settings=settings, timeout=_PATIENT_CONNECT_S)
    await prepare_connection(conn)
    return conn


def _settings(*, service_role: bool, read_only: bool) -> dict[str, str]:
    settings = {"application_name": "entitlements", "temp_buffers": _TEMPORARY_TABLES}
    if service_role:
        settings["role"] = SERVICE_ROLE
    if read_only:
        settings["default_transaction_read_only"] = "on"
    return settings


def affected_rows(tag: str) -> int:
    """Return the number of rows from a command's tag, such as "DELETE 3" or "INSERT 0 3"."""
    return int(tag.rpartition(" ")[2])


async def prepare_connection(conn: Connection) -> None:
    """Let a connection read and write JSON as Python values, also by COPY."""
    await conn.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=_encode_jsonb, decoder=_decode_jsonb, format="binary"
    )
    await conn.set_type_codec(
        "json", schema="pg_catalog", encoder=_encode_json, decoder=json.loads, format="binary"
    )


def _encode_json(value: object) -> bytes:
    if isinstance(value, RawJson):
        return value
    return _json(value)


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _encode_jsonb(value: object) -> bytes:
    return _JSONB_VERSION + _encode_json(value)


def _decode_jsonb(stored: bytes) -> Any:
    return {} if stored == _EMPTY_OBJECT else json.loads(stored[len(_JSONB_VERSION) :])
