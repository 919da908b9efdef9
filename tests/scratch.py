"""The folder of the tests' databases: in memory, where the machine has room.

Making a database is making some three hundred files, and a service that is started for a test waits for the disk at
every commit: on a disk that is most of what a test costs. A process that is killed leaves files in memory as they were,
just as it leaves those on a disk; only the end of the machine would differ, which no test asks for.
"""

import os
import shutil
import signal
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import psutil

from app.postgres.holders import Holders
from app.postgres.postmaster import running

_MEMORY = Path("/dev/shm")
_ROOM_BYTES = 4 << 30
_STARTING_S = 600


def scratch_folder(name: str) -> Path:
    """Make a folder for a database, which whoever asks removes. Unlike pytest's own folders, anybody may pass it:
    PostgreSQL, which does not run as root, has to.
    """
    return Path(tempfile.mkdtemp(prefix=f"entitlements-{name}-", dir=_MEMORY if _has_room() else None))


def _has_room() -> bool:
    """Whether there are files in memory here, and room for those of every test. Containers have little by default."""
    return _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free >= _ROOM_BYTES


def clear_left_over(name: str) -> None:
    """Remove what runs that were killed have left in memory: folders of this name whose server nobody uses."""
    for folder in _MEMORY.glob(f"entitlements-{name}-*"):
        with suppress(OSError, psutil.Error):  # somebody else's, or gone meanwhile
            if time.time() - folder.stat().st_mtime > _STARTING_S and _nobody_uses(folder):
                server = running(folder / "postgres")
                if server is not None:
                    server.process.send_signal(signal.SIGINT)
                    server.process.wait(timeout=20)
                shutil.rmtree(folder)


def _nobody_uses(folder: Path) -> bool:
    holders = Holders(folder)
    with holders.gate():
        holders.join()
        return holders.leave()
