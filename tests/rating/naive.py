"""The rules once more, written apart from `rating`: a day is evaluated from the raw events, one day at a time.

Nothing here is shared with the code under test but the events themselves; the numbers are the printed handbook's.
"""

from datetime import timedelta
from decimal import Decimal

STARS = [
    (Decimal(500_000), 5),
    (Decimal(300_000), 4),
    (Decimal(150_000), 3),
    (Decimal(45_000), 2),
    (Decimal(30_000), 1),
]
PAYMENTS = {"annual": 1, "semi_annual": 2, "quarterly": 4, "monthly": 12}
GONE = {"surrendered", "cooling_off_cancelled", "reduced_paid_up", "premium_waived", "terminated"}


def covered(day, begin, years):
    """Whether a day lies before month and day of the beginning, some years on: 28 February does for 29 February."""
    return (day.year, day.month, day.day) < (begin.year + years, begin.month, begin.day)


def star_and_premium(events, day):
    """Star and rated premium on a day, of events [(arrival, event), …] that were all accepted."""
    past = [
        event for _, event in sorted(((e.effective_on, n), e) for n, e in events) if event.effective_on <= day
    ]
    numbers = {event.policy_no for event in past if event.type == "policy_issued"}
    premium = sum(
        (
            _policy_premium([e for e in past if getattr(e, "policy_no", None) == number], day)
            for number in numbers
        ),
        Decimal(0),
    )
    return next((star for threshold, star in STARS if premium >= threshold), 0), premium


def _policy_premium(events, day):
    issue = events[0]
    if issue.line == "group" or issue.coverage == "under_one_year":
        return 0
    kinds = [event.type for event in events]
    if GONE & set(kinds) or kinds.count("lapsed") > kinds.count("reinstated"):
        return 0
    last_day = issue.cooling_off_ends_on
    if last_day is None and issue.coverage == "long":
        last_day = (issue.received_on or issue.effective_on) + timedelta(days=15)
    if last_day is not None and day <= last_day:
        return 0
    if issue.coverage == "one_year":
        years = [event.effective_on for event in events if event.type in {"policy_issued", "renewed"}]
        if not any(begin <= day and covered(day, begin, 1) for begin in years):
            return 0
    return sum(
        (_component_premium(issue, event, events, day) for event in events if hasattr(event, "premium")),
        Decimal(0),
    )


def _component_premium(issue, event, events, day):
    if event.type == "premium_reduced":
        return 0
    name = getattr(event, "component_id", "base")
    on_it = [e for e in events if getattr(e, "component_id", None) == name]
    if any(e.type == "component_ended" for e in on_it):
        return 0
    amount = next((e.premium for e in reversed(on_it) if e.type == "premium_reduced"), event.premium)
    mode = "single" if event.type == "top_up_paid" else event.mode
    if issue.coverage == "one_year":
        return amount * PAYMENTS.get(mode, 1)
    if mode == "single":
        if not covered(day, event.effective_on, 2):
            return 0
        design = getattr(event, "design", None) or issue.design
        category = getattr(event, "category", None) or issue.category
        if design == "universal":
            return amount * Decimal("0.02")
        return amount * (
            Decimal("0.03") if design == "participating" or category == "endowment" else Decimal("0.1")
        )
    if not covered(day, event.effective_on, event.term_years):
        return 0
    return amount * PAYMENTS[mode] * min(event.term_years, 10) / 10
