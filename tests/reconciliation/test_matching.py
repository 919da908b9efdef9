"""The passes of the match: what each pairs, what it does not, and that nothing is paired twice."""

import json
from datetime import date

from ledger.reconciliation.finding_rows import _of_reference
from ledger.reconciliation.matching import reconcile_period
from ledger.reports.pages import vendor_usage
from ledger.reports.usage import UsageFilter, UsageGroup, usage
from ledger.verifying.verify import verify
from tests.ledger.books import a_hold, a_no_show
from tests.reconciliation.month import (
    EXAM,
    NOVEMBER,
    NOW,
    OCTOBER,
    PHONE,
    VENDOR,
    VIDEO,
    line,
    noon,
    october,
)


def rest(row, *names):
    """Some fields of a finding."""
    return {name: row[name] for name in names}


async def test_a_line_with_the_reference_of_a_delivery_is_matched(month):
    delivered = await month.deliver(october(3), "R-1")
    await month.state(line(1, october(3), "R-1"))
    assert await month.pairs() == {1: (delivered, "REFERENCE")}
    assert await month.findings() == []


async def test_without_a_reference_member_benefit_day_and_units_find_the_delivery(month):
    delivered = await month.deliver(october(3), "R-1", units=2)
    await month.deliver(october(3), "R-2", member_no="M2", units=2)
    await month.deliver(october(3), "R-3", benefit=VIDEO, units=2)
    await month.state(line(1, october(3), units=2))
    assert await month.pairs() == {1: (delivered, "EXACT")}
    assert await month.kinds() == [(None, "NOT_IN_STATEMENT")] * 2


async def test_the_day_may_be_off_by_the_tolerance_of_the_vendor_and_no_more(month):
    near = await month.deliver(october(10))
    await month.deliver(october(10), member_no="M2")
    await month.state(line(1, october(13)), line(2, october(14), member_no="M2"))
    assert await month.pairs() == {1: (near, "TOLERANCE")}
    assert await month.kinds() == [(1, "DATE_DIFFERS"), (2, "NOT_IN_LEDGER"), (None, "NOT_IN_STATEMENT")]
    await month.pool.execute("update vendors set date_tolerance_days = 4")
    await reconcile_period(
        month.pool, vendor=VENDOR, month=OCTOBER, handbook=month.handbook, now=month.clock.now
    )
    assert await month.kinds() == [(1, "DATE_DIFFERS"), (2, "DATE_DIFFERS")]


async def test_where_only_the_units_differ_line_and_delivery_still_find_each_other(month):
    delivered = await month.deliver(october(3), units=2)
    await month.state(line(1, october(3), units=3))
    assert await month.pairs() == {1: (delivered, "UNITS")}
    [found] = await month.findings()
    assert rest(found, "kind", "stated_units", "ledger_units", "stated_amount", "ledger_amount") == {
        "kind": "UNITS_DIFFER",
        "stated_units": 3,
        "ledger_units": 2,
        "stated_amount": 36,
        "ledger_amount": 24,
    }


async def test_each_difference_has_its_kind_and_the_weightier_one_names_the_finding(month):
    for number in range(1, 7):
        await month.deliver(october(number * 4), f"R-{number}", units=2)
    await month.state(
        line(1, october(4), "R-1", units=1),
        line(2, october(8), "R-2", units=2, amount="30"),
        line(3, october(13), "R-3", units=2),
        line(4, october(17), "R-4", units=3),
        line(5, october(21), "R-5", units=2, amount="1.00"),
        line(6, october(24), "R-6", units=2),
    )
    assert await month.kinds() == [
        (1, "UNITS_DIFFER"),
        (2, "AMOUNT_DIFFERS"),
        (3, "DATE_DIFFERS"),
        (4, "UNITS_DIFFER"),
        (5, "AMOUNT_DIFFERS"),
    ]
    assert len(await month.pairs()) == 6


