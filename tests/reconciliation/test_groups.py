"""One line for several deliveries, and several lines for one: paid once, shown with all of them, sealed."""

from decimal import Decimal

import pytest

from ledger.ids import RedemptionId
from ledger.reconciliation.closing import check_seals
from ledger.reconciliation.reading import FindingFilter, Scope, findings_page
from ledger.reconciliation.statements import withdraw
from ledger.refusals import Refusal
from tests.reconciliation.month import NOVEMBER, OCTOBER, PHONE, VIDEO, line, october
from tests.reconciliation.test_closing import closed, found_in
from tests.reconciliation.test_decisions import decide, of_line, of_redemption, run


async def shown(month, which=OCTOBER):
    """All findings of a month as people see them, lines that agree too."""
    period = await month.pool.fetchval("select id from periods where month = $1", which)
    return await findings_page(
        month.pool,
        scope=Scope.period(period),
        where=FindingFilter(),
        first=50,
        after=None,
        now=month.clock.now,
    )


async def said(month, which=OCTOBER):
    """Line, kind, and how many deliveries and other lines, of each finding."""
    return [
        (
            each.line.line_no if each.line else None,
            each.kind.value,
            len(each.redemptions),
            [other.line_no for other in each.other_lines],
        )
        for each in await shown(month, which)
    ]


@pytest.fixture
async def three_sessions(month):
    """Three deliveries of one unit on 8 October, and one line for all of them."""
    delivered = [await month.deliver(october(8), name) for name in ("A", "B", "C")]
    await month.state(line(1, october(8), "INV-7", units=3))
    return delivered


async def test_one_line_for_several_deliveries_of_its_day_is_paid_once(month, three_sessions):
    [finding] = await shown(month)
    assert [each.id for each in finding.redemptions] == three_sessions
    assert (finding.kind, finding.pass_, finding.payable, finding.waits) == ("MATCHED", "GROUP", 36, False)
    assert "3 deliveries" in finding.reason("en")
    assert await closed(month) == (36, 0, [(PHONE, OCTOBER, False, 3, 36)])
    assert await check_seals(month.pool) == []


async def tampered(database, table, change):
    """Change what is settled, as nobody but the owner of the tables can."""
    async with database.owner_pool.acquire() as owner:
        await owner.execute(f"alter table {table} disable trigger user")
        await owner.execute(change)


async def test_a_group_is_under_the_seal(month, database, three_sessions):
    assert three_sessions
    await closed(month)
    assert await check_seals(month.pool) == []
    await tampered(database, "matches", "delete from matches where line_part = 2")
    assert any("the seal is not" in each for each in await check_seals(month.pool))


async def test_of_a_group_that_was_paid_one_reversal_takes_back_its_own_price(month, three_sessions):
    await closed(month)
    await month.reverse(three_sessions[1])
    assert await found_in(month, NOVEMBER) == [("REVERSED", None)]
    await decide(month, await of_redemption(month, three_sessions[1], NOVEMBER), "ACCEPT")
    assert (await closed(month, NOVEMBER))[2] == [(PHONE, OCTOBER, True, -1, -12)]


async def test_a_group_with_a_reversal_is_no_group_while_the_month_is_open(month, three_sessions):
    await month.reverse(three_sessions[0])
    await run(month)
    assert await said(month) == [
        (1, "NOT_IN_LEDGER", 0, []),
        (None, "NOT_IN_STATEMENT", 1, []),
        (None, "NOT_IN_STATEMENT", 1, []),
    ]
    by_hand = await decide(month, await of_line(month, 1), "MATCH", redemptions=three_sessions[1:])
    assert by_hand is None
    [finding] = await shown(month)
    assert (finding.kind, finding.payable, finding.units_difference) == ("UNITS_DIFFER", 24, 1)
    assert (await closed(month))[:2] == (24, 0)
    assert await check_seals(month.pool) == []


async def test_several_lines_for_one_delivery_are_each_paid_for_themselves(month):
    await month.deliver(october(8), "A", units=3)
    await month.state(line(1, october(8), units=1), line(2, october(8), units=2))
    assert await said(month) == [(1, "MATCHED", 1, [2]), (2, "MATCHED", 1, [1])]
    assert "line 2 of statement S-1" in (await shown(month))[0].reason("en")
    assert await closed(month) == (36, 0, [(PHONE, OCTOBER, False, 3, 36)])
    assert await check_seals(month.pool) == []


async def test_what_several_lines_were_paid_for_one_delivery_is_taken_back_once(month):
    delivered = await month.deliver(october(8), "A", units=3)
    await month.state(line(1, october(8), units=1), line(2, october(8), units=2))
    await closed(month)
    await month.reverse(delivered)
    assert await found_in(month, NOVEMBER) == [("REVERSED", None)]
    await decide(month, await of_redemption(month, delivered, NOVEMBER), "ACCEPT")
    assert (await closed(month, NOVEMBER))[0] == -36


async def test_a_line_that_is_withdrawn_takes_its_group_apart(month):
    await month.deliver(october(8), "A", units=3)
    await month.state(line(1, october(8), units=1), number="S-1")
    second = await month.state(line(2, october(8), units=2), number="S-2")
    assert [kind for _, kind, _, _ in await said(month)] == ["UNITS_DIFFER", "NOT_IN_LEDGER"]
    # The first line was paired before the second came: by hand it is free, and the group is found.
    await withdraw(
        month.pool, statement=second, note="更正", by="li", handbook=month.handbook, now=month.clock.now
    )
    assert await said(month) == [(1, "UNITS_DIFFER", 1, [])]


