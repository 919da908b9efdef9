"""Readiness of this process: checked each second, on a database connection of its own.

`/readyz` answers with the last result, so it is fast under any load. Writability is tested where a full disk shows: by
a record that is flushed to the write-ahead log, and by a temporary file. Neither leaves anything behind.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

import asyncpg

from app.background import repeated
from app.migrating import differences
from app.services import Services
from base.database import SERVICE_ROLE, Connection, Timeouts
from base.outage_log import log_outage
from base.outages import is_outage
from ledger.posting.journal import Journal

_EVERY_S = 1.0
_PATIENCE_S = 3.0
_STALE_S = 5.0
_TIMEOUTS = Timeouts(lock_s=1.0, statement_s=2.0)

_READ_ONLY = "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::bool"
_LOG_RECORD = "SELECT pg_logical_emit_message(true, 'entitlements.ready', '')"
# More rows than fit into the memory allowed: the rest goes to a file of 300 kB.
_TEMPORARY_FILE = "SELECT count(*) FROM generate_series(1, 20000)"


class Readiness:
    """The latest result, and its time. `checks` says for each condition whether it holds."""

    def __init__(self, services: Services) -> None:
        self._dsn = services.service_dsn
        self._journal: Journal = services.journal
        self._patience_s = services.settings.deadline_s
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None
        self._found: dict[str, bool] = {}
        self._found_at = float("-inf")

    @property
    def checks(self) -> dict[str, bool]:
        """Whether each condition holds, as last checked; false for those of the database when that was long ago."""
        known = asyncio.get_running_loop().time() - self._found_at < _STALE_S
        database = {
            name: known and self._found.get(name, False)
            for name in ("database", "migrated", "newest", "writable")
        }
        return {**database, "journal": self._journal.running and self._journal.delay_s < self._patience_s}

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[Self]:
        """Check each second while the block runs; the first time before it begins."""
        await self.look()
        try:
            async with repeated(self.look, every_s=_EVERY_S, name="readiness"):
                yield self
        finally:
            self._hang_up()

    async def look(self) -> None:
        """Check the database once, and keep the result. Raises nothing."""
        found: dict[str, bool] = {}
        try:
            async with asyncio.timeout(_PATIENCE_S):
                connection = await self._connected()
                differing = await differences(connection)
                found |= {
                    "database": True,
                    "migrated": not differing.missing,
                    "newest": not differing.unknown,
                }
                found["writable"] = await _writable(connection)
        except Exception as error:  # noqa: BLE001 (whatever it is, the service is not ready, and looks again)
            log_outage(error)
            if "database" not in found or not isinstance(error, asyncpg.PostgresError):
                self._hang_up()
        self._found, self._found_at = found, asyncio.get_running_loop().time()

    async def _connected(self) -> Connection:
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(
                self._dsn,
                server_settings={
                    "application_name": "entitlements-ready",
                    "role": SERVICE_ROLE,
                    "work_mem": "64kB",
                    "synchronous_commit": "on",  # as for acknowledged writes
                    **_TIMEOUTS.settings,
                },
            )
        return self._connection

    def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()


async def _writable(connection: Connection) -> bool:
    """Whether the database accepts writes. Raises asyncpg's errors, except those that say that it does not."""
    if await connection.fetchval(_READ_ONLY):
        return False
    try:
        await connection.execute(_LOG_RECORD)
        await connection.execute(_TEMPORARY_FILE)
    except asyncpg.PostgresError as error:
        if not is_outage(error):
            raise
        log_outage(error)
        return False
    return True
