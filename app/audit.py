"""The audit log: whose data vendors and staff were shown. Each worker has one writer; answers do not wait for it.

Events are buffered for a fraction of a second and written together. During an outage of the database they are kept and
written afterwards. When too many wait, or the writer has died, answers with data that must be logged are refused as
UNAVAILABLE. A stopping service writes the waiting events before the connections close; only a killed process loses
those of its last fraction of a second.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Self

import structlog

from app.requests.access import request_id
from base.database import Pool
from base.outage_log import LogLimit
from base.outages import described
from ledger.auditing import AuditEvent, write_events
from schema.viewer import Role, Viewer

_WRITE_EVERY_S = 0.2
_RETRY_EVERY_S = 1.0
_MOST_IN_ONE = 1_000  # so that building a batch does not block the event loop
_MOST_WAITING = 50_000
"""About 25 MB: enough for minutes without a database at a hundred reads a second."""
_LONGEST_WRITE_S = 10.0
_LAST_WRITE_S = 5.0

log = structlog.get_logger(__name__)


class AuditLog:
    """Takes events, and writes them while `writing`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._waiting: list[AuditEvent] = []
        self._writer: asyncio.Task[None] | None = None

    def admits(self, viewer: Viewer) -> bool:
        """Whether data may be shown to a viewer: it need not be logged, or can be."""
        return not is_logged(viewer) or (self._works and self.waiting < _MOST_WAITING)

    @property
    def waiting(self) -> int:
        """How many events are not written yet."""
        return len(self._waiting)

    @property
    def _works(self) -> bool:
        return self._writer is not None and not self._writer.done()

    def note(
        self,
        viewer: Viewer,
        *,
        operation: str | None,
        members: Iterable[str] = (),
        scope: str | None = None,
    ) -> None:
        """Log that data of members was shown; `scope` has the parameters of a file."""
        if not is_logged(viewer):
            return
        now = datetime.now(UTC)
        whom: list[str | None] = [*sorted(members)]
        self._waiting += [
            AuditEvent(
                at=now,
                subject=viewer.subject or viewer.role.value,
                role=viewer.role.value,
                vendor=viewer.vendor,
                token_id=viewer.token_id,
                operation=operation,
                request_id=request_id(),
                member_no=member_no,
                scope=scope,
            )
            for member_no in whom or ([None] if scope is not None else [])
        ]

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Self]:
        """Write events while the block runs, and at its end those that are left."""
        self._writer = asyncio.create_task(self._write_for_ever(), name="audit log")
        try:
            yield self
        finally:
            self._writer.cancel()
            await asyncio.gather(self._writer, return_exceptions=True)
            await self._write_the_rest()

    async def _write_for_ever(self) -> None:
        failing, limit = False, LogLimit()
        while True:
            await asyncio.sleep(_RETRY_EVERY_S if failing else _WRITE_EVERY_S)
            try:
                await self._write()
            except Exception as error:  # noqa: BLE001 - whatever it is, the events are kept and writing is retried
                failing = True
                if limit.admit() is not None:
                    log.error(  # noqa: TRY400 - a traceback may quote values
                        "audit events cannot be written: they wait",
                        waiting=self.waiting,
                        most=_MOST_WAITING,
                        error=described(error),
                    )
            else:
                failing = False

    async def _write(self) -> None:
        """Write all waiting events; after a failure they stay in the buffer."""
        while self._waiting:
            batch = self._waiting[:_MOST_IN_ONE]
            async with asyncio.timeout(_LONGEST_WRITE_S):  # a connection that no longer answers is dropped
                await write_events(self._pool, batch)
            del self._waiting[: len(batch)]

    async def _write_the_rest(self) -> None:
        try:
            async with asyncio.timeout(_LAST_WRITE_S):
                await self._write()
        except Exception as error:  # noqa: BLE001 - nothing more can be done than to say what is lost
            log.critical("audit events are lost", events=self.waiting, error=type(error).__name__)


def is_logged(viewer: Viewer) -> bool:
    """Whether what a viewer is shown is logged: vendors and staff. A front end shows members what is their own."""
    return viewer.role is not Role.FRONTEND
