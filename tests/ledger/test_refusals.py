"""Every refusal has a case that meets it, words in both languages, and a stored form that loses nothing."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.words import Words
from handbook import Handbook
from ledger.commands import Command, Evidence, malformed
from ledger.ids import RedemptionId
from ledger.posting.committing import no_customer
from ledger.posting.outcomes import RedemptionOutcome, outcome_as_json, replayed
from ledger.posting.recording import refusal_of
from ledger.refusal_codes import RefusalCode, message_of
from ledger.refusals import Refusal, busy
from rating.event_refusals import EventRefusal
from rating.history import Policy
from tests.ledger.books import (
    JOINED,
    NOW,
    TODAY,
    Desk,
    a_car_t,
    a_confirm,
    a_hold,
    a_no_show,
    a_redeem,
    a_release,
    a_respond,
    a_reversal,
    an_arrange,
    customer,
    first_opinion,
    refused,
    taken,
)

Scene = Callable[[Desk], Refusal]


def asking(benefit: str, **more: object) -> Scene:
    return lambda desk: desk.ask(a_redeem(benefit, **more))


def with_stars(scene: Scene, *stars: int) -> Scene:
    """The scene for a customer of these stars, today's first, then one a day."""

    def play(desk: Desk) -> Refusal:
        desk.re_rate(*((TODAY + timedelta(days=day), star) for day, star in enumerate(stars)))
        return scene(desk)

    return play


def again(*makes: Callable[..., Command]) -> Scene:
    """A redemption or hold, then one command after the other about it; the last answer."""

    def play(desk: Desk) -> Refusal:
        outcome = desk.ask(makes[0]())
        for make in makes[1:]:
            outcome = desk.ask(make(RedemptionId(1, 2)))
        return outcome

    return play


def no_contract(desk: Desk) -> Refusal:
    return desk.decide(a_redeem(), terms=[]).outcome


def key_reused(desk: Desk) -> Refusal:
    desk.ask(a_redeem(key="k"))
    return desk.ask(a_car_t(key="k", units=2, occurred_at=NOW))


def hold_run_out(desk: Desk) -> Refusal:
    held = desk.ask(a_hold(hold_hours=1))
    desk.pass_days(1)
    return desk.ask(a_confirm(held.id))


def too_much_confirmed(desk: Desk) -> Refusal:
    return desk.ask(a_confirm(desk.ask(a_hold()).id, units=2))


def reported(make: Callable[..., Command], **more: object) -> Scene:
    """A hold of today, and something about it."""
    return lambda desk: desk.ask(make(desk.ask(a_hold()).id, **more))


def wishing(number: str | None, **more: object) -> Scene:
    """A number is applied for."""
    return lambda desk: desk.ask(a_hold("lucky-policy-number", wished_number=number, **more))


def with_a_number(*, policy_no: str | None, issued_on: date = TODAY) -> Scene:
    """A number that was applied for today is confirmed five days later; N1 is issued on a day."""

    def play(desk: Desk) -> Refusal:
        held = desk.ask(a_hold("lucky-policy-number", wished_number="Abcd1234", hold_hours=500))
        issued = Policy(policy_no="N1", line="individual", statuses=((issued_on, "IN_FORCE"),))
        desk.know(policies=(*desk.state.account.policies, issued))
        desk.pass_days(5)
        return desk.ask(a_confirm(held.id, policy_no=policy_no))

    return play


def event_refused(code: str, *differing: str) -> Scene:
    words = Words("保单 P1 不在有效状态。", "Policy P1 is not in force.")
    refused = EventRefusal(
        event_id="E1",
        member_no="M1",
        code=code,
        words=words,
        differing=differing,
    )
    return lambda _: refusal_of(refused)


