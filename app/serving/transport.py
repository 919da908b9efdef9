"""A connection's transport: closes so that an answer arrives, and detects clients that do not read it.

A socket that is closed while bytes of the client are unread, or still come, answers them with a reset, and a reset
makes the client's system discard what was sent before. So where the client may still be sending (a refused upload, a
request that is cut), only the sending side is closed at first, and incoming data is read and discarded for a moment.
"""

import asyncio
import fcntl
import socket
import struct
import termios
from collections.abc import Callable
from contextlib import suppress
from typing import Any

_LINGER_S = 2.0


class Transport:
    """A wrapper with its own write and close; all else is the wrapped transport's."""

    def __init__(self, transport: asyncio.Transport, *, still_sending: Callable[[], bool]) -> None:
        self._transport = transport
        self._still_sending = still_sending
        self._loop = asyncio.get_running_loop()
        self._lingers = False
        self._written = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send; nothing more after a close."""
        if not self.is_closing():
            self._written += len(data)
            self._transport.write(data)

    def is_closing(self) -> bool:
        """Whether nothing more can be sent."""
        return self._lingers or self._transport.is_closing()

    def close(self) -> None:
        """Close when everything is sent; first only our side, where the client may still be sending."""
        if self.is_closing():
            return
        if not self._still_sending():
            self._transport.close()
            return
        self._lingers = True
        self._transport.write_eof()
        self._transport.resume_reading()
        self._loop.call_later(_LINGER_S, self._transport.close)

    def reset(self) -> None:
        """Reset the connection; unsent data is discarded, by the system too."""
        with suppress(OSError):  # the connection is lost already
            connected = self._transport.get_extra_info("socket")
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    @property
    def unsent(self) -> int:
        """Bytes buffered in this process until the client reads what was sent before."""
        return self._transport.get_write_buffer_size()

    @property
    def taken(self) -> int:
        """How many bytes the client's system has acknowledged in total."""
        try:
            told = fcntl.ioctl(self._transport.get_extra_info("socket"), termios.TIOCOUTQ, bytes(4))
        except (OSError, ValueError):
            return self._written  # the connection is lost already
        return self._written - self.unsent - int(struct.unpack("i", told)[0])
