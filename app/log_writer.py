"""A thread that writes log lines, so that logging never blocks a request.

A pipe without a reader is full after some hundred lines, and then a write would block every request. So lines wait in a
bounded queue; further ones are dropped, and a line says how many.
"""

import json
import logging
import threading
from collections import deque
from datetime import UTC, datetime
from typing import TextIO

_MOST_WAITING = 10_000
"""A few MB: some seconds of a busy service."""
_LAST_LINES_S = 2.0


class LogWriter(logging.Handler):
    """Formats records in the calling thread, and writes them to a stream from its own."""

    def __init__(self, stream: TextIO, *, most_waiting: int = _MOST_WAITING) -> None:
        super().__init__()
        self._stream = stream
        self._most_waiting = most_waiting
        self._waiting: deque[str] = deque()
        self._dropped = 0
        self._changed = threading.Condition()
        self._idle = True
        threading.Thread(target=self._write_for_ever, name="log", daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        """Queue a line. When the queue is full the new line is dropped: the earlier ones show how a failure began."""
        try:
            line = self.format(record)
        except Exception:  # noqa: BLE001 (as every handler does: logging breaks nothing)
            self.handleError(record)
            return
        with self._changed:
            if len(self._waiting) >= self._most_waiting:
                self._dropped += 1
                return
            self._waiting.append(line)
            self._idle = False
            self._changed.notify_all()

    def flush(self) -> None:
        """Wait until all is written, for at most two seconds: at the end of the process, and in tests."""
        with self._changed:
            self._changed.wait_for(lambda: self._idle, timeout=_LAST_LINES_S)

    def _write_for_ever(self) -> None:
        while True:
            with self._changed:
                self._idle = not self._waiting
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._waiting)
                lines = [*self._waiting]
                self._waiting.clear()
                if self._dropped:
                    lines.append(_dropped(self._dropped))
                    self._dropped = 0
            try:
                self._stream.write("\n".join(lines) + "\n")
                self._stream.flush()
            except (OSError, ValueError):
                continue  # the stream is closed, and there is no other to report it to


def _dropped(lines: int) -> str:
    return json.dumps(
        {
            "event": "log lines were dropped: they could not be written as fast as they came",
            "lines": lines,
            "level": "warning",
            "logger": __name__,
            "timestamp": datetime.now(UTC).isoformat(),
        }
    )
