"""Decisions: what they pay, that they stand, can be reopened, and are all kept."""

from decimal import Decimal

import pytest

from ledger.ids import RedemptionId
from ledger.reconciliation.decisions import resolve
from ledger.reconciliation.matching import reconcile_period
from ledger.reconciliation.values import Action, LedgerFindingId, LineFindingId
from ledger.refusals import Refusal
from tests.reconciliation.month import OCTOBER, VENDOR, VIDEO, line, october


async def of_line(month, line_no):
    """The id of the finding of a line."""
    period = await month.pool.fetchval("select id from periods where vendor = 'v' and month = $1", OCTOBER)
    statement = await month.pool.fetchval("select max(id) from statements")
    return LineFindingId(period, statement, line_no)


async def of_redemption(month, redemption, which=OCTOBER):
    """The id of the finding of a redemption in no line."""
    period = await month.pool.fetchval("select id from periods where vendor = 'v' and month = $1", which)
    return LedgerFindingId(period, redemption.customer_id, redemption.sequence)


async def decide(month, finding, action, **more):
    """Decide as Li of finance."""
    return await resolve(
        month.pool,
        finding=finding,
        action=Action(action),
        **{"note": "核对", "by": "li", "handbook": month.handbook, "now": month.clock.now, **more},
    )


async def decided(month):
    """Line (None: of a redemption), kind, action and what is paid, of everything that was decided."""
    return [
        (row["line_no"], row["kind"], row["action"], row["payable_units"], row["payable"])
        for row in await month.findings()
        if row["action"] is not None
    ]


async def run(month):
    """Run the match again."""
    assert isinstance(
        await reconcile_period(
            month.pool, vendor=VENDOR, month=OCTOBER, handbook=month.handbook, now=month.clock.now
        ),
        int,
    )


@pytest.mark.parametrize(
    ("stated", "paid"),
    [
        ({"units": 3}, (2, 24)),  # never more than was delivered
        ({"units": 1}, (1, 12)),  # never more than was stated
        ({"units": 2, "amount": "30"}, (2, 24)),
        ({"units": 2, "amount": "20"}, (2, 20)),
    ],
)
async def test_what_is_accepted_pays_what_both_sides_bear_out(month, stated, paid):
    await month.deliver(october(3), "R-1", units=2)
    await month.state(line(1, october(3), "R-1", **stated))
    assert await decide(month, await of_line(month, 1), "ACCEPT") is None
    assert [row[3:] for row in await decided(month)] == [paid]


async def test_accepting_what_only_one_side_says_pays_nothing_unless_somebody_says_how_much(month):
    unstated = await month.deliver(october(20))
    await month.state(line(1, october(3), "X"), line(2, october(4), "Y", units=2))
    assert await decide(month, await of_line(month, 1), "ACCEPT") is None
    assert await decide(month, await of_line(month, 2), "ACCEPT", pay=Decimal("20.50")) is None
    assert await decide(month, await of_redemption(month, unstated), "ACCEPT") is None
    assert await decided(month) == [
        (1, "NOT_IN_LEDGER", "ACCEPT", 0, 0),
        (2, "NOT_IN_LEDGER", "ACCEPT", 2, Decimal("20.50")),
        (None, "NOT_IN_STATEMENT", "ACCEPT", 0, 0),
    ]


@pytest.mark.parametrize("pay", ["-1", "12.01", "1.001"])
async def test_nobody_pays_more_than_is_stated_or_parts_of_a_cent(month, pay):
    await month.state(line(1, october(3), "X"))
    refusal = await decide(month, await of_line(month, 1), "ACCEPT", pay=Decimal(pay))
    assert isinstance(refusal, Refusal)
    assert "pay" in refusal.message("en")
    assert await decided(month) == []


async def test_a_decision_outlives_further_runs_even_when_the_ledger_learns_more(month):
    await month.state(line(1, october(3), "X"))
    await decide(month, await of_line(month, 1), "DISPUTE")
    await month.deliver(october(3), "X", late=True)
    await run(month)
    assert await decided(month) == [(1, "NOT_IN_LEDGER", "DISPUTE", 0, 0)]
    assert await month.kinds() == [(1, "NOT_IN_LEDGER"), (None, "NOT_IN_STATEMENT")]
    assert await decide(month, await of_line(month, 1), "REOPEN") is None
    assert await month.findings() == []
    assert len(await month.pairs()) == 1


