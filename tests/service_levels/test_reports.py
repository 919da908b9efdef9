"""Reports: the database's counts equal the clocks of the single holds."""

import random
from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from handbook import BUSINESS_ZONE, Handbook, WorkingCalendar, WorkingYear, business_day, start_of
from ledger.ids import RedemptionId
from ledger.reports.filters import Position
from ledger.reports.service_levels import (
    Counts,
    Days,
    clocks,
    late_holds,
    milestones,
    promise,
    service_reports,
)
from ledger.service_levels.clock import HoldDays, clock_of
from tests.ledger.books import (
    a_confirm,
    a_hold,
    a_no_show,
    a_redeem,
    a_release,
    a_respond,
    a_reversal,
    an_arrange,
)
from tests.ledger.stored import SetClock, contract, enrol, journals

GREEN, BUTLER = "outpatient-green-channel", "medical-butler"
OCTOBER = Days(start=date(2026, 10, 1), end=date(2026, 11, 1))


def at(text: str) -> datetime:
    """A moment of 2026 in Shanghai: month, day and hour."""
    return datetime.strptime(f"2026-{text}", "%Y-%m-%d %H").replace(tzinfo=BUSINESS_ZONE)


@dataclass
class Booth:
    """Vendors on a real database, whose clock the test sets."""

    pool: Any
    journal: Any
    clock: SetClock
    handbook: Handbook

    async def do(self, when: str, command: Any) -> Any:
        """The outcome of a command at a moment."""
        self.clock.now = at(when)
        outcome = await self.journal.post(command)
        assert outcome.__class__.__name__ == "RedemptionOutcome", outcome
        return outcome.id

    async def clock_of(self, redemption: RedemptionId, now: str) -> tuple[str, int]:
        found = await clocks(self.pool, [redemption], handbook=self.handbook, now=at(now))
        return found[redemption].clock.standing.value, found[redemption].clock.late_working_days

    async def report(self, now: str, days: Days = OCTOBER, vendor: str = "v") -> dict[str, Any]:
        found = await service_reports(self.pool, [vendor], days, handbook=self.handbook, now=at(now))
        return {each.benefit: each for each in found[vendor]}


@pytest.fixture
async def booth(database, handbook):
    """Members M1 to M9 of four stars, vendors v and w contracted for everything, and a journal."""
    await contract(database.pool, handbook, "v", "w")
    clock = SetClock(at("09-01 09"))
    await enrol(database.pool, handbook, *(f"M{number}" for number in range(1, 10)), now=clock.now)
    async with journals(database.pool, handbook, clock) as (journal,):
        yield Booth(database.pool, journal, clock, handbook)


async def test_a_confirmation_is_an_answer_and_an_arrangement_at_the_latest(booth):
    held = await booth.do("10-12 10", a_hold(GREEN, hold_hours=720))
    assert await booth.clock_of(held, "10-13 23") == ("OPEN", 0)
    assert await booth.clock_of(held, "10-14 00") == ("OVERDUE", 1)
    await booth.do("10-15 10", a_confirm(held))
    assert await booth.clock_of(held, "10-30 10") == ("LATE", 2)


@pytest.mark.parametrize(
    ("make", "day", "standing"),
    [
        (a_confirm, "10-13 23", "ON_TIME"),
        (a_no_show, "10-13 23", "ON_TIME"),
        (a_release, "10-13 23", "ENDED"),
        (a_release, "10-14 00", "LATE"),
        (a_no_show, "10-14 00", "LATE"),
    ],
)
async def test_how_a_hold_ends_tells_what_became_of_a_promise_without_milestones(booth, make, day, standing):
    held = await booth.do("10-12 10", a_hold(BUTLER, hold_hours=720))
    await booth.do(day, make(held))
    assert (await booth.clock_of(held, "10-30 10"))[0] == standing


async def test_a_reversal_does_not_unmake_what_was_done_in_time(booth):
    held = await booth.do("10-12 10", a_hold(BUTLER))
    await booth.do("10-13 10", a_confirm(held))
    await booth.do("10-28 10", a_reversal(held))
    assert await booth.clock_of(held, "10-30 10") == ("ON_TIME", 0)


