"""Streaming a file as it is made: in bounded memory, and without silent truncation.

The generator of the file is stopped, and its database cursor closed, as soon as it is not needed: when the client
disconnects, when it reads nothing for a minute, at the deadline, after an error. A failure in the middle aborts the
connection, which every client reports as an error; otherwise the file would look complete.
"""

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from urllib.parse import quote

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.capacity.admission import until_gone
from app.requests.access import remark

_SLOWEST_CHUNK_S = 60.0
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")


class Download(Response):
    """Sends the chunks of a generator, which it closes in any case, as a file with a name."""

    def __init__(
        self, chunks: AsyncGenerator[bytes], *, name: str, media_type: str, deadline_s: float | None = None
    ) -> None:
        super().__init__(
            media_type=media_type,
            headers={
                "content-disposition": _disposition(name),
                "cache-control": "no-store",
                "x-content-type-options": "nosniff",
            },
        )
        del self.headers["content-length"]  # unknown before the end
        self._chunks = chunks
        self._deadline_s = deadline_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file. Raises errors of making it: before the first byte they become an error response."""
        sending = asyncio.create_task(self._send(send))
        gone = asyncio.create_task(until_gone(receive))
        late = False
        try:
            done, _ = await asyncio.wait(
                (sending, gone), timeout=self._deadline_s, return_when=asyncio.FIRST_COMPLETED
            )
            late = not done
        finally:
            for task in (sending, gone):
                task.cancel()
            await asyncio.gather(sending, gone, return_exceptions=True)
        if late:
            remark(scope, download="past its deadline")
            raise TimeoutError
        if sending.cancelled():
            remark(scope, download="the client left")
        elif error := sending.exception():
            remark(scope, download="broken off")
            raise error

    async def _send(self, send: Send) -> None:
        async with aclosing(self._chunks) as chunks:
            chunk = await anext(chunks, b"")
            await send(
                {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
            )
            await self._body(send, chunk, more=True)
            async for following in chunks:
                await self._body(send, following, more=True)
        await self._body(send, b"", more=False)

    @staticmethod
    async def _body(send: Send, chunk: bytes, *, more: bool) -> None:
        async with asyncio.timeout(_SLOWEST_CHUNK_S):
            await send({"type": "http.response.body", "body": chunk, "more_body": more})


def _disposition(name: str) -> str:
    """The header with the file's name; clients that know only ASCII get the nearest one."""
    return f"attachment; filename=\"{_UNSAFE.sub('_', name)}\"; filename*=UTF-8''{quote(name, safe='')}"
