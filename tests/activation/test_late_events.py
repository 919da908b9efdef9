"""An event recorded before other editions came into force may arrive after: each moment is rated by those of then."""

import io
from datetime import timedelta

import pytest

from rating import customers as reading
from rating.activations import handbook_within
from rating.importing import import_history
from rating.verifying import verify_ratings
from tests.activation.conftest import FIRST_DAY, LATER, NOW, history, lines, stars, tell, top_up
from tests.activations import in_force, put_in_force

ELEVEN, NOON, AFTER = LATER - timedelta(hours=1), LATER, LATER + timedelta(minutes=5)
HALF_PAST_ELEVEN = ELEVEN + timedelta(minutes=30)


@pytest.fixture
async def reviewed_at_noon(database, handbook, reviewed):
    """Four customers; the review, which gives a sixth star, came into force at noon."""
    await put_in_force(database.pool, handbook, NOW)
    await tell(database.pool, await in_force(database.pool), *history())
    await put_in_force(database.pool, reviewed, NOON)
    return database


async def recorded(database, *events):
    await tell(database.pool, await in_force(database.pool), *events, now=AFTER)


async def imported(database, *events):
    active = await in_force(database.pool)
    async with database.pool.acquire() as conn, conn.transaction():
        await handbook_within(conn, active, lasting=True)
        report = await import_history(conn, io.BytesIO(lines(events).encode()), now=AFTER, handbook=active)
    assert (report.taken, report.refused) == (len(events), 0)


@pytest.mark.parametrize("arrive", [recorded, imported])
async def test_a_late_event_is_rated_by_the_editions_of_each_moment(
    reviewed_at_noon, handbook, reviewed, arrive
):
    pool = reviewed_at_noon.pool
    late = top_up("M0", "9000000.00", "t") | {"recorded_at": ELEVEN.isoformat()}
    await arrive(reviewed_at_noon, late)
    assert await stars(pool, FIRST_DAY, ELEVEN - timedelta(seconds=1)) == [0, 2, 3, 5]
    assert await stars(pool, FIRST_DAY, HALF_PAST_ELEVEN) == [5, 2, 3, 5], "nobody had six stars yet"
    assert await stars(pool, FIRST_DAY, NOON) == [5, 1, 3, 6]
    assert await stars(pool, FIRST_DAY) == [5, 1, 3, 6]
    rows = await pool.fetch(
        "select known_from, handbook from ratings where customer_id = 1 and version > 2 order by version"
    )
    assert [tuple(row) for row in rows] == [
        (ELEVEN, handbook.fingerprint),
        (NOON, reviewed.fingerprint),
    ]
    assert await verify_ratings(pool, handbook=await in_force(pool)) == []


async def test_a_new_customer_told_of_late_has_the_star_of_then(reviewed_at_noon):
    pool = reviewed_at_noon.pool
    await recorded(reviewed_at_noon, *history(8)[14:])
    assert await stars(pool, FIRST_DAY, HALF_PAST_ELEVEN) == [0, 2, 3, 5, 5]
    assert await stars(pool, FIRST_DAY) == [1, 1, 3, 6, 6]
    assert await verify_ratings(pool, handbook=await in_force(pool)) == []


async def test_what_was_known_then_is_explained_by_the_editions_of_then(reviewed_at_noon, handbook, reviewed):
    """Also where both editions give the same star: each moment names its own."""
    pool = reviewed_at_noon.pool
    await recorded(reviewed_at_noon, top_up("M2", "0.01", "t") | {"recorded_at": ELEVEN.isoformat()})
    active = await in_force(pool)
    for moment, by in ((HALF_PAST_ELEVEN, handbook), (NOON, reviewed), (None, reviewed)):
        found = await reading.ratings(pool, [(3, moment)])
        explained = await active.explaining(pool, found[3, moment], moment)
        assert explained.fingerprint == by.fingerprint


async def test_an_event_recorded_after_the_activation_needs_one_version(reviewed_at_noon):
    await recorded(reviewed_at_noon, top_up("M0", "9000000.00", "t"))
    count = "select count(*) from ratings where customer_id = 1 and version > 2"
    assert await reviewed_at_noon.pool.fetchval(count) == 1