async def test_a_match_by_hand_ends_the_doubt_and_frees_the_other_candidate(month):
    one, other = [await month.deliver(october(3), each) for each in ("A", "B")]
    await month.state(line(1, october(3)))
    assert await decide(month, await of_line(month, 1), "MATCH", redemptions=[other]) is None
    assert await month.pairs() == {1: (other, "HAND")}
    assert await decided(month) == [(1, "MATCHED", "MATCH", 1, 12)]
    [missing] = [row for row in await month.findings() if row["line_no"] is None]
    assert (missing["kind"], missing["sequence"]) == ("NOT_IN_STATEMENT", one.sequence)
    assert await decide(month, await of_line(month, 1), "REOPEN") is None
    assert await month.kinds() == [(1, "AMBIGUOUS")]
    assert await month.pairs() == {}


@pytest.mark.parametrize("stated", [{}, {"units": 2}])  # it agrees, or a finding waits
async def test_a_pair_that_the_match_got_wrong_is_made_otherwise_by_hand(month, stated):
    found, meant = await month.deliver(october(3), "A"), await month.deliver(october(20), "B")
    await month.state(line(1, october(3), "A", **stated), line(2, october(3)))
    assert await month.pairs() == {1: (found, "REFERENCE")}
    assert await decide(month, await of_line(month, 1), "MATCH", redemptions=[meant]) is None
    assert await month.pairs() == {1: (meant, "HAND"), 2: (found, "EXACT")}
    await run(month)
    assert await month.pairs() == {1: (meant, "HAND"), 2: (found, "EXACT")}
    assert [row[:3] for row in await decided(month)] == [
        (1, "UNITS_DIFFER" if stated else "DATE_DIFFERS", "MATCH")
    ]
    assert await decide(month, await of_line(month, 1), "REOPEN") is None
    assert await month.pairs() == {2: (found, "EXACT")}


async def test_a_line_that_somebody_decided_on_or_that_has_the_delivery_is_not_matched_by_hand(month):
    found, other = await month.deliver(october(3), "A"), await month.deliver(october(20), "B")
    await month.state(line(1, october(3), "A"))
    again = await decide(month, await of_line(month, 1), "MATCH", redemptions=[found])
    assert (again.code, "with it already" in again.message("en")) == ("INVALID", True)
    await decide(month, await of_line(month, 1), "DISPUTE")
    decided_on = await decide(month, await of_line(month, 1), "MATCH", redemptions=[other])
    assert (decided_on.code, "REOPEN it first" in decided_on.message("en")) == ("INVALID", True)
    assert await month.pairs() == {1: (found, "REFERENCE")}


async def test_a_line_with_a_wrong_member_can_be_matched_by_hand(month):
    delivered = await month.deliver(october(3), "A", member_no="M2", units=2)
    await month.state(line(1, october(5), "Z", member_no="M1", units=3))
    assert await month.kinds() == [(1, "NOT_IN_LEDGER"), (None, "NOT_IN_STATEMENT")]
    assert await decide(month, await of_line(month, 1), "MATCH", redemptions=[delivered]) is None
    assert await decided(month) == [(1, "UNITS_DIFFER", "MATCH", 2, 24)]
    await run(month)
    assert await month.kinds() == [(1, "UNITS_DIFFER")]
    assert await decide(month, await of_line(month, 1), "REOPEN") is None
    assert await month.kinds() == [(1, "NOT_IN_LEDGER"), (None, "NOT_IN_STATEMENT")]


async def test_only_a_free_delivery_of_this_vendor_can_be_matched_by_hand(month):
    taken = await month.deliver(october(3), "A")
    others = await month.deliver(october(4), "B", vendor="w")
    await month.state(line(1, october(3), "A"), line(2, october(9), "Z"))
    for redemption, code in (
        (taken, "ALREADY_MATCHED"),
        (others, "UNKNOWN_REDEMPTION"),
        (RedemptionId(1, 999), "UNKNOWN_REDEMPTION"),
        (None, "INVALID"),
    ):
        refusal = await decide(
            month, await of_line(month, 2), "MATCH", redemptions=(redemption and [redemption]) or []
        )
        assert isinstance(refusal, Refusal), redemption
        assert refusal.code == code
        assert refusal.message("zh") != refusal.message("en")


