"""A running service for benchmarks: a process on a port, a portfolio in its database, tokens, and a light client.

The client uses little processor time, because it shares the processors with the service that is measured.
"""

import asyncio
import contextlib
import json
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Self

import httptools
import psutil

from bench.history_stream import stream
from bench.measuring import COMMAND, entitlements

_BOUND = re.compile(r"serving on http://([^:]+):(\d+)/")
BENEFIT = "family-doctor-video"
"""Without limit from the first star on: every redemption of it can succeed."""
VENDOR = "bench"


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A service that runs: where, and the processes' ids, the main one first."""

    host: str
    port: int
    pid: int
    environment: Mapping[str, str] = field(repr=False)

    def token(self, role: str, *options: str) -> str:
        """Return a token as the command line issues it."""
        said = _say(["token", "--role", role, *options], self.environment)
        return said.strip().splitlines()[-1]

    def cpu_s(self) -> float:
        """Processor time that the serving processes have taken so far; the database is not among them."""
        main = psutil.Process(self.pid)
        serving = [each for each in (main, *main.children()) if each.name().startswith(main.name())]
        return sum(each.cpu_times().user + each.cpu_times().system for each in serving)


def member_numbers(customers: int) -> list[str]:
    """The member numbers of the portfolio."""
    return [f"B{number:07}" for number in range(1, customers + 1)]


@contextlib.contextmanager
def served(
    *, customers: int, workers: int = 1, settings: Mapping[str, str] | None = None
) -> Iterator[Served]:
    """Make a portfolio of so many customers in a folder of its own and serve it while the block runs."""
    with tempfile.TemporaryDirectory(prefix="entitlements-bench-") as place:
        folder = Path(place)
        environment = {"ENTITLEMENTS_DATA": str(folder / "data"), **(settings or {})}
        file = folder / "stream.jsonl"
        with file.open("w", encoding="utf-8") as out:
            for event in stream(customers, until=date(2026, 11, 1)):
                out.write(json.dumps(event, ensure_ascii=False) + "\n")
        entitlements(["import", file], environment)
        entitlements(
            ["vendor", "add", VENDOR, "--name", "Bench", "--benefit", f"{BENEFIT}=1.00"], environment
        )
        log = folder / "serve.log"
        with log.open("w", encoding="utf-8") as written:
            process = subprocess.Popen(  # noqa: S603 (our own command)
                [COMMAND, "serve", "--port", "0", "--workers", str(workers)],
                stdout=subprocess.PIPE,
                stderr=written,
                text=True,
                env={**os.environ, **environment},
            )
        try:
            yield Served(pid=process.pid, environment=environment, **_address(process, log))
        finally:
            process.terminate()
            process.communicate()


def _say(arguments: list[str], environment: Mapping[str, str]) -> str:
    return subprocess.run(  # noqa: S603 (our own command)
        [COMMAND, *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def _address(process: "subprocess.Popen[str]", log: Path) -> dict[str, Any]:
    for line in process.stdout or ():
        found = _BOUND.search(line)
        if found:
            return {"host": found[1], "port": int(found[2])}
    raise RuntimeError(f"the service did not start: {log.read_text(encoding='utf-8')[-2000:]}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response: the HTTP status, the seconds until a retry (0: not given), and the body."""

    status: int
    retry_after_s: float
    body: bytes


class Client(asyncio.Protocol):
    """One connection that sends requests one after the other. Raises ConnectionError when it is cut."""

    def __init__(self, token: str) -> None:
        self._head = (
            f"POST /graphql HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n"
            "content-type: application/json\r\n"
        )
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[Answer] | None = None
        self._begin()

    @classmethod
    async def connected(cls, service: Served, token: str) -> Self:
        """Connect."""
        loop = asyncio.get_running_loop()
        _, client = await loop.create_connection(lambda: cls(token), service.host, service.port)
        return client

    async def ask(self, query: str, **variables: Any) -> Answer:
        """Send an operation and wait for its answer."""
        if self._transport is None or self._transport.is_closing():
            raise ConnectionError("the service closed the connection")
        body = json.dumps({"query": query, "variables": variables}).encode()
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(f"{self._head}content-length: {len(body)}\r\n\r\n".encode() + body)
        return await self._waiting

    def close(self) -> None:
        """Close the connection."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

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
