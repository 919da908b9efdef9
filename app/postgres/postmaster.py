"""Reading `postmaster.pid`, and checking whether it is valid.

After `kill -9` or a crash of the machine the file remains: with the pid of no process, of an unrelated one with the
same pid, of a zombie, or truncated. A server is running only if a live process called `postgres` works in that very
data directory; everything else is a remnant and may be removed.
"""

from dataclasses import dataclass
from pathlib import Path

import psutil

_READY = "ready"
_LINE_SOCKET_DIR = 4
_LINE_STATUS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Postmaster:
    """A running server: its process, its socket, and whether it accepts connections yet."""

    process: psutil.Process
    socket_dir: Path | None
    ready: bool


def running(pgdata: Path) -> Postmaster | None:
    """Return the server that runs on `pgdata`, or None when the pid file is missing, broken or a remnant."""
    try:
        lines = (pgdata / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return None
    if not lines or not lines[0].strip().lstrip("-").isdigit():
        return None
    process = _server_process(abs(int(lines[0])), pgdata)
    if process is None:
        return None
    socket_dir = lines[_LINE_SOCKET_DIR].strip() if len(lines) > _LINE_SOCKET_DIR else ""
    status = lines[_LINE_STATUS].strip() if len(lines) > _LINE_STATUS else ""
    return Postmaster(
        process=process,
        socket_dir=Path(socket_dir) if socket_dir else None,
        ready=status == _READY,
    )


def remnants(pgdata: Path) -> list[psutil.Process]:
    """Return live server processes in `pgdata`: after a killed postmaster its children need a moment to notice."""
    return [process for process in psutil.process_iter() if _server_process(process.pid, pgdata) is not None]


def _server_process(pid: int, pgdata: Path) -> psutil.Process | None:
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE or not process.name().startswith("postgres"):
            return None
        works_here = Path(process.cwd()).resolve() == pgdata.resolve()
    except (psutil.Error, OSError, OverflowError, ValueError):
        return None
    return process if works_here else None
