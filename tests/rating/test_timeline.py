"""The timeline: for every day what a day-by-day evaluation finds, and the same in whatever order events arrive."""

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from handbook.handbook import Handbook
from rating.contributions import contributions_on
from rating.folding import fold
from rating.history import History
from rating.intake import Stored, take_in
from rating.tiers import span_on
from rating.timeline import timeline
from tests.rating.build import NOW, arrived, day, event, issued, registered
from tests.rating.naive import star_and_premium
from tests.rating.strategies import issues, streams

_BOUNDARY_DAYS = 800


def accepted(events, handbook):
    """The events taken when each is recorded by itself, as they are then stored."""
    stored = Stored()
    for each in events:
        taken = take_in(stored, [each], now=NOW, handbook=handbook)
        stored = Stored(arrivals=stored.arrivals + len(taken.events), events=(*stored.events, *taken.events))
    return stored.events


@given(stream=streams(), data=st.data())
def test_the_timeline_is_what_each_day_by_itself_gives(handbook, stream, data):
    events = accepted(stream, handbook)
    history = fold(events)
    spans = timeline(history, handbook)
    if not events:
        assert spans == ()
        return
    raw = [(each.arrival, each.event) for each in events]
    first = min(each.event.effective_on for each in events)
    assert spans[0].start == first
    # Every boundary and its eve, the first two years day by day, and any days later on.
    days = {span.start for span in spans} | {span.start - timedelta(days=1) for span in spans}
    days |= {first + timedelta(days=n) for n in range(_BOUNDARY_DAYS)}
    days |= {first + timedelta(days=n) for n in data.draw(st.lists(st.integers(0, 366 * 30), max_size=30))}
    for each in sorted(days):
        star, premium = star_and_premium(raw, each)
        span = span_on(spans, each)
        found = (span.star, span.rated_premium) if span else (0, 0)
        assert found == (star, premium), each


@given(stream=streams(), data=st.data())
def test_contributions_add_up_to_the_timeline_and_name_their_spans(handbook, stream, data):
    history = fold(accepted(stream, handbook))
    spans = timeline(history, handbook)
    assert bool(spans) == (history.first_day is not None)
    if not spans:
        return
    offsets = data.draw(st.lists(st.integers(-30, 366 * 12), max_size=20))
    days = {span.start for span in spans} | {spans[0].start + timedelta(days=n) for n in offsets}
    for each in sorted(days):
        span = span_on(spans, each)
        contributions = contributions_on(history, each, handbook)
        assert sum(c.amount for c in contributions) == (span.rated_premium if span else 0)
        for c in contributions:
            assert c.counted == (c.reason == "COUNTED")
            assert c.amount == (c.base * c.coefficient if c.counted else 0)
            if c.counted:
                assert c.counted_from <= each
                assert c.counted_until is None or each < c.counted_until
            elif c.counted_from is not None:
                assert each < c.counted_from


@given(stream=streams(policies=2), issue=issues(), offset=st.integers(-400, 800))
def test_another_policy_never_lowers_the_rated_premium(handbook, stream, issue, offset):
    events = accepted(stream, handbook)
    if not events:
        return
    start = events[0].event.effective_on + timedelta(days=offset)
    more = arrived(
        *(each.event for each in events),
        event(effective_on=start, policy_no="another", type_=issue.pop("type"), **issue),
    )
    before, after = timeline(fold(events), handbook), timeline(fold(more), handbook)
    assert before
    assert after
    for each in {span.start for span in (*before, *after)}:
        then, now = span_on(before, each), span_on(after, each)
        assert (now.rated_premium if now else 0) >= (then.rated_premium if then else 0)
        assert (now.star if now else 0) >= (then.star if then else 0)