async def test_a_hold_that_runs_out_unanswered_is_late_from_the_deadline_on_whether_or_not_that_is_posted(
    booth,
):
    """To be answered by the end of 10-13: one runs out a day before that, one as the day ends, one after it."""
    hours = {"M1": 1, "M2": 38, "M3": 72}
    held = [
        await booth.do("10-12 10", a_hold(BUTLER, hold_hours=hours[each], member_no=each)) for each in hours
    ]
    moments = ("10-13 23", "10-14 00", "10-16 10", "10-30 10")
    unposted = [[await booth.clock_of(each, moment) for moment in moments] for each in held]
    for member_no in hours:
        await booth.do("10-30 10", a_redeem(BUTLER, member_no=member_no))
    assert await booth.pool.fetchval("select count(*) from entries where kind = 'EXPIRE_HOLD'") == 3
    posted = [[await booth.clock_of(each, moment) for moment in moments] for each in held]
    assert unposted == posted == [[("OPEN", 0), ("OVERDUE", 1), ("OVERDUE", 3), ("OVERDUE", 13)]] * 3
    report = (await booth.report("10-30 10"))[BUTLER]
    assert report.total == Counts(overdue=3, latest_by_working_days=13)


async def test_the_first_report_counts_and_the_last_appointment_stands(booth):
    held = await booth.do("10-12 10", a_hold(GREEN, hold_hours=720))
    await booth.do("10-15 10", a_respond(held))
    await booth.do("10-16 10", a_respond(held, occurred_at=at("10-12 12")))  # too late to be on time
    await booth.do("10-20 10", an_arrange(held, appointment_at=at("11-02 09")))
    await booth.do("10-22 10", an_arrange(held, appointment_at=at("11-05 09")))
    view = (await clocks(booth.pool, [held], handbook=booth.handbook, now=at("10-30 10")))[held]
    assert (view.responded_at, view.arranged_at, view.appointment_at) == (
        at("10-15 10"),
        at("10-20 10"),
        at("11-05 09"),
    )
    assert view.clock.respond is not None
    assert view.clock.arrange is not None
    assert (view.clock.respond.standing, view.clock.arrange.standing) == ("LATE", "ON_TIME")
    told = (await milestones(booth.pool, [held]))[held]
    assert [each.kind.value for each in told] == ["RESPONDED", "RESPONDED", "ARRANGED", "ARRANGED"]


async def test_an_arrangement_is_an_answer(booth):
    held = await booth.do("10-12 10", a_hold(GREEN, hold_hours=720))
    await booth.do("10-13 10", an_arrange(held, appointment_at=at("10-28 09")))
    await booth.do("10-16 10", a_respond(held))
    assert await booth.clock_of(held, "10-30 10") == ("ON_TIME", 0)


async def test_what_was_redeemed_at_once_or_carries_no_promise_has_no_clock(booth):
    redeemed = await booth.do("10-12 10", a_redeem(BUTLER))
    exam = await booth.do("10-12 10", a_hold("physical-exam"))
    asked = [redeemed, exam, RedemptionId(1, 999)]
    assert await clocks(booth.pool, asked, handbook=booth.handbook, now=at("10-30 10")) == {}
    assert await booth.report("10-30 10") == {}


# A hold of the green channel: who, when, and what was done when. It is to be answered within 1 working day, and
# arranged within 7. The holiday of October ends on the 7th; Saturday the 10th is worked.
STORIES = {
    "M1": ("09-30 23", []),  # not of October
    "M2": ("10-01 00", [("10-08 23", a_respond), ("10-15 23", an_arrange)]),  # on time
    "M3": ("10-12 10", [("10-14 10", a_respond), ("10-20 10", an_arrange)]),  # answered 1 day late
    "M4": ("10-28 10", [("10-29 10", a_respond)]),  # open
    "M5": ("10-13 10", [("10-14 10", a_respond)]),  # not arranged, 7 days late so far
    "M6": ("10-14 10", [("10-15 10", a_release)]),  # ended
    "M8": ("10-14 10", [("10-20 10", a_release)]),  # not answered when it ended, 3 days late
    "M9": ("11-01 00", []),  # not of October
}