SCENES: dict[str, list[Scene]] = {
    "UNKNOWN_CUSTOMER": [lambda _: no_customer(a_redeem(member_no="M9")), event_refused("UNKNOWN_CUSTOMER")],
    "NOT_A_MEMBER": [
        with_stars(asking("vip-line"), 0, 1),
        with_stars(asking("car-t"), 0),
        lambda desk: desk.ask(a_redeem(occurred_at=datetime(1985, 1, 1, tzinfo=UTC))),
    ],
    "TIER_TOO_LOW": [with_stars(asking("car-t"), 2), with_stars(asking("proton-therapy"), 1, 5)],
    "QUOTA_EXHAUSTED": [asking("legal-consultation", units=61), asking("life-bank", units=2)],
    "WAITING_PERIOD": [
        with_stars(asking("second-opinion"), 3),
        asking("second-opinion", evidence=first_opinion(JOINED + timedelta(days=29))),
        lambda desk: desk.ask(
            a_confirm(
                desk.ask(a_hold("second-opinion", evidence=first_opinion())).id,
                evidence=first_opinion(JOINED),
            )
        ),
    ],
    "BENEFICIARY_NOT_COVERED": [
        asking("vip-line", beneficiary="R1"),
        asking("physical-exam", beneficiary="R2"),
        asking("physical-exam", beneficiary="R9"),
        asking("dental-care", option="child-fluoride"),
        asking("dental-care", option="child-fluoride", beneficiary="R1"),
    ],
    "EVIDENCE_MISSING": [
        asking("second-opinion"),
        asking("second-opinion", evidence=(Evidence(kind="first-opinion", reference="x"),)),
        asking("proton-therapy", facility="shanghai", evidence=first_opinion()),
        asking("car-t"),
    ],
    "POLICY_REQUIRED": [asking("policy-cover"), with_a_number(policy_no=None)],
    "POLICY_NOT_ELIGIBLE": [
        asking("policy-cover", policy_no="G1"),
        asking("lucky-policy-number", policy_no="P1"),
        wishing("12345678", policy_no="NOT-YET"),
        asking("lucky-policy-number", wished_number="12345678"),
        with_a_number(policy_no="P1"),
        with_a_number(policy_no="nope"),
        with_a_number(policy_no="N1", issued_on=TODAY),
        with_a_number(policy_no="N1", issued_on=TODAY + timedelta(days=1)),
    ],
    "WISHED_NUMBER_REQUIRED": [
        wishing(None),
        wishing("1234567"),
        wishing("123456789"),
        wishing("1234-678"),
        wishing("八八八八八八八八"),
        wishing("１２３４５６７８"),
    ],
    "OPTION_REQUIRED": [asking("dental-care"), asking("dental-care", option="gold")],
    "FACILITY_REQUIRED": [asking("proton-therapy"), asking("proton-therapy", facility="beijing")],
    "UNKNOWN_BENEFIT": [asking("nothing"), asking("{benefit_zh}")],
    "VENDOR_NOT_CONTRACTED": [no_contract],
    "OUTSIDE_SERVICE_HOURS": [
        asking("vip-line", occurred_at=NOW.replace(hour=8, minute=59)),
        asking("vip-line", occurred_at=NOW - timedelta(days=3)),
        asking("family-doctor-phone", occurred_at=NOW - timedelta(hours=11)),
        lambda desk: desk.ask(a_confirm(desk.ask(a_hold("vip-line")).id, occurred_at=NOW.replace(hour=8))),
    ],
    "UNITS_INVALID": [
        lambda _: malformed(a_redeem("vip-line", units=0)),
        asking("vip-line", units=0),
        asking("vip-line", units=1001),
        too_much_confirmed,
        asking("legal-consultation"),
    ],
    "OCCURRED_IN_FUTURE": [
        asking("vip-line", occurred_at=NOW + timedelta(days=1)),
        lambda desk: desk.ask(a_confirm(desk.ask(a_hold()).id, occurred_at=NOW + timedelta(seconds=1))),
        reported(a_respond, occurred_at=NOW + timedelta(seconds=1)),
        reported(an_arrange, occurred_at=NOW + timedelta(days=1), appointment_at=NOW + timedelta(days=2)),
    ],
    "OCCURRED_TOO_LONG_AGO": [
        asking("vip-line", occurred_at=NOW - timedelta(days=32)),
        reported(a_respond, occurred_at=NOW - timedelta(days=32)),
    ],
    "HOLD_NOT_OPEN": [
        again(a_redeem, a_confirm),
        again(a_hold, a_release, a_no_show),
        hold_run_out,
        again(a_redeem, a_respond),
        again(a_hold, a_release, a_respond),
        again(a_hold, a_confirm, an_arrange),
        again(a_hold, a_no_show, an_arrange),
    ],
    "NOT_REDEEMED": [again(a_hold, a_reversal), again(a_hold, a_release, a_reversal)],
    "ALREADY_REVERSED": [again(a_redeem, a_reversal, a_reversal)],
    "UNKNOWN_REDEMPTION": [
        again(a_redeem, lambda _: a_confirm(RedemptionId(1, 99))),
        lambda _: no_customer(a_release(RedemptionId(99, 1))),
        lambda desk: desk.ask(a_release(desk.ask(a_hold()).id, actor="finance")),
        lambda desk: desk.ask(a_release(desk.ask(a_hold()).id, actor="vendor:other")),
        again(a_redeem, lambda _: a_respond(RedemptionId(1, 99))),
        reported(a_respond, actor="vendor:other"),
        reported(an_arrange, actor="finance"),
    ],
    "KEY_REUSED": [key_reused],
    "LIFE_CYCLE": [event_refused("LIFE_CYCLE")],
    "EVENT_CHANGED": [event_refused("EVENT_CHANGED", "premium", "mode")],
    "INVALID": [
        reported(a_respond, occurred_at=NOW - timedelta(days=1)),
        reported(an_arrange, appointment_at=NOW - timedelta(days=1)),
        asking("vip-line", option="x"),
        asking("vip-line", policy_no="P1"),
        asking("vip-line", facility="shanghai"),
        asking("vip-line", wished_number="12345678"),
        asking("policy-cover", policy_no="P1", wished_number="12345678"),
        asking("second-opinion", evidence=first_opinion(TODAY + timedelta(days=1))),
        lambda desk: [wishing("12345678")(desk), wishing("12345678")(desk)][1],
        lambda desk: desk.ask(a_confirm(desk.ask(a_hold()).id, policy_no="P1")),
        event_refused("INVALID"),
    ],
}


