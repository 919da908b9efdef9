"""A decision runs the match for its member and benefit only: the result must equal that of a whole run."""

from dataclasses import replace

import pytest

from tests.reconciliation.month import NOVEMBER, OCTOBER, VIDEO, line, october
from tests.reconciliation.test_closing import closed, found_in
from tests.reconciliation.test_decisions import decide, of_line
from tests.reconciliation.test_paid_once import here


async def found(month, which):
    """What stands in a month after the decisions, as far as a run of the match makes it."""
    return [
        (
            row["line_no"],
            row["customer_id"],
            row["sequence"],
            row["kind"],
            row["ledger_amount"],
            row["candidates"],
        )
        for row in await month.findings(which)
    ]


async def is_as_after_a_whole_run(month, which=OCTOBER):
    """Whether a whole run changes nothing."""
    before = await found(month, which)
    await found_in(month, which)
    return before == await found(month, which)


async def carried_with_a_pair_by_hand(month, delivered):
    """Lines 1, matched with a delivery by hand, and 2 are disputed and carried on: the second's finding in November."""
    first, second = await of_line(month, 1), await of_line(month, 2)
    assert await decide(month, first, "MATCH", redemptions=[delivered]) is None
    for finding in (first, second):
        assert await decide(month, finding, "DISPUTE") is None
    await closed(month)
    await found_in(month, NOVEMBER)
    return await here(month, second, NOVEMBER)


@pytest.fixture
async def by_hand(month):
    """The finding of a line of M1 that was matched with a delivery to M2; two deliveries fit another line of M1."""
    delivered = await month.deliver(october(3), "A", member_no="M2")
    for reference in ("X", "Y"):
        await month.deliver(october(9), reference)
    await month.state(line(1, october(20), "Q"), line(2, october(9)))
    finding = await of_line(month, 1)
    assert await decide(month, finding, "MATCH", redemptions=[delivered]) is None
    assert await is_as_after_a_whole_run(month)
    return finding


@pytest.mark.parametrize("action", ["DISPUTE", "ACCEPT", "REOPEN"])
async def test_a_decision_on_a_pair_of_two_members_leaves_both_members_as_they_are(month, by_hand, action):
    assert await decide(month, by_hand, action) is None
    assert (2, "AMBIGUOUS") in await month.kinds()
    assert await is_as_after_a_whole_run(month)


async def test_a_line_that_is_parted_from_another_member_finds_its_own_deliveries(month):
    delivered = await month.deliver(october(3), "A", member_no="M2")
    for reference in ("X", "Y"):
        await month.deliver(october(9), reference)
    await month.state(line(1, october(9)))
    finding = await of_line(month, 1)
    assert await decide(month, finding, "MATCH", redemptions=[delivered]) is None
    assert await decide(month, finding, "REOPEN") is None
    assert (1, "AMBIGUOUS") in await month.kinds()
    assert await is_as_after_a_whole_run(month)


async def test_deliveries_that_a_line_of_the_other_member_may_mean_are_not_called_missing(month):
    delivered = await month.deliver(october(3), "A", member_no="M2")
    for reference in ("X", "Y"):
        await month.deliver(october(9), reference, member_no="M2")
    await month.state(line(1, october(20), "Q"), line(2, october(9), member_no="M2"))
    finding = await of_line(month, 1)
    assert await decide(month, finding, "MATCH", redemptions=[delivered]) is None
    assert await decide(month, finding, "DISPUTE") is None
    assert "NOT_IN_STATEMENT" not in [kind for _, kind in await month.kinds()]
    assert await is_as_after_a_whole_run(month)


async def test_a_carried_pair_by_hand_stays_when_another_finding_of_the_deliverys_member_is_decided(month):
    delivered = await month.deliver(october(3), "A", member_no="M2")
    await month.state(line(1, october(9), "B"), line(2, october(12), "C", member_no="M2"))
    second = await carried_with_a_pair_by_hand(month, delivered)

    assert await decide(month, second, "ACCEPT") is None

    assert [row["line_no"] for row in await month.findings(NOVEMBER)] == [1, 2]
    assert await is_as_after_a_whole_run(month, NOVEMBER)


async def test_a_pair_across_benefits_is_known_as_reversed_at_once(month):
    delivered = await month.deliver(october(9), "A", benefit=VIDEO)
    await month.state(line(1, october(9), "B"), line(2, october(12), "C"))
    second = await carried_with_a_pair_by_hand(month, delivered)
    await month.reverse(delivered)

    assert await decide(month, second, "ACCEPT") is None

    assert (1, "REVERSED") in await month.kinds(NOVEMBER)
    assert await is_as_after_a_whole_run(month, NOVEMBER)


@pytest.mark.parametrize("other", [{}, {"member_no": "M2"}, {"benefit": VIDEO}])
@pytest.mark.parametrize("amount", ["12.00", "13.00"])  # it agreed, or a finding waited
async def test_the_delivery_that_a_line_is_parted_from_is_found_by_others_at_once(month, other, amount):
    delivered = await month.deliver(october(3), "A")
    meant = await month.deliver(october(9), "B", **other)
    await month.state(
        line(1, october(3), "A", amount=amount), line(2, october(3), "A", amount="14.00"), line(3, october(4))
    )
    assert (await month.pairs())[1] == (delivered, "REFERENCE")
    first = await of_line(month, 1)
    assert await decide(month, first, "MATCH", redemptions=[meant]) is None
    assert await month.pairs() == {1: (meant, "HAND"), 2: (delivered, "REFERENCE")}
    assert await is_as_after_a_whole_run(month)
    assert await decide(month, first, "REOPEN") is None
    assert await is_as_after_a_whole_run(month)


async def test_a_carried_pair_by_hand_is_reopened_before_its_line_is_matched_otherwise(month):
    delivered = await month.deliver(october(3), "A", member_no="M2")
    await month.state(line(1, october(20), "B"), line(2, october(12), "C"))
    second = await carried_with_a_pair_by_hand(month, delivered)
    carried = replace(second, line_no=1)
    meant = await month.deliver(october(30), "D", late=True)

    refusal = await decide(month, carried, "MATCH", redemptions=[meant])

    assert (refusal.code, "REOPEN it first" in refusal.message("en")) == ("INVALID", True)
    assert await decide(month, carried, "REOPEN") is None
    assert await decide(month, carried, "MATCH", redemptions=[meant]) is None
    assert await is_as_after_a_whole_run(month, NOVEMBER)