async def test_lines_of_two_statements_share_a_delivery_until_one_is_withdrawn(month):
    first = await month.state(line(1, october(8), units=1), number="S-1")
    await month.state(line(2, october(8), units=2), number="S-2")
    await month.deliver(october(8), "A", units=3)
    await run(month)
    assert await said(month) == [(1, "MATCHED", 1, [2]), (2, "MATCHED", 1, [1])]
    await withdraw(
        month.pool, statement=first, note="更正", by="li", handbook=month.handbook, now=month.clock.now
    )
    assert await said(month) == [(2, "UNITS_DIFFER", 1, [])]


async def test_lines_that_share_a_delivery_stay_together_once_somebody_has_decided_on_one(month):
    delivered = await month.deliver(october(8), "A", units=3)
    await month.state(line(1, october(8), units=1), line(2, october(8), units=2))
    assert await decide(month, await of_line(month, 1), "DISPUTE") is None
    await month.reverse(delivered)
    await run(month)
    assert await said(month) == [(1, "MATCHED", 1, [2]), (2, "REVERSED", 1, [1])]


async def test_a_reference_makes_a_group_over_several_days_the_last_of_which_counts(month):
    for day in (8, 9, 10):
        await month.deliver(october(day), "P")
    await month.state(line(1, october(10), "P", units=3))
    assert await said(month) == [(1, "MATCHED", 3, [])]


async def test_a_group_by_reference_of_another_day_is_a_difference_of_days(month, database):
    for day in (8, 9):
        await month.deliver(october(day), "P")
    await month.state(line(1, october(8), "P", units=2))
    [finding] = await shown(month)
    assert (finding.kind, finding.differences, len(finding.redemptions)) == (
        "DATE_DIFFERS",
        ("DATE_DIFFERS",),
        2,
    )
    assert await decide(month, finding.id, "ACCEPT") is None
    assert (await closed(month))[0] == 24
    assert await check_seals(month.pool) == []
    await tampered(database, "findings", "update findings set deliveries = '[[1, 1], [1, 7]]'")
    assert any("the seal is not" in each for each in await check_seals(month.pool))


@pytest.mark.parametrize(
    "amounts", [("24.00",), ("36.00", "12.00")], ids=["any two of three", "a line that fits alone"]
)
async def test_what_adds_up_in_several_ways_is_left_to_a_person(month, amounts):
    for name in ("A", "B", "C"):
        await month.deliver(october(8), name)
    lines = [
        line(number, october(8), units=int(Decimal(amount)) // 12)
        for number, amount in enumerate(amounts, start=1)
    ]
    await month.state(*lines)
    assert all(how != "GROUP" for _, how in (await month.pairs()).values())


async def test_amounts_that_do_not_add_up_make_no_group(month):
    for name in ("A", "B"):
        await month.deliver(october(8), name)
    await month.state(line(1, october(8), units=2, amount="25.00"))
    assert await month.pairs() == {}


async def test_the_first_of_two_lines_that_say_the_same_has_the_group_and_the_other_is_its_duplicate(month):
    for name in ("A", "B"):
        await month.deliver(october(8), name)
    await month.state(line(1, october(8), units=2), line(2, october(8), units=2))
    assert await said(month) == [(1, "MATCHED", 2, []), (2, "DUPLICATE_LINE", 0, [])]


async def test_a_match_by_hand_of_several_is_taken_back_as_a_whole(month):
    two = [await month.deliver(october(8), "A"), await month.deliver(october(9), "B")]
    await month.state(line(1, october(12), "Z", units=2))
    assert await decide(month, await of_line(month, 1), "MATCH", redemptions=two) is None
    assert await said(month) == [(1, "DATE_DIFFERS", 2, [])]
    assert await decide(month, await of_line(month, 1), "REOPEN") is None
    assert await said(month) == [
        (1, "NOT_IN_LEDGER", 0, []),
        (None, "NOT_IN_STATEMENT", 1, []),
        (None, "NOT_IN_STATEMENT", 1, []),
    ]
    assert (await shown(month))[0].history[0].redemptions == tuple(two)


async def test_several_by_hand_are_of_one_member_and_benefit_each_once_and_free(month):
    one, other = await month.deliver(october(8), "A"), await month.deliver(october(9), "B")
    of_another = await month.deliver(october(8), "C", member_no="M2")
    of_video = await month.deliver(october(8), "D", benefit=VIDEO)
    await month.state(line(1, october(20), "Z", units=2), line(2, october(9), "B"))
    for named, code in (
        ([one, one], "INVALID"),
        ([one, of_another], "INVALID"),
        ([one, of_video], "INVALID"),
        ([one, other], "ALREADY_MATCHED"),
        ([one, RedemptionId(1, 999)], "UNKNOWN_REDEMPTION"),
    ):
        refusal = await decide(month, await of_line(month, 1), "MATCH", redemptions=named)
        assert isinstance(refusal, Refusal), named
        assert refusal.code == code
    assert await said(month) == [
        (1, "NOT_IN_LEDGER", 0, []),
        (2, "MATCHED", 1, []),
        *[(None, "NOT_IN_STATEMENT", 1, [])] * 3,
    ]


async def test_an_agreeing_line_of_a_group_can_be_disputed_and_is_carried_with_its_deliveries(
    month, three_sessions
):
    assert await decide(month, await of_line(month, 1), "DISPUTE") is None
    assert (await closed(month))[:2] == (0, 36)
    assert await found_in(month, NOVEMBER) == [("MATCHED", OCTOBER)]
    assert await said(month, NOVEMBER) == [(1, "MATCHED", 3, [])]
    assert await decide(month, (await shown(month, NOVEMBER))[0].id, "ACCEPT") is None
    assert (await closed(month, NOVEMBER))[0] == 36
    assert await check_seals(month.pool) == []