async def test_a_delivery_that_was_reversed_is_found_as_reversed(month):
    by_reference = await month.deliver(october(3), "R-1")
    by_day = await month.deliver(october(5))
    near = await month.deliver(october(20), member_no="M2")
    for each in (by_reference, by_day, near):
        await month.reverse(each)
    await month.state(line(1, october(3), "R-1"), line(2, october(5)), line(3, october(22), member_no="M2"))
    assert await month.kinds() == [(1, "REVERSED"), (2, "REVERSED"), (3, "REVERSED")]


async def test_what_was_reversed_and_posted_anew_is_matched_with_the_new_one(month):
    await month.reverse(await month.deliver(october(3), "R-1"))
    anew = await month.deliver(october(3), "R-1")
    await month.state(line(1, october(3), "R-1"))
    assert await month.pairs() == {1: (anew, "REFERENCE")}
    assert await month.findings() == []


async def test_a_match_whose_delivery_is_reversed_before_anybody_decides_is_made_anew(month):
    first = await month.deliver(october(3), "R-1")
    await month.state(line(1, october(3), "R-1"))
    await month.reverse(first)
    await reconcile_period(
        month.pool, vendor=VENDOR, month=OCTOBER, handbook=month.handbook, now=month.clock.now
    )
    assert await month.kinds() == [(1, "REVERSED")]
    anew = await month.deliver(october(3), "R-1", late=True)
    await month.state(line(1, october(3), "R-1"))
    assert await month.findings() == []
    assert await month.pairs() == {1: (anew, "REFERENCE")}


async def test_a_line_that_comes_twice_is_a_duplicate_and_names_its_twin(month):
    await month.deliver(october(3), "R-1")
    await month.deliver(october(7))
    await month.state(
        line(1, october(3), "R-1"), line(2, october(3), "R-1"), line(3, october(7)), line(4, october(7))
    )
    found = await month.findings()
    assert [(row["line_no"], row["kind"]) for row in found] == [(2, "DUPLICATE_LINE"), (4, "DUPLICATE_LINE")]
    assert [row["facts"]["line_no"] for row in found] == [1, 3]
    assert all(len(row["candidates"]) == 1 for row in found)


async def test_of_lines_with_one_reference_the_one_that_agrees_is_matched(month):
    delivered = await month.deliver(october(3), "R-1", units=2)
    await month.state(line(1, october(3), "R-1", units=1), line(2, october(3), "R-1", units=2))
    assert await month.pairs() == {2: (delivered, "REFERENCE")}
    assert await month.kinds() == [(1, "DUPLICATE_LINE")]


async def test_a_duplicate_does_not_take_another_delivery_of_the_same_day(month):
    await month.deliver(october(3), "R-1")
    await month.deliver(october(3), "R-2")
    await month.state(line(1, october(3), "R-1"), line(2, october(3), "R-1"))
    assert await month.kinds() == [(2, "DUPLICATE_LINE"), (None, "NOT_IN_STATEMENT")]


async def test_a_line_of_another_statement_of_the_month_or_a_later_one_is_a_duplicate(month):
    await month.deliver(october(3), "R-1")
    await month.state(line(1, october(3), "R-1"))
    await month.state(line(1, october(3), "R-1"), number="S-2")
    await month.state(line(1, october(3), "R-1"), number="S-3", month=NOVEMBER)
    assert await month.kinds() == [(1, "DUPLICATE_LINE")]
    assert await month.kinds(NOVEMBER) == [(1, "DUPLICATE_LINE")]


async def test_a_line_without_a_delivery_is_not_in_the_ledger_and_says_what_there_is_instead(month):
    other = await month.deliver(october(3), "R-1", member_no="M2")
    await month.state(
        line(1, october(3), "R-1", benefit=EXAM),
        line(2, october(4), "R-9"),
        line(3, october(4), "R-8", member_no="nobody"),
        line(4, october(5), "R-7", benefit=VIDEO),
        line(5, october(5), "R-7", benefit=VIDEO),
    )
    found = await month.findings()
    assert [(row["line_no"], row["kind"]) for row in found] == [
        (1, "NOT_IN_LEDGER"),
        (2, "NOT_IN_LEDGER"),
        (3, "NOT_IN_LEDGER"),
        (4, "NOT_IN_LEDGER"),
        (5, "DUPLICATE_LINE"),
        (None, "NOT_IN_STATEMENT"),
    ]
    assert found[0]["facts"] == {"why": "OTHER", "status": "REDEEMED", "member_no": "M2", "benefit": PHONE}
    assert found[0]["candidates"] == [[other.customer_id, other.sequence]]
    assert found[2]["facts"] == {"why": "UNKNOWN_MEMBER"}
    assert found[4]["facts"]["line_no"] == 4


