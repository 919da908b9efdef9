"""A number is wished for before there is a policy, and confirmed with the policy that was then issued."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from handbook import Handbook
from ledger.entitlement.account import PoolKey, Taken
from ledger.ids import RedemptionId
from ledger.posting.catching_up import catch_up
from ledger.posting.entries import Balance, EntryKind, RedemptionStatus
from ledger.posting.outcomes import RedemptionOutcome
from ledger.posting.redemptions import Redemption
from ledger.posting.state import Posting
from ledger.quotas.card import quotas_on
from ledger.quotas.counts import QuotaCounts
from ledger.quotas.quota import Quota, eligibility
from ledger.verifying.checks import Books, problems_of
from rating.history import Policy
from tests.ledger.books import (
    JOINED,
    NOW,
    TODAY,
    Desk,
    a_confirm,
    a_hold,
    a_no_show,
    a_redeem,
    a_release,
    a_reversal,
    as_read,
    customer,
    refused,
    taken,
)

LUCKY, NUMBER = "lucky-policy-number", "Abcd1234"
EARLIEST = date(2026, 5, 22)
"""Two working days after the request of Wednesday, 20 May."""


@pytest.fixture
def desk(handbook: Handbook) -> Desk:
    return Desk(handbook)


def applied(desk: Desk, number: str = NUMBER, **more: object) -> RedemptionOutcome:
    return taken(desk.ask(a_hold(LUCKY, wished_number=number, **{"hold_hours": 500, **more})))


def issue(desk: Desk, policy_no: str, on: date, line: str = "individual", status: str = "IN_FORCE") -> None:
    new = Policy(policy_no=policy_no, line=line, statuses=((on, status),))
    desk.know(policies=(*desk.state.account.policies, new))


def rows(desk: Desk) -> dict[str | None, Quota]:
    found = quotas_on(as_read(desk), desk.now.date(), desk.handbook, desk.now)
    return {quota.policy_no: quota for quota in found if quota.benefit.code == LUCKY}


def counts(desk: Desk) -> dict[str | None, tuple[int | None, int, int, int | None]]:
    return {key: (each.granted, each.used, each.held, each.remaining) for key, each in rows(desk).items()}


def in_order(desk: Desk) -> None:
    state = desk.state
    outcomes = [(actor, key, each.outcome) for (actor, key), each in state.outcomes.items()]
    books = Books(
        customer_id=1,
        entries=desk.entries,
        balances=state.balances,
        redemptions=state.redemptions,
        head=state.head,
        outcomes=outcomes,
    )
    assert problems_of(books) == []


def moves(desk: Desk) -> list[tuple[str, str]]:
    """The entries of the benefit in their order, kind and policy."""
    return [(each.kind.value, each.pool.policy_no) for each in desk.entries if each.pool.benefit == LUCKY]


def test_a_number_is_held_without_a_policy_and_confirmed_with_the_one_that_was_issued(desk):
    held = applied(desk)
    assert (held.status, held.redemption.policy_no, held.redemption.wished_number) == ("HELD", None, NUMBER)
    assert held.quota == QuotaCounts(granted=2, used=0, held=1, remaining=1)
    in_order(desk)
    desk.pass_days(5)
    issue(desk, "N1", EARLIEST)
    done = taken(desk.ask(a_confirm(held.id, policy_no="N1")))
    assert (done.id, done.status, done.redemption.policy_no) == (held.id, "REDEEMED", "N1")
    assert done.redemption.wished_number == NUMBER
    assert done.quota == QuotaCounts(granted=1, used=1, held=0, remaining=0)
    assert moves(desk) == [
        ("GRANT", ""), ("HOLD", ""), ("GRANT", "N1"), ("HOLD", "N1"), ("REDEEM", "N1"), ("RELEASE", ""), ("REVOKE", ""),
    ]  # fmt: skip
    assert desk.balance(LUCKY, 0) == Balance()
    assert desk.balance(LUCKY, 0, "N1") == Balance(granted=1, used=1)
    assert [each.details.get("wished_number") for each in desk.entries if each.kind == "HOLD"] == [
        NUMBER,
        None,
    ]
    in_order(desk)


@pytest.mark.parametrize("end", [a_release, None], ids=["released", "run out"])
def test_an_application_that_comes_to_nothing_leaves_nothing(desk, end):
    held = applied(desk, hold_hours=48)
    if end is not None:
        taken(desk.ask(end(held.id)))
    desk.pass_days(3)
    assert counts(desk) == {None: (1, 0, 0, 1)}
    desk.catch_up()
    assert desk.balance(LUCKY, 0) == Balance()
    assert moves(desk)[-1] == ("REVOKE", "")
    assert refused(desk.ask(a_confirm(held.id, policy_no="P1"))).code == "HOLD_NOT_OPEN"
    in_order(desk)


def test_nobody_has_to_come_for_a_number_so_an_application_is_no_no_show(desk):
    held = applied(desk)
    refusal = refused(desk.ask(a_no_show(held.id, key="k")))
    assert refusal.code == "INVALID"
    assert "release" in refusal.message("en")
    assert taken(desk.ask(a_release(held.id, key="k"))).status == "RELEASED"
    in_order(desk)


@pytest.mark.parametrize(
    ("issued_on", "case"),
    [
        (date(2024, 1, 10), "there_already"),
        (TODAY - timedelta(days=1), "there_already"),
        (TODAY, "too_soon"),
        (TODAY + timedelta(days=1), "too_soon"),
        (EARLIEST, None),
        (EARLIEST + timedelta(days=1), None),
    ],
)
def test_the_policy_is_issued_two_working_days_after_the_request(desk, issued_on, case):
    held = applied(desk)
    issue(desk, "N1", issued_on)
    desk.pass_days(6)
    outcome = desk.ask(a_confirm(held.id, policy_no="N1"))
    if case is None:
        taken(outcome)
        return
    assert (refused(outcome).code, outcome.wording) == ("POLICY_NOT_ELIGIBLE", case)
    assert outcome.facts["earliest"] == EARLIEST.isoformat()
    assert "2026-05-22" in outcome.message()
    assert "2026-05-22" in outcome.message("en")
    assert desk.state.redemptions[held.id.sequence].status == "HELD"


def test_holidays_and_weekends_are_no_working_days(handbook):
    """Asked for on Wednesday, 30 September; the 1st to the 7th are holidays, so the second working day is the 9th."""
    desk = Desk(handbook, now=NOW.replace(month=9, day=30))
    held = applied(desk)
    issue(desk, "N1", date(2026, 10, 8))
    issue(desk, "N2", date(2026, 10, 9))
    desk.pass_days(12)
    assert refused(desk.ask(a_confirm(held.id, policy_no="N1"))).wording == "too_soon"
    taken(desk.ask(a_confirm(held.id, policy_no="N2")))


def test_the_policy_is_an_individual_one_of_the_customer_in_force_on_the_day(desk):
    held = applied(desk)
    issue(desk, "G2", EARLIEST, line="group")
    issue(desk, "L2", EARLIEST, status="LAPSED")
    issue(desk, "N2", TODAY + timedelta(days=9))
    desk.pass_days(6)
    for policy_no in ("nobody", "G2", "L2", "N2"):
        refusal = refused(desk.ask(a_confirm(held.id, policy_no=policy_no)))
        assert (refusal.code, refusal.wording) == ("POLICY_NOT_ELIGIBLE", "")
    missing = refused(desk.ask(a_confirm(held.id)))
    assert (missing.code, missing.missing) == ("POLICY_REQUIRED", ("policyNo",))
    issue(desk, "N3", TODAY + timedelta(days=4))
    early = desk.now - timedelta(days=3)
    assert (
        refused(desk.ask(a_confirm(held.id, policy_no="N3", occurred_at=early))).code == "POLICY_NOT_ELIGIBLE"
    )
    taken(desk.ask(a_confirm(held.id, policy_no="N3", occurred_at=early + timedelta(days=1))))
    in_order(desk)


def test_a_policy_has_one_number(desk):
    first, second = applied(desk), applied(desk, "88888888")
    issue(desk, "N1", EARLIEST)
    desk.pass_days(6)
    taken(desk.ask(a_confirm(first.id, policy_no="N1")))
    refusal = refused(desk.ask(a_confirm(second.id, policy_no="N1")))
    assert (refusal.code, refusal.available_from) == ("QUOTA_EXHAUSTED", None)
    given = desk.handbook.latest.benefit(LUCKY).allowance(4)
    assert (refusal.facts["granted"], refusal.facts["day"]) == (given.units, "2026-05-26")
    taken(desk.ask(a_reversal(first.id)))
    assert desk.balance(LUCKY, 0, "N1") == Balance()
    taken(desk.ask(a_confirm(second.id, policy_no="N1")))
    in_order(desk)


def test_a_number_is_held_once_at_a_time_by_a_customer(desk):
    first = applied(desk)
    again = refused(desk.ask(a_hold(LUCKY, wished_number=NUMBER)))
    assert again.code == "INVALID"
    assert NUMBER in again.message()
    applied(desk, NUMBER.lower())
    taken(desk.ask(a_release(first.id)))
    applied(desk)


def test_nothing_is_redeemed_without_an_application_and_none_names_a_policy(desk, handbook):
    for more in (
        {"policy_no": "P1"},
        {"wished_number": NUMBER},
        {"policy_no": "P1", "wished_number": NUMBER},
        {},
    ):
        refusal = refused(desk.ask(a_redeem(LUCKY, **more)))
        assert (refusal.code, refusal.wording) == ("POLICY_NOT_ELIGIBLE", "applied_before")
        assert "hold" in refusal.message()
        assert "hold" in refusal.message("en")
    there = refused(desk.ask(a_hold(LUCKY, wished_number=NUMBER, policy_no="P1")))
    assert (there.code, there.wording) == ("POLICY_NOT_ELIGIBLE", "applied_before")
    assert "confirm" in there.message("en")
    to_come = refused(desk.ask(a_hold(LUCKY, wished_number=NUMBER, policy_no="NOT-YET", key="to come")))
    assert to_come == there  # nobody learns by it which policies the customer has
    assert eligibility(as_read(desk), handbook, NOW, benefit=LUCKY)[0] is None
    asked, _ = eligibility(as_read(desk), handbook, NOW, benefit=LUCKY, policy_no="P1")
    assert asked is not None
    assert asked.wording == "applied_before"


@pytest.mark.parametrize("number", [None, "1234567", "123456789", "1234 678", "１２３４５６７８", "八" * 8])
def test_the_number_has_eight_digits_and_letters(desk, number):
    refusal = refused(desk.ask(a_hold(LUCKY, wished_number=number)))
    assert (refusal.code, refusal.missing) == ("WISHED_NUMBER_REQUIRED", ("wishedNumber",))


@pytest.mark.parametrize("star", [1, 2, 3])
def test_numbers_are_for_four_stars_and_more(handbook, star):
    desk = Desk(handbook, customer((JOINED, star)))
    assert refused(desk.ask(a_hold(LUCKY, wished_number=NUMBER))).code == "TIER_TOO_LOW"


def test_one_application_asks_for_one_number(desk):
    refusal = refused(desk.ask(a_hold(LUCKY, wished_number=NUMBER, units=2)))
    assert refusal.code == "QUOTA_EXHAUSTED"


def test_quotas_tell_what_is_applied_for_beside_each_policy_that_has_a_number(desk):
    assert counts(desk) == {None: (1, 0, 0, 1)}
    held = applied(desk)
    applied(desk, "88888888", hold_hours=2000)
    assert counts(desk) == {None: (3, 0, 2, 1)}
    assert rows(desk)[None].entitled
    issue(desk, "N1", EARLIEST)
    desk.pass_days(6)
    taken(desk.ask(a_confirm(held.id, policy_no="N1")))
    assert counts(desk) == {None: (2, 0, 1, 1), "N1": (1, 1, 0, 0)}
    there = rows(desk)["N1"].refusal
    assert there is not None
    assert (there.code, there.wording) == ("POLICY_NOT_ELIGIBLE", "applied_before")
    desk.pass_days(90)
    assert counts(desk) == {None: (1, 0, 0, 1), "N1": (1, 1, 0, 0)}
    taken(desk.ask(a_reversal(held.id)))
    assert counts(desk) == {None: (1, 0, 0, 1)}


def test_policies_that_are_there_have_no_numbers_to_use(desk):
    """Nobody could ever use one, so none is granted, shown as left, or told beside the refusal."""
    desk.know(
        policies=tuple(
            Policy(policy_no=f"P{each}", line="individual", statuses=((JOINED, "IN_FORCE"),))
            for each in range(3)
        )
    )
    desk.catch_up()
    assert moves(desk) == []
    assert desk.balance("policy-cover", 0, "P2") == Balance(granted=1)
    assert counts(desk) == {None: (1, 0, 0, 1)}
    _, quota = eligibility(as_read(desk), desk.handbook, NOW, benefit=LUCKY, policy_no="P1")
    assert quota is not None
    assert (quota.granted, quota.remaining, quota.entitled) == (0, 0, False)


def test_of_a_past_day_numbers_are_told_as_they_were_and_one_is_left_for_the_next(desk):
    """Confirmed since, or reversed since: neither makes the number of a policy one that is left."""
    pool = PoolKey(LUCKY, 0, "N1")
    for then, now in (({}, {pool: Taken(1, 0)}), ({pool: Taken(1, 0)}, {})):
        account = replace(desk.state.account, taken=then, taken_by_now=now)
        found = quotas_on(account, TODAY, desk.handbook, NOW)
        told = {
            each.policy_no: (each.granted, each.used, each.held, each.remaining)
            for each in found
            if each.benefit.code == LUCKY
        }
        assert told == {None: (1, 0, 0, 1), **({"N1": (1, 1, 0, 0)} if then else {})}


def test_what_the_version_before_granted_to_policies_is_revoked_with_what_is_due(desk):
    posting = Posting(desk.state, desk.now)
    for policy_no in ("P1", "P9"):
        posting.post(
            EntryKind.GRANT,
            PoolKey(LUCKY, 0, policy_no),
            1,
            service_year=3,
            star=4,
            edition="zhenxuan-1",
            occurred_at=desk.now,
        )
    desk.state = posting.after()
    desk.entries += posting.entries
    assert counts(desk) == {None: (1, 0, 0, 1)}
    desk.catch_up()
    assert moves(desk)[2:] == [("REVOKE", "P1"), ("REVOKE", "P9")]
    assert desk.balance(LUCKY, 0, "P1") == desk.balance(LUCKY, 0, "P9") == Balance()
    in_order(desk)


def test_an_application_from_before_a_fall_is_honoured(desk):
    held = applied(desk)
    issue(desk, "N1", EARLIEST)
    desk.re_rate((JOINED, 4), (TODAY + timedelta(days=1), 2))
    desk.pass_days(6)
    done = taken(desk.ask(a_confirm(held.id, policy_no="N1")))
    assert done.quota == QuotaCounts(granted=0, used=1, held=0, remaining=0)
    in_order(desk)


def test_a_policy_is_named_at_the_confirmation_of_a_number_only(desk):
    held = taken(desk.ask(a_hold("policy-cover", policy_no="P1")))
    assert refused(desk.ask(a_confirm(held.id, policy_no="P1"))).code == "INVALID"
    assert taken(desk.ask(a_confirm(held.id))).redemption.policy_no == "P1"


def taken_by_the_version_before(desk: Desk, kind: EntryKind) -> RedemptionId:
    """A number that was held or redeemed with the number of a policy that was there, and no number wished for."""
    posting = Posting(desk.state, desk.now)
    catch_up(posting, handbook=desk.handbook)
    posting.post(
        EntryKind.GRANT,
        PoolKey(LUCKY, 0, "P1"),
        1,
        service_year=3,
        star=4,
        edition="zhenxuan-1",
        occurred_at=desk.now,
    )
    redemption = Redemption(
        id=RedemptionId(1, posting.next_sequence),
        status=RedemptionStatus.HELD,
        pool=PoolKey(LUCKY, 0, "P1"),
        variant=None,
        service_year=3,
        option=None,
        beneficiary=None,
        vendor="v",
        units=1,
        reference=None,
        evidence=(),
        star=4,
        edition="zhenxuan-1",
        occurred_at=desk.now,
        recorded_at=desk.now,
        expires_at=None if kind is EntryKind.REDEEM else desk.now + timedelta(days=5),
    )
    posting.step(redemption, kind, 1, occurred_at=desk.now)
    desk.state = posting.after()
    return redemption.id


def test_what_the_version_before_redeemed_stays_and_can_be_reversed(desk):
    redeemed = taken_by_the_version_before(desk, EntryKind.REDEEM)
    assert counts(desk)["P1"] == (1, 1, 0, 0)
    back = taken(desk.ask(a_reversal(redeemed)))
    assert (back.status, back.redemption.policy_no, back.redemption.wished_number) == ("REVERSED", "P1", None)
    assert desk.balance(LUCKY, 0, "P1") == Balance()


def test_what_the_version_before_held_is_confirmed_as_it_was_booked(desk):
    held = taken_by_the_version_before(desk, EntryKind.HOLD)
    assert refused(desk.ask(a_confirm(held, policy_no="P1"))).code == "INVALID"
    done = taken(desk.ask(a_confirm(held)))
    assert (done.status, done.redemption.policy_no) == ("REDEEMED", "P1")
    assert desk.balance(LUCKY, 0, "P1") == Balance(granted=1, used=1)