BY_RECONCILIATION = {
    "PERIOD_CLOSED",
    "TOTAL_DIFFERS",
    "UNKNOWN_STATEMENT",
    "UNKNOWN_FINDING",
    "NOT_IN_DISPUTE",
    "ALREADY_DECIDED",
    "ALREADY_MATCHED",
    "FINDINGS_OPEN",
    "FOUR_EYES",
    "KEY_REUSED.statement",
    "KEY_REUSED.withdrawn",
}
"""Met by the tests of the reconciliation: no command about a redemption is refused like that."""
TO_VENDORS = {"RATE_LIMITED"}
"""Met by the tests of the API: not the ledger counts look-ups."""
BY_THE_JOURNAL = {"BUSY"}
"""Met by the tests of the journal: no rule refuses like that."""


def refusals() -> list[tuple[str, int]]:
    return [(code, number) for code, scenes in SCENES.items() for number in range(len(scenes))]


def played(code: str, number: int, handbook: Handbook) -> Refusal:
    outcome = SCENES[code][number](Desk(handbook, customer((JOINED, 4))))
    assert isinstance(outcome, Refusal), outcome
    return outcome


def test_every_code_has_a_scene():
    codes = {code.value for code in RefusalCode}
    assert set(SCENES) == codes - BY_RECONCILIATION - BY_THE_JOURNAL - TO_VENDORS


@pytest.mark.parametrize(("code", "number"), refusals())
def test_a_scene_ends_with_its_refusal(code, number, handbook):
    refusal = played(code, number, handbook)
    assert refusal.code == code


@pytest.mark.parametrize(("code", "number"), refusals())
def test_a_refusal_has_words_in_both_languages(code, number, handbook):
    refusal = played(code, number, handbook)
    chinese, english = refusal.message(), refusal.message("en")
    assert chinese == refusal.message("zh")
    assert re.search("[\u4e00-\u9fff]", chinese)
    assert not re.search("[，。：；（）]", english)
    for words in (chinese, english):
        assert "None" not in words
        if "benefit_zh" not in str(refusal.facts.get("benefit")):
            assert not re.search("[{}]", words)
    if refusal.available_from is not None:
        assert refusal.available_from.isoformat() in chinese
        assert refusal.available_from.isoformat() in english
    for fact in (*refusal.missing, *refusal.differing):
        assert fact in chinese
        assert fact in english


