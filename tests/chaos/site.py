"""A service that may be harmed: its folder on a disk of its own, its processes, those of its database, its clock.

A supervisor starts the service again when its main process is gone, as systemd or Kubernetes would. All else must come
back by itself.
"""

import asyncio
import os
import random
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import psutil

from app.postgres import cluster
from app.postgres.postmaster import remnants, running
from schema.context import Role
from tests.chaos.clients import BENEFITS, Client
from tests.chaos.members import history_of
from tests.chaos.proxy import Proxy
from tests.commands import run_command
from tests.served import REPOSITORY, Service, serving

WORKERS = 2
VENDORS = ("exam-1", "exam-2")
CLIENTS = 8
MEMBERS = tuple(f"D{number}" for number in range(6))
"""Who is there at first; the clients register more."""

DISK_BYTES = 3 << 30
_RESIZES = 20
"""How often a size is tried: what is written between a look and the change may need more."""
_MOVING_CLOCK = str(Path(__file__).parent / "moving_clock")
_BUDGETS = [f"ENTITLEMENTS_BUDGET_{name}" for name in ("CALLER", "VENDOR", "LOOK_UPS")]
"""Without limit: eight clients ask what thousands would."""

_WATCH_S = 0.05
_PATIENCE_S = 60.0
FARTHEST_LEAP_S = 3600.0
"""Of the clock, ahead or back."""


class Site:
    """The service, its supervisor, and the proxy in front of it."""

    def __init__(self, service: Service, *, own_disk: bool) -> None:
        self.service = service
        self.own_disk = own_disk
        self.proxy = Proxy(target=service.port)
        self._clock = service.folder.with_name(service.folder.name + ".clock")
        service.environment |= {
            "PYTHONPATH": os.pathsep.join((_MOVING_CLOCK, REPOSITORY)),
            "CHAOS_CLOCK": str(self._clock),
            **dict.fromkeys(_BUDGETS, "0"),
        }
        self.set_clock(0)

    @property
    def pgdata(self) -> Path:
        """The database's folder."""
        return self.service.folder / "postgres"

    @property
    def dsn(self) -> str:
        """The database's address, as its owner; it is there while the database runs."""
        server = running(self.pgdata)
        assert server is not None, self.service.said()
        host = quote(str(server.socket_dir), safe="")
        return f"postgresql://{cluster.OWNER}@/{cluster.DATABASE}?host={host}&port=5432"

    @property
    def main(self) -> psutil.Process:
        """The process that a person started."""
        assert self.service.process is not None
        return psutil.Process(self.service.process.pid)

    def workers(self) -> list[psutil.Process]:
        """The processes that serve."""
        try:
            children = self.main.children(recursive=True)
        except psutil.NoSuchProcess:
            return []
        return [each for each in children if _is_worker(*_told(each))]

    def postmaster(self) -> psutil.Process | None:
        """The database's main process."""
        server = running(self.pgdata)
        return server.process if server is not None else None

    def backends(self) -> list[psutil.Process]:
        """The database's processes that work for clients."""
        return [each for each in self._database_processes() if "[local]" in _told(each)[1]]

    def pause_database(self) -> list[psutil.Process]:
        """Stop every process of the database where it stands, and return them."""
        processes = self._database_processes()
        for each in processes:
            with suppress(psutil.NoSuchProcess):
                each.suspend()
        return processes

    def _database_processes(self) -> list[psutil.Process]:
        return remnants(self.pgdata)

    def set_clock(self, offset_s: float) -> None:
        """Let the service's clock be off by so many seconds."""
        new = self._clock.with_suffix(".new")
        new.write_text(str(offset_s), encoding="utf-8")
        new.replace(self._clock)

    def forget_clock(self) -> None:
        """Remove what moves the clock."""
        self._clock.unlink(missing_ok=True)

    def resize_disk(self, room_bytes: int | None) -> None:
        """Leave so much room on the disk; None: as much as at first."""
        for _ in range(_RESIZES):
            used = shutil.disk_usage(self.service.folder).used
            size = DISK_BYTES if room_bytes is None else used + room_bytes
            command = ["mount", "-o", f"remount,size={size}", str(self.service.folder)]
            resized = subprocess.run(command, check=False, capture_output=True, text=True)
            if not resized.returncode:
                return
        raise OSError(resized.stderr)

    def verify(self) -> list[str]:
        """What the command `verify` finds, at a moment that no leap of the clock has reached.

        At a moment before, it tells what a clock ahead has booked, as it should.
        """
        later = datetime.now(UTC) + timedelta(seconds=2 * FARTHEST_LEAP_S)
        environment = self.service.environment | {"ENTITLEMENTS_CLOCK": later.isoformat()}
        checked = run_command("verify", environment=environment)
        return checked.stderr.splitlines() if checked.returncode else []

    def start(self) -> None:
        """Start the main process; what it says is added to its log."""
        self.service.launch("--workers", str(WORKERS), log_mode="a")

    def be_well(self) -> None:
        """Wait until all workers and the database are there, and it says that it is ready. Raises TimeoutError."""
        patience = time.monotonic() + _PATIENCE_S
        while len(self.workers()) != WORKERS or self.postmaster() is None or not self.service.ready():
            if time.monotonic() > patience:
                raise TimeoutError("it is not ready, or lacks a worker")
            time.sleep(_WATCH_S)

    async def supervise(self) -> None:
        """Start the main process whenever it is gone."""
        while True:
            if self.service.process is not None and self.service.process.poll() is not None:
                self.start()
            await asyncio.sleep(_WATCH_S)

    def clients(self, rng: random.Random) -> list[Client]:
        """Who asks: some for each vendor, about the same members."""
        members = list(MEMBERS)
        staff = self.service.token(Role.OPERATIONS)
        return [
            Client(
                name=f"c{number}",
                url=f"http://127.0.0.1:{self.proxy.port}",
                vendor_token=self.service.token(Role.VENDOR, vendor=VENDORS[number % len(VENDORS)]),
                staff_token=staff,
                rng=random.Random(rng.random()),
                members=members,
            )
            for number in range(CLIENTS)
        ]


