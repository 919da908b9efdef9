"""What a log says of an outage: that it began, now and then that it lasts, that it is over. Never the commands.

Hundreds of requests fail in each second of an outage, for one and the same reason.
"""

import time
from collections.abc import Callable

import structlog

from rating.outages import told

_EVERY_SECONDS = 10.0

log = structlog.get_logger(__name__)


class OutageLog:
    """One line when writing fails first, one at most every ten seconds while it goes on, one when it is over."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` tells seconds that only grow."""
        self._clock = clock
        self._since: float | None = None
        self._told_at = 0.0
        self._commands = 0
        self._transactions = 0

    def failed(self, commands: int, error: Exception) -> None:
        """A transaction of so many commands has failed for a reason of the environment."""
        now = self._clock()
        self._commands += commands
        self._transactions += 1
        if self._since is None:
            self._since = now
        elif now - self._told_at < _EVERY_SECONDS:
            return
        self._told_at = now
        log.warning("nothing can be written", **self._counts(now), error=told(error))

    def over(self) -> None:
        """A transaction is durable."""
        if self._since is None:
            return
        log.warning("writing works again", **self._counts(self._clock()))
        self._since, self._commands, self._transactions = None, 0, 0

    def _counts(self, now: float) -> dict[str, float]:
        since = self._since if self._since is not None else now
        return {
            "seconds": round(now - since, 1),
            "commands": self._commands,
            "transactions": self._transactions,
        }