def test_no_wording_asks_for_a_fact_that_some_refusal_lacks(handbook):
    """All wordings are met by the scenes above, by the reconciliation or by the journal, but what older versions
    stored, and what vendors are told: see tests/schema/test_look_ups.py."""
    met = {
        f"{each.code}.{each.wording}" if each.wording else each.code.value
        for each in (played(code, number, handbook) for code, number in refusals())
    }
    stored_before = "BENEFICIARY_NOT_COVERED.relation"
    wordings = {f"{code}.{wording}" for code in RefusalCode for wording in message_of(code).wordings}
    assert {*RefusalCode, *wordings} - met <= {
        *BY_RECONCILIATION,
        *BY_THE_JOURNAL,
        *TO_VENDORS,
        "BENEFICIARY_NOT_COVERED.vendor",
        "NOT_A_MEMBER.no_programme",
        stored_before,
    }


def test_a_refusal_that_was_stored_before_it_told_the_family_still_has_words():
    facts = {
        "day": "2026-05-20",
        "benefit_zh": "体检",
        "benefit_en": "Physical examination",
        "beneficiary": "R2",
        "relation": "sibling",
        "relation_zh": "兄弟姐妹",
    }
    stored = {
        "code": "BENEFICIARY_NOT_COVERED",
        "case": "relation",
        "facts": facts,
        "available_from": None,
        "required_star": None,
        "missing": [],
        "differing": [],
    }
    refusal = Refusal.from_json(stored)
    assert refusal.message() == "「体检」仅限客户及其直系亲属使用；「R2」登记的关系是「兄弟姐妹」。"
    assert refusal.message("en") == (
        "Physical examination is for the customer and the immediate family; R2 is registered as sibling."
    )


@pytest.mark.parametrize(
    ("key", "fact", "one", "many"),
    [
        ("FINDINGS_OPEN", "count", "1 finding waits for", "2 findings wait for"),
        ("WAITING_PERIOD", "waiting_days", "of 1 day,", "of 2 days,"),
        ("WAITING_PERIOD.diagnosed", "waiting_days", "period of 1 day from", "period of 2 days from"),
        (
            "POLICY_NOT_ELIGIBLE.applied_before",
            "working_days",
            "at least 1 working day before",
            "2 working days",
        ),
        ("POLICY_NOT_ELIGIBLE.too_soon", "working_days", "less than 1 working day after", "2 working days"),
        ("WISHED_NUMBER_REQUIRED", "length", "1 character,", "2 characters,"),
        ("OCCURRED_TOO_LONG_AGO", "backdating_days", "(1 day back)", "(2 days back)"),
        ("UNITS_INVALID.held", "held", "only 1 is held", "only 2 are held"),
    ],
)
def test_one_is_not_told_as_many(key, fact, one, many):
    code, _, wording = key.partition(".")
    message = message_of(RefusalCode(code))
    text = "".join(message.wordings[wording] if wording else message.words)
    others = dict.fromkeys(re.findall(r"{(\w+)", text), "x")
    for number, words in ((1, one), (2, many)):
        refusal = Refusal(code=RefusalCode(code), wording=wording, facts={**others, fact: number})
        assert words in refusal.message("en")
        assert f"{number}" in refusal.message()


@pytest.mark.parametrize(("code", "number"), refusals())
def test_a_stored_refusal_is_read_back_whole(code, number, handbook):
    refusal = played(code, number, handbook)
    stored = json.loads(json.dumps(outcome_as_json(refusal)))
    assert replayed(stored, answered_at=NOW) == replace(refusal, replayed=True)
    assert replayed(stored, answered_at=NOW).message("en") == refusal.message("en")


@pytest.mark.parametrize(
    "make", [a_redeem, lambda: a_hold("legal-consultation", units=3, beneficiary="R1", reference="r")]
)
def test_a_stored_redemption_is_read_back_whole(make, handbook):
    outcome = Desk(handbook).ask(make())
    assert isinstance(outcome, RedemptionOutcome)
    stored = json.loads(json.dumps(outcome_as_json(outcome)))
    assert replayed(stored, answered_at=NOW) == replace(outcome, replayed=True)
    # An earlier version stored neither the edition nor the year of the pool.
    before = {name: told for name, told in stored["redemption"].items() if name not in {"edition", "period"}}
    pool = outcome.redemption.pool._replace(term=0)
    bare = replace(outcome.redemption, edition=None, pool=pool)
    assert replayed({"redemption": before}, answered_at=NOW) == replace(
        outcome, redemption=bare, replayed=True
    )


