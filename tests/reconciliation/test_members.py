"""Whose a line is: members who are registered after the statement came, lines matched by hand with somebody else's."""

from datetime import timedelta

import pytest

from ledger.posting.recording import record_events
from ledger.reconciliation.closing import check_seals
from ledger.reconciliation.matching import reconcile_period
from ledger.reconciliation.statements import withdraw
from ledger.reconciliation.values import LineFindingId
from tests.ledger.stored import enrolment
from tests.reconciliation.month import NOVEMBER, NOW, OCTOBER, PHONE, VENDOR, line, october
from tests.reconciliation.test_closing import closed, found_in
from tests.reconciliation.test_decisions import decide, of_line, run

DECEMBER = NOVEMBER.replace(month=12)


@pytest.fixture
async def registered_later(month):
    """October states a line of M9, who is registered, and whose delivery is posted, only afterwards: the delivery."""
    await month.state(line(1, october(3), "A", member_no="M9"))
    assert await month.kinds() == [(1, "NOT_IN_LEDGER")]
    events = enrolment("M9", star=5)
    await record_events(month.pool, events, now=NOW - timedelta(days=89), handbook=month.handbook)
    return await month.deliver(october(3), "A", member_no="M9", late=True)


@pytest.fixture
async def by_hand(month):
    """A delivery to M2 that a person matched with a line of M1, and so accepted."""
    delivered = await month.deliver(october(3), "A", member_no="M2")
    await month.state(line(1, october(9), "B"))
    assert await decide(month, await of_line(month, 1), "MATCH", redemptions=[delivered]) is None
    return delivered


async def test_a_member_who_is_registered_later_is_found_and_stays_found(month, registered_later):
    for _ in range(2):
        await run(month)
        assert await month.kinds() == []
        assert await month.pairs() == {1: (registered_later, "REFERENCE")}
    assert await closed(month) == (12, 0, [(PHONE, OCTOBER, False, 1, 12)])


async def test_the_close_itself_finds_and_pays_a_member_who_is_registered_later(month, registered_later):
    assert await closed(month) == (12, 0, [(PHONE, OCTOBER, False, 1, 12)])
    await month.reverse(registered_later)
    assert await found_in(month, NOVEMBER) == [("REVERSED", None)]
    assert await check_seals(month.pool) == []


async def test_a_line_of_a_member_who_is_registered_later_can_be_disputed_and_taken_back(
    month, registered_later
):
    await run(month)
    finding = await of_line(month, 1)
    for action in ("DISPUTE", "REOPEN"):
        assert await decide(month, finding, action) is None
    await withdraw(
        month.pool,
        statement=finding.statement,
        note="更正",
        by="li",
        handbook=month.handbook,
        now=month.clock.now,
    )
    assert await month.pairs() == {}
    assert await month.kinds() == [(None, "NOT_IN_STATEMENT")]


async def test_a_match_by_hand_with_another_member_is_taken_back_when_that_delivery_is_reversed(
    month, by_hand
):
    assert (await closed(month))[0] == 12
    await month.reverse(by_hand)
    assert await found_in(month, NOVEMBER) == [("REVERSED", None)]


async def test_a_match_by_hand_with_another_member_is_parted_when_it_is_reopened(month, by_hand):
    assert await decide(month, await of_line(month, 1), "REOPEN") is None
    assert await month.kinds() == [(1, "NOT_IN_LEDGER"), (None, "NOT_IN_STATEMENT")]


async def test_a_match_by_hand_with_another_member_that_is_disputed_is_found_again_as_that_pair(
    month, by_hand
):
    disputed = await of_line(month, 1)
    await decide(month, disputed, "DISPUTE")
    await run(month)
    assert await closed(month) == (0, 12, [])
    for _ in range(2):
        assert await found_in(month, NOVEMBER) == [("DATE_DIFFERS", OCTOBER)]
    november = await reconcile_period(
        month.pool, vendor=VENDOR, month=NOVEMBER, handbook=month.handbook, now=month.clock.now
    )
    await decide(month, LineFindingId(november, disputed.statement, 1), "ACCEPT")
    assert await closed(month, NOVEMBER) == (12, 0, [(PHONE, OCTOBER, False, 1, 12)])
    await month.reverse(by_hand)
    month.clock.now = month.clock.now.replace(month=12)
    assert await found_in(month, DECEMBER) == [("REVERSED", None)]


async def test_what_is_reversed_before_the_close_can_be_decided_on_when_the_close_has_named_it(month):
    delivered = await month.deliver(october(3), "A")
    await month.state(line(1, october(3), "A"))
    await month.reverse(delivered)
    with pytest.raises(AssertionError, match="FINDINGS_OPEN"):
        await closed(month)
    assert await decide(month, await of_line(month, 1), "ACCEPT") is None
    assert await closed(month) == (0, 0, [])
    assert await found_in(month, NOVEMBER) == []


async def test_a_disputed_line_that_is_stated_again_is_a_duplicate_beside_the_one_that_was_carried_on(month):
    await month.deliver(october(3), "A")
    await month.state(line(1, october(3), "A"))
    await decide(month, await of_line(month, 1), "DISPUTE")
    await closed(month)
    await month.state(line(1, october(3), "A"), number="N-1", month=NOVEMBER)
    assert sorted(await found_in(month, NOVEMBER)) == [("DUPLICATE_LINE", None), ("MATCHED", OCTOBER)]
