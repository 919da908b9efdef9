"""The worked examples of the programme's rules, through the pure core."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rating.contributions import contributions_on
from rating.events import EVENT_TYPES, content, content_text, parse_event, stored_event
from rating.folding import Arrived, fold
from rating.judging import judge
from rating.tiers import Rating, TierView
from rating.timeline import timeline
from tests.rating import build


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What an example says of a day, as known at a moment (None: at the end)."""

    on: date
    star: int
    rated_premium: Decimal
    known_at: datetime | None


def _cases() -> Iterator[dict[str, Any]]:
    file = Path(__file__).parents[1] / "cases" / "rating.json"
    for case in json.loads(file.read_text(encoding="utf-8")):
        expect = [
            Expected(
                on=date.fromisoformat(each["on"]),
                star=each["star"],
                rated_premium=Decimal(each["ratedPremium"]),
                known_at=datetime.fromisoformat(each["knownAt"]) if "knownAt" in each else None,
            )
            for each in case["expect"]
        ]
        yield {**case, "expect": expect}


CASES = list(_cases())


@pytest.mark.parametrize("case", CASES, ids=[case["title"] for case in CASES])
def test_a_worked_example_holds(case, handbook):
    events = [
        Arrived(arrival=place, recorded_at=event.recorded_at, event=event)
        for place, event in enumerate(map(parse_event, case["events"]), start=1)
    ]
    assert judge(events, handbook) is None
    for expected in case["expect"]:
        known = [
            each for each in events if expected.known_at is None or each.recorded_at <= expected.known_at
        ]
        history = fold(known)
        view = TierView(rating=Rating(spans=timeline(history, handbook)), day=expected.on, handbook=handbook)
        assert (view.star, view.rated_premium) == (expected.star, expected.rated_premium), expected
        contributions = contributions_on(history, expected.on, handbook)
        assert sum(each.amount for each in contributions) == expected.rated_premium
        assert all(each.counted == (each.reason == "COUNTED") for each in contributions)


def test_an_event_survives_being_stored():
    events = [parse_event(source) for case in CASES for source in case["events"]]
    assert len(events) > 50
    events += [build.event(each, "2024-05-01") for each in ("component_ended", "relative_registered")]
    assert {event.type for event in events} == set(EVENT_TYPES)
    stored = [stored_event(content_text(event)) for event in events]
    assert stored == events
    assert [content_text(event) for event in stored] == [content_text(event) for event in events]
    assert [parse_event(content(event)) for event in events] == events
