"""What the life cycle refuses beyond the table of statuses, and how a batch is taken."""

import random
from datetime import UTC, timedelta

import pytest

from rating.folding import fold
from rating.intake import Stored, take_in
from rating.judging import admit, contradiction, judge
from tests.rating.build import NOW, arrived, day, event, issued, registered

START = (registered("2024-01-01"), issued("2024-01-10"))


def refusal(handbook, *events):
    finding = judge(arrived(*events), handbook)
    return None if finding is None else finding.words.en


REFUSED = {
    "policy P1 is unknown: only policy_issued is allowed for it": [event("lapsed", "2024-02-01")],
    "comes before it": [issued("2024-01-10"), event("lapsed", "2024-01-09")],
    "was issued on 2024-01-10 and cannot be issued again": [issued("2024-01-10"), issued("2024-05-01")],
    "already has a component base; a new component needs an id unused on its policy": [
        *START,
        event("premium_increased", "2024-02-01", component_id="base"),
    ],
    "already has a component top-1": [*START, event("top_up_paid", "2024-02-01"), event("top_up_paid", "2024-03-01")],
    "policy P1 has no component x; there are: base": [*START, event("premium_reduced", "2024-02-01", component_id="x")],
    "has ended on 2024-02-01; there are: –": [
        *START,
        event("component_ended", "2024-02-01"),
        event("premium_reduced", "2024-03-01"),
    ],
    "already has a component rid-1": [
        *START,
        event("rider_added", "2024-02-01"),
        event("component_ended", "2024-03-01", component_id="rid-1"),
        event("rider_added", "2024-04-01"),
    ],
    "has coverage long; only a one_year policy can be renewed": [*START, event("renewed", "2025-01-10")],
    "has coverage under_one_year": [issued("2024-01-10", coverage="under_one_year"), event("renewed", "2025-01-10")],
    "the cooling-off period ended with 2024-01-25": [*START, event("cooling_off_cancelled", "2024-01-26")],
    "has no cooling-off period; surrendered is allowed": [
        issued("2024-01-10", coverage="one_year"),
        event("cooling_off_cancelled", "2024-01-10"),
    ],
    "the cooling-off period ended with 2024-02-01": [
        issued("2024-01-10", coverage="one_year", cooling_off_ends_on="2024-02-01"),
        event("cooling_off_cancelled", "2024-02-02"),
    ],
    "the premium of component base is 30000.00 since 2024-01-10; a reduction cannot raise it to 30000.01": [
        *START,
        event("premium_reduced", "2024-02-01", premium="30000.01"),
    ],
    "is 20000.00 since 2024-02-01; a reduction cannot raise it to 25000.00, premium_increased adds a component": [
        *START,
        event("premium_reduced", "2024-02-01", premium="20000"),
        event("premium_reduced", "2024-03-01", premium="25000"),
    ],
    "the premium of component top-1 is 10000.00 since 2024-02-01": [
        *START,
        event("top_up_paid", "2024-02-01"),
        event("premium_reduced", "2024-02-01", component_id="top-1", premium="10001"),
    ],
    "the premium of component base is 0.00 since 2024-01-10": [
        issued("2024-01-10", premium="0"),
        event("premium_reduced", "2024-02-01", premium="0.01"),
    ],
    "is surrendered since 2024-02-01; lapsed is not allowed then, and nothing is": [
        *START,
        event("surrendered", "2024-02-01"),
        event("lapsed", "2024-03-01"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("words", REFUSED)
def test_what_a_policy_does_not_allow_is_refused_in_words(words, handbook):
    assert words in refusal(handbook, *REFUSED[words])


@pytest.mark.parametrize("premium", ["30000", "29999.99", "0"])
def test_a_reduction_may_leave_the_premium_as_it_is_and_may_take_it_all(premium, handbook):
    assert refusal(handbook, *START, event("premium_reduced", "2024-02-01", premium=premium)) is None


@pytest.mark.parametrize(
    ("place", "reason", "given"),
    [
        (
            "received_on",
            "2024-01-09 lies before the issue of policy P1 (2024-01-10)",
            issued("2024-01-10", received_on="2024-01-09"),
        ),
        (
            "cooling_off_ends_on",
            "2024-01-09 lies before the issue of policy P1 (2024-01-10)",
            issued("2024-01-10", cooling_off_ends_on="2024-01-09", received_on="2024-01-10"),
        ),
        (
            "recorded_at",
            "2026-06-01T12:00:00.000001+08:00 lies ahead of now (2026-06-01T12:00:00+08:00)",
            registered(recorded_at=NOW + timedelta(microseconds=1)),
        ),
        (
            "recorded_at",
            "2026-06-02T12:00:00+08:00 lies ahead of now (2026-06-01T12:00:00+08:00)",
            event("relative_registered", "2024-01-01", recorded_at=NOW + timedelta(days=1)),
        ),
    ],
)
def test_an_event_that_cannot_be_is_told_by_field_in_both_languages(place, reason, given):
    found = contradiction(given, NOW)
    assert found.place == place
    assert found.words.en.startswith(reason)
    for fact in reason.replace("(", " ").replace(")", " ").split():
        assert not fact[0].isdigit() or fact in found.words.zh


@pytest.mark.parametrize(
    "given",
    [
        issued("2024-01-10", received_on="2024-01-10", cooling_off_ends_on="2024-01-10"),
        issued("2024-01-10", received_on="2024-01-20", cooling_off_ends_on="2024-01-12"),
        issued("2030-01-10", recorded_at=NOW),
        registered(recorded_at=NOW.astimezone(UTC)),
        event("lapsed", "2024-01-10"),
    ],
)
def test_what_can_be_contradicts_nothing(given):
    assert contradiction(given, NOW) is None


@pytest.mark.parametrize(
    ("last_day", "fields"),
    [
        ("2024-01-25", {}),
        ("2024-02-04", {"received_on": "2024-01-20"}),
        ("2024-01-12", {"cooling_off_ends_on": "2024-01-12", "received_on": "2024-01-20"}),
    ],
)
def test_the_cooling_off_period_includes_its_last_day(last_day, fields, handbook):
    policy = issued("2024-01-10", **fields)
    assert refusal(handbook, policy, event("cooling_off_cancelled", last_day)) is None
    (history,) = fold(arrived(policy)).policies.values()
    assert history.cooling_off_ends_on(handbook) == day(last_day)


def test_events_of_one_day_stand_in_the_order_of_arrival(handbook):
    assert refusal(handbook, *START, event("lapsed", "2024-05-01"), event("reinstated", "2024-05-01")) is None
    assert (
        refusal(handbook, *START, event("reinstated", "2024-05-01"), event("lapsed", "2024-05-01"))
        is not None
    )


def test_policies_do_not_decide_about_each_other(handbook):
    taken = take_in(
        Stored(),
        [registered(), event("lapsed", "2024-02-01", policy_no="P2"), issued("2024-01-10")],
        now=NOW,
        handbook=handbook,
    )
    assert list(taken.refused) == [1]
    assert [each.arrival for each in taken.events] == [1, 2]


def test_a_shuffled_batch_with_one_bad_event_loses_only_that(handbook):
    good = [
        issued("2024-01-10"),
        event("top_up_paid", "2024-02-01"),
        event("lapsed", "2024-03-01"),
        event("reinstated", "2024-04-01"),
        event("surrendered", "2024-05-01"),
    ]
    bad = event("renewed", "2024-02-02")
    for seed in range(30):
        batch = [*good, bad]
        random.Random(seed).shuffle(batch)
        taken, refused = admit([], arrived(*batch), handbook)
        assert sorted(each.event.event_id for each in taken) == sorted(each.event_id for each in good)
        assert list(refused) == [batch.index(bad) + 1]


def test_a_new_event_never_undoes_a_stored_one(handbook):
    stored = arrived(*START, event("top_up_paid", "2024-06-01"))
    late = arrived(*START, event("top_up_paid", "2024-06-01"), event("surrendered", "2024-05-01"))[-1:]
    taken, refused = admit(stored[1:], late, handbook)
    assert taken == []
    named = (
        f"would make the recorded event {stored[-1].event.event_id} (top_up_paid on 2024-06-01) impossible"
    )
    assert named in refused[4].en
    assert stored[-1].event.event_id in refused[4].zh


def test_a_late_reduction_that_makes_a_stored_one_a_raise_is_refused_naming_it(handbook):
    known = arrived(*START[1:], event("premium_reduced", "2024-06-01", event_id="E-june", premium="20000"))
    late = event("premium_reduced", "2024-03-01", premium="10000")
    taken, refused = admit(known, arrived(*(each.event for each in known), late)[-1:], handbook)
    assert taken == []
    assert refused[3].en == (
        "taking it would make the recorded event E-june (premium_reduced on 2024-06-01) impossible: policy P1: the "
        "premium of component base is 10000.00 since 2024-03-01; a reduction cannot raise it to 20000.00, "
        "premium_increased adds a component"
    )
    assert "E-june" in refused[3].zh
    assert "10000.00" in refused[3].zh
    assert "20000.00" in refused[3].zh


def test_reductions_of_one_batch_may_come_in_any_order(handbook):
    steps = [
        issued("2024-01-10"),
        *(
            event("premium_reduced", f"2024-0{month}-01", premium=str(30000 - month * 1000))
            for month in range(2, 8)
        ),
    ]
    for seed in range(10):
        random.Random(seed).shuffle(steps)
        assert admit([], arrived(*steps), handbook)[1] == {}


# What earlier versions took: a raise told as a reduction, and a cancellation after the cooling-off period of today.
BEFORE = arrived(
    issued("2024-01-10"),
    event("premium_reduced", "2024-06-01", premium="50000"),
    issued("2024-01-10", policy_no="P2"),
    event("cooling_off_cancelled", "2024-02-20", policy_no="P2"),
)


@pytest.mark.parametrize(
    "new",
    [
        event("lapsed", "2024-07-01"),
        event("top_up_paid", "2024-02-01"),
        event("premium_reduced", "2024-07-01", premium="40000"),
        event("premium_reduced", "2024-03-01", premium="20000"),
        event("premium_increased", "2024-01-20", policy_no="P2"),
    ],
)
def test_what_earlier_versions_took_is_held_against_no_new_event(new, handbook):
    assert judge(BEFORE, handbook) is not None
    latest = arrived(*(each.event for each in BEFORE), new)[-1:]
    of_policy = [each for each in BEFORE if each.event.policy_no == new.policy_no]
    assert admit(of_policy, latest, handbook) == (latest, {})


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        (event("premium_reduced", "2024-07-01", premium="50000.01"), "is 50000.00 since 2024-06-01"),
        (event("reinstated", "2024-07-01"), "reinstated is not allowed then"),
        (event("surrendered", "2024-05-01"), "nothing is"),
        (event("component_ended", "2024-05-01"), "has ended on 2024-05-01"),
    ],
)
def test_a_new_event_is_judged_on_what_earlier_versions_took_as_on_all_else(new, reason, handbook):
    later = event("premium_reduced", "2024-08-01", premium="45000")
    known = arrived(*(each.event for each in BEFORE[:2]), later)
    taken, refused = admit(known, arrived(*(each.event for each in known), new)[-1:], handbook)
    assert taken == []
    assert reason in refused[4].en


def test_of_two_new_events_that_exclude_each_other_the_first_to_arrive_is_taken(handbook):
    taken, refused = admit(
        [],
        arrived(issued("2024-01-10"), event("lapsed", "2024-06-01"), event("surrendered", "2024-05-01")),
        handbook,
    )
    assert [each.event.type for each in taken] == ["policy_issued", "lapsed"]
    assert list(refused) == [3]


def test_a_day_has_one_status_and_one_premium(handbook):
    events = arrived(
        *START,
        event("lapsed", "2024-05-01"),
        event("reinstated", "2024-05-01"),
        event("premium_reduced", "2024-06-01", premium="20000"),
        event("premium_reduced", "2024-06-01", premium="10000"),
    )
    (policy,) = fold(events).policies.values()
    assert policy.statuses == ((day("2024-01-10"), "IN_FORCE"), (day("2024-05-01"), "IN_FORCE"))
    assert policy.components[0].premiums == ((day("2024-01-10"), 30000), (day("2024-06-01"), 10000))


def test_a_late_event_is_folded_into_its_own_place(handbook):
    in_order = [*START, event("lapsed", "2024-05-01"), event("reinstated", "2024-06-01")]
    late = [in_order[0], in_order[3], in_order[1], in_order[2]]
    assert fold(arrived(*late)) == fold(arrived(*in_order))
