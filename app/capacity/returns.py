"""Retry times of refused requests, spread so that only so many retry in one second: refusing costs time too."""

import asyncio

_A_SECOND, _MOST_SPREAD_S = 100, 30


class Returns:
    """Gives each second to at most a hundred refused requests; the first is `soonest_s` seconds from now."""

    def __init__(self, soonest_s: int = 1) -> None:
        self._soonest_s = soonest_s
        self._second = 0  # the second that is being assigned
        self._given = 0  # how many requests it has

    def next_s(self) -> int:
        """Seconds after which the next refused request may be retried; at most 30 more than `soonest_s`."""
        now = int(asyncio.get_running_loop().time())
        if self._second < now + self._soonest_s:
            self._second, self._given = now + self._soonest_s, 0
        elif self._given >= _A_SECOND and self._second < now + self._soonest_s + _MOST_SPREAD_S:
            self._second, self._given = self._second + 1, 0
        self._given += 1
        return self._second - now
