"""Quotas on any day, and an eligibility that never disagrees with the redemption."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from handbook import Counted, Handbook, Per, start_of
from ledger.commands import Evidence, Redeem
from ledger.entitlement.account import Account, PoolKey, Taken
from ledger.entitlement.rules import CARD_RULES
from ledger.entitlement.terms import Term
from ledger.posting.outcomes import RedemptionOutcome
from ledger.quotas.card import cases_of, quotas_on
from ledger.quotas.quota import Quota, eligibility, quota_of
from ledger.refusals import Refusal
from rating.timeline import StarSpan
from tests.examples import examples
from tests.ledger.books import (
    JOINED,
    NOW,
    TODAY,
    Desk,
    a_hold,
    a_redeem,
    a_release,
    as_read,
    customer,
    terms_for,
)

EVIDENCE = tuple(Evidence(kind=kind, reference="E") for kind in ("admission-slip", "first-opinion"))


def as_asked(request: dict[str, Any], day: date) -> Redeem:
    """The request with all that the question leaves out; a number is applied for by a hold."""
    more: dict[str, Any] = {
        "units": 1,
        "evidence": tuple(replace(each, diagnosed_on=day) for each in EVIDENCE),
    }
    if request["benefit"] == "proton-therapy":
        more["facility"] = "shanghai"
    if request["benefit"] != "lucky-policy-number" or "policy_no" in request:
        return a_redeem(**{**more, **request})
    return a_hold(**{**more, **request}, wished_number="No000001")


NOT_YET = ("NOT_A_MEMBER", "TIER_TOO_LOW", "WAITING_PERIOD")


def quotas(account: Account, handbook: Handbook, on: date = TODAY) -> dict[str, list[Quota]]:
    found: dict[str, list[Quota]] = {}
    for quota in quotas_on(account, on, handbook, NOW):
        found.setdefault(quota.benefit.code, []).append(quota)
    return found


def counts(quota: Quota) -> tuple[int | None, int, int, int | None]:
    return (quota.granted, quota.used, quota.held, quota.remaining)


def test_every_benefit_has_its_quotas_in_printed_order(handbook):
    found = quotas_on(customer().account, TODAY, handbook, NOW)
    codes = list(dict.fromkeys(quota.benefit.code for quota in found))
    assert codes == [benefit.code for benefit in handbook.on(TODAY).benefits]


def test_a_quota_is_what_the_star_gives_less_what_is_used_and_held(handbook):
    desk = Desk(handbook)
    desk.ask(a_redeem("legal-consultation", units=20))
    desk.ask(a_hold("legal-consultation", units=15))
    (quota,) = quotas(as_read(desk), handbook)["legal-consultation"]
    assert counts(quota) == (60, 20, 15, 25)
    assert quota.entitled
    assert quota.refusal is None
    assert quota.resets_on == date(2027, 1, 26)


def test_an_exhausted_quota_is_not_entitled_and_says_when_it_is_whole_again(handbook):
    desk = Desk(handbook)
    desk.ask(a_redeem())
    (quota,) = quotas(as_read(desk), handbook)["physical-exam"]
    assert counts(quota) == (1, 1, 0, 0)
    assert quota.refusal is not None
    assert (quota.refusal.code, quota.refusal.available_from) == ("QUOTA_EXHAUSTED", date(2027, 1, 26))
    assert not quota.entitled


def test_a_hold_that_ran_out_is_free_again_whether_or_not_that_is_posted(handbook):
    desk = Desk(handbook)
    desk.ask(a_hold())
    (held,) = quotas(as_read(desk), handbook)["physical-exam"]
    assert counts(held) == (1, 0, 1, 0)
    desk.pass_days(4)
    (free,) = quotas(as_read(desk), handbook)["physical-exam"]
    desk.catch_up()
    (posted,) = quotas(as_read(desk), handbook)["physical-exam"]
    assert counts(free) == counts(posted) == (1, 0, 0, 1)


def test_what_is_used_beyond_a_lower_star_leaves_nothing_and_is_not_negative(handbook):
    desk = Desk(handbook)
    desk.ask(a_redeem("legal-consultation", units=50))
    desk.re_rate((JOINED, 4), (TODAY, 2))
    (quota,) = quotas(as_read(desk), handbook)["legal-consultation"]
    assert counts(quota) == (0, 50, 0, 0)
    assert quota.refusal is not None
    assert (quota.refusal.code, quota.refusal.required_star) == ("TIER_TOO_LOW", 3)
    assert quota.allowance is None
    assert quota.resets_on is None


def test_without_a_star_every_benefit_is_shown_and_none_may_be_used(handbook):
    shown = quotas_on(customer((JOINED, 0)).account, TODAY, handbook, NOW)
    assert tuple(quota.benefit.code for quota in shown) == handbook.benefit_codes
    for quota in shown:
        assert not quota.entitled
        assert quota.variant is None
        assert counts(quota) == (0, 0, 0, 0)
        assert quota.refusal is not None
        assert (quota.refusal.code, quota.refusal.required_star) == (
            "NOT_A_MEMBER",
            quota.benefit.required_star,
        )


def test_without_limit_nothing_is_granted_or_left_in_numbers_but_uses_are(handbook):
    desk = Desk(handbook)
    desk.ask(a_redeem("vip-line", units=7))
    (quota,) = quotas(as_read(desk), handbook)["vip-line"]
    assert counts(quota) == (None, 7, 0, None)
    assert quota.entitled


def test_a_benefit_per_policy_has_a_quota_for_each_eligible_policy(handbook):
    desk = Desk(handbook)
    before = date(2025, 1, 9)
    desk.ask(a_redeem("policy-cover", policy_no="P1"))
    shown = {on: quotas(as_read(desk), handbook, on)["policy-cover"] for on in (before, TODAY)}
    assert [(each.policy_no, counts(each)) for each in shown[TODAY]] == [("P1", (1, 1, 0, 0))]
    assert [each.policy_no for each in shown[before]] == ["P1", "P2"]
    desk.know(policies=())
    (none,) = quotas(as_read(desk), handbook)["policy-cover"]
    assert (none.policy_no, none.resets_on) == (None, None)


@pytest.mark.parametrize(
    ("on", "star", "resets_on"),
    [
        (JOINED - timedelta(days=1), 0, None),
        (JOINED, 4, date(2025, 1, 26)),
        (date(2025, 1, 25), 4, date(2025, 1, 26)),
        (date(2025, 1, 26), 4, date(2026, 1, 26)),
        (TODAY, 4, date(2027, 1, 26)),
        (date(2028, 2, 1), 1, None),
    ],
)
def test_a_quota_of_another_day_is_judged_by_that_day(handbook, on, star, resets_on):
    account = customer((JOINED, 4), (date(2028, 1, 1), 1)).account
    (quota,) = quotas(account, handbook, on)["physical-exam"]
    allowance = handbook.on(on).benefit("physical-exam").allowance(star)
    assert quota.allowance == allowance
    assert quota.granted == (1 if allowance else 0)
    assert quota.resets_on == resets_on


def test_a_future_year_is_untouched_by_todays_use_and_the_membership_is_not(handbook):
    desk = Desk(handbook)
    desk.ask(a_redeem())
    desk.ask(a_redeem("life-bank"))
    shown = quotas(as_read(desk), handbook, TODAY + timedelta(days=365))
    assert counts(shown["physical-exam"][0]) == (1, 0, 0, 1)
    assert counts(shown["life-bank"][0]) == (1, 1, 0, 0)


def test_before_the_first_edition_there_is_nothing_to_show(handbook):
    assert quotas_on(customer().account, date(1989, 12, 31), handbook, NOW) == ()


def test_eligibility_for_an_unknown_benefit_has_no_quota(handbook):
    refusal, quota = eligibility(customer().account, handbook, NOW, benefit="nothing")
    assert quota is None
    assert refusal is not None
    assert refusal.code == "UNKNOWN_BENEFIT"


def test_numbers_have_a_quota_for_each_policy_that_has_one_and_for_the_next(handbook):
    lucky = "lucky-policy-number"
    account = replace(
        customer().account,
        taken={
            PoolKey(lucky, 0, "P3"): Taken(1, 0),
            PoolKey(lucky, 0, "P1"): Taken(0, 1),
            PoolKey(lucky, 0, "released"): Taken(0, 0),
            PoolKey(lucky, 0, ""): Taken(0, 1),
            PoolKey("policy-cover", 0, "P2"): Taken(1, 0),
        },
    )
    assert [quota.policy_no for quota in quotas(account, handbook)[lucky]] == [None, "P1", "P3"]


def test_eligibility_asks_for_a_contract_only_where_a_vendor_asks(handbook):
    account = customer().account
    assert eligibility(account, handbook, NOW, benefit="physical-exam")[0] is None
    refusal, _ = eligibility(account, handbook, NOW, benefit="physical-exam", vendor="v", terms=())
    assert refusal is not None
    assert refusal.code == "VENDOR_NOT_CONTRACTED"


def test_service_years_are_listed_from_the_first_star_to_the_day(handbook):
    account = customer().account
    years = account.service_years(TODAY)
    assert [(year.number, year.start, year.end) for year in years] == [
        (1, date(2024, 1, 26), date(2025, 1, 26)),
        (2, date(2025, 1, 26), date(2026, 1, 26)),
        (3, date(2026, 1, 26), date(2027, 1, 26)),
    ]
    assert account.service_years(JOINED - timedelta(days=1)) == ()
    assert customer((TODAY, 0)).account.service_year(TODAY) is None


def test_no_service_year_has_begun_on_a_day_before_the_anchor():
    eve = JOINED - timedelta(days=1)
    account = replace(customer((JOINED, 3)).account, anchor=JOINED)
    assert account.service_year(JOINED) is not None
    assert account.service_year(eve) is None
    corrected = replace(customer((eve, 3)).account, anchor=JOINED)
    year = corrected.service_year(eve)
    assert year is not None
    assert year.number == 1


days_and_stars = st.dictionaries(st.integers(-90, 90), st.integers(0, 5), min_size=1, max_size=6)
benefit_codes = st.sampled_from(
    [
        "lucky-policy-number",
        "vip-line",
        "legal-consultation",
        "physical-exam",
        "dental-care",
        "life-bank",
        "medical-butler",
        "proton-therapy",
        "second-opinion",
        "nothing",
    ]
)
requests = st.fixed_dictionaries(
    {"benefit": benefit_codes},
    optional={
        "units": st.sampled_from([0, 1, 2, 3, 60, 61, 1000, 1001]),
        "beneficiary": st.sampled_from(["R1", "R2", "R3", "R9"]),
        "policy_no": st.sampled_from(["P1", "P2", "G1"]),
        "option": st.sampled_from(["adult-cleaning", "nothing"]),
    },
)
contracts = st.sampled_from(
    [
        None,
        [],
        [
            Term(
                benefit="physical-exam",
                unit_price=Decimal(1),
                starts_on=TODAY,
                ends_on=TODAY + timedelta(days=20),
            )
        ],
        [
            Term(
                benefit="physical-exam",
                unit_price=Decimal(1),
                starts_on=TODAY + timedelta(days=9),
                ends_on=None,
            )
        ],
    ]
)


def a_customer_with_a_past(handbook: Handbook, stars: dict[int, int], past: list[dict], days: int) -> Desk:
    """A desk after some redemptions, holds and releases, whatever came of them."""
    desk = Desk(
        handbook, customer(*((TODAY + timedelta(days=day), star) for day, star in sorted(stars.items())))
    )
    for number, request in enumerate(past):
        make = a_redeem if number % 2 else a_hold
        wished = {"wished_number": f"No{number:06}"} if request["benefit"] == "lucky-policy-number" else {}
        outcome = desk.ask(make(**{"units": 1, "evidence": EVIDENCE, **request, **wished}))
        if isinstance(outcome, RedemptionOutcome) and number % 3 == 2:
            desk.ask(a_release(outcome.id))
    desk.pass_days(days)
    return desk


@settings(max_examples=300)
@given(days_and_stars, st.lists(requests, max_size=5), st.integers(0, 40), requests, contracts)
def test_eligibility_refuses_what_a_redemption_refuses_and_nothing_else(
    handbook, stars, past, days, request_, terms
):
    desk = a_customer_with_a_past(handbook, stars, past, days)
    terms = terms_for(*handbook.benefit_codes) if terms is None else terms
    told, quota = eligibility(as_read(desk), handbook, desk.now, vendor="v", terms=tuple(terms), **request_)
    done = desk.decide(as_asked(request_, desk.now.date()), terms=terms).outcome
    if isinstance(done, Refusal):
        assert told == done
    else:
        assert told is None
        assert quota is not None
        assert quota.used + quota.held + done.redemption.units == done.quota.used + done.quota.held
        if request_["benefit"] == "lucky-policy-number":
            assert (done.quota.granted, done.quota.remaining) == (quota.granted + 1, quota.remaining)
        else:
            assert quota.granted == done.quota.granted


@example(
    stars={-100: 5},
    past=[{"benefit": "nothing"}, {"benefit": "legal-consultation", "units": 60}],
    days=10,
    request_={"benefit": "legal-consultation", "units": 1},
)
@given(stars=days_and_stars, past=st.lists(requests, max_size=4), days=st.integers(0, 40), request_=requests)
def test_the_first_day_that_a_refusal_names_is_the_first_on_which_it_does_not_apply(
    handbook, stars, past, days, request_
):
    desk = a_customer_with_a_past(handbook, stars, past, days)
    account = as_read(desk)
    first, _ = eligibility(account, handbook, desk.now, **request_)
    if first is None or first.code not in (*NOT_YET, "QUOTA_EXHAUSTED") or first.available_from is None:
        return
    late = {redemption.pool for redemption in desk.state.redemptions.values() if redemption.expires_at}
    account = replace(account, taken={pool: each for pool, each in account.taken.items() if pool not in late})
    if first.code in NOT_YET:
        day = desk.now.date()
        while day < first.available_from:
            refusal, _ = eligibility(account, handbook, start_of(day), **request_)
            assert refusal is not None
            day += timedelta(days=1)
    then, _ = eligibility(account, handbook, start_of(first.available_from), **request_)
    assert then is None or then.code not in NOT_YET
    if first.code == "QUOTA_EXHAUSTED":
        assert then is None or then.code != "QUOTA_EXHAUSTED"


@given(days_and_stars, st.lists(requests, max_size=6), st.integers(0, 40), st.integers(-100, 500))
def test_quotas_add_up_on_every_day(handbook, stars, past, days, ahead):
    account = as_read(a_customer_with_a_past(handbook, stars, past, days))
    on = TODAY + timedelta(days=ahead)
    star = account.star_on(on)
    shown = quotas_on(account, on, handbook, NOW)
    assert {quota.benefit.code for quota in shown} == set(handbook.benefit_codes)
    for quota in shown:
        assert quota.entitled is (quota.refusal is None)
        if quota.allowance is None:
            assert (quota.granted, quota.remaining) == (0, 0)
        elif isinstance(quota.allowance, Counted):
            if quota.benefit.wished_number is None:
                assert quota.granted == quota.allowance.units
            else:
                assert quota.granted == quota.used + quota.held + (quota.policy_no is None)
            assert quota.remaining == max(0, quota.granted - quota.used - quota.held)
            assert (quota.resets_on is not None) == (quota.allowance.per is Per.SERVICE_YEAR)
        else:
            assert quota.granted is quota.remaining is None
        assert quota.variant == (quota.benefit.variant(star) if star else None)
        number = account.service_year_number(on)
        period = 0 if quota.benefit.per in (Per.MEMBERSHIP, Per.POLICY) else number or 0
        pool = PoolKey(quota.benefit.code, period, quota.policy_no or "")
        assert Taken(quota.used, quota.held) == (account.taken.get(pool, Taken()) if number else Taken())


def test_a_use_of_a_past_year_is_told_the_first_year_in_which_something_is_left(handbook):
    """Of a day in the year before, when that year and this one are used up: not this year's first day."""
    desk = Desk(handbook, customer((date(2025, 5, 15), 5)), NOW)
    last_year = NOW - timedelta(days=10)
    for occurred_at in (last_year, NOW):
        assert isinstance(desk.ask(a_redeem("physical-exam", occurred_at=occurred_at)), RedemptionOutcome)
    refusal = desk.ask(a_redeem("physical-exam", occurred_at=last_year))
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.available_from) == ("QUOTA_EXHAUSTED", date(2027, 5, 15))
    desk = Desk(handbook, customer((date(2025, 5, 15), 5)), NOW)
    assert isinstance(desk.ask(a_redeem("physical-exam", occurred_at=last_year)), RedemptionOutcome)
    refusal = desk.ask(a_redeem("physical-exam", occurred_at=last_year))
    assert isinstance(refusal, Refusal)
    assert refusal.available_from == date(2026, 5, 15)


