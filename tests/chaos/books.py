"""Checks that the ledger has exactly what was acknowledged: nothing lost, doubled or overdrawn, `verify` in order."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from base.database import connect_pool
from ledger.verifying.verify import verify
from rating.verifying import verify_ratings
from tests.activations import in_force
from tests.chaos.clients import Client

_REDEMPTIONS = "select reference, status from redemptions"
_KEYS = "select key from outcomes"
_EVENTS = "select event_id from policy_events"
# From the entries alone, against the balances; a REDEEM that follows a HOLD moves held units, any other available ones.
_POOLS = """
with moves as (
    select entry.customer_id, entry.benefit, entry.period, entry.policy_no, entry.kind, entry.units,
           first.kind = 'HOLD' as from_hold
    from entries as entry
    left join entries as first on (first.customer_id, first.sequence) = (entry.customer_id, entry.redemption)
), pools as (
    select customer_id, benefit, period, policy_no,
           coalesce(sum(units) filter (where kind = 'GRANT'), 0)
               - coalesce(sum(units) filter (where kind = 'REVOKE'), 0) as granted,
           coalesce(sum(units) filter (where kind in ('REDEEM', 'NO_SHOW')), 0)
               - coalesce(sum(units) filter (where kind = 'REVERSE'), 0) as used,
           coalesce(sum(units) filter (where kind = 'HOLD'), 0)
               - coalesce(sum(units) filter (where kind in ('RELEASE', 'EXPIRE_HOLD')), 0)
               - coalesce(sum(units) filter (where kind in ('REDEEM', 'NO_SHOW') and from_hold), 0) as held,
           coalesce(sum(units) filter (where kind = 'EXPIRE'), 0) as expired
    from moves
    group by customer_id, benefit, period, policy_no
)
select customer_id, benefit, period
from pools
full join balances using (customer_id, benefit, period, policy_no)
where not unlimited and pools.granted - pools.used - pools.held - pools.expired < 0
   or pools.used < 0 or pools.held < 0
   or (pools.granted, pools.used, pools.held, pools.expired)
      is distinct from (balances.granted, balances.used, balances.held, balances.expired)
"""


@dataclass(kw_only=True)
class Found:
    """The faults found, a line each."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        """Whether anything is."""
        return bool(self.lost or self.doubled or self.faults)


async def check(dsn: str, clients: Sequence[Client]) -> Found:
    """Compare the ledger with what all requests of the clients, of which none is open, were answered."""
    found = Found()
    pool = await connect_pool(dsn, min_size=0, max_size=2, service_role=True, read_only=True)
    try:
        rows = await pool.fetch(_REDEMPTIONS)
        keys = Counter(row["key"] for row in await pool.fetch(_KEYS))
        events = Counter(row["event_id"] for row in await pool.fetch(_EVENTS))
        overdrawn = await pool.fetch(_POOLS)
        handbook = await in_force(pool)
        found.faults += map(str, (*await verify_ratings(pool, handbook=handbook), *await verify(pool)))
    finally:
        await pool.close()
    found.faults += [f"pool {dict(row)}: the entries do not add up" for row in overdrawn]
    _compare_redemptions(clients, [(row["reference"], row["status"]) for row in rows], found)
    for request in (each for client in clients for each in client.requests):
        if request.document == "record":
            told = [event["eventId"] for event in request.variables["events"]]
            found.lost += [f"event {each}" for each in told if not events[each]]
            found.doubled += [f"event {each}" for each in told if events[each] > 1]
        elif request.answer["__typename"] == "Redemption" and not keys[request.key]:
            found.lost.append(f"outcome of {request.key}")
    found.doubled += [f"outcome of {key}" for key, times in keys.items() if times > 1]
    return found


def _compare_redemptions(clients: Sequence[Client], rows: Sequence[tuple[str, str]], found: Found) -> None:
    told = {client.references[id_]: status for client in clients for id_, status in client.statuses.items()}
    held = dict(rows)
    for reference, status in told.items():
        if held.get(reference) != status:
            found.lost.append(f"redemption {reference}: answered {status}, stored {held.get(reference)}")
    times = Counter(reference for reference, _ in rows)
    found.doubled += [
        f"redemption {each}" for each, number in times.items() if number > 1 or each not in told
    ]