async def test_a_report_counts_each_hold_once_by_the_day_on_which_it_was_booked(booth):
    for member_no, (booked, steps) in STORIES.items():
        held = await booth.do(booked, a_hold(GREEN, member_no=member_no, hold_hours=2000))
        for when, make in steps:
            more = {"appointment_at": at("12-01 10")} if make is an_arrange else {}
            await booth.do(when, make(held, **more))
    elsewhere = await booth.do("10-12 10", a_hold(GREEN, member_no="M7", vendor="w", hold_hours=2000))
    await booth.do("10-20 10", a_respond(elsewhere, actor="vendor:w"))
    found = await booth.report("11-02 12")
    assert list(found) == [GREEN]
    report = found[GREEN]
    assert report.total == Counts(on_time=1, late=2, open=1, overdue=1, ended=1, latest_by_working_days=7)
    assert report.respond == Counts(on_time=3, late=2, ended=1, latest_by_working_days=3)
    assert report.arrange == Counts(on_time=2, open=1, overdue=1, ended=2, latest_by_working_days=7)
    assert (report.total.holds, report.unknown_years) == (6, ())
    other = (await booth.report("11-02 12", vendor="w"))[GREEN]
    assert other.total == Counts(overdue=1, latest_by_working_days=8)
    assert await booth.report("11-02 12", Days(start=date(2026, 10, 5), end=date(2026, 10, 5))) == {}


async def test_a_report_over_a_year_that_nobody_knows_says_so(booth):
    await booth.do("12-31 10", a_hold(BUTLER))
    december = Days(start=date(2026, 12, 1), end=date(2027, 1, 1))
    far = at("12-31 11").replace(year=2150)
    found = await service_reports(booth.pool, ["v"], december, handbook=booth.handbook, now=far)
    (report,) = found["v"]
    known = promise(booth.handbook, BUTLER, date(2026, 12, 31))
    assert known is not None
    calendar = booth.handbook.calendar
    clock = clock_of(known, HoldDays(held_on=date(2026, 12, 31)), business_day(far), calendar)
    assert clock is not None
    assert report.unknown_years == calendar.unknown_years(clock.days)
    assert 2150 in report.unknown_years


async def test_a_year_that_the_operator_gave_is_counted_and_cited_and_warned_of_no_more(booth):
    """Of a hold of the last day of the last year that ships, by a file that gives a holiday to the next one."""
    known = max(year for year in range(2004, 2150) if booth.handbook.calendar.knows(year))
    eve, new_year = date(known, 12, 31), date(known + 1, 1, 1)
    off = frozenset(new_year + timedelta(days=ahead) for ahead in range(12))
    given = WorkingYear(year=known + 1, cite="国办通知", holidays=off, working_weekends=frozenset())
    aware = Handbook(booth.handbook.editions, calendar=WorkingCalendar((given,)))
    booth.clock.now = start_of(eve) + timedelta(hours=10)
    held = (await booth.journal.post(a_hold(BUTLER))).id
    days = Days(start=eve, end=new_year)
    now = start_of(new_year) + timedelta(days=12)
    guessed, counted = [
        (
            (await clocks(booth.pool, [held], handbook=handbook, now=now))[held],
            (await service_reports(booth.pool, ["v"], days, handbook=handbook, now=now))["v"][0],
        )
        for handbook in (booth.handbook, aware)
    ]
    for view in guessed:
        assert (view.unknown_years, view.cites) == ((known + 1,), ())
    for view in counted:
        assert (view.unknown_years, view.cites) == ((), ("国办通知",))
    assert guessed[0].clock.standing == "OVERDUE"
    assert counted[0].clock.standing == "OPEN"
    assert await late_of(booth, days, now, booth.handbook) == [held]
    assert await late_of(booth, days, now, aware) == []


async def late_of(booth: Booth, days: Days, now: datetime, handbook: Handbook) -> list[RedemptionId]:
    """The late holds of the butler, by the working days of a handbook."""
    page = await late_holds(
        booth.pool, [("v", BUTLER)], days, first=9, after=None, handbook=handbook, now=now
    )
    return [each.id for each in page["v", BUTLER]]


