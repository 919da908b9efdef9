"""Events are taken whole and exact, or refused with the place and the reason."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from rating.events import (
    EVENT_TYPES,
    EventError,
    content,
    content_hash,
    content_text,
    parse_event,
    parse_line,
    stored_event,
)

POLICY = {
    "event_id": "E-1",
    "type": "policy_issued",
    "member_no": "M1",
    "effective_on": "2024-01-10",
    "policy_no": "P1",
    "line": "individual",
    "coverage": "long",
    "category": "whole_life",
    "design": "traditional",
    "mode": "annual",
    "premium": "50000.00",
    "term_years": 10,
}
LEFT_OUT = object()
AMOUNT = "must be a decimal string of 0 or more and below 1000000000000 with at most 2 places"
DAY = "must be a day YYYY-MM-DD from 1900 to 2199"
MOMENT = "must be a date-time with an offset, such as 2024-01-10T09:00:00+08:00"
TERM = "must be a whole number from 1 to 100"
TEXT = "must be a text of 1 to 64 characters without control characters or spaces at its ends"
BAD_VALUES = {
    ("premium", AMOUNT): [
        *(50000, 50000.0, True, None),
        *(
            "",
            "-0",
            "-1",
            "+1",
            "1e5",
            "1.234",
            " 1",
            "1 ",
            "１",
            ".5",
            "5.",
            "1,000",
            "NaN",
            "Infinity",
        ),
        "1000000000000",
    ],
    ("effective_on", DAY): [
        *(
            "2023-02-29",
            "20240110",
            "2024-1-10",
            "2024-01-10T00:00:00",
            "1899-12-31",
            "2200-01-01",
            "２０２４-01-10",
        ),
        *("", 20240110, None),
    ],
    ("recorded_at", MOMENT): [
        "2024-01-10T09:00:00",
        "2024-01-10",
        1704880800,
        "2024-01-10T25:00:00+08:00",
        "soon",
    ],
    ("term_years", TERM): [0, 101, -1, "10", 10.5, True],
    ("policy_no", TEXT): ["", " P1", "P1 ", "P\x001", "P\n1", "P" * 65, "P\u2028", 5, None],
}
BAD = [
    *((field, value, reason) for (field, reason), values in BAD_VALUES.items() for value in values),
    ("term_years", LEFT_OUT, "is missing: a premium in instalments has a payment term"),
    ("mode", "single", "must be left out for mode single: it has no payment term"),
    ("line", "INDIVIDUAL", "is INDIVIDUAL, but must be one of 'individual' or 'group'"),
    ("member_no", LEFT_OUT, "is missing"),
    ("type", LEFT_OUT, "is missing"),
    ("colour", "red", "is not a field of this type of event"),
]


@pytest.mark.parametrize(("field", "value", "reason"), BAD)
def test_what_is_not_exact_is_refused_with_its_place(field, value, reason):
    source = {name: each for name, each in {**POLICY, field: value}.items() if each is not LEFT_OUT}
    place = "term_years" if field == "mode" else field
    for read in (parse_event, lambda event: parse_line(json.dumps(event).encode())):
        with pytest.raises(EventError) as caught:
            read(source)
        assert caught.value.place == place
        assert caught.value.reason in {reason, "must be a text"}
        assert str(caught.value) == f"{place}: {caught.value.reason}"
        assert caught.value.words.zh
        assert "\n" not in str(caught.value)


def test_an_unknown_type_is_refused_with_the_known_ones():
    with pytest.raises(EventError, match="type: is unknown: born; known are customer_registered, ") as caught:
        parse_event({**POLICY, "type": "born"})
    assert all(name in caught.value.words.zh for name in EVENT_TYPES)


@pytest.mark.parametrize(
    "line", [b"", b"{", b"[" * 100_000, b'{"a":' + b"1" * 10_000 + b"}", b"NaN", b'"text"', b"null", b"\xff"]
)
def test_what_is_no_json_object_is_refused(line):
    with pytest.raises(EventError, match="event: ") as caught:
        parse_line(line)
    assert len(str(caught.value)) < 200


def test_a_lone_surrogate_is_refused():
    with pytest.raises(EventError):
        parse_line(json.dumps({**POLICY, "policy_no": "P\ud800"}).encode())
    with pytest.raises(EventError):
        parse_event({**POLICY, "policy_no": "P\ud800"})


def test_a_long_foreign_text_is_quoted_in_short():
    with pytest.raises(EventError) as caught:
        parse_event({**POLICY, "mode": "x\n" * 100_000})
    assert len(str(caught.value)) < 300
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("premium", ["0", "0.00", "0.0", Decimal(0)])
def test_a_gift_policys_premium_of_0_is_taken(premium):
    assert content(parse_event({**POLICY, "premium": premium}))["premium"] == "0.00"


def test_values_of_python_are_taken_as_they_are():
    event = parse_event(
        {
            **POLICY,
            "effective_on": date(2024, 1, 10),
            "premium": Decimal(50000),
            "recorded_at": datetime(2024, 1, 10, 1, tzinfo=UTC),
        }
    )
    assert event == parse_event({**POLICY, "recorded_at": "2024-01-10T09:00:00+08:00"})
    with pytest.raises(EventError):
        parse_event({**POLICY, "premium": Decimal("1.001")})
    with pytest.raises(EventError):
        parse_event({**POLICY, "effective_on": datetime(2024, 1, 10, tzinfo=UTC)})


def test_the_content_is_what_was_sent_in_one_spelling():
    event = parse_event({**POLICY, "premium": "050000.0", "cooling_off_ends_on": None})
    assert content(event) == POLICY
    assert "recorded_at" not in content(event)
    assert json.loads(content_text(event)) == POLICY


def test_the_hash_of_a_content_is_the_same_in_every_release():
    # Stored hashes are compared with it. Should it ever change, importing the past again gets slow, but not wrong.
    event = parse_event({**POLICY, "recorded_at": "2024-01-10T09:00:00+08:00"})
    assert content_hash(content_text(event)).hex().startswith("b73be7e9138deb4f")


@pytest.mark.parametrize(
    "change",
    [
        {"policy_no": " P1"},
        {"mode": "single"},
        {"mode": "annual", "term_years": None},
        {"effective_on": "1899-12-31"},
        {"premium": "1000000000000.00"},
        {"recorded_at": "2299-01-10T01:00:00Z"},
    ],
)
def test_what_is_stored_is_not_checked_again(change):
    stored = {name: value for name, value in {**POLICY, **change}.items() if value is not None}
    with pytest.raises(EventError):
        parse_event(stored)
    assert content(stored_event(json.dumps(stored))) == stored


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_every_type_tells_what_it_is(name):
    assert EVENT_TYPES[name].__doc__
    assert EVENT_TYPES[name].model_fields["type"].default == name
