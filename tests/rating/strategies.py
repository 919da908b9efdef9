"""Random histories: mostly plausible, so that most events are accepted and meet each other.

A policy's events are drawn one after the other with an eye on what it has become; one in eight is drawn blindly, so
that refused ones are among them. Short gaps, anniversaries and 29 February are likely: there days can be off by one.
A receipt or a cooling-off's end before the issue is among them too: earlier versions took it, and it stays taken.
"""

from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal

from hypothesis import strategies as st

from rating.events import parse_event

FIRST_DAY = date(2020, 2, 20)
starts = st.just((date(2020, 2, 29) - FIRST_DAY).days) | st.integers(0, 400)
MODES = ["annual", "semi_annual", "quarterly", "monthly", "single"]
CATEGORIES = ["whole_life", "term_life", "annuity", "critical_illness", "endowment", "medical", "other"]
DESIGNS = ["traditional", "participating", "universal"]
COVERAGES = [*["long"] * 8, *["one_year"] * 5, "under_one_year"]

premiums = st.decimals(min_value="0", max_value="700000", places=2).map(str)
# Round amounts meet the thresholds.
amounts = premiums | st.sampled_from(
    ["0", "1250", "3750", "15000", "30000", "45000", "100000", "500000", "1500000"]
)


@st.composite
def instalments(draw):
    mode = draw(st.sampled_from(MODES))
    term = {} if mode == "single" else {"term_years": draw(st.sampled_from([1, 2, 3, 5, 9, 10, 11, 20]))}
    return {"mode": mode, "premium": draw(amounts), **term}


@st.composite
def issues(draw):
    optional = {}
    for name in ("cooling_off_ends_on", "received_on"):
        if draw(st.integers(0, 3)) == 0:
            optional[name] = (FIRST_DAY + timedelta(days=draw(st.integers(0, 500)))).isoformat()
    return {
        "type": "policy_issued",
        "line": draw(st.sampled_from(["individual"] * 12 + ["group"])),
        "coverage": draw(st.sampled_from(COVERAGES)),
        "category": draw(st.sampled_from(CATEGORIES)),
        "design": draw(st.sampled_from(DESIGNS)),
        **draw(instalments()),
        **optional,
    }


def reduced(premium):
    """A premium of at most another one."""
    cent = Decimal("0.01")
    return st.integers(0, 20).map(
        lambda parts: str((Decimal(premium) * parts / 20).quantize(cent, ROUND_DOWN))
    )


LIVING = ["premium_increased", "rider_added", "top_up_paid", "premium_reduced", "component_ended", "lapsed"]
LEAVING = ["cooling_off_cancelled", "surrendered", "reduced_paid_up", "premium_waived", "terminated"]
gaps = st.sampled_from([0, 0, 1, 14, 15, 16, 17, 365, 366, 730, 731]) | st.integers(0, 400)


@st.composite
def policy_events(draw, issue):
    """What happens to a policy: (days since the event before, fields), …"""
    components, lapsed, events = {"base": issue["premium"]}, False, []
    for number in range(draw(st.integers(0, 7))):
        usual = LIVING + (["renewed"] * 4 if issue["coverage"] == "one_year" else [])
        blind = draw(st.integers(0, 7)) == 0
        if blind:
            kind = draw(st.sampled_from([*LIVING, *LEAVING, "renewed", "reinstated"]))
        else:
            kind = "reinstated" if lapsed else draw(st.sampled_from(usual))
        lapsed = kind == "lapsed"
        fields = {"type": kind}
        if kind in {"premium_increased", "rider_added", "top_up_paid"}:
            fields |= {"component_id": f"c{number}"}
            fields |= {"premium": draw(amounts)} if kind == "top_up_paid" else draw(instalments())
            components[f"c{number}"] = fields["premium"]
        if kind == "rider_added" and draw(st.booleans()):
            fields |= {
                "category": draw(st.sampled_from(CATEGORIES)),
                "design": draw(st.sampled_from(DESIGNS)),
            }
        if kind in {"premium_reduced", "component_ended"}:
            fields |= {"component_id": draw(st.sampled_from(list(components)))}
        if kind == "premium_reduced":
            of = components[fields["component_id"]]
            fields |= {"premium": draw(amounts if blind else reduced(of))}
            components[fields["component_id"]] = fields["premium"]
        events.append((draw(gaps), fields))
    return events


@st.composite
def streams(draw, *, distinct_days=False, policies=3):
    """Events of one customer in their order of arrival, many but not all of them legal."""
    sources = []
    for number in range(draw(st.integers(1, policies))):
        issue = draw(issues())
        when = draw(starts)
        sources.append((when, {"policy_no": f"P{number}", **issue}))
        for gap, fields in draw(policy_events(issue)):
            when += gap
            sources.append((when, {"policy_no": f"P{number}", **fields}))
    sources.sort(key=lambda each: each[0])
    if distinct_days:
        sources = list({day: (day, fields) for day, fields in reversed(sources)}.values())[::-1]
    return [
        parse_event(
            {
                "event_id": f"E{place}",
                "member_no": "M1",
                "effective_on": FIRST_DAY + timedelta(days=day),
                **fields,
            }
        )
        for place, (day, fields) in enumerate(sources, start=1)
    ]