async def random_holds(booth: Booth, seed: int) -> list[RedemptionId]:
    """Some hundred holds with all that can happen to them, in the order of time."""
    dice = random.Random(seed)
    held: list[RedemptionId] = []
    open_: dict[RedemptionId, datetime] = {}
    for hour in range(24, 24 * 45, 7):
        now = at("09-18 00") + timedelta(hours=hour)
        when = now.strftime("%m-%d %H")
        for _ in range(3):
            if not open_ or dice.random() < 0.3:
                command = a_hold(
                    dice.choice([BUTLER, BUTLER, GREEN]),
                    member_no=f"M{dice.randrange(1, 10)}",
                    vendor=dice.choice("vvw"),
                    hold_hours=dice.choice([3, 40, 72, 400]),
                    occurred_at=now - timedelta(hours=dice.choice([0, 0, 0, 30, 200])),
                )
            else:
                about = dice.choice(sorted(open_))
                command = dice.choice(
                    [a_confirm, a_release, a_no_show, a_respond, a_respond, an_arrange, an_arrange]
                )(about)
                more: dict[str, Any] = {"actor": f"vendor:{'w' if open_[about] is None else 'v'}"}
                if hasattr(command, "appointment_at"):
                    more["appointment_at"] = now + timedelta(days=4)
                command = replace(command, **more)
            booth.clock.now = at(when)
            outcome = await booth.journal.post(command)
            if getattr(outcome, "status", None) == "HELD" and outcome.id not in open_:
                held.append(outcome.id)
                open_[outcome.id] = None if outcome.redemption.vendor == "w" else now
            elif outcome.__class__.__name__ == "RedemptionOutcome" and outcome.status != "HELD":
                open_.pop(outcome.id, None)
    return held


@pytest.mark.parametrize("seed", [1])
async def test_what_the_database_counts_and_lists_is_what_the_clock_says_of_each_hold(booth, seed):
    held = await random_holds(booth, seed)
    now = at("11-05 10")
    span = Days(start=date(2026, 9, 20), end=date(2026, 10, 25))
    single = await clocks(booth.pool, held, handbook=booth.handbook, now=now)
    assert set(single) == set(held)
    rows = await booth.pool.fetch(
        "select customer_id, sequence, vendor, benefit, recorded_at from redemptions order by recorded_at desc,"
        " customer_id desc, sequence desc"
    )
    inside = [
        (RedemptionId(row["customer_id"], row["sequence"]), row)
        for row in rows
        if span.start <= single[RedemptionId(row["customer_id"], row["sequence"])].clock.held_on < span.end
    ]
    expected = Counter(
        (row["vendor"], row["benefit"], single[each].clock.standing.value.lower()) for each, row in inside
    )
    assert {standing for *_, standing in expected} >= {"on_time", "late", "ended", "overdue"}
    found = await service_reports(booth.pool, ["v", "w"], span, handbook=booth.handbook, now=now)
    counted = Counter(
        {
            (report.vendor, report.benefit, name): getattr(report.total, name)
            for reports in found.values()
            for report in reports
            for name in ("on_time", "late", "open", "overdue", "ended")
        }
    )
    assert +counted == expected
    for pair in (("v", BUTLER), ("v", GREEN), ("w", BUTLER)):
        late = [
            each
            for each, row in inside
            if (row["vendor"], row["benefit"]) == pair and single[each].clock.standing in ("LATE", "OVERDUE")
        ]
        assert await pages(booth, pair, span, now) == late
        latest = max((single[each].clock.late_working_days for each in late), default=0)
        (report,) = [each for each in found[pair[0]] if each.benefit == pair[1]]
        assert report.total.latest_by_working_days == latest


async def pages(booth: Booth, pair: tuple[str, str], span: Days, now: datetime) -> list[RedemptionId]:
    """All late holds of a vendor and benefit, read three at a time."""
    found: list[RedemptionId] = []
    after: Position | None = None
    while True:
        page = await late_holds(
            booth.pool, [pair], span, first=3, after=after, handbook=booth.handbook, now=now
        )
        if not page[pair]:
            return found
        found += [each.id for each in page[pair]]
        after = Position.of(page[pair][-1])


def test_the_promise_is_the_one_of_the_edition_of_the_day(handbook):
    known = promise(handbook, GREEN, date(2026, 10, 12))
    assert known is not None
    assert (known.respond_within_working_days, known.arrange_within_working_days) == (1, 7)
    assert promise(handbook, "physical-exam", date(2026, 10, 12)) is None
