"""Failures of the environment in the log: one short line for a burst of them, however many requests they hit."""

import logging
import time
from collections.abc import Callable

_QUIET_S = 10.0
_LONGEST_WORDS = 200


class Bursts:
    """Logs the first failure of a kind, then one of that kind every ten seconds, with how many were not logged."""

    def __init__(self, logger: logging.Logger, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._logger = logger
        self._clock = clock
        self._told_at: dict[type[BaseException], float] = {}
        self._untold: dict[type[BaseException], int] = {}

    def tell(self, error: BaseException) -> None:
        """Log a failure, if its kind was not logged just before."""
        kind, now = type(error), self._clock()
        told_at = self._told_at.get(kind)
        if told_at is not None and now - told_at < _QUIET_S:
            self._untold[kind] = self._untold.get(kind, 0) + 1
            return
        self._told_at[kind] = now
        words = str(error).splitlines()
        self._logger.warning(
            "not available: %s: %s (%d more of these since the last line)",
            kind.__name__,
            words[0][:_LONGEST_WORDS] if words else "",
            self._untold.pop(kind, 0),
        )
