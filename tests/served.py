"""The service as a process of its own, for tests that need a real server: how to start, ask, and end it."""

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

import psutil

from app.identity.keys import key_ring
from app.identity.tokens import tokens_of
from app.postgres.postmaster import running
from app.settings import Settings
from schema.context import Role
from tests.commands import run_command
from tests.scratch import scratch_folder

REPOSITORY = str(Path(__file__).parents[1])
COMMAND = [sys.executable, "-c", "from app.start import main; main()"]


class Service:
    """A process that serves a data folder on a port of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        hidden = ("ENTITLEMENTS_", "DATABASE_")
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
        self.environment |= {
            "PYTHONPATH": REPOSITORY,
            "ENTITLEMENTS_DATA": str(folder),
            "ENTITLEMENTS_WORKERS": "1",  # unless a test starts it with more
        }
        self.process: subprocess.Popen[str] | None = None
        # A file, not a pipe: a pipe without a reader fills up, and then blocks whoever logs to it.
        self.log = folder.with_name(folder.name + ".log")

    def start(self, *options: str) -> None:
        """Start the process and wait until it serves."""
        self.launch(*options)
        self.wait_until_ready()

    def go_on(self) -> None:
        """Wait until the process serves (it may be starting its database again), a new one if it has ended."""
        if self.process is None or self.process.poll() is not None:
            self.launch()
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Wait until the process serves. Fails when it ends, or after a minute."""
        assert self.process is not None
        deadline = time.monotonic() + 60
        while "serving on" not in self.said() or not self.ready():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def launch(self, *options: str, log_mode: Literal["w", "a"] = "w") -> None:
        """Start the process, its log anew ("w") or behind what is there ("a"), once the one before has ended."""
        if self.process is not None:
            self.process.wait(timeout=60)
        with self.log.open(log_mode, encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [*COMMAND, "serve", "--port", str(self.port), *options],
                stdout=log,
                stderr=log,
                text=True,
                env=self.environment,
                start_new_session=True,
            )

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def token(self, role: Role, **claims: str) -> str:
        """A token as `entitlements token` prints it, without starting a process for it."""
        settings = Settings(data=self.folder)
        return tokens_of(settings, key_ring(settings)).issue(role, **claims)

    def command(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return run_command(*arguments, environment=self.environment, stdin=stdin)

    def ask(self, token: str, query: str, **variables: object) -> dict[str, object]:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/graphql",
            json.dumps({"query": query, "variables": variables}).encode(),
            {"authorization": f"Bearer {token}", "content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            found: dict[str, object] = json.load(answer)
            return found

    def end(self, number: int) -> tuple[int, str]:
        """Send a signal to the process and wait for its end: its exit code and what it said."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(timeout=60), self.said()

    def said(self) -> str:
        """What the process wrote since its start."""
        return self.log.read_text(encoding="utf-8")

    def stop_all(self) -> None:
        """End whatever is left."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        server = running(self.folder / "postgres")
        if server is not None:
            server.process.send_signal(signal.SIGQUIT)  # at once too, but it gives its shared memory back
            with suppress(psutil.TimeoutExpired):
                server.process.wait(timeout=5)

    def clear(self) -> None:
        """End whatever is left and remove what it wrote."""
        self.stop_all()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.log.unlink(missing_ok=True)


def free_port() -> int:
    """A port that is free, below those that outgoing connections get: nobody takes it in between."""
    while True:
        port = random.randrange(20_000, 30_000)
        with socket.socket() as tried, suppress(OSError):
            tried.bind(("127.0.0.1", port))
            return port


@contextmanager
def serving(copied: Path | None = None) -> Iterator[Service]:
    """A service with a data folder of its own (a copy of one, if given), not yet started.

    Whatever is left of it in the end is ended and removed.
    """
    service = Service(scratch_folder("serve-test"))
    if copied is not None:
        subprocess.run(["cp", "-a", f"{copied}/.", str(service.folder)], check=True)
    try:
        yield service
    finally:
        service.clear()
