"""The budgets of all callers: cost by subject and by vendor, look-ups by vendor, wrong tokens by address."""

from ipaddress import IPv6Address, ip_address
from math import ceil
from time import monotonic

from cachetools import LRUCache, TTLCache

from app.budgets.buckets import Buckets, Debit, SharedStore
from app.settings import Settings
from schema.budgets import REFUSED_COST, Level
from schema.errors import RateLimitedError
from schema.limits import MOST_COST
from schema.viewer import Role, Viewer

_MINUTE_S, _HOUR_S = 60, 3600
_MOST_BLOCKED = 10_000
_MOST_NUMBERS = 50_000
# The greatest debt of look-ups: more than concurrent requests can cause.
_MOST_DEBT = 1_000_000_000
FILE_COST = MOST_COST
"""The cost of an export or an upload: that of the most expensive operation."""


class CallerBudgets:
    """The budgets as the settings say; a size of 0 is no limit."""

    def __init__(self, settings: Settings) -> None:
        """Raises StartError when the budgets are to be shared and cannot be."""
        url = settings.redis_url
        self._shared = shared = SharedStore(url.get_secret_value()) if url is not None else None
        share = 1 / settings.workers

        def buckets(name: str, size: int, period_s: int, *, least: int = 1, debt: int = 0) -> Buckets | None:
            if size == 0:
                return None
            return Buckets(name, size, period_s=period_s, share=share, least=least, debt=debt, shared=shared)

        self._members = buckets("member", settings.budget_member, _MINUTE_S, least=MOST_COST)
        self._callers = buckets("caller", settings.budget_caller, _MINUTE_S, least=MOST_COST)
        self._vendors = buckets("vendor", settings.budget_vendor, _MINUTE_S, least=MOST_COST)
        self._look_ups = buckets("look-ups", settings.budget_look_ups, _HOUR_S, debt=_MOST_DEBT)
        self._wrong_tokens = buckets("wrong-tokens", settings.budget_wrong_tokens, _MINUTE_S)
        self._blocked: LRUCache[str, tuple[float, str]] = LRUCache(_MOST_BLOCKED)
        self._known: TTLCache[int, bool] = TTLCache(_MOST_NUMBERS, _HOUR_S)

    async def close(self) -> None:
        """Close the connections to where budgets are shared."""
        if self._shared is not None:
            await self._shared.close()

    def check(self, viewer: Viewer) -> None:
        """Raise RateLimitedError for a caller whose budget holds less than the cost of reading a document."""
        for key in (_subject(viewer), _vendor(viewer)):
            blocked = self._blocked.get(key) if key is not None else None
            if blocked is not None and key is not None:
                until, whose = blocked
                if monotonic() < until:
                    raise _limited(whose, ceil(until - monotonic()))
                del self._blocked[key]

    async def take(self, viewer: Viewer, cost: int) -> Level | None:
        """Take a cost from the budgets of the subject and of its vendor; the level of the emptier, None without any.

        Raises RateLimitedError.
        """
        levels = []
        for buckets, key, whose in self._of(viewer):
            taken = await buckets.take(key, cost)
            if taken.retry_after_s:
                self._block(key, whose, taken)
                raise _limited(whose, taken.retry_after_s)
            levels.append(taken.level)
        return min(levels, key=_share_left, default=None)

    async def level(self, viewer: Viewer) -> Level | None:
        """How much is left in the emptier of the budgets."""
        levels = [await buckets.level(key) for buckets, key, _ in self._of(viewer)]
        return min(levels, key=_share_left, default=None)

    def is_known(self, vendor: str, member_no: str) -> bool:
        """Whether a vendor has asked for a member number within the hour."""
        return hash((vendor, member_no)) in self._known

    async def look_ups(self, vendor: str) -> Level | None:
        """How many look-ups a vendor has left."""
        return await self._look_ups.level(vendor) if self._look_ups is not None else None

    async def looked_up(self, vendor: str, member_nos: frozenset[str], cost: int) -> None:
        """Note what a vendor asked for, and take what it costs."""
        for member_no in member_nos:
            self._known[hash((vendor, member_no))] = True
        if self._look_ups is not None and cost:
            await self._look_ups.take(vendor, cost)

    async def wrong_token(self, address: str) -> int:
        """Count a request without a valid token; the seconds to wait when there were too many, else 0."""
        if self._wrong_tokens is None:
            return 0
        return (await self._wrong_tokens.take(_network(address), 1)).retry_after_s

    def _of(self, viewer: Viewer) -> list[tuple[Buckets, str, str]]:
        own = self._members if viewer.member is not None else self._callers
        found = [(own, _subject(viewer), "this token's subject")]
        vendor = _vendor(viewer)
        if vendor is not None:
            found.append((self._vendors, vendor, f"vendor {viewer.vendor}"))
        return [(buckets, key, whose) for buckets, key, whose in found if buckets is not None]

    def _block(self, key: str, whose: str, taken: Debit) -> None:
        """Let `check` refuse the caller until its budget holds the cost of reading a document."""
        short = REFUSED_COST - taken.level.left
        if short > 0:
            self._blocked[key] = (monotonic() + short / taken.level.refill, whose)


def _subject(viewer: Viewer) -> str:
    return f"subject {viewer.role.value} {viewer.subject or ''}"


def _vendor(viewer: Viewer) -> str | None:
    return f"vendor {viewer.vendor}" if viewer.role is Role.VENDOR else None


def _limited(whose: str, seconds: int) -> RateLimitedError:
    return RateLimitedError(
        f"The budget of {whose} is used up: try again in {seconds} s (`extensions.cost` tells what is left).",
        retry_after_s=seconds,
    )


def _share_left(level: Level) -> float:
    return level.left / level.size


def _network(address: str) -> str:
    """The network of a client: an IPv4 address, or the /64 network of an IPv6 address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(parsed.packed[:8].hex()) if isinstance(parsed, IPv6Address) else address
