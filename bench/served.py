"""A running service for benchmarks: a process on a port, a portfolio in its database, tokens, and a light client."""

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

import psutil

from bench.history_stream import member_number, stream
from bench.http_client import Address, Answer, Connection
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

    @property
    def address(self) -> Address:
        """Where it answers GraphQL."""
        return Address(host=self.host, port=self.port)

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
    return [member_number(number) for number in range(1, customers + 1)]


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
        with _serving(folder, environment, workers) as service:
            yield service


@contextlib.contextmanager
def serving(*, workers: int, settings: Mapping[str, str]) -> Iterator[Served]:
    """Serve the database that the settings name while the block runs."""
    with tempfile.TemporaryDirectory(prefix="entitlements-bench-") as place:
        environment = {"ENTITLEMENTS_DATA": str(Path(place) / "data"), **settings}
        with _serving(Path(place), environment, workers) as service:
            yield service


@contextlib.contextmanager
def _serving(folder: Path, environment: Mapping[str, str], workers: int) -> Iterator[Served]:
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


class Client:
    """One connection with a token that sends operations one after the other. Raises ConnectionError when it is cut."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @classmethod
    async def connected(cls, service: Served, token: str) -> Self:
        """Connect."""
        return cls(await Connection.opened(service.address, bearer(token)))

    async def ask(self, query: str, **variables: Any) -> Answer:
        """Send an operation and wait for its answer."""
        return await self._connection.send(json.dumps({"query": query, "variables": variables}).encode())

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def bearer(token: str) -> str:
    """The header of a token."""
    return f"authorization: Bearer {token}\r\n"
