"""Revoked tokens: one by its id (`jti`), or all that were issued to a subject.

Each worker keeps the effective ones in memory and reads them again every second, so that checking a token needs no
query. During an outage of the database the known ones stay effective. A revocation is effective until the last token
that it may cover has expired; after that it is only history in the table.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

from app.background import repeated
from base.database import Pool, Reader
from base.sql import Queries

_SQL = Queries(Path(__file__).with_suffix(".sql"))
_READ_EVERY_S = 1.0
_LONGEST_READ_S = 5.0


class Revocations:
    """The revocations as last read; empty before the first `read`."""

    def __init__(self) -> None:
        self._token_ids: frozenset[str] = frozenset()
        self._issued_before: dict[str, float] = {}

    def revoked(self, *, token_id: str | None, subject: str, issued_at: float) -> bool:
        """Whether a token is revoked; `issued_at` in seconds of the epoch."""
        return token_id in self._token_ids or issued_at < self._issued_before.get(subject, float("-inf"))

    async def read(self, reader: Reader) -> None:
        """Read the effective revocations."""
        rows = await reader.fetch(_SQL["in_force"])
        self._token_ids = frozenset(row["token_id"] for row in rows if row["token_id"] is not None)
        self._issued_before = {
            row["subject"]: row["issued_before"].timestamp() for row in rows if row["subject"] is not None
        }

    @asynccontextmanager
    async def kept_current(self, pool: Pool) -> AsyncIterator[None]:
        """Read the revocations, now and repeatedly while the block runs."""
        await self.read(pool)

        async def read_anew() -> None:
            async with asyncio.timeout(_LONGEST_READ_S):
                await self.read(pool)

        async with repeated(read_anew, every_s=_READ_EVERY_S, name="revocations"):
            yield


async def revoke(
    pool: Pool,
    *,
    token_id: str | None = None,
    subject: str | None = None,
    issued_before: datetime,
    lifetime: timedelta,
    reason: str,
) -> datetime:
    """Revoke the token `token_id`, or every token of `subject` that was issued before a moment.

    `lifetime` is the longest that such a token may still be valid. Returns when the revocation ends.
    """
    ends_at: datetime = await pool.fetchval(
        _SQL["revoke"], token_id, subject, issued_before, issued_before + lifetime, reason
    )
    return ends_at
