"""When those who are refused may come back: so many in each second that refusing them again costs little."""

import asyncio

_A_SECOND, _MOST_SPREAD_S = 100, 30


class Returns:
    """Gives out the seconds, each to so many; `soonest_s` is the first of them, counted from now."""

    def __init__(self, soonest_s: int = 1) -> None:
        self._soonest_s = soonest_s
        self._second = 0  # the one that is given out
        self._given = 0  # how often

    def next_s(self) -> int:
        """After how many seconds the next may come back; half a minute later than the first at most."""
        now = int(asyncio.get_running_loop().time())
        if self._second < now + self._soonest_s:
            self._second, self._given = now + self._soonest_s, 0
        elif self._given >= _A_SECOND and self._second < now + self._soonest_s + _MOST_SPREAD_S:
            self._second, self._given = self._second + 1, 0
        self._given += 1
        return self._second - now
