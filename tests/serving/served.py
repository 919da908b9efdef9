"""A small application behind the real server, on the real event loop, in a thread: for tests of connections."""

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from app.serving.accepting import Board
from app.serving.process import Server
from app.settings import Settings

HEAD = b"%s %s HTTP/1.1\r\nhost: service\r\n"
GET = b"GET /quick HTTP/1.1\r\nhost: service\r\n\r\n"


class Small:
    """The application: what it does with a request is in the address; what happened to it is in `seen`."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.app = Starlette(
            routes=[
                Route("/quick", self._quick, methods=["GET", "POST"]),
                Route("/slow", self._slow),
                Route("/refuse", self._refuse, methods=["POST"]),
                Route("/large", self._large),
                Route("/body", self._body, methods=["POST"]),
                Route("/leave", self._leave),
                Route("/readyz", self._ready),
            ]
        )

    async def _quick(self, _: Request) -> Response:
        return PlainTextResponse("quick")

    async def _slow(self, _: Request) -> Response:
        self.seen.append("slow began")
        await asyncio.sleep(0.5)
        return PlainTextResponse("slow")

    async def _refuse(self, _: Request) -> Response:
        return PlainTextResponse("no", 403, {"connection": "close"})

    async def _large(self, _: Request) -> Response:
        return PlainTextResponse("x" * 50_000_000)

    async def _body(self, request: Request) -> Response:
        try:
            return JSONResponse(len(await request.body()))
        except ClientDisconnect:
            self.seen.append("left")
            return PlainTextResponse("left", 400)

    async def _leave(self, request: Request) -> Response:
        await request.body()
        self.seen.append("leave began")
        assert (await request.receive())["type"] == "http.disconnect"
        self.seen.append("gone")
        return PlainTextResponse("")

    async def _ready(self, request: Request) -> Response:
        return PlainTextResponse("", 503 if request.app.state.draining else 200)


class Running:
    """A running server."""

    def __init__(self, **settings: Any) -> None:
        self.small = Small()
        self.small.app.state.draining = False
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1000)
        self.address = self._listener.getsockname()
        self._serves = Event()
        self.server = Server(
            self.small.app,
            Settings(**settings),
            self._listener,
            board=Board(1),
            slot=0,
            alone=True,
            serving=self._serves.set,
        )
        self._thread = Thread(target=self.server.run)

    def start(self) -> None:
        self._thread.start()
        assert self._serves.wait(10)

    def stop(self) -> None:
        """Do as SIGTERM does, and come back at once."""
        self.server.handle_exit(15, None)

    def end(self) -> None:
        """Do as SIGTERM does, and wait for the end."""
        self.stop()
        self._thread.join(20)
        assert not self._thread.is_alive()

    def until_seen(self, what: str) -> None:
        """Wait until the application has seen something."""
        deadline = time.monotonic() + 30
        while what not in self.small.seen:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def connect(self, sent: bytes = b"") -> socket.socket:
        client = socket.create_connection(self.address, timeout=10)
        client.sendall(sent)
        return client


@contextmanager
def running(**settings: Any) -> Iterator[Running]:
    served = Running(**({"drain_idle_s": 0} | settings))
    served.start()
    try:
        yield served
    finally:
        served.end()


def answer(client: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """Read one answer: status, headers, body."""
    with client.makefile("rb") as stream:
        status = int(stream.readline().split()[1])
        headers = {}
        while (line := stream.readline().strip()) != b"":
            name, _, value = line.partition(b":")
            headers[name.decode()] = value.strip().decode()
        return status, headers, stream.read(int(headers["content-length"]))


def code(body: bytes) -> str:
    found: str = json.loads(body)["errors"][0]["extensions"]["code"]
    return found
