"""What each kind of entry moves, and the life of a redemption: every kind and every pair, legal or not."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.entitlement.account import PoolKey
from ledger.ids import RedemptionId
from ledger.posting.entries import (
    LIFE_CYCLE,
    MOVES,
    Balance,
    BrokenInvariantError,
    Entry,
    EntryKind,
    RedemptionStatus,
    Stage,
)
from ledger.posting.redemptions import Redemption
from ledger.posting.state import Posting
from tests.ledger.books import NOW, customer
from tests.ledger.model import EFFECTS

POOL = PoolKey("legal-consultation", 1)
STATUSES = (None, *RedemptionStatus)
KINDS = [(EntryKind(kind), follows) for kind, follows in EFFECTS]
FULL = Balance(granted=100, used=20, held=30, expired=10)
"""Forty units are available, and every other stage has some too."""


def an_entry(kind: EntryKind, units: int | None, *, follows: bool = False) -> Entry:
    """An entry of a kind; `follows`: of a redemption that began with an earlier entry."""
    return Entry(
        customer_id=1,
        sequence=7,
        kind=kind,
        pool=POOL,
        units=units,
        service_year=1,
        star=4,
        edition="zhenxuan-1",
        occurred_at=NOW,
        recorded_at=NOW,
        redemption=3 if follows else 7,
    )


def stages(balance: Balance) -> tuple[int, ...]:
    return (balance.granted, balance.used, balance.held, balance.expired, balance.available)


def a_redemption(status: RedemptionStatus | None = None, sequence: int = 3) -> Redemption:
    return Redemption(
        id=RedemptionId(1, sequence),
        status=status or RedemptionStatus.HELD,
        pool=POOL,
        variant=None,
        service_year=1,
        option=None,
        beneficiary=None,
        vendor="v",
        units=5,
        reference=None,
        evidence=(),
        star=4,
        edition="zhenxuan-1",
        occurred_at=NOW,
        recorded_at=NOW,
        expires_at=None,
    )


@pytest.mark.parametrize(
    ("pool", "words"),
    [
        (PoolKey("physical-exam", 3), "physical-exam of year 3"),
        (PoolKey("life-bank", 0), "life-bank of the membership"),
        (PoolKey("policy-cover", 0, "P1"), "policy-cover of policy P1"),
    ],
)
def test_a_pool_is_told_in_words(pool, words):
    assert str(pool) == words


def test_every_kind_has_a_move_between_two_stages():
    assert set(MOVES) == set(EntryKind) == {kind for kind, _ in KINDS}
    for source, target in MOVES.values():
        assert source is not target
        assert Stage.AVAILABLE in (source, target) or (source, target) == (Stage.HELD, Stage.USED)


@pytest.mark.parametrize(("kind", "follows"), KINDS)
def test_an_entry_moves_its_units_from_one_stage_to_another(kind, follows):
    after = FULL.after(an_entry(kind, 3, follows=follows))
    changed = tuple(new - old for new, old in zip(stages(after), stages(FULL), strict=True))
    assert changed == tuple(3 * effect for effect in EFFECTS[kind, follows])


@pytest.mark.parametrize(("kind", "follows"), [each for each in KINDS if each[0] is not EntryKind.GRANT])
def test_all_that_a_stage_has_may_leave_it_and_one_more_may_not(kind, follows):
    source, _ = an_entry(kind, 1, follows=follows).move
    has = {Stage.AVAILABLE: FULL.available, Stage.HELD: FULL.held, Stage.USED: FULL.used}[source]
    assert FULL.after(an_entry(kind, has, follows=follows))
    with pytest.raises(BrokenInvariantError, match=r"entry 7 of customer 1 overdraws .*legal-consultation"):
        FULL.after(an_entry(kind, has + 1, follows=follows))


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.integers(1, 9)), max_size=60))
def test_no_entries_whatever_bring_a_stage_below_zero_or_lose_a_unit(entries):
    balance, expected = Balance(), (0, 0, 0, 0, 0)
    for (kind, follows), units in entries:
        effects = EFFECTS[kind, follows]
        moved = tuple(had + units * effect for had, effect in zip(expected, effects, strict=True))
        if min(moved) >= 0:
            balance, expected = balance.after(an_entry(kind, units, follows=follows)), moved
        else:
            with pytest.raises(BrokenInvariantError):
                balance.after(an_entry(kind, units, follows=follows))
    assert stages(balance) == expected
    assert balance.granted == balance.used + balance.held + balance.expired + balance.available


def test_a_grant_without_limit_lets_more_be_used_than_granted_and_its_revoke_asks_for_cover():
    limitless = Balance().after(an_entry(EntryKind.GRANT, None))
    assert limitless.unlimited
    used = limitless.after(an_entry(EntryKind.REDEEM, 5))
    assert (used.used, used.unlimited) == (5, True)
    with pytest.raises(BrokenInvariantError):
        used.after(an_entry(EntryKind.REVOKE, None))
    covered = used.after(an_entry(EntryKind.GRANT, 5)).after(an_entry(EntryKind.REVOKE, None))
    assert covered == Balance(granted=5, used=5)


def test_even_without_limit_nothing_returns_that_was_not_taken():
    limitless = Balance(unlimited=True, used=1, held=1)
    for kind in (EntryKind.REVERSE, EntryKind.RELEASE, EntryKind.NO_SHOW, EntryKind.EXPIRE_HOLD):
        with pytest.raises(BrokenInvariantError):
            limitless.after(an_entry(kind, 2, follows=True))


@pytest.mark.parametrize(("status", "kind"), list(product(STATUSES, EntryKind)))
def test_a_redemption_takes_the_steps_of_its_life_cycle_and_no_other(status, kind):
    state = replace(customer(), balances={POOL: FULL})
    redemption = a_redemption(status, sequence=state.head.next_sequence if status is None else 3)
    if status is not None:
        state = replace(state, redemptions={3: redemption})
    posting = Posting(state, NOW)
    legal = LIFE_CYCLE.get((status, kind))
    if legal is None:
        with pytest.raises(BrokenInvariantError, match=f"{kind} does not follow"):
            posting.step(redemption, kind, 5, occurred_at=NOW)
        assert posting.entries == []
        assert posting.balances == state.balances
    else:
        assert posting.step(redemption, kind, 5, occurred_at=NOW).status is legal
        assert [each.kind for each in posting.entries] == [kind]


def test_the_life_cycle_is_the_one_of_the_design():
    held, redeemed = RedemptionStatus.HELD, RedemptionStatus.REDEEMED
    assert {pair for pair in LIFE_CYCLE if pair[0] is None} == {
        (None, EntryKind.HOLD),
        (None, EntryKind.REDEEM),
    }
    assert {status.value for (before, _), status in LIFE_CYCLE.items() if before is held} == {
        "HELD",
        "REDEEMED",
        "RELEASED",
        "EXPIRED",
        "NO_SHOW",
    }
    assert {status.value for (before, _), status in LIFE_CYCLE.items() if before is redeemed} == {
        "REVERSED",
        "REDEEMED",
    }
    no_show = RedemptionStatus.NO_SHOW
    assert {pair: status.value for pair, status in LIFE_CYCLE.items() if pair[0] is no_show} == {
        (no_show, EntryKind.REVERSE): "REVERSED"
    }
    assert {before for before, _ in LIFE_CYCLE} == {None, held, redeemed, no_show}


def test_a_pool_that_a_posting_overdraws_breaks_the_program_not_the_books():
    state = replace(customer(), balances={POOL: Balance(granted=1)})
    posting = Posting(state, NOW)
    with pytest.raises(BrokenInvariantError):
        posting.step(a_redemption(sequence=1), EntryKind.REDEEM, 2, occurred_at=NOW)
    assert state.balances == {POOL: Balance(granted=1)}


def test_the_anchor_can_be_stored_again_but_never_moved():
    posting = Posting(customer(), NOW)
    day = NOW.date()
    posting.set_anchor(day)
    posting.set_anchor(day)
    with pytest.raises(BrokenInvariantError, match="never moves"):
        posting.set_anchor(day.replace(day=1))
