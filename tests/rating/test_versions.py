"""Versions of a rating: for every moment, what is looked up is what the events recorded by then say."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbook import read_source, with_edition
from rating.folding import fold
from rating.intake import Stored, take_in
from rating.timeline import timeline
from tests.editions import changed
from tests.rating.build import NOW, event, issued, registered
from tests.rating.strategies import streams
from tests.rating.test_timeline import accepted

HOURS = st.integers(0, 6)


def looked_up(versions, moment):
    """As the database does it: the greatest version known from the moment or earlier."""
    known = [version for version in versions if version.known_from <= moment]
    return max(known, key=lambda version: version.version).spans if known else ()


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
        taken = take_in(stored, events[begin:end], now=NOW, handbook=handbook)
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
    assert len(stored.events) == len(events)


@pytest.mark.parametrize(
    ("ends", "spans"),
    [
        ((1, 2), [(0, "first"), (1, "second"), (2, "now")]),
        ((0, 2), [(0, "second"), (2, "now")]),
        ((0, 0), [(0, "now")]),
        # Another machine's clock was behind: the later activation bears the earlier moment, and holds from there.
        ((2, 1), [(0, "first"), (1, "now")]),
    ],
)
def test_each_moment_is_rated_by_the_handbook_in_force_then(handbook, tmp_path, ends, spans):
    hours = [NOW + timedelta(hours=hour) for hour in range(4)]
    books = {"now": handbook}
    for name, days in (("first", 20), ("second", 25)):
        folder = changed(
            tmp_path / name,
            "zhenxuan-1",
            "1990-01-01",
            lambda draft, days=days: draft.setting("cooling_off_days_long", days),
        )
        books[name] = with_edition(handbook, read_source(folder))
    superseded = [(hours[end], books[name]) for end, name in zip(ends, ("first", "second"), strict=True)]
    new = [
        each.model_copy(update={"recorded_at": hours[0]})
        for each in (registered("2024-01-01"), issued("2024-01-10"))
    ]
    taken = take_in(Stored(), new, now=hours[3], handbook=handbook, superseded=superseded)
    assert [(each.known_from, each.handbook) for each in taken.versions] == [
        (hours[hour], books[name]) for hour, name in spans
    ]
    for each in taken.versions:
        assert each.spans == timeline(fold(taken.events), each.handbook)


def test_names_and_relatives_rate_nobody(handbook):
    first = take_in(Stored(), [registered("2024-01-01"), issued("2024-01-10")], now=NOW, handbook=handbook)
    stored = Stored(arrivals=2, version=1, events=first.events)
    people = [registered("2024-02-01", name="新名"), event("relative_registered", "2024-02-01")]
    assert take_in(stored, people, now=NOW, handbook=handbook).versions == ()
    earlier = take_in(stored, [registered("2023-01-01")], now=NOW, handbook=handbook)
    assert earlier.versions[0].spans[0].start.isoformat() == "2023-01-01"


def test_what_is_refused_leaves_no_gap(handbook):
    taken = take_in(
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
