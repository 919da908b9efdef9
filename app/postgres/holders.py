"""Which processes use a data folder: tracked by kernel locks, not by a file's content.

Every process that uses the folder holds a *shared* file lock for as long as it lives. The kernel releases it however
the process ends, so a killed process neither keeps the server alive for ever nor causes it to be stopped under others.
Starting and stopping happen under a second, exclusive lock.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Holders:
    """The two locks of one data folder. Not for use by several threads at once."""

    def __init__(self, folder: Path) -> None:
        self._gate_path = folder / "postgres.lock"
        self._holders_path = folder / "postgres.holders"
        self._held: int | None = None

    @contextmanager
    def gate(self) -> Iterator[None]:
        """Let one process at a time start or stop the server; waits for the others."""
        descriptor = _open(self._gate_path)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def join(self) -> None:
        """Become a holder; call it inside the gate."""
        if self._held is None:
            self._held = _open(self._holders_path)
            fcntl.flock(self._held, fcntl.LOCK_SH)

    def leave(self) -> bool:
        """Stop being a holder; return whether none is left. Call it inside the gate."""
        if self._held is None:
            return False
        descriptor, self._held = self._held, None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        else:
            return True
        finally:
            os.close(descriptor)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