async def test_a_line_after_the_month_takes_nothing_and_the_statement_of_its_own_month_claims_it(month):
    month.clock.now = noon(date(2026, 11, 20))
    delivered = await month.deliver(date(2026, 11, 3), "A")
    await month.state(line(1, date(2026, 11, 3), "A"), line(2, october(20), "B"))
    assert await month.kinds() == [(1, "OUTSIDE_PERIOD"), (2, "NOT_IN_LEDGER")]
    assert await month.pairs() == {}
    await month.state(line(7, date(2026, 11, 3), "A"), number="S-11", month=NOVEMBER)
    assert await month.kinds(NOVEMBER) == []
    assert await month.pairs() == {7: (delivered, "REFERENCE")}


async def test_of_several_deliveries_that_fit_nobody_but_a_person_chooses(month):
    one = await month.deliver(october(3), "A")
    other = await month.deliver(october(3), "B")
    around = [await month.deliver(october(day), member_no="M2") for day in (9, 11)]
    await month.state(line(1, october(3)), line(2, october(10), member_no="M2"))
    found = await month.findings()
    assert [(row["line_no"], row["kind"]) for row in found] == [(1, "AMBIGUOUS"), (2, "AMBIGUOUS")]
    assert found[0]["candidates"] == [[one.customer_id, one.sequence], [other.customer_id, other.sequence]]
    assert found[1]["candidates"] == [[each.customer_id, each.sequence] for each in around]
    assert await month.pairs() == {}


async def test_as_many_equal_lines_as_equal_deliveries_are_all_matched(month):
    for _ in range(3):
        await month.deliver(october(3))
    await month.state(*(line(number, october(3)) for number in range(1, 4)))
    assert len(await month.pairs()) == 3
    assert await month.findings() == []


async def test_what_leaves_only_one_choice_is_matched_by_it(month):
    first = await month.deliver(october(5))
    second = await month.deliver(october(8))
    # Line 1 fits both; line 2 only the second: so the first is line 1's.
    await month.state(line(1, october(6)), line(2, october(10)))
    assert await month.pairs() == {1: (first, "TOLERANCE"), 2: (second, "TOLERANCE")}


async def test_what_is_in_no_line_is_found_unless_it_was_reversed_or_is_of_another_month_or_vendor(month):
    await month.deliver(october(3), "R-1")
    await month.reverse(await month.deliver(october(4), "R-2"))
    await month.deliver(october(5), "R-3", vendor="w")
    await month.deliver(NOVEMBER, "R-4")
    await month.state()
    [found] = await month.findings()
    assert rest(found, "kind", "line_no", "occurred_on", "ledger_units", "ledger_amount", "stated_units") == {
        "kind": "NOT_IN_STATEMENT",
        "line_no": None,
        "occurred_on": october(3),
        "ledger_units": 1,
        "ledger_amount": 12,
        "stated_units": None,
    }


async def test_the_price_is_that_of_the_day_and_of_the_variant(month):
    await month.pool.execute(
        "update contract_terms set ends_on = '2026-10-10' where vendor = 'v' and benefit = $1", PHONE
    )
    await month.pool.execute(
        "insert into contract_terms (vendor, benefit, unit_price, starts_on) values ('v', $1, 20, '2026-10-10')",
        PHONE,
    )
    variant = month.handbook.latest.benefit(EXAM).variant(5)
    assert variant is not None
    await month.pool.execute(
        "insert into contract_terms (vendor, benefit, variant, unit_price, starts_on)"
        " values ('v', $1, $2, 999, '2020-01-01')",
        EXAM,
        variant,
    )
    for day in (9, 10):
        await month.deliver(october(day), f"R-{day}")
    await month.deliver(october(11), "R-11", benefit=EXAM)
    await month.state(
        line(1, october(9), "R-9", amount="12"),
        line(2, october(10), "R-10", amount="20"),
        line(3, october(11), "R-11", benefit=EXAM, amount="999"),
    )
    assert await month.findings() == []


