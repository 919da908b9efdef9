"""A peer without GraphQL: one query writes the whole answer as JSON, and a bare ASGI application passes it on.

As fast as Python and PostgreSQL can answer with these rows, so the bound to measure by. A request is as for GraphQL;
only its variables `first` and `after` are looked at.
"""

import json
import os
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import asyncpg

from base.sql import Queries

Message = MutableMapping[str, Any]
QUERY = Queries(Path(__file__).with_suffix(".sql"))["members_page"]
_CONNECTIONS = 8


class App:
    """The application."""

    def __init__(self) -> None:
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        """Answer a request, or open and close with the server."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        variables = json.loads(body)["variables"]
        if self._pool is None:
            raise RuntimeError("asked before it was opened")
        answer: str = await self._pool.fetchval(QUERY, variables["first"], variables.get("after") or "")
        said = answer.encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(said)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": said})

    async def _live(
        self, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        await receive()
        self._pool = await asyncpg.create_pool(
            os.environ["DATABASE_URL"],
            min_size=_CONNECTIONS,
            max_size=_CONNECTIONS,
            server_settings={"jit": "off"},
        )
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._pool.close()
        await send({"type": "lifespan.shutdown.complete"})


app = App()
