"""A small portfolio, and a review of the handbook: zhenxuan-2 with six stars from 2027 on."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from base.database import Pool
from handbook import Handbook, read_source, with_edition
from ledger.posting.recording import record_events
from rating import customers as reading
from rating.activations import AnyHandbook
from rating.events import parse_event
from rating.tiers import star_on
from tests.editions import six_stars

NOW = datetime(2026, 11, 1, 2, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
LAST_DAY, FIRST_DAY = date(2026, 12, 31), date(2027, 1, 1)
PREMIUMS = ("27000.00", "47000.00", "160000.00", "1200000.00")
"""One is a member only by the review, one loses a star by it, one keeps it, one gains the sixth."""

STARS = {LAST_DAY: [0, 2, 3, 5], FIRST_DAY: [1, 1, 3, 6]}


def history(count: int = len(PREMIUMS)) -> list[dict[str, Any]]:
    """Customers M0, M1, … with one policy each, whose premiums take turns."""
    events: list[dict[str, Any]] = []
    for number in range(count):
        common = {
            "member_no": f"M{number}",
            "effective_on": "2024-01-10",
            "recorded_at": "2024-01-10T09:00:00+08:00",
        }
        events += [
            common | {"event_id": f"{number}-1", "type": "customer_registered", "name": f"张{number}"},
            common
            | {
                "event_id": f"{number}-2",
                "type": "policy_issued",
                "policy_no": f"P{number}",
                "line": "individual",
                "coverage": "long",
                "category": "whole_life",
                "design": "traditional",
                "mode": "annual",
                "premium": PREMIUMS[number % len(PREMIUMS)],
                "term_years": 20,
            },
        ]
    return events


def lines(events: Sequence[dict[str, Any]]) -> str:
    """The events as a history stream."""
    return "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in events)


async def tell(pool: Pool, handbook: AnyHandbook, *events: dict[str, Any], now: datetime = NOW) -> None:
    """Record events, all of which are taken."""
    results = await record_events(pool, [parse_event(each) for each in events], now=now, handbook=handbook)
    assert all(type(each).__name__ == "Recorded" for each in results), results


def top_up(member_no: str, premium: str, event_id: str) -> dict[str, Any]:
    """An event that raises a customer's rated premium for two years."""
    return {
        "event_id": event_id,
        "type": "top_up_paid",
        "member_no": member_no,
        "effective_on": "2026-10-01",
        "policy_no": f"P{member_no[1:]}",
        "component_id": event_id,
        "premium": premium,
    }


async def stars(pool: Pool, on: date, known_at: datetime | None = None) -> list[int]:
    """The stars of everybody on a day, by member number."""
    customers = await reading.customers_page(pool, first=100, on=on)
    found = await reading.ratings(pool, [(each.id, known_at) for each in customers])
    return [star_on(found[each.id, known_at].spans, on) for each in customers]


@pytest.fixture(scope="session")
def review(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of editions with zhenxuan-2 alone."""
    folder = tmp_path_factory.mktemp("review")
    six_stars(folder)
    return folder


@pytest.fixture(scope="session")
def reviewed(handbook: Handbook, review: Path) -> Handbook:
    """The shipped handbook with zhenxuan-2 after it."""
    return with_edition(handbook, read_source(review / "zhenxuan-2"))
