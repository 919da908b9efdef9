"""Copied customers are as the service would have written them: `verify` finds them in order, and they go on."""

from datetime import date

from bench.copies import multiply
from bench.history_stream import stream
from bench.large import NOW
from bench.served import BENEFIT
from bench.starred import starred
from ledger.commands import Redeem
from ledger.posting.outcomes import RedemptionOutcome
from ledger.posting.recording import record_events
from ledger.verifying.verify import verify
from rating.checking import Checked
from rating.events import parse_event
from rating.verifying import verify_ratings
from tests.ledger.stored import SetClock, contract, journals


def a_redemption(member_no, key):
    return Redeem(vendor="v", member_no=member_no, benefit=BENEFIT, key=key)


async def test_copies_are_in_order_and_go_on_as_the_service_writes(database, handbook):
    pool = database.pool
    events = [parse_event(each) for each in stream(20, until=date(2026, 11, 1))]
    await record_events(pool, events, now=NOW, handbook=handbook)
    await contract(database.owner_pool, handbook, "v")
    (first, *_) = await starred(pool, NOW.date())
    async with journals(pool, handbook, SetClock(NOW)) as (journal,):
        done = await journal.post(a_redemption(first, "1"))
        assert isinstance(done, RedemptionOutcome)
        async with database.owner_pool.acquire() as conn:
            indexes = await conn.fetch("select indexdef from pg_indexes order by 1")
            await multiply(conn, 60)
            assert await conn.fetch("select indexdef from pg_indexes order by 1") == indexes
        copy = f"B{int(first[1:]) + 40:07}"
        again = await journal.post(a_redemption(copy, "1"))
        further = await journal.post(a_redemption(copy, "2"))
    assert isinstance(again, RedemptionOutcome)
    assert isinstance(further, RedemptionOutcome)
    assert (again.replayed, again.redemption.member_no) == (True, copy)
    assert further.id.customer_id == again.id.customer_id != done.id.customer_id
    assert further.quota.used == 2
    checked = Checked()
    assert await verify_ratings(pool, handbook=handbook, checked=checked) == []
    assert await verify(pool, checked=checked) == []
    assert (checked.customers, checked.events) == (60, 3 * len(events))