@given(
    stream=streams(distinct_days=True),
    random=st.randoms(use_true_random=False),
    cuts=st.lists(st.integers(0, 30), max_size=4),
)
def test_the_order_of_arrival_of_events_of_different_days_changes_nothing(handbook, stream, random, cuts):
    in_order = accepted(stream, handbook)
    shuffled = [each.event for each in in_order]
    random.shuffle(shuffled)
    bounds = [0, *sorted({min(cut, len(shuffled)) for cut in cuts}), len(shuffled)]
    stored = Stored()
    for begin, end in pairwise(bounds):
        taken = take_in(stored, shuffled[begin:end], now=NOW, handbook=handbook)
        if taken.refused:
            return  # not an order in which all are accepted
        stored = Stored(arrivals=stored.arrivals + len(taken.events), events=(*stored.events, *taken.events))
    assert timeline(fold(stored.events), handbook) == timeline(fold(in_order), handbook)


@given(stream=streams(), random=st.randoms(use_true_random=False))
def test_a_legal_history_is_taken_whole_in_one_batch_whatever_its_order(handbook, stream, random):
    legal = accepted(stream, handbook)
    batch = [each.event for each in legal]
    if len({each.effective_on for each in batch}) == len(batch):
        random.shuffle(batch)
    taken = take_in(Stored(), batch, now=NOW, handbook=handbook)
    assert not taken.refused
    assert timeline(taken.history, handbook) == timeline(fold(legal), handbook)


def test_periods_follow_each_other_without_gaps_and_end_open(handbook):
    spans = timeline(fold(arrived(registered("2020-01-01"), issued("2020-01-10", premium="30000"))), handbook)
    assert [(p.start, p.end, p.star) for p in spans] == [
        (day("2020-01-01"), day("2020-01-26"), 0),
        (day("2020-01-26"), day("2030-01-10"), 1),
        (day("2030-01-10"), None, 0),
    ]


def test_nothing_known_has_no_timeline(handbook):
    assert timeline(History(), handbook) == ()


def test_a_new_edition_rates_its_own_days(handbook):
    edition = handbook.latest
    doubled = _edition(edition, "next", effective_from=day("2026-01-01"), factor=2)
    both = Handbook([_edition(edition, edition.code, effective_to=day("2026-01-01")), doubled])
    history = fold(arrived(issued("2024-01-10", premium="30000")))
    assert [(p.start, p.star, p.rated_premium, p.edition) for p in timeline(history, both)] == [
        (day("2024-01-10"), 0, 0, edition.code),
        (day("2024-01-26"), 1, 30000, edition.code),
        (day("2026-01-01"), 2, 60000, "next"),
        (day("2034-01-10"), 0, 0, "next"),
    ]
    (before,) = contributions_on(history, day("2025-12-31"), both)
    (after,) = contributions_on(history, day("2026-01-01"), both)
    assert [(c.coefficient, c.amount, c.counted_from, c.counted_until) for c in (before, after)] == [
        (1, 30000, day("2024-01-26"), day("2034-01-10")),
        (2, 60000, day("2024-01-26"), day("2034-01-10")),
    ]


def test_days_before_the_first_edition_count_nothing(handbook):
    late = Handbook([_edition(handbook.latest, "late", effective_from=day("2024-06-01"))])
    history = fold(arrived(issued("2024-01-10", premium="30000")))
    assert [(p.start, p.star, p.edition) for p in timeline(history, late)] == [
        (day("2024-01-10"), 0, None),
        (day("2024-06-01"), 1, "late"),
        (day("2034-01-10"), 0, "late"),
    ]
    (contribution,) = contributions_on(history, day("2024-05-31"), late)
    assert (contribution.reason, contribution.counted_from) == ("NOT_YET_EFFECTIVE", day("2024-06-01"))


def _edition(edition, code, *, factor=1, **changes):
    from dataclasses import replace

    rows = tuple(
        replace(
            row,
            coefficient=str(Decimal(row.coefficient) * factor)
            if "/" not in row.coefficient
            else row.coefficient,
        )
        for row in edition.coefficients
    )
    return replace(edition, code=code, coefficients=rows, **changes)
