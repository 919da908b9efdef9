"""The comparison after a round detects every kind of fault."""

import random

import pytest

from tests.chaos.books import check
from tests.chaos.clients import Client, Request, registration

STORED = """
insert into redemptions
    (customer_id, sequence, status, benefit, period, service_year, vendor, units, reference, star,
     occurred_at, recorded_at)
values (1, 1, 'REDEEMED', 'physical-exam', 1, 1, 'v', 1, $1, 2, now(), now())
"""


def client(**statuses: str) -> Client:
    """One who was told of these redemptions, by their references."""
    made = Client(name="c", url="", vendor_token="", staff_token="", rng=random.Random(0), members=[])
    made.statuses.update(statuses)
    made.references.update({each: each for each in statuses})
    return made


@pytest.mark.usefixtures("activated")
async def test_what_was_answered_and_is_not_stored_is_lost(database):
    asked = client(a="REDEEMED")
    answer = {"__typename": "Redemption", "id": "a"}
    asked.requests.append(
        Request(key="a", document="redeem", operation="redeem", variables={}, answer=answer)
    )
    events = {"events": registration("M1")}
    asked.requests.append(
        Request(key="b", document="record", operation="record", variables=events, answer=[])
    )
    found = await check(database.dsn, [asked])
    assert found.lost == [
        "redemption a: answered REDEEMED, stored None",
        "outcome of a",
        "event M1-1",
        "event M1-2",
    ]
    assert (found.doubled, found.faults) == ([], [])


@pytest.mark.usefixtures("activated")
async def test_what_is_stored_otherwise_or_for_nobody_is_found(database):
    async with database.owner_pool.acquire() as owner:
        await owner.execute(STORED, "a")
    assert (await check(database.dsn, [client(a="REVERSED")])).lost == [
        "redemption a: answered REVERSED, stored REDEEMED"
    ]
    found = await check(database.dsn, [])
    assert found.doubled == ["redemption a"]
    assert found.faults, "the ledger has no entry for it"