async def test_what_cannot_be_decided_is_refused_and_leaves_no_trace(month):
    free = await month.deliver(october(20), "F", benefit=VIDEO)
    await month.deliver(october(3), "A")
    await month.state(line(1, october(3), "A"), line(2, october(9), "Z"))
    plain, missing = await of_line(month, 1), await of_redemption(month, free)
    assert (await decide(month, plain, "ACCEPT")).code == "INVALID"
    assert (await decide(month, plain, "REOPEN")).code == "INVALID"
    assert (await decide(month, missing, "MATCH", redemptions=[free])).code == "INVALID"
    assert (await decide(month, missing, "ACCEPT", pay=Decimal(1))).code == "INVALID"
    assert (await decide(month, missing, "ACCEPT", redemptions=[free])).code == "INVALID"
    assert (await decide(month, plain, "DISPUTE", note=" ")).code == "INVALID"
    for unknown in (LineFindingId(plain.period, plain.statement, 99), LineFindingId(999, plain.statement, 1)):
        assert (await decide(month, unknown, "ACCEPT")).code == "UNKNOWN_FINDING"
    assert await decided(month) == []
    assert await month.pool.fetchval("select count(*) from decisions") == 0


async def test_a_line_that_agrees_can_be_disputed_and_reopened(month):
    await month.deliver(october(3), "A")
    await month.state(line(1, october(3), "A"))
    assert await decide(month, await of_line(month, 1), "DISPUTE", note="客户投诉") is None
    assert await decided(month) == [(1, "MATCHED", "DISPUTE", 0, 0)]
    await run(month)
    assert await decided(month) == [(1, "MATCHED", "DISPUTE", 0, 0)]
    assert await decide(month, await of_line(month, 1), "REOPEN") is None
    assert await month.findings() == []


async def test_a_delivery_reversed_after_it_was_accepted_is_found_as_a_correction(month):
    delivered = await month.deliver(october(3), "A", units=2)
    await month.state(line(1, october(3), "A", units=3))
    await decide(month, await of_line(month, 1), "ACCEPT")
    await month.reverse(delivered)
    await run(month)
    assert await decided(month) == [(1, "UNITS_DIFFER", "ACCEPT", 2, 24)]
    [correction] = [row for row in await month.findings() if row["line_no"] is None]
    assert (correction["kind"], correction["ledger_units"], correction["ledger_amount"]) == (
        "REVERSED",
        -2,
        -24,
    )
    await decide(month, await of_redemption(month, delivered), "ACCEPT")
    assert (None, "REVERSED", "ACCEPT", -2, -24) in await decided(month)


async def test_every_decision_is_remembered_with_who_when_and_why(month):
    await month.deliver(october(3), "A", units=2)
    await month.state(line(1, october(3), "A"))
    finding = await of_line(month, 1)
    for action, note in (("DISPUTE", "一"), ("REOPEN", "二"), ("ACCEPT", "三")):
        assert await decide(month, finding, action, note=note) is None
    rows = await month.pool.fetch("select action, note, decided_by, kind, payable from decisions order by id")
    assert [tuple(row) for row in rows] == [
        ("DISPUTE", "一", "li", "UNITS_DIFFER", 0),
        ("REOPEN", "二", "li", "UNITS_DIFFER", None),
        ("ACCEPT", "三", "li", "UNITS_DIFFER", 12),
    ]


async def test_decisions_on_one_member_leave_the_findings_of_others_alone(month):
    await month.deliver(october(3), "A", units=2)
    await month.deliver(october(3), "B", member_no="M2", units=2)
    await month.state(
        line(1, october(3), "A"), line(2, october(3), "B", member_no="M2"), line(3, october(9), "C")
    )
    before = await month.kinds()
    await decide(month, await of_line(month, 1), "DISPUTE")
    await decide(month, await of_line(month, 1), "REOPEN")
    assert await month.kinds() == before == [(1, "UNITS_DIFFER"), (2, "UNITS_DIFFER"), (3, "NOT_IN_LEDGER")]
