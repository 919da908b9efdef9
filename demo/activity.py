"""Uses of benefits by the crowd in the five months before today: mostly within the allowance, sometimes beyond it.

For each member and each benefit a habit says how often it is used and how. The generator knows each member's star, not
the balances: the ledger refuses uses beyond the quota.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

from demo.diaries import Diary
from demo.histories import History
from handbook import Benefit, Handbook
from rating.folding import Arrived, fold
from rating.tiers import star_on
from rating.timeline import StarSpan, timeline

_SLIP, _OPINION, _APPROVAL = "admission-slip", "first-opinion", "approval"
_ILL_FOR_DAYS = 3
_NUMBER_HELD_HOURS = 20 * 24
_CHANCE_OF_A_VAIN_TRY = 0.012
_CHANCE_OF_A_REVERSAL = 0.03
_CHANCE_OF_A_LATE_POSTING = 0.06
_CHANCE_OF_FAMILY = 0.35


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """How a benefit is used: how many times in the five months on average, booked ahead or not, how many units."""

    benefit: str
    times: float
    booked: float = 0.0
    units: tuple[int, ...] = (1,)
    fields: Mapping[str, str] = field(default_factory=dict)


HABITS: tuple[Habit, ...] = (
    Habit(benefit="physical-exam", times=0.7, booked=0.85),
    Habit(benefit="dental-care", times=0.65, booked=0.5),
    Habit(benefit="health-assessment", times=1.1),
    Habit(benefit="family-doctor-phone", times=1.6),
    Habit(benefit="family-doctor-video", times=0.8),
    Habit(benefit="vip-line", times=1.2),
    Habit(benefit="legal-consultation", times=0.7, booked=0.3, units=(10, 15, 20, 30, 45)),
    Habit(benefit="medical-butler", times=0.7),
    Habit(benefit="outpatient-green-channel", times=0.35, booked=0.6),
    Habit(benefit="outpatient-escort", times=0.4, booked=0.5),
    Habit(
        benefit="critical-surgery-admission", times=0.03, fields={"evidence": _SLIP, "option": "admission"}
    ),
    Habit(benefit="second-opinion", times=0.05, fields={"evidence": _OPINION}),
    Habit(benefit="proton-therapy", times=0.06, fields={"evidence": _SLIP, "facility": "shanghai"}),
    Habit(benefit="car-t", times=0.04, fields={"evidence": _APPROVAL}),
    Habit(benefit="life-bank", times=0.25),
    Habit(benefit="policy-cover", times=0.4),
    Habit(benefit="lucky-policy-number", times=0.15),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scene:
    """The state of a member while uses are generated."""

    member: History
    diary: Diary
    rng: Random
    handbook: Handbook
    spans: Sequence[StarSpan]
    opening: date


def use(member: History, diary: Diary, rng: Random, *, handbook: Handbook, opening: date) -> None:
    """Write the uses of a member of the crowd, from the opening to yesterday, into the diary."""
    arrived = [
        Arrived(arrival=number, recorded_at=event.recorded_at, event=event)
        for number, event in enumerate(member.events, start=1)
        if event.recorded_at is not None
    ]
    spans = timeline(fold(arrived), handbook)
    scene = _Scene(member=member, diary=diary, rng=rng, handbook=handbook, spans=spans, opening=opening)
    for habit in HABITS:
        for _ in range(_how_often(habit.times, rng)):
            _use(scene, habit)


def _use(scene: _Scene, habit: Habit) -> None:
    rng = scene.rng
    day = _day(scene)
    edition = scene.handbook.on(day)
    benefit = edition.benefit(habit.benefit) if edition is not None else None
    if benefit is None:
        return
    entitled = benefit.allowance(star_on(scene.spans, day)) is not None
    if not entitled and rng.random() >= _CHANCE_OF_A_VAIN_TRY:
        return
    if benefit.wished_number is not None:
        _wish(scene, benefit, day)
        return
    fields: dict[str, Any] = {**habit.fields, **_details(scene, benefit, day)}
    if rng.random() < habit.booked:
        _book(scene, habit, day, fields)
        return
    late = rng.randrange(2, 20) if rng.random() < _CHANCE_OF_A_LATE_POSTING else 0
    late = min(late, (scene.member.today - day).days - 1)
    key = scene.diary.redeem(
        habit.benefit, day, units=rng.choice(habit.units), posted_later_days=late, **fields
    )
    posted = day + timedelta(days=late)
    _perhaps_reverse(scene, key, posted)


def _wish(scene: _Scene, benefit: Benefit, day: date) -> None:
    """A wished number: confirmed if a policy is issued in time, else released, or left to run out."""
    rng, diary = scene.rng, scene.diary
    issued = [
        event for event in scene.member.events if event.type == "policy_issued" and event.effective_on > day
    ]
    number = f"{rng.choice('ABCDEFGH')}{rng.randrange(10**7):07}"
    key = diary.hold(benefit.code, day, wished_number=number, hours=_NUMBER_HELD_HOURS)
    latest = min(day + timedelta(hours=_NUMBER_HELD_HOURS), scene.member.today) - timedelta(days=2)
    for event in issued:
        if event.effective_on <= latest:
            diary.confirm(key, event.effective_on + timedelta(days=1), policy_no=event.policy_no)
            return
    if day + timedelta(days=9) < scene.member.today and rng.random() < 0.5:  # noqa: PLR2004
        diary.release(key, day + timedelta(days=9), "客户暂不投保")


def _details(scene: _Scene, benefit: Benefit, day: date) -> dict[str, Any]:
    """Beneficiary, option, policy, diagnosis: mostly valid."""
    rng, details = scene.rng, dict[str, Any]()
    if benefit.family_shared and rng.random() < _CHANCE_OF_FAMILY:
        known = [
            event
            for event in scene.member.events
            if event.type == "relative_registered" and event.effective_on <= day
        ]
        if known:
            details["beneficiary"] = rng.choice(known).relative_id
    if "child-fluoride" in benefit.options:
        child = details.get("beneficiary", "").startswith("child")
        details["option"] = "child-fluoride" if child else "adult-cleaning"
    elif benefit.options:
        details["option"] = rng.choice(benefit.options)
    if benefit.illness_after_waiting:
        details["diagnosed_on"] = day - timedelta(days=_ILL_FOR_DAYS)
    if benefit.code == "policy-cover":
        policies = [event.policy_no for event in scene.member.events if event.type == "policy_issued"]
        details["policy_no"] = rng.choice(policies)
    return details


def _book(scene: _Scene, habit: Habit, day: date, fields: Mapping[str, Any]) -> None:
    """A hold for some days ahead, and its end: confirmed, released, no-show, or expired."""
    rng, diary = scene.rng, scene.diary
    units = rng.choice(habit.units)
    ahead = rng.randrange(2, 15)
    key = diary.hold(habit.benefit, day, units=units, hours=(ahead + 7) * 24, **_for_a_hold(fields))
    due = day + timedelta(days=ahead)
    if due >= scene.member.today:
        return  # still ahead
    outcomes: tuple[tuple[Callable[[], None], int], ...] = (
        (lambda: _keep(scene, key, due, units), 78),
        (lambda: diary.release(key, due - timedelta(days=1), "客户取消预约"), 12),
        (lambda: diary.no_show(key, due, "客户未到场"), 6),
        (lambda: None, 4),
    )
    what, weights = zip(*outcomes, strict=True)
    rng.choices(what, weights)[0]()


def _keep(scene: _Scene, key: str, due: date, units: int) -> None:
    used = units - units % 10 if units > 10 and scene.rng.random() < 0.5 else None  # noqa: PLR2004
    scene.diary.confirm(key, due, units=used)
    _perhaps_reverse(scene, key, due)


def _perhaps_reverse(scene: _Scene, key: str, posted: date) -> None:
    day = posted + timedelta(days=scene.rng.randrange(1, 6))
    if day < scene.member.today and scene.rng.random() < _CHANCE_OF_A_REVERSAL:
        scene.diary.reverse(key, day, scene.rng.choice(("登记错误", "服务未完成", "客户投诉，退回次数")))


def _for_a_hold(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name != "policy_no"}


def _day(scene: _Scene) -> date:
    days = (scene.member.today - scene.opening).days
    return scene.opening + timedelta(days=scene.rng.randrange(1, days))


def _how_often(times: float, rng: Random) -> int:
    """A number of times whose average is `times`: each of the next whole numbers with an even chance to stop."""
    stop = 1 / (1 + times)
    number = 0
    while rng.random() > stop:
        number += 1
    return number