def _told(process: psutil.Process) -> tuple[str, str]:
    """The name of a process and its command line; nothing of one that is gone."""
    with suppress(psutil.NoSuchProcess):
        return process.name(), " ".join(process.cmdline())
    return "", ""


def _is_worker(name: str, line: str) -> bool:
    """Whether a process of the service serves: it is Python, and none that only starts others or cleans up."""
    return name.startswith("python") and "resource_tracker" not in line and "forkserver import" not in line


@asynccontextmanager
async def site() -> AsyncIterator[Site]:
    """A site with members and vendors, served and supervised; all of it is ended and removed."""
    with _disk() as (service, own_disk):
        imported = service.command("import", "-", stdin=history_of(MEMBERS))
        assert imported.returncode == 0, imported.stderr
        for code in VENDORS:
            prices = (f"{benefit}=10" for benefit in BENEFITS)
            options = [word for price in prices for word in ("--benefit", price)]
            added = service.command("vendor", "add", code, "--name", code, *options)
            assert added.returncode == 0, added.stderr
        place = Site(service, own_disk=own_disk)
        place.start()
        await place.proxy.start()
        supervisor = asyncio.create_task(place.supervise())
        try:
            yield place
        finally:
            supervisor.cancel()
            await place.proxy.stop()
            if place.own_disk:
                place.resize_disk(None)
            for each in place.pause_database():
                each.resume()
            place.forget_clock()


@contextmanager
def _disk() -> Iterator[tuple[Service, bool]]:
    """A service whose folder is a disk of its own, where the machine lets us make one; and whether it is."""
    with serving() as service:
        options = f"size={DISK_BYTES},mode=0711"
        mounted = not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(service.folder)],
            check=False,
            capture_output=True,
        ).returncode
        try:
            yield service, mounted
        finally:
            service.stop_all()
            if mounted:
                subprocess.run(["umount", "-l", str(service.folder)], check=True)
