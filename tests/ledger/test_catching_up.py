"""Grants follow the tier, the edition, the service year and the policies; used units are never revoked."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbook import BUSINESS_ZONE, SHIPPED_EDITIONS, Handbook, load_handbook, start_of
from ledger.posting.entries import Balance
from ledger.posting.outcomes import RedemptionOutcome
from ledger.quotas.counts import QuotaCounts
from rating.history import Policy
from tests.handbook.copies import Copy
from tests.ledger.books import JOINED, NOW, TODAY, Desk, a_hold, a_redeem, a_release, a_reversal, customer

BUTLER, LAW, EXAM = "medical-butler", "legal-consultation", "physical-exam"
NEXT_EDITION = TODAY + timedelta(days=10)
THIRD_EDITION = TODAY + timedelta(days=20)
THREE = "{unit: TIMES, units: 3, per: SERVICE_YEAR}"
LIMITLESS = "{unit: TIMES, units: unlimited}"


def at(day: date, hour: int = 10) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=BUSINESS_ZONE)


def taken(outcome: object) -> RedemptionOutcome:
    assert isinstance(outcome, RedemptionOutcome), outcome
    return outcome


def opened(handbook: Handbook, *stars: tuple[date, int], now: datetime = NOW, **more: object) -> Desk:
    """A desk whose customer has everything posted that is due."""
    desk = Desk(handbook, customer(*stars, **more), now=now)
    desk.catch_up()
    return desk


@pytest.fixture(scope="module")
def editions(tmp_path_factory) -> Handbook:
    """Three editions: the second gives five butlers to star 3, no limit to 4, and drops the legal advice; then back."""
    root = tmp_path_factory.mktemp("editions")
    second = Copy(root).add("zhenxuan-2", NEXT_EDITION.isoformat())
    second.change("care-access.yaml", BUTLER, f"3: {THREE}", "3: {unit: TIMES, units: 5, per: SERVICE_YEAR}")
    second.change("care-access.yaml", BUTLER, f"4: {THREE}", f"4: {LIMITLESS}")
    second.change("care-access.yaml", BUTLER, "cells: [1]", "cells: [1, 3, 4]")
    privileges = second.folder / "privileges.yaml"
    text = privileges.read_text("utf-8")
    privileges.write_text(text[: text.index("  legal-consultation:")], "utf-8")
    second.change("edition.yaml", "", "sections:", "drops: [legal-consultation]\nsections:")
    third = Copy(root).add("zhenxuan-3", THIRD_EDITION.isoformat())
    third.change("edition.yaml", "", "sections:", "introduces: [legal-consultation]\nsections:")
    return load_handbook(SHIPPED_EDITIONS, root)


def test_nothing_is_due_twice(handbook):
    desk = opened(handbook)
    before = list(desk.entries)
    assert before
    for _ in range(3):
        desk.pass_days(1)
        desk.catch_up()
    assert desk.entries == before


def test_a_rise_grants_the_difference_and_what_is_new(handbook):
    desk = opened(handbook, (JOINED, 2))
    assert desk.balance(LAW, 3) == Balance()
    taken(desk.ask(a_redeem()))
    desk.re_rate((JOINED, 2), (TODAY, 4))
    desk.catch_up()
    assert desk.kinds(EXAM) == [("GRANT", 1), ("REDEEM", 1)]
    assert desk.kinds(LAW) == [("GRANT", 60)]
    assert desk.kinds("life-bank") == [("GRANT", 1)]
    assert desk.kinds(BUTLER) == [("GRANT", 3)]


def test_a_fall_takes_back_what_is_there_and_no_more(handbook):
    desk = opened(handbook)
    taken(desk.ask(a_redeem(LAW, units=20)))
    held = taken(desk.ask(a_hold(LAW, units=15)))
    desk.re_rate((JOINED, 4), (TODAY, 2))
    desk.catch_up()
    assert desk.balance(LAW, 3) == Balance(granted=35, used=20, held=15)
    taken(desk.ask(a_release(held.id)))
    assert desk.balance(LAW, 3) == Balance(granted=20, used=20)
    assert desk.kinds(BUTLER) == [("GRANT", 3)]


def test_who_comes_back_after_a_fall_gets_what_was_not_used(handbook):
    desk = opened(handbook)
    taken(desk.ask(a_redeem(LAW, units=20)))
    for star in (1, 5, 0, 3):
        desk.re_rate((JOINED, 4), (TODAY, star))
        desk.catch_up()
    assert desk.kinds(LAW)[2:] == [("REVOKE", 40), ("GRANT", 40)] * 2
    assert desk.balance(LAW, 3) == Balance(granted=60, used=20)
    assert taken(desk.ask(a_redeem(LAW, units=40))).quota.remaining == 0


def test_without_a_star_everything_counted_is_taken_back_and_the_years_go_on(handbook):
    desk = opened(handbook)
    desk.re_rate((JOINED, 4), (TODAY, 0))
    desk.catch_up()
    assert all(each.available == 0 for each in desk.state.balances.values() if not each.unlimited)
    desk.now = at(date(2027, 1, 26))
    desk.catch_up()
    assert desk.balance(EXAM, 4) == Balance()
    desk.re_rate((JOINED, 4), (TODAY, 0), (date(2027, 3, 1), 2))
    desk.now = at(date(2027, 3, 1))
    desk.catch_up()
    assert desk.balance(EXAM, 4) == Balance(granted=1)
    assert desk.state.head.anchor == JOINED


def test_an_edition_that_gives_more_grants_the_difference_from_its_day(editions):
    desk = opened(editions, (JOINED, 3))
    taken(desk.ask(a_redeem(BUTLER, units=3)))
    desk.now = at(NEXT_EDITION) - timedelta(hours=11)
    desk.catch_up()
    assert desk.kinds(BUTLER) == [("GRANT", 3), ("REDEEM", 3)]
    desk.now = at(NEXT_EDITION, 0)
    desk.catch_up()
    assert desk.kinds(BUTLER)[2:] == [("GRANT", 2)]
    assert desk.entries[-1].edition == "zhenxuan-2"
    assert taken(desk.ask(a_redeem(BUTLER, units=2))).quota == QuotaCounts(
        granted=5, used=5, held=0, remaining=0
    )


def test_an_edition_that_gives_less_claws_nothing_back(editions):
    desk = opened(editions, (JOINED, 3), now=at(NEXT_EDITION))
    desk.re_rate((JOINED, 3))
    taken(desk.ask(a_redeem(BUTLER, units=4)))
    desk.now = at(THIRD_EDITION)
    desk.catch_up()
    assert desk.balance(BUTLER, 3) == Balance(granted=4, used=4)
    refusal = desk.ask(a_redeem(BUTLER))
    assert (refusal.code, refusal.facts["remaining"]) == ("QUOTA_EXHAUSTED", 0)


def test_a_benefit_that_an_edition_drops_is_taken_back_and_returns_with_the_next(editions):
    desk = opened(editions)
    desk.re_rate((JOINED, 4))
    taken(desk.ask(a_redeem(LAW, units=10)))
    held = taken(desk.ask(a_hold(LAW, units=5, hold_hours=400)))
    desk.now = at(NEXT_EDITION)
    desk.catch_up()
    assert desk.balance(LAW, 3) == Balance(granted=15, used=10, held=5)
    assert desk.ask(a_redeem(LAW)).code == "UNKNOWN_BENEFIT"
    assert taken(desk.ask(a_release(held.id))).quota.granted == 0
    assert desk.balance(LAW, 3) == Balance(granted=10, used=10)
    taken(desk.ask(a_redeem(LAW, units=5, occurred_at=NOW)))
    assert desk.entries[-1].edition == "zhenxuan-1"
    desk.now = at(THIRD_EDITION)
    desk.catch_up()
    assert desk.balance(LAW, 3) == Balance(granted=60, used=15)


def test_a_limit_that_goes_and_comes_back_counts_what_was_used_without_it(editions):
    desk = opened(editions)
    desk.re_rate((JOINED, 4))
    taken(desk.ask(a_redeem(BUTLER)))
    desk.now = at(NEXT_EDITION)
    free = [taken(desk.ask(a_redeem(BUTLER))) for _ in range(4)]
    assert free[-1].quota == QuotaCounts(granted=None, used=5, held=0, remaining=None)
    assert desk.balance(BUTLER, 3) == Balance(unlimited=True, granted=3, used=5)
    desk.now = at(THIRD_EDITION)
    desk.catch_up()
    assert desk.balance(BUTLER, 3) == Balance(granted=5, used=5)
    assert desk.kinds(BUTLER)[-2:] == [("GRANT", 2), ("REVOKE", None)]
    assert desk.ask(a_redeem(BUTLER)).code == "QUOTA_EXHAUSTED"
    taken(desk.ask(a_reversal(free[-1].id)))
    assert desk.balance(BUTLER, 3) == Balance(granted=4, used=4)
    for each in free[:2]:
        taken(desk.ask(a_reversal(each.id)))
    assert desk.balance(BUTLER, 3) == Balance(granted=3, used=2)
    assert taken(desk.ask(a_redeem(BUTLER))).quota.remaining == 0


@pytest.mark.parametrize(("used", "balance"), [(0, Balance(granted=3)), (3, Balance(granted=3, used=3))])
def test_a_limit_that_comes_back_where_enough_is_granted_only_ends_the_unlimited(editions, used, balance):
    desk = opened(editions)
    desk.re_rate((JOINED, 4))
    desk.now = at(NEXT_EDITION)
    desk.catch_up()
    for _ in range(used):
        taken(desk.ask(a_redeem(BUTLER)))
    desk.re_rate((JOINED, 4), (NEXT_EDITION, 1))  # one star still counts three
    desk.catch_up()
    assert desk.balance(BUTLER, 3) == balance
    assert desk.kinds(BUTLER)[-1] == ("REVOKE", None)
    desk.catch_up()
    assert desk.kinds(BUTLER)[-1] == ("REVOKE", None)


def test_a_backdated_use_from_before_the_limit_went_is_judged_by_the_limit(editions):
    desk = opened(editions)
    desk.re_rate((JOINED, 4))
    desk.now = at(NEXT_EDITION)
    assert desk.ask(a_redeem(BUTLER, units=4, occurred_at=NOW)).code == "QUOTA_EXHAUSTED"
    taken(desk.ask(a_redeem(BUTLER, units=3, occurred_at=NOW)))
    taken(desk.ask(a_redeem(BUTLER, units=4)))


@pytest.mark.parametrize(
    ("anchor", "number", "first_day"),
    [
        (date(2024, 2, 29), 2, date(2025, 2, 28)),
        (date(2024, 2, 29), 4, date(2027, 2, 28)),
        (date(2024, 2, 29), 5, date(2028, 2, 29)),
        (date(2024, 1, 31), 3, date(2026, 1, 31)),
        (date(2024, 12, 31), 2, date(2025, 12, 31)),
    ],
)
def test_a_service_year_begins_at_the_first_moment_of_the_anniversary(handbook, anchor, number, first_day):
    last_moment = start_of(first_day) - timedelta(microseconds=1)
    desk = opened(handbook, (anchor, 4), now=last_moment)
    assert desk.balance(EXAM, number - 1) == Balance(granted=1)
    desk.now = start_of(first_day)
    desk.catch_up()
    assert desk.balance(EXAM, number - 1) == Balance(granted=1, expired=1)
    assert desk.balance(EXAM, number) == Balance(granted=1)
    expiry = next(each for each in desk.entries if each.kind == "EXPIRE" and each.pool.benefit == EXAM)
    assert expiry.occurred_at == start_of(first_day)
    assert expiry.service_year == number - 1


def test_years_that_nobody_looked_at_are_neither_granted_nor_expired(handbook):
    desk = opened(handbook, (date(2015, 3, 1), 4))
    assert {each.pool.term for each in desk.entries} == {0, 12}
    desk.now = at(date(2030, 3, 1))
    desk.catch_up()
    assert {pool.term for pool in desk.state.balances} == {0, 12, 16}
    assert desk.balance(LAW, 12) == Balance(granted=60, expired=60)


def test_a_policy_that_lapses_loses_its_allowance_and_gets_it_back_with_it(handbook):
    desk = opened(handbook)
    statuses = [(date(2024, 1, 10), "IN_FORCE"), (TODAY, "LAPSED"), (TODAY + timedelta(days=5), "IN_FORCE")]
    desk.know(policies=(Policy(policy_no="P1", line="individual", statuses=tuple(statuses)),))
    assert desk.balance("policy-cover", 0, "P1") == Balance(granted=1)
    desk.catch_up()
    assert desk.balance("policy-cover", 0, "P1") == Balance()
    assert desk.ask(a_redeem("policy-cover", policy_no="P1")).code == "POLICY_NOT_ELIGIBLE"
    desk.pass_days(5)
    desk.catch_up()
    assert desk.balance("policy-cover", 0, "P1") == Balance(granted=1)
    taken(desk.ask(a_redeem("policy-cover", policy_no="P1")))
    desk.pass_days(365)
    assert desk.ask(a_redeem("policy-cover", policy_no="P1")).code == "QUOTA_EXHAUSTED"
    assert desk.kinds("policy-cover") == [("GRANT", 1), ("REVOKE", 1), ("GRANT", 1), ("REDEEM", 1)]


def test_a_new_policy_brings_its_own_allowance(handbook):
    desk = opened(handbook)
    more = Policy(policy_no="P9", line="individual", statuses=((TODAY, "IN_FORCE"),))
    desk.know(policies=(*desk.state.account.policies, more))
    desk.catch_up()
    assert desk.balance("policy-cover", 0, "P9") == Balance(granted=1)
    assert desk.balance("policy-cover", 0, "P2") == Balance()


def test_a_membership_allowance_knows_no_years(handbook):
    desk = opened(handbook)
    desk.pass_days(800)
    desk.catch_up()
    assert desk.kinds("life-bank") == [("GRANT", 1)]
    used = taken(desk.ask(a_redeem("life-bank")))
    assert used.quota == QuotaCounts(granted=1, used=1, held=0, remaining=0)
    desk.re_rate((JOINED, 4), (TODAY, 2))
    desk.catch_up()
    desk.re_rate((JOINED, 4), (TODAY, 5))
    desk.catch_up()
    assert desk.kinds("life-bank") == [("GRANT", 1), ("REDEEM", 1)]


def test_a_use_before_the_anniversary_that_is_told_after_it_belongs_to_the_year_before(handbook):
    anniversary = date(2026, 1, 26)
    desk = opened(handbook, now=at(anniversary - timedelta(days=3)))
    desk.now = at(anniversary + timedelta(days=3))
    desk.catch_up()
    assert desk.balance(LAW, 2) == Balance(granted=60, expired=60)
    late = taken(desk.ask(a_redeem(LAW, units=25, occurred_at=at(anniversary - timedelta(days=1), 23))))
    assert late.quota == QuotaCounts(granted=60, used=25, held=0, remaining=35)
    assert desk.balance(LAW, 2) == Balance(granted=85, used=25, expired=60)
    assert desk.balance(LAW, 3) == Balance(granted=60)
    assert desk.entries[-1].service_year == 2
    refusal = desk.ask(a_redeem(LAW, units=36, occurred_at=at(anniversary - timedelta(days=1))))
    assert refusal.code == "QUOTA_EXHAUSTED"
    assert refusal.available_from == anniversary
    taken(desk.ask(a_reversal(late.id)))
    assert desk.balance(LAW, 2) == Balance(granted=85, expired=85)


def test_the_counts_of_a_year_that_is_over_are_by_the_star_of_its_last_day(handbook):
    anniversary = date(2026, 1, 26)
    stars = ((JOINED, 5), (date(2025, 6, 1), 4), (anniversary, 2))
    desk = opened(handbook, *stars, now=at(anniversary + timedelta(days=3)))
    late = taken(desk.ask(a_redeem(LAW, units=25, occurred_at=at(anniversary - timedelta(days=1)))))
    assert late.quota == QuotaCounts(granted=60, used=25, held=0, remaining=35)
    this_year = taken(desk.ask(a_redeem()))
    assert taken(desk.ask(a_reversal(this_year.id))).quota == QuotaCounts(
        granted=1, used=0, held=0, remaining=1
    )


def test_a_use_told_late_takes_what_is_still_there_before_anything_is_granted(handbook):
    anniversary = date(2026, 1, 26)
    desk = opened(handbook, now=at(anniversary - timedelta(days=3)))
    desk.now = at(anniversary)
    taken(desk.ask(a_redeem(LAW, units=25, occurred_at=at(anniversary - timedelta(days=1)))))
    assert desk.balance(LAW, 2) == Balance(granted=60, used=25, expired=35)
    assert desk.kinds(LAW) == [("GRANT", 60), ("GRANT", 60), ("REDEEM", 25), ("EXPIRE", 35)]


def test_a_hold_over_the_anniversary_stays_in_its_year(handbook):
    anniversary = date(2026, 1, 26)
    desk = opened(handbook, now=at(anniversary - timedelta(days=1)))
    held = taken(desk.ask(a_hold()))
    desk.now = at(anniversary)
    desk.catch_up()
    assert desk.balance(EXAM, 2) == Balance(granted=1, held=1)
    assert desk.balance(EXAM, 3) == Balance(granted=1)
    desk.pass_days(4)
    desk.catch_up()
    assert desk.balance(EXAM, 2) == Balance(granted=1, expired=1)
    assert desk.kinds(EXAM)[-2:] == [("EXPIRE_HOLD", 1), ("EXPIRE", 1)]
    assert desk.ask(a_release(held.id)).code == "HOLD_NOT_OPEN"


def test_a_first_star_ahead_may_be_cancelled_and_then_anchors_nothing(handbook):
    ahead = TODAY + timedelta(days=10)
    desk = opened(handbook, (TODAY, 0), (ahead, 3))
    assert (desk.entries, desk.state.head.anchor) == ([], None)
    desk.re_rate((TODAY, 0))
    desk.now = at(ahead)
    desk.catch_up()
    assert (desk.entries, desk.state.head.anchor) == ([], None)
    desk.re_rate((TODAY, 0), (ahead + timedelta(days=5), 1))
    desk.now = at(ahead + timedelta(days=5))
    desk.catch_up()
    assert desk.state.head.anchor == ahead + timedelta(days=5)


@pytest.mark.parametrize("moved", [-400, -1, 1, 300])
def test_a_correction_of_the_first_star_never_moves_the_anchor(handbook, moved):
    desk = opened(handbook)
    taken(desk.ask(a_redeem()))
    before = len(desk.entries)
    desk.re_rate((JOINED + timedelta(days=moved), 4))
    desk.catch_up()
    assert desk.state.head.anchor == JOINED
    assert len(desk.entries) == before
    assert desk.ask(a_redeem()).code == "QUOTA_EXHAUSTED"
    year = desk.state.account.service_year(TODAY)
    assert (year.number, year.start) == (3, date(2026, 1, 26))


def test_days_with_a_star_before_the_stored_anchor_belong_to_the_first_year(handbook):
    first = TODAY - timedelta(days=5)
    desk = opened(handbook, (first, 4))
    assert desk.state.head.anchor == first
    desk.re_rate((first - timedelta(days=20), 4))
    early = taken(desk.ask(a_redeem(occurred_at=at(first - timedelta(days=10)))))
    assert early.quota == QuotaCounts(granted=1, used=1, held=0, remaining=0)
    assert desk.ask(a_redeem()).code == "QUOTA_EXHAUSTED"


def test_a_fall_that_becomes_known_late_still_honours_what_was_used_between(handbook):
    desk = opened(handbook)
    taken(desk.ask(a_redeem("outpatient-escort")))
    desk.re_rate((JOINED, 4), (TODAY - timedelta(days=3), 2))
    desk.catch_up()
    assert desk.balance("outpatient-escort", 3) == Balance(granted=1, used=1)
    refusal = desk.ask(a_redeem("outpatient-escort", occurred_at=NOW - timedelta(days=2)))
    assert refusal.code == "TIER_TOO_LOW"


def test_a_backdated_use_by_a_star_that_is_lost_leaves_nothing_behind(handbook):
    desk = opened(handbook, (JOINED, 4), (TODAY - timedelta(days=2), 1))
    assert desk.balance(LAW, 3) == Balance()
    taken(desk.ask(a_redeem(LAW, units=10, occurred_at=NOW - timedelta(days=3))))
    assert desk.balance(LAW, 3) == Balance(granted=10, used=10)
    assert desk.kinds(LAW) == [("GRANT", 10), ("REDEEM", 10)]


def test_a_refusal_says_the_first_day_on_which_a_waiting_period_is_over_too(handbook):
    ahead = TODAY + timedelta(days=10)
    desk = opened(handbook, (JOINED, 1), (ahead, 4))
    assert desk.ask(a_redeem("proton-therapy", facility="shanghai")).available_from == ahead + timedelta(
        days=30
    )
    assert desk.ask(a_redeem("outpatient-escort")).available_from == ahead
    again = ahead + timedelta(days=100)
    desk.re_rate((JOINED, 1), (ahead, 4), (ahead + timedelta(days=20), 3), (again, 4))
    assert desk.ask(a_redeem("proton-therapy", facility="shanghai")).available_from == again + timedelta(
        days=30
    )
    desk.re_rate((TODAY, 4), (TODAY + timedelta(days=15), 3))
    refusal = desk.ask(a_redeem("proton-therapy", facility="shanghai"))
    assert (refusal.code, refusal.available_from) == ("WAITING_PERIOD", None)


@given(
    st.lists(st.tuples(st.integers(-900, 600), st.integers(0, 5)), min_size=1, max_size=8),
    st.lists(st.integers(0, 400), max_size=6),
)
def test_whenever_the_books_are_settled_they_say_what_the_tier_gives(handbook, rises, steps):
    stars = sorted({TODAY + timedelta(days=offset): star for offset, star in rises}.items())
    desk = Desk(handbook, customer(*stars))
    for step in (0, *steps):
        desk.pass_days(step)
        desk.catch_up()
        today = desk.now.date()
        number = desk.state.account.service_year_number(today)
        if number is None:
            assert desk.entries == []
            continue
        star = desk.state.account.star_on(today)
        for benefit in handbook.on(today).benefits:
            if benefit.per != "SERVICE_YEAR":
                continue
            allowance = benefit.allowance(star)
            expected = allowance.units if allowance is not None else 0
            assert desk.balance(benefit.code, number) == Balance(granted=expected)
        for pool, balance in desk.state.balances.items():
            if 0 < pool.term < number:
                assert balance.unlimited or balance.available == 0
