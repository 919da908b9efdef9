"""Log lines for outages, limited in rate however many requests fail.

During an outage hundreds of requests a second fail for the same reason.
"""

import time
from collections.abc import Callable

import structlog

from base.outages import described

_EVERY_SECONDS = 10.0

log = structlog.get_logger(__name__)


class LogLimit:
    """Admits one log line of a kind every ten seconds, and counts those it suppresses."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` tells seconds that only grow."""
        self._clock = clock
        self._logged_at: dict[str, float] = {}
        self._left_out: dict[str, int] = {}

    def admit(self, kind: str = "") -> int | None:
        """Return how many lines of this kind were suppressed since the last one; None: suppress this one too."""
        now = self._clock()
        logged_at = self._logged_at.get(kind)
        if logged_at is not None and now - logged_at < _EVERY_SECONDS:
            self._left_out[kind] = self._left_out.get(kind, 0) + 1
            return None
        self._logged_at[kind] = now
        return self._left_out.pop(kind, 0)

    def reset(self) -> None:
        """Admit the next line of every kind."""
        self._logged_at.clear()
        self._left_out.clear()


_failures = LogLimit()


def log_outage(error: BaseException, limit: LogLimit = _failures) -> None:
    """Log that something could not be done because of the environment, if its kind of error was not logged just now."""
    left_out = limit.admit(type(error).__name__)
    if left_out is not None:
        log.warning("not available", error=described(error), more_since_last_line=left_out)


class WritingOutage:
    """The log lines of one writer's outage: at its beginning, every ten seconds while it lasts, and at its end.

    They count failed commands and transactions, and never show their contents.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` tells seconds that only grow."""
        self._clock = clock
        self._limit = LogLimit(clock)
        self._since: float | None = None
        self._commands = 0
        self._transactions = 0

    def failed(self, commands: int, error: Exception) -> None:
        """A transaction of so many commands has failed because of the environment."""
        if self._since is None:
            self._since = self._clock()
        self._commands += commands
        self._transactions += 1
        if self._limit.admit() is not None:
            log.warning("nothing can be written", **self._counts(self._since), error=described(error))

    def over(self) -> None:
        """A transaction has committed: the outage, if there was one, is over."""
        if self._since is None:
            return
        log.warning("writing works again", **self._counts(self._since))
        self._since, self._commands, self._transactions = None, 0, 0
        self._limit.reset()

    def _counts(self, since: float) -> dict[str, float]:
        return {
            "seconds": round(self._clock() - since, 1),
            "commands": self._commands,
            "transactions": self._transactions,
        }
