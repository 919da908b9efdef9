"""Where the tests keep their databases: in memory, where the machine has room there.

Making a database is making some three hundred files, and a service that is started for a test waits for the disk at
every commit: on a disk that is most of what a test costs. A process that is killed leaves files in memory as they were,
just as it leaves those on a disk; only the end of the machine would differ, which no test asks for.
"""

import os
import shutil
import tempfile
from pathlib import Path

_MEMORY = Path("/dev/shm")
_ROOM_BYTES = 4 << 30


def scratch_folder(name: str) -> Path:
    """Make a folder for a database, which whoever asks removes. Unlike pytest's own folders, anybody may pass it:
    PostgreSQL, which does not run as root, has to.
    """
    return Path(tempfile.mkdtemp(prefix=f"entitlements-{name}-", dir=_MEMORY if _has_room() else None))


def _has_room() -> bool:
    """Whether there are files in memory here, and room for those of every test. Containers have little by default."""
    return _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free >= _ROOM_BYTES