async def test_running_again_changes_nothing(month):
    await month.deliver(october(3), "R-1")
    await month.deliver(october(4), "R-2", units=2)
    await month.deliver(october(6))
    await month.deliver(october(6))
    await month.state(
        line(1, october(3), "R-1"), line(2, october(4), "R-2"), line(3, october(6)), line(4, october(9))
    )

    async def everything():
        return json.dumps([await month.findings(), list((await month.pairs()).items())], default=str)

    before = await everything()
    await reconcile_period(
        month.pool, vendor=VENDOR, month=OCTOBER, handbook=month.handbook, now=month.clock.now
    )
    assert await everything() == before


async def test_of_many_equal_lines_each_has_one_of_the_equal_deliveries_and_the_rest_are_duplicates(month):
    for _ in range(12):
        await month.deliver(october(3), "无")
        await month.deliver(october(4))
    await month.state(
        *(line(number, october(3), "无") for number in range(1, 14)),
        *(line(number, october(4), amount="10") for number in range(14, 27)),
    )
    assert len(await month.pairs()) == 24
    kinds = [kind for _, kind in await month.kinds()]
    assert sorted(kinds) == ["AMOUNT_DIFFERS"] * 12 + ["DUPLICATE_LINE"] * 2


async def test_a_reference_that_several_deliveries_bear_names_none_of_them(month):
    for day in (3, 4):
        await month.deliver(october(day), "-", member_no="M2")
    await month.state(line(1, october(20), "-"))
    [found, *_] = await month.findings()
    assert (found["kind"], found["facts"], found["candidates"]) == ("NOT_IN_LEDGER", None, None)


async def test_a_no_show_that_was_taken_back_is_no_delivery_reversed_or_not(month):
    """Neither for the match, nor for usage; a line under its reference is told what became of it."""
    day = october(3)
    month.clock.now = noon(day)
    held = await month.journal.post(a_hold(PHONE, vendor=VENDOR, key="held", reference="R-1", hold_hours=100))
    missed = await month.journal.post(a_no_show(held.id, actor=f"vendor:{VENDOR}", key="missed"))
    assert missed.status == "NO_SHOW"
    month.clock.now = NOW
    await month.reverse(held.id)
    row = await month.pool.fetchrow("select status, reversed_no_show from redemptions")
    assert tuple(row) == ("REVERSED", True)
    await month.state(line(1, day, "R-1"), line(2, day))
    assert await month.pairs() == {}
    found = await month.findings()
    assert [(each["line_no"], each["kind"]) for each in found] == [(1, "NOT_IN_LEDGER"), (2, "NOT_IN_LEDGER")]
    assert found[0]["facts"] == {
        "why": "NOT_DELIVERED",
        "status": "REVERSED",
        "member_no": "M1",
        "benefit": PHONE,
    }
    assert found[0]["candidates"] is None
    named = _of_reference(found[0])
    assert named is not None
    assert named.reversed_no_show
    used = await usage(month.pool, OCTOBER, NOVEMBER, where=UsageFilter(), by=(UsageGroup.VENDOR,), most=9)
    assert used == []
    assert await vendor_usage(month.pool, {VENDOR}, OCTOBER, NOVEMBER) == {VENDOR: []}
    assert await verify(month.pool) == []


async def test_what_is_delivered_after_a_mistaken_no_show_is_matched(month):
    day = october(3)
    month.clock.now = noon(day)
    held = await month.journal.post(a_hold(PHONE, vendor=VENDOR, key="held", reference="R-1", hold_hours=100))
    await month.journal.post(a_no_show(held.id, actor=f"vendor:{VENDOR}", key="missed"))
    await month.reverse(held.id)
    month.clock.now = NOW
    delivered = await month.deliver(day, "R-1")
    await month.state(line(1, day, "R-1"))
    assert await month.pairs() == {1: (delivered, "REFERENCE")}
    assert await month.findings() == []
