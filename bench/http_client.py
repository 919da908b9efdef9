"""A light HTTP/1.1 client for benchmarks: it shares the processors with the service that is measured."""

import asyncio
from dataclasses import dataclass
from typing import Self, cast

import httptools


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where requests are posted to."""

    host: str
    port: int
    path: str = "/graphql"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response: the HTTP status, the seconds until a retry (0: not given), and the body."""

    status: int
    retry_after_s: float
    body: bytes


class Connection(asyncio.Protocol):
    """One connection that posts JSON bodies one after the other. Raises ConnectionError when it is cut.

    `headers` are sent with each request, each ended by CR LF.
    """

    def __init__(self, address: Address, headers: str = "") -> None:
        self._head = (
            f"POST {address.path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n"
            f"accept: application/json\r\n{headers}content-length: "
        ).encode()
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[Answer] | None = None
        self._begin()

    @classmethod
    async def opened(cls, address: Address, headers: str = "") -> Self:
        """Connect."""
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(
            lambda: cls(address, headers), address.host, address.port
        )
        return connection

    async def send(self, body: bytes) -> Answer:
        """Post a body and wait for its answer."""
        if self._transport is None or self._transport.is_closing():
            raise ConnectionError("the service closed the connection")
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(b"%b%d\r\n\r\n%b" % (self._head, len(body), body))
        return await self._waiting

    def close(self) -> None:
        """Close the connection."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by its class

    def connection_lost(self, exc: Exception | None) -> None:
        """Wake the waiting request."""
        self._transport = None
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(ConnectionError(f"the connection was cut: {exc}"))

    def data_received(self, data: bytes) -> None:
        """Read on."""
        self._parser.feed_data(data)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Note `Retry-After`."""
        if name.lower() == b"retry-after":
            self._retry_after_s = float(value)

    def on_body(self, body: bytes) -> None:
        """Keep a piece of the body."""
        self._body.append(body)

    def on_message_complete(self) -> None:
        """Hand the answer over."""
        answer = Answer(
            status=self._parser.get_status_code(),
            retry_after_s=self._retry_after_s,
            body=b"".join(self._body),
        )
        self._begin()
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(answer)

    def _begin(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []
        self._retry_after_s = 0.0
