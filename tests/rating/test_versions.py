"""Versions of a rating: for every moment, what is looked up is what the events recorded by then say."""

from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from rating.history import fold
from rating.taking import Stored, take
from rating.timeline import timeline
from tests.rating.build import NOW, event, issued, registered
from tests.rating.strategies import streams
from tests.rating.test_timeline import accepted

HOURS = st.integers(0, 6)


def looked_up(versions, moment):
    """As the database does it: the greatest version known from the moment or earlier."""
    known = [version for version in versions if version.known_from <= moment]
    return max(known, key=lambda version: version.version).periods if known else ()


@given(
    stream=streams(policies=2),
    hours=st.lists(HOURS, min_size=40, max_size=40),
    cuts=st.lists(st.integers(0, 20), max_size=5),
)
def test_every_moment_finds_what_was_recorded_by_then(handbook, stream, hours, cuts):
    legal = [each.event for each in accepted(stream, handbook)]
    events = [
        each.model_copy(update={"recorded_at": NOW + timedelta(hours=hour)})
        for each, hour in zip(legal, hours, strict=False)
    ]
    stored, versions = Stored(), []
    bounds = [0, *sorted({min(cut, len(events)) for cut in cuts}), len(events)]
    for begin, end in pairwise(bounds):
        taken = take(stored, events[begin:end], now=NOW, handbook=handbook)
        versions += taken.versions
        stored = Stored(
            arrivals=stored.arrivals + len(taken.events),
            version=stored.version + len(taken.versions),
            events=(*stored.events, *taken.events),
        )
        assert [version.version for version in versions] == list(range(1, len(versions) + 1))
        for hour in range(-1, 8):
            moment = NOW + timedelta(hours=hour)
            known = [each for each in stored.events if each.recorded_at <= moment]
            assert looked_up(versions, moment) == timeline(fold(known), handbook)


def test_names_and_relatives_rate_nobody(handbook):
    first = take(Stored(), [registered("2024-01-01"), issued("2024-01-10")], now=NOW, handbook=handbook)
    stored = Stored(arrivals=2, version=1, events=first.events)
    people = [registered("2024-02-01", name="新名"), event("relative_registered", "2024-02-01")]
    assert take(stored, people, now=NOW, handbook=handbook).versions == ()
    earlier = take(stored, [registered("2023-01-01")], now=NOW, handbook=handbook)
    assert earlier.versions[0].periods[0].start.isoformat() == "2023-01-01"


def test_what_is_refused_leaves_no_gap(handbook):
    taken = take(
        Stored(),
        [
            registered(),
            issued("2024-01-10"),
            event("reinstated", "2024-02-01"),
            event("lapsed", "2024-03-01"),
        ],
        now=NOW,
        handbook=handbook,
    )
    assert [each.arrival for each in taken.events] == [1, 2, 3]
    assert list(taken.refused) == [2]