@pytest.mark.parametrize(("code", "number"), refusals())
def test_only_what_may_be_mended_or_comes_from_clocks_that_differ_leaves_its_key_free(code, number, handbook):
    """All others are the answer to the key for ever: what changes with a day is another use, under a new key.

    Of a redemption that is somebody else's as little is kept as of one that there is not.
    """
    free = played(code, number, handbook).leaves_key_free
    minutes = played(code, number, handbook).wording == "minutes"
    assert free == (code in {"INVALID", "OCCURRED_IN_FUTURE", "UNKNOWN_REDEMPTION"} or minutes)


def test_a_use_that_a_clock_ahead_told_of_is_taken_under_the_same_key_a_little_later(handbook):
    desk = Desk(handbook)
    command = a_redeem(occurred_at=NOW + timedelta(seconds=3))
    assert refused(desk.ask(command)).code == "OCCURRED_IN_FUTURE"
    assert desk.state.outcomes == {}
    desk.now += timedelta(seconds=3)
    assert not taken(desk.ask(command)).replayed


def test_a_refusal_that_is_answered_again_says_so(handbook):
    desk = Desk(handbook)
    taken(desk.ask(a_redeem()))
    command = a_redeem()
    assert refused(desk.ask(command)).replayed is False
    assert refused(desk.ask(command)).replayed is True


def test_busy_says_when_to_send_the_same_again():
    refusal = busy()
    assert refusal.leaves_key_free
    assert refusal.retry_after == 2
    assert "2 秒后" in refusal.message()
    assert refusal.message("en").endswith("under the same key, after 2 seconds.")
    assert Refusal(code=RefusalCode.INVALID, facts={}).retry_after is None


ID = RedemptionId(1, 2)
MALFORMED = {
    "a key of ten thousand characters": a_redeem(key="k" * 10_000),
    "a key of one character too many": a_redeem(key="k" * 201),
    "an empty key": a_redeem(key=""),
    "a key of spaces": a_redeem(key=" \u3000"),
    "a NUL in the key": a_redeem(key="a\x00b"),
    "a newline in the key": a_redeem(key="a\nb"),
    "half a character in the key": a_redeem(key="\ud800"),
    "a NUL in the member number": a_redeem(member_no="M\x00"),
    "a NUL in the benefit": a_redeem("car\x00t"),
    "an empty option": a_redeem(option=""),
    "a NUL in the option": a_hold(option="\x00"),
    "a long reference": a_redeem(reference="r" * 201),
    "half a character in the beneficiary": a_redeem(beneficiary="\udfff"),
    "a NUL in the policy": a_redeem(policy_no="\x00"),
    "an empty kind of evidence": a_redeem(evidence=(Evidence(kind="", reference="x"),)),
    "a NUL in the evidence": a_confirm(ID, evidence=(Evidence(kind="x", reference="\x00"),)),
    "more evidence than anybody reads": a_redeem(evidence=(Evidence(kind="x", reference="y"),) * 21),
    "no hours": a_hold(hold_hours=0),
    "negative hours": a_hold(hold_hours=-1),
    "huge hours": a_hold(hold_hours=2**31),
    "a moment without offset": a_redeem(occurred_at=datetime(2026, 5, 1)),  # noqa: DTZ001
    "the first moment of all": a_redeem(occurred_at=datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))),
    "the last moment of all": a_confirm(ID, occurred_at=datetime.max.replace(tzinfo=UTC)),
    "a reversal without reason": a_reversal(ID, reason=None),
    "a reversal with an empty reason": a_reversal(ID, reason=""),
    "a NUL in the reason": a_release(ID, reason="\x00"),
    "a NUL in the key of a no-show": a_no_show(ID, key="\x00"),
    "an empty key of a response": a_respond(ID, key=""),
    "a response without offset": a_respond(ID, occurred_at=datetime(2026, 5, 1)),  # noqa: DTZ001
    "an appointment without offset": an_arrange(ID, appointment_at=datetime(2026, 5, 1)),  # noqa: DTZ001
    "an appointment in the year 9999": an_arrange(ID, appointment_at=datetime.max.replace(tzinfo=UTC)),
}


