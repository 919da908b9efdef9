"""More worked examples of the rating rules, reckoned by hand: imported as a file, then asked of the API.

Each example is a customer: a title, what happened on which day, and rated premium and star on some days. All of
them go in through one file, and a second time through the pure core.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from rating.contributions import contributions_on
from rating.events import PolicyEvent, content_text
from rating.folding import fold
from rating.importing import import_history
from rating.judging import judge
from rating.tiers import Rating, TierView
from rating.timeline import timeline
from tests.rating.build import arrived, day, event
from tests.rating.worked_examples import EXAMPLES, Expected, Happened
from tests.schema.api import AUDITOR, Api, serving

TIER = """query ($memberNo: String!, $on: Date!, $knownAt: DateTime) { customer(memberNo: $memberNo) {
    tier(on: $on, knownAt: $knownAt) { star ratedPremium next { star shortfall } contributions { amount counted reason }
} } }"""
EXPLAINED = """query ($memberNo: String!, $on: Date!) { customer(memberNo: $memberNo) { tier(on: $on) { contributions {
    policyNo componentId kind base coefficient amount counted reason countedFrom countedUntil } }
    tierHistory(from: "2024-01-01", to: "2028-01-01") { star ratedPremium from to } } }"""
THRESHOLDS = (30_000, 45_000, 150_000, 300_000, 500_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One customer's example; the star follows from the rated premium by the printed thresholds."""

    title: str
    member_no: str
    events: Sequence[PolicyEvent]
    expect: Sequence[Expected]


def star_of(premium: str) -> int:
    """The star of a rated premium, by the print: as many as thresholds are reached."""
    return sum(Decimal(premium) >= threshold for threshold in THRESHOLDS)


def _example(number: int, title: str, events: list[Happened], expect: list[Expected]) -> Example:
    member_no = f"W{number:03}"
    return Example(
        title=title,
        member_no=member_no,
        events=[
            event(
                "customer_registered",
                "2022-01-01",
                member_no=member_no,
                recorded_at="2022-01-01T09:00:00+08:00",
            ),
            *(event(type_, on, member_no=member_no, **fields) for on, type_, fields in events),
        ],
        expect=expect,
    )


ALL = [_example(number, *row) for number, row in enumerate(EXAMPLES)]


@pytest.mark.parametrize("example", ALL, ids=[example.title for example in ALL])
def test_a_hand_reckoned_example_holds(example, handbook):
    events = arrived(*example.events)
    assert judge(events, handbook) is None
    for on, premium, *_ in (expected for expected in example.expect if len(expected) == 2):
        view = TierView(rating=Rating(spans=timeline(fold(events), handbook)), day=day(on), handbook=handbook)
        assert (view.rated_premium, view.star) == (Decimal(premium), star_of(premium)), on
        counted = [each for each in contributions_on(fold(events), day(on), handbook) if each.counted]
        assert sum(each.amount for each in counted) == Decimal(premium), on


async def imported(database: Any, api: Api, events: Sequence[PolicyEvent]) -> None:
    lines = b"".join(content_text(each) + b"\n" for each in events)
    async with database.pool.acquire() as conn, conn.transaction():
        report = await import_history(conn, io.BytesIO(lines), now=api.clock(), handbook=api.handbook)
    assert (report.written, report.taken) == (True, len(events)), report.rejections


async def test_every_hand_reckoned_example_holds_through_import_and_api(database, handbook):
    async with serving(database, handbook) as api:
        # Day by day over all customers, as a core system sends them: each one's events in their order.
        stream = sorted(
            (each for example in ALL for each in example.events), key=lambda each: each.effective_on
        )
        await imported(database, api, stream)
        for example in ALL:
            for on, premium, *known_at in example.expect:
                asked = {"memberNo": example.member_no, "on": on, "knownAt": (known_at or [None])[0]}
                tier = (await api.data(TIER, AUDITOR, **asked))["customer"]["tier"]
                told = (example.title, asked)
                assert (Decimal(tier["ratedPremium"]), tier["star"]) == (
                    Decimal(premium),
                    star_of(premium),
                ), told
                assert sum(Decimal(each["amount"]) for each in tier["contributions"]) == Decimal(premium), (
                    told
                )
                if tier["star"] == len(THRESHOLDS):
                    assert tier["next"] is None, told
                else:
                    shortfall = THRESHOLDS[tier["star"]] - Decimal(premium)
                    assert tier["next"]["star"] == tier["star"] + 1, told
                    assert Decimal(tier["next"]["shortfall"]) == shortfall, told


async def test_contributions_and_history_of_a_hand_reckoned_example(database, handbook):
    happenings = [
        event("customer_registered", "2024-01-10"),
        event("policy_issued", "2024-01-10", premium="40000", category="annuity", design="universal"),
        event("rider_added", "2024-06-01", component_id="ci", mode="quarterly", premium="5000", term_years=5),
        event("top_up_paid", "2025-01-01", component_id="top", premium="1000000"),
        event("premium_reduced", "2026-01-01", component_id="ci", premium="2500"),
        event("lapsed", "2026-03-01"),
        event("reinstated", "2026-09-01"),
        event("policy_issued", "2024-02-01", policy_no="P2", line="group", premium="900000"),
    ]
    async with serving(database, handbook) as api:
        await imported(database, api, happenings)
        found = (await api.data(EXPLAINED, AUDITOR, memberNo="M1", on="2026-02-01"))["customer"]
        during = (await api.data(EXPLAINED, AUDITOR, memberNo="M1", on="2026-03-01"))["customer"]
    rows = [tuple(each.values()) for each in found["tier"]["contributions"]]
    assert rows == [
        ("P1", "base", "BASE", "40000.00", "1.00", "40000.00", True, "COUNTED", "2024-01-26", "2026-03-01"),
        ("P1", "ci", "RIDER", "10000.00", "0.50", "5000.00", True, "COUNTED", "2024-06-01", "2026-03-01"),
        (
            "P1",
            "top",
            "TOP_UP",
            "1000000.00",
            "0.02",
            "20000.00",
            True,
            "COUNTED",
            "2025-01-01",
            "2026-03-01",
        ),
        ("P2", "base", "BASE", "900000.00", "1.00", "0.00", False, "GROUP_POLICY", None, None),
    ]
    lapsed = [
        (each["reason"], each["countedFrom"], each["countedUntil"])
        for each in during["tier"]["contributions"]
    ]
    assert lapsed == [
        ("LAPSED", "2026-09-01", "2034-01-10"),
        ("LAPSED", "2026-09-01", "2029-06-01"),
        ("LAPSED", "2026-09-01", "2027-01-01"),
        ("GROUP_POLICY", None, None),
    ]
    history = [tuple(each.values()) for each in found["tierHistory"]]
    assert history == [
        (0, "0.00", "2024-01-10", "2024-01-26"),
        (1, "40000.00", "2024-01-26", "2024-06-01"),
        (2, "50000.00", "2024-06-01", "2025-01-01"),
        (2, "70000.00", "2025-01-01", "2026-01-01"),
        (2, "65000.00", "2026-01-01", "2026-03-01"),
        (0, "0.00", "2026-03-01", "2026-09-01"),
        (2, "65000.00", "2026-09-01", "2027-01-01"),
        (2, "45000.00", "2027-01-01", "2028-01-01"),
    ]
