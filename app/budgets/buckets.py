"""Token buckets, one for each key, kept by the package `throttled` (GCRA, exact to the unit).

With Redis all workers share the buckets. Without it, and while Redis does not answer, each worker has buckets of its
own: an outage of Redis neither refuses requests nor lifts the limits. Memory is bounded: beyond `_MOST_KEYS` keys the
least recently used one is forgotten.
"""

import math
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2b
from typing import Any

import structlog
from throttled.asyncio import MemoryStore, RedisStore, Throttled, per_duration
from throttled.asyncio.store import BaseStore
from throttled.exceptions import StoreUnavailableError

from app.errors import StartError
from schema.budgets import Level

_MOST_KEYS = 10_000
# A request must not wait long for a Redis that does not answer; and the next attempt comes only after a pause.
_REDIS_TIMEOUT_S = 0.25
_REDIS_REST_S = 5.0

log = structlog.get_logger(__name__)


class SharedStore:
    """Redis, which all workers count in; `away` for a while after it did not answer."""

    def __init__(self, url: str) -> None:
        """Raises StartError when the package for it is not installed, or the address is malformed."""
        try:
            options = {"SOCKET_TIMEOUT": _REDIS_TIMEOUT_S, "SOCKET_CONNECT_TIMEOUT": _REDIS_TIMEOUT_S}
            self.store = RedisStore(server=url, options=options)
            _limiter("trial", size=1, period_s=1, debt=0, store=self.store)
        except ImportError:
            raise StartError(
                "ENTITLEMENTS_REDIS_URL: its package is not installed: pip install 'entitlements[redis]'"
            ) from None
        except ValueError as error:
            raise StartError(f"ENTITLEMENTS_REDIS_URL: {error}") from None
        self.errors = (StoreUnavailableError, OSError, TimeoutError)
        self._rests_until = 0.0

    async def close(self) -> None:
        """Close the connections."""
        client: Any = self.store._backend.get_client()  # noqa: SLF001 - the package leaves them open
        with suppress(OSError):
            await client.connection_pool.disconnect()

    @property
    def away(self) -> bool:
        """Whether it did not answer lately."""
        return time.monotonic() < self._rests_until

    def failed(self, error: Exception) -> None:
        """Note that it did not answer."""
        self._rests_until = time.monotonic() + _REDIS_REST_S
        log.warning(
            "Redis does not answer: each worker counts budgets for itself",
            error=repr(error.__cause__ or error)[:200],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Debit:
    """The result of taking from a bucket. `retry_after_s` 0: taken; otherwise nothing was, and a retry may help."""

    level: Level
    retry_after_s: int


class Buckets:
    """One kind of budget: for each key `size` units, refilled evenly within `period_s` seconds.

    A process without a shared store keeps `share` of them, but room for `least` units at once. A bucket may go `debt`
    units below zero.
    """

    def __init__(
        self,
        name: str,
        size: int,
        *,
        period_s: int,
        share: float = 1.0,
        least: int = 1,
        debt: int = 0,
        shared: SharedStore | None = None,
    ) -> None:
        self._debt = debt
        self._shared = shared
        own, memory = max(1, round(size * share)), MemoryStore(None, {"MAX_SIZE": _MOST_KEYS})
        self._own = _limiter(name, size=own, least=least, period_s=period_s, debt=debt, store=memory)
        self._common = self._own
        if shared is not None:
            self._common = _limiter(
                name, size=size, least=least, period_s=period_s, debt=debt, store=shared.store
            )

    async def take(self, key: str, units: int) -> Debit:
        """Take from the bucket of a key, all or nothing. More than a full bucket counts as a full bucket."""
        if self._shared is not None and not self._shared.away:
            try:
                return await self._debit(self._common, key, units)
            except self._shared.errors as error:
                self._shared.failed(error)
        return await self._debit(self._own, key, units)

    async def level(self, key: str) -> Level:
        """How full the bucket of a key is."""
        if self._shared is not None and not self._shared.away:
            try:
                return await self._peeked(self._common, key)
            except self._shared.errors as error:
                self._shared.failed(error)
        return await self._peeked(self._own, key)

    async def _debit(self, limiter: Throttled, key: str, units: int) -> Debit:
        result = await limiter.limit(_hashed(key), min(units, limiter.limiter.quota.burst))
        state = result.state
        wait_s = max(1, math.ceil(state.retry_after)) if result.limited else 0
        return Debit(level=self._level(limiter, state.remaining), retry_after_s=wait_s)

    async def _peeked(self, limiter: Throttled, key: str) -> Level:
        return self._level(limiter, (await limiter.peek(_hashed(key))).remaining)

    def _level(self, limiter: Throttled, remaining: int) -> Level:
        quota = limiter.limiter.quota
        return Level(size=quota.burst - self._debt, left=remaining - self._debt, refill=quota.fill_rate)


def _limiter(
    name: str, *, size: int, period_s: int, debt: int, store: BaseStore, least: int = 1
) -> Throttled:
    quota = per_duration(timedelta(seconds=period_s), size, burst=max(size, least) + debt)
    made = Throttled(using="gcra", quota=quota, store=store, key_prefix=f"entitlements:{name}")
    _ = made.limiter  # created now, so that a wrong address stops the start
    return made


def _hashed(key: str) -> str:
    """The hash of a key, for the store: subjects may be member numbers, and those stay in the database."""
    return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