@pytest.mark.parametrize("what", MALFORMED)
def test_a_malformed_request_is_refused_by_name_before_anything_is_read(what):
    refusal = malformed(MALFORMED[what])
    assert refusal is not None
    assert refusal.code == "INVALID"
    for language in ("zh", "en"):
        assert len(refusal.message(language)) < 200


@pytest.mark.parametrize("units", [0, -1, -(2**31), 2**31, 2**63])
@pytest.mark.parametrize(
    "make", [a_redeem, a_hold, lambda **more: a_confirm(ID, **more)], ids=["redeem", "hold", "confirm"]
)
def test_units_are_at_least_one_and_not_huge(units, make):
    refusal = malformed(make(units=units))
    assert refusal is not None
    assert refusal.code == "UNITS_INVALID"
    assert str(units) in refusal.message("en")


@pytest.mark.parametrize(
    "command",
    [
        a_redeem(key="k" * 200, units=2**31 - 1, reference="参考 №1 👨‍👩‍👧 \U000e0001"),
        a_hold(hold_hours=2**31 - 1),
        a_confirm(ID),
        a_release(ID, reason="客户改期"),
        a_release(ID),
        a_reversal(ID),
        a_respond(ID),
        an_arrange(ID, appointment_at=datetime(2199, 12, 31, tzinfo=UTC)),
        a_redeem(occurred_at=datetime(1900, 1, 1, tzinfo=UTC)),
    ],
)
def test_what_is_at_the_limit_is_well_formed(command):
    assert malformed(command) is None


def limited(handbook: Handbook) -> Handbook:
    """Until yesterday at most 20 units and 30 hours; from today on as printed."""
    printed = handbook.on(TODAY)
    settings = replace(printed.settings, max_units_per_redemption=20, max_hold_hours=30)
    return Handbook(
        [
            replace(printed, code="narrow", effective_to=TODAY, settings=settings),
            replace(printed, effective_from=TODAY),
        ]
    )


@pytest.mark.parametrize(("days_back", "fits"), [(0, True), (1, False)])
def test_how_many_units_and_hours_are_allowed_the_edition_of_the_day_says(handbook, days_back, fits):
    desk = Desk(limited(handbook))
    occurred_at = NOW - timedelta(days=days_back)
    commands = {
        a_redeem("legal-consultation", units=21, occurred_at=occurred_at): ("UNITS_INVALID", "20"),
        a_hold("physical-exam", hold_hours=31, occurred_at=occurred_at): ("INVALID", "holdHours"),
    }
    for command, (code, word) in commands.items():
        assert malformed(command) is None
        outcome = desk.ask(command)
        if fits:
            assert isinstance(outcome, RedemptionOutcome), outcome
            continue
        assert outcome.code == code
        for language in ("zh", "en"):
            assert word in outcome.message(language)


def test_a_hold_lasts_no_longer_than_the_edition_allows_and_its_key_stays_free(handbook):
    desk = Desk(handbook)
    hold = a_hold(hold_hours=2161)
    assert desk.ask(hold).code == "INVALID"
    assert desk.ask(replace(hold, hold_hours=2160)).redemption.expires_at == NOW + timedelta(hours=2160)


@given(st.text(max_size=220), st.sampled_from(["key", "member_no", "benefit", "option", "reference"]))
def test_no_text_whatever_breaks_a_decision(handbook, text, name):
    command = a_redeem(**{"benefit": "dental-care", name: text})
    outcome = malformed(command) or Desk(handbook).ask(command)
    stored = json.loads(json.dumps(outcome_as_json(outcome)))
    assert replayed(stored, answered_at=NOW) == replace(outcome, replayed=True)
    if isinstance(outcome, Refusal):
        assert outcome.message("zh")
        assert outcome.message("en")
    else:
        assert name in {"key", "reference"}, "no other text names a member, benefit or option"