@st.composite
def accounts(draw, handbook):
    """Accounts of any timeline, with anything used of any benefit, and policies."""
    stars = draw(st.lists(st.integers(0, 5), min_size=1, max_size=4))
    gaps = draw(st.lists(st.integers(1, 400), min_size=len(stars), max_size=len(stars)))
    starts = [JOINED + timedelta(days=sum(gaps[:number])) for number in range(len(stars))]
    spans = [
        StarSpan(start=start, end=end, star=star, rated_premium=Decimal(1), edition=None)
        for start, end, star in zip(starts, [*starts[1:], None], stars, strict=True)
    ]
    pools = st.builds(
        PoolKey, st.sampled_from(handbook.benefit_codes), st.integers(0, 3), st.sampled_from(["", "", "P1"])
    )
    taken = st.dictionaries(pools, st.builds(Taken, st.integers(0, 3), st.integers(0, 1)), max_size=3)
    return replace(
        customer().account,
        spans=tuple(spans),
        anchor=draw(st.sampled_from([None, starts[0], date(2024, 2, 29)])),
        taken=draw(taken),
        taken_by_now=draw(st.none() | taken),
    )


@settings(max_examples=examples(150))
@given(data=st.data(), days=st.integers(-30, 1500))
def test_what_is_worked_out_once_for_all_is_what_is_worked_out_for_each(handbook, data, days):
    account, on = data.draw(accounts(handbook)), JOINED + timedelta(days=days)
    edition = handbook.on(on)
    each = [
        quota_of(case, CARD_RULES)
        for benefit in (edition.benefits if edition is not None else ())
        for case in cases_of(account, benefit, on, handbook, today=TODAY)
    ]
    quotas = quotas_on(account, on, handbook, NOW)
    assert list(quotas) == each
    for quota in quotas:
        if quota.of_any_year is not None:
            assert replace(quota.of_any_year, resets_on=quota.resets_on) == quota


def test_members_of_a_star_have_the_very_same_quotas_but_for_what_they_have_used(handbook):
    member = customer((JOINED, 1)).account
    other = replace(member, customer_id=2, member_no="M2")
    card = quotas_on(member, TODAY, handbook, NOW)
    assert quotas_on(other, TODAY, handbook, NOW) is card
    pool = PoolKey("vip-line", other.service_year_number(TODAY) or 0)
    used = quotas_on(replace(other, taken={pool: Taken(used=1)}), TODAY, handbook, NOW)
    differing = [mine for mine, theirs in zip(used, card, strict=True) if mine is not theirs]
    assert [(quota.benefit.code, *counts(quota)) for quota in differing] == [("vip-line", None, 1, 0, None)]
