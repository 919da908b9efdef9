"""A proxy between the clients and the service that cuts connections: at once, in a request, before its answer."""

import asyncio
import random
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass, field

_RESET = struct.pack(
    "ii", 1, 0
)  # SO_LINGER of no time: closing resets the connection, as a machine that is gone does
_CHUNK_BYTES = 65_536


@dataclass(eq=False, kw_only=True)
class Link:
    """One client's connection; `left` bytes to the service may pass until it is cut, `mute` cuts at the next answer."""

    writers: tuple[asyncio.StreamWriter, asyncio.StreamWriter]
    left: int | None = None
    mute: bool = False

    def cut(self) -> None:
        """Reset both sides."""
        for writer in self.writers:
            with suppress(OSError):
                connected: socket.socket = writer.get_extra_info("socket")
                connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            writer.transport.abort()


@dataclass(kw_only=True)
class Proxy:
    """Passes connections on to a port of this machine."""

    target: int
    port: int = 0
    links: set[Link] = field(default_factory=set)
    _server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen on a port of its own."""
        self._server = await asyncio.start_server(self._pass_on, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Cut what is there, and listen no more."""
        if self._server is not None:
            self._server.close()
        while self.links:
            for link in list(self.links):
                link.cut()
            await asyncio.sleep(0)

    def cut(self, rng: random.Random) -> None:
        """Cut each connection in one of three ways."""
        for link in list(self.links):
            way = rng.randrange(3)
            if way == 0:
                link.cut()
            elif way == 1:
                link.left = rng.randrange(1, 800)
            else:
                link.mute = True

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, onward = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        link = Link(writers=(writer, onward))
        self.links.add(link)
        try:
            passing = [
                asyncio.ensure_future(self._requests(reader, onward, link)),
                asyncio.ensure_future(self._answers(there, writer, link)),
            ]
            await asyncio.wait(passing, return_when=asyncio.FIRST_COMPLETED)
            link.cut()
            await asyncio.wait(passing)
        finally:
            self.links.discard(link)

    async def _requests(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, link: Link) -> None:
        with suppress(OSError):
            while chunk := await reader.read(_CHUNK_BYTES):
                if link.left is not None:
                    chunk, link.left = chunk[: link.left], link.left - len(chunk)
                writer.write(chunk)
                await writer.drain()
                if link.left is not None and link.left <= 0:
                    return

    async def _answers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, link: Link) -> None:
        with suppress(OSError):
            while chunk := await reader.read(_CHUNK_BYTES):
                if link.mute:
                    return
                writer.write(chunk)
                await writer.drain()
