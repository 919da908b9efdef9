"""For random portfolios: an edition without changes has no effect, and totals are the sums over customers."""

import pickle
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from handbook import Handbook, WorkingCalendar, WorkingYear, load_editions
from ledger.entitlement.account import Account, PoolKey, Taken
from ledger.what_if.comparing import Question, Tally, account_by, consequences, losses_of, tally
from rating.folding import fold
from rating.history import History
from rating.tiers import star_on
from tests.rating.build import arrived
from tests.rating.strategies import FIRST_DAY, streams

days = st.integers(-30, 3000).map(lambda after: FIRST_DAY + timedelta(days=after))
pools = st.dictionaries(
    st.builds(
        PoolKey,
        st.sampled_from(["physical-exam", "legal-consultation", "life-bank"]),
        st.integers(0, 8),
        st.just(""),
    ),
    st.builds(Taken, st.integers(0, 90), st.integers(0, 2)),
    max_size=3,
)


@st.composite
def customers(draw):
    """Some customers with their histories and with what they took."""
    found: list[tuple[Account, History]] = []
    for number, events in enumerate(draw(st.lists(streams(), min_size=1, max_size=4)), 1):
        account = Account(customer_id=number, member_no=f"M{number}", spans=(), taken=draw(pools))
        found.append((account, fold(arrived(*events))))
    return found


@given(customers(), days)
def test_an_edition_equal_to_the_one_in_force_changes_nobody(handbook, portfolio, on):
    same = Handbook([replace(each) for each in handbook.editions])
    question = Question(before=handbook, after=same, on=on, today=on)
    sums, losses = tally(portfolio, question)
    assert (sums.moves, sums.losing, sums.gaining, losses) == ({}, {}, {}, ())
    assert sums.before == sums.after
    result = consequences(sums, question, prices_before={}, prices_after={})
    assert result.customers == len(portfolio)
    assert all(
        (each.units_before, each.unlimited_before) == (each.units_after, each.unlimited_after)
        for each in result.benefits
    )


@given(customers(), days)
def test_the_sums_of_many_are_those_of_each_added_up(handbook, six_star_handbook, portfolio, on):
    question = Question(before=handbook, after=six_star_handbook, on=on, today=on)
    together, losses = tally(portfolio, question)
    apart, one_by_one = Tally(), []
    for customer in portfolio:
        sums, lost = tally([customer], question)
        apart.add(sums)
        one_by_one += lost
    assert together == apart
    assert list(losses) == one_by_one


@given(customers(), days)
def test_a_loss_is_the_first_day_on_which_only_the_present_edition_entitles(
    handbook, six_star_handbook, portfolio, on
):
    question = Question(before=handbook, after=six_star_handbook, on=on, today=on)
    assert portfolio
    for account, history in portfolio:
        before = account_by(account, history, handbook).spans
        after = account_by(account, history, six_star_handbook).spans
        told = {each.benefit: each for each in losses_of(account, before, after, question)}
        turns = {on, *(each.start for each in (*before, *after))}
        asked = sorted({day + timedelta(days=by) for day in turns for by in (-1, 0, 1)} - {on - timedelta(1)})
        naive: dict[str, date] = {}
        for day in (each for each in asked if each >= on):
            old, new = handbook.on(day), six_star_handbook.on(day)
            for benefit in handbook.benefit_codes:
                known = new.benefit(benefit)
                has = known is not None and known.allowance(star_on(after, day)) is not None
                if old.benefit(benefit).allowance(star_on(before, day)) is not None and not has:
                    naive.setdefault(benefit, day)
        assert {code: each.day for code, each in told.items()} == naive


def test_a_handbook_goes_to_another_process_whole(six_star_handbook):
    year = WorkingYear(
        year=2101, cite="…", holidays=frozenset({date(2101, 1, 3)}), working_weekends=frozenset()
    )
    calendar = WorkingCalendar((year,))
    by_operator = load_editions(six_star_handbook.sources.values(), calendar=calendar)
    copied = pickle.loads(pickle.dumps(by_operator))
    assert copied.calendar == calendar
    assert copied.editions == six_star_handbook.editions
    assert copied.fingerprint == six_star_handbook.fingerprint
    assert {code: each.files for code, each in copied.sources.items()} == {
        code: each.files for code, each in six_star_handbook.sources.items()
    }
