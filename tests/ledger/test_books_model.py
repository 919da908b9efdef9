"""Random commands of several vendors on a few customers, against a simple model; the invariants after every step."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from handbook import BUSINESS_ZONE, Handbook, load_handbook
from ledger.commands import Hold
from ledger.ids import RedemptionId
from ledger.posting.decide import decide
from ledger.posting.entries import Entry
from ledger.posting.outcomes import RedemptionOutcome, outcome_as_json
from ledger.quotas.card import quotas_on
from ledger.refusals import Refusal
from ledger.verifying.checks import Books, problems_of
from rating.history import Policy
from tests.examples import examples
from tests.ledger.books import (
    NOW,
    TODAY,
    Desk,
    a_confirm,
    a_hold,
    a_no_show,
    a_redeem,
    a_release,
    a_respond,
    a_reversal,
    an_arrange,
    as_read,
    customer,
    first_opinion,
    terms_for,
)
from tests.ledger.model import APPLICATIONS, EFFECTS, FARTHEST_BACK, GRID, LUCKY, Model, Taking

CUSTOMERS = (1, 2)
FAR = date(2999, 1, 1)
SPANS = {
    "P1": [(date(2023, 5, 1), FAR)],
    "P2": [(TODAY - timedelta(days=9), TODAY + timedelta(days=60)), (TODAY + timedelta(days=80), FAR)],
    "P3": [(TODAY + timedelta(days=2), FAR)],
    "P4": [(TODAY + timedelta(days=12), FAR)],
}
POLICIES = (
    Policy(policy_no="G1", line="group", statuses=((date(2023, 5, 1), "IN_FORCE"),)),
    Policy(policy_no="P1", line="individual", statuses=((date(2023, 5, 1), "IN_FORCE"),)),
    Policy(
        policy_no="P2",
        line="individual",
        statuses=tuple(
            (day, status)
            for start, end in SPANS["P2"]
            for day, status in ((start, "IN_FORCE"), (end, "LAPSED"))
        ),
    ),
    *(
        Policy(policy_no=each, line="individual", statuses=((SPANS[each][0][0], "IN_FORCE"),))
        for each in ("P3", "P4")
    ),
)

# What is likely stands there more than once: a machine whose commands are nearly all refused finds nothing.
first_days = st.sampled_from(
    [*[date(2024, 2, 29), date(2023, 5, 25)] * 4, TODAY - timedelta(days=20), TODAY + timedelta(days=3)]
)
some_stars = st.sampled_from([*[5, 4] * 4, 3, 2, 1, 0])
changes = st.lists(st.tuples(st.integers(-40, 400), some_stars), max_size=3)
vendors = st.sampled_from(["v", "w"])
customers = st.sampled_from([1, 1, 1, 2])
benefits = st.sampled_from(
    [*sorted({*GRID} - {LUCKY}), *["legal-consultation", "physical-exam", "medical-butler"] * 2]
)
seldom = st.sampled_from([False] * 9 + [True])


@cache
def shipped() -> Handbook:
    return load_handbook()


def stars_of(first: date, star: int, turns: list[tuple[int, int]]) -> list[tuple[date, int]]:
    """A star from the first day on, then others from days around today on."""
    found = {first: star} | {
        TODAY + timedelta(days=day): after for day, after in turns if TODAY + timedelta(days=day) > first
    }
    return sorted(found.items())


def expiry(benefit: str, day: date, now: datetime, hours: int | None) -> datetime:
    """When a hold of a day runs out: as asked, else with the day by which the butler answers, else after 72 hours."""
    if not hours and benefit == "medical-butler":
        answer = day + timedelta(days=1)
        while not shipped().calendar.is_working_day(answer):
            answer += timedelta(days=1)
        end = datetime.combine(answer + timedelta(days=1), time(), BUSINESS_ZONE)
        if end > now:
            return end
    return now + timedelta(hours=hours or 72)


def sums(entries: list[Entry]) -> dict[Any, tuple[int, ...]]:
    """What entries add up to by pool, by their kinds alone: net granted, used, held, expired, available."""
    found: dict[Any, tuple[int, ...]] = {}
    for entry in entries:
        follows = entry.redemption not in (None, entry.sequence)
        effect = EFFECTS[entry.kind.value, follows]
        before = found.get(entry.pool, (0,) * len(effect))
        found[entry.pool] = tuple(
            old + (entry.units or 0) * change for old, change in zip(before, effect, strict=True)
        )
    return found


class BooksMachine(RuleBasedStateMachine):
    """Customers with their desks and models; every rule asks both and compares."""

    takings = Bundle("takings")

    @initialize(first=first_days, star=some_stars, turns=changes)
    def open(self, first, star, turns):
        stars = stars_of(first, star, turns)
        self.desks = {
            each: Desk(shipped(), customer(*stars, customer_id=each, policies=POLICIES)) for each in CUSTOMERS
        }
        self.models = {each: Model(stars=stars, policies=SPANS) for each in CUSTOMERS}
        self.asked: list[tuple[int, Any, Any]] = []
        self.now = NOW
        self.touched = set(CUSTOMERS)

    def ask(self, customer_id, command):
        """The outcome of a command; a refusal leaves everything but the outcomes as it was."""
        desk, model = self.desks[customer_id], self.models[customer_id]
        self.touched.add(customer_id)
        desk.now = self.now
        before, entries = desk.state, len(desk.entries)
        outcome = desk.ask(command)
        if isinstance(outcome, Refusal):
            assert replace(desk.state, outcomes={}) == replace(before, outcomes={})
            assert len(desk.entries) == entries
        elif not outcome.replayed:
            model.anchor = model.first_day(self.now.date())
            if outcome.milestone is None:
                model.run_out(self.now, outcome.redemption.benefit)
        self.asked.append((customer_id, command, outcome))
        return outcome

    @rule(
        target=takings,
        customer_id=customers,
        vendor=vendors,
        benefit=benefits,
        units=st.sampled_from([1, 1, 1, 2, 3]),
        policy_no=st.sampled_from([None, "P1", "P2", "G1"]),
        hours_back=st.sampled_from([*[None] * 6, -1, 0, 1, 30, 30, 24 * 9, 24 * 9, 24 * 31, 24 * 33]),
        hold_hours=st.none() | st.sampled_from([0, 1, 30, 500]),
        careless=seldom,
    )
    def take(self, customer_id, vendor, benefit, units, policy_no, hours_back, hold_hours, careless):
        """Redeem, or hold; mostly with a policy just where one is needed."""
        if not careless:
            policy_no = (policy_no or "P1") if GRID[benefit][0] == "policy" else None
        if benefit == "legal-consultation":
            units *= 20
        return self.try_to_take(customer_id, vendor, benefit, units, policy_no, hours_back, hold_hours)

    @rule(target=takings, taking=takings, vendor=vendors, hold_hours=st.none() | st.sampled_from([1, 30]))
    def take_the_same_again(self, taking, vendor, hold_hours):
        """Now, from the same pool if the year is still the same."""
        known = self.models[taking.customer_id].takings[taking.sequence]
        benefit, _, policy_no = known.pool
        if benefit == LUCKY:
            return multiple()
        return self.try_to_take(
            taking.customer_id, vendor, benefit, known.units, policy_no or None, None, hold_hours
        )

    def try_to_take(self, customer_id, vendor, benefit, units, policy_no, hours_back, hold_hours):
        model, now = self.models[customer_id], self.now
        more: dict[str, Any] = {"vendor": vendor, "units": units, "policy_no": policy_no}
        occurred_at = now if hours_back is None else self.now - timedelta(hours=hours_back)
        more["evidence"] = first_opinion(occurred_at.astimezone(BUSINESS_ZONE).date())
        if hours_back is not None:
            more["occurred_at"] = occurred_at
        command = (
            a_redeem(benefit, **more)
            if hold_hours is None
            else a_hold(benefit, hold_hours=hold_hours or None, **more)
        )
        delivered = hold_hours is None
        expected = model.refusal(benefit, units, policy_no, occurred_at, now, delivered=delivered)
        outcome = self.ask(customer_id, command)
        if expected is not None:
            assert isinstance(outcome, Refusal), (expected, outcome)
            assert outcome.code == expected
            return multiple()
        assert isinstance(outcome, RedemptionOutcome), outcome
        day = occurred_at.date()
        pool = model.pool(benefit, policy_no, day)
        held = isinstance(command, Hold)
        model.takings[outcome.id.sequence] = Taking(
            pool=pool,
            vendor=vendor,
            units=units,
            status="HELD" if held else "REDEEMED",
            booked_on=occurred_at.date(),
            expires_at=expiry(benefit, day, now, hold_hours) if held else None,
        )
        model.most[pool] = max(model.most.get(pool, 0), model.units(benefit, day) or 0)
        self.compare(customer_id, outcome)
        return outcome.id

    @rule(
        target=takings,
        customer_id=customers,
        vendor=vendors,
        number=st.sampled_from(["Number01", "number01", "88888888"]),
        hold_hours=st.sampled_from([5, 100, 500, 500]),
    )
    def wish_for_a_number(self, customer_id, vendor, number, hold_hours):
        return self.try_to_wish(customer_id, vendor, number, hold_hours)

    @rule(
        target=takings,
        customer_id=customers,
        vendor=vendors,
        days=st.sampled_from([1, 2, 6, 13]),
        policy_no=st.sampled_from(["P3", "P4"]),
    )
    def wish_for_a_number_and_tell_the_policy_some_days_later(self, customer_id, vendor, days, policy_no):
        wished = self.try_to_wish(customer_id, vendor, "Number01", 500)
        if isinstance(wished, RedemptionId):
            self.now += timedelta(days=days)
            self.touched = set(CUSTOMERS)
            self.try_to_follow_up(wished, a_confirm, "own", None, policy_no, unknown=False)
        return wished

    def try_to_wish(self, customer_id, vendor, number, hold_hours):
        model, now = self.models[customer_id], self.now
        expected = model.application_refused(number, now)
        command = a_hold(LUCKY, vendor=vendor, wished_number=number, hold_hours=hold_hours)
        outcome = self.ask(customer_id, command)
        if expected is not None:
            assert isinstance(outcome, Refusal), (expected, outcome)
            assert outcome.code == expected
            return multiple()
        assert isinstance(outcome, RedemptionOutcome), outcome
        model.takings[outcome.id.sequence] = Taking(
            pool=APPLICATIONS,
            vendor=vendor,
            units=1,
            status="HELD",
            booked_on=now.date(),
            expires_at=now + timedelta(hours=hold_hours),
            number=number,
            requested_on=now.date(),
        )
        self.compare(customer_id, outcome)
        return outcome.id

    @rule(
        taking=takings,
        make=st.sampled_from([a_confirm, a_release, a_no_show, a_reversal]),
        actor=st.sampled_from([*["own"] * 8, "vendor:other", "finance:li"]),
        units=st.sampled_from([None, None, 1, 2, 15, 40]),
        policy_no=st.sampled_from([None, "G1", "P1", *["P3", "P4"] * 3]),
        unknown=seldom,
    )
    def follow_up(self, taking, make, actor, units, policy_no, unknown):
        """Confirm, release, no-show or reverse what was taken, or what never was."""
        self.try_to_follow_up(taking, make, actor, units, policy_no, unknown=unknown)

    def try_to_follow_up(self, taking, make, actor, units, policy_no, *, unknown):
        customer_id = taking.customer_id
        model, now = self.models[customer_id], self.now
        known = model.takings[taking.sequence]
        more: dict[str, Any] = {"actor": f"vendor:{known.vendor}" if actor == "own" else actor}
        if make is a_confirm:
            more["units"] = units
            if known.number is not None:
                more["policy_no"] = policy_no
        outcome = self.ask(
            customer_id, make(RedemptionId(customer_id, taking.sequence + 500 * unknown), **more)
        )
        expected = self.follow_up_refused(model, known, make, more, now)
        if unknown or actor == "vendor:other" or (actor == "finance:li" and make is not a_reversal):
            expected = "UNKNOWN_REDEMPTION"
        if expected is not None:
            assert isinstance(outcome, Refusal), (expected, outcome)
            assert outcome.code == expected
            return
        ends = {a_confirm: "REDEEMED", a_release: "RELEASED", a_no_show: "NO_SHOW", a_reversal: "REVERSED"}
        known.status = ends[make]
        if make is a_confirm and units is not None:
            known.units = units
        if make is a_confirm and known.number is not None:
            known.pool = (LUCKY, 0, policy_no)
        assert isinstance(outcome, RedemptionOutcome), outcome
        assert outcome.status == known.status
        self.compare(customer_id, outcome)

    def follow_up_refused(self, model, known, make, more, now):
        """The code with which the vendor's own follow-up is refused, None when it is not."""
        status = model.status(known, now)
        if make is a_reversal:
            again = "ALREADY_REVERSED" if status == "REVERSED" else "NOT_REDEEMED"
            return None if status in ("REDEEMED", "NO_SHOW") else again
        if make is a_no_show and known.number and status == "HELD":
            return "INVALID"
        if status != "HELD" or make is not a_confirm:
            return None if status == "HELD" else "HOLD_NOT_OPEN"
        if now.date() < known.booked_on and (wrong := model.not_entitled(known.pool[0], now.date())):
            return wrong
        if not model.is_open(known.pool[0], now):
            return "OUTSIDE_SERVICE_HOURS"
        if known.number and (wrong := model.number_refused(known, more["policy_no"], now)):
            return wrong
        return "UNITS_INVALID" if (more["units"] or 0) > known.units else None

    @rule(
        taking=takings,
        make=st.sampled_from([a_respond, an_arrange]),
        actor=st.sampled_from([*["own"] * 8, "vendor:other", "finance:li"]),
        days_back=st.sampled_from([None, None, None, 0, 1, 40]),
    )
    def report(self, taking, make, actor, days_back):
        """Say that a hold was answered or arranged: nothing but the milestone and its outcome is new."""
        customer_id = taking.customer_id
        model, now = self.models[customer_id], self.now
        known = model.takings[taking.sequence]
        booked = self.desks[customer_id].state.redemptions[taking.sequence].occurred_at.date()
        more: dict[str, Any] = {"actor": f"vendor:{known.vendor}" if actor == "own" else actor}
        if days_back is not None:
            more["occurred_at"] = now - timedelta(days=days_back)
        if make is an_arrange:
            more["appointment_at"] = now + timedelta(days=3)
        before, reported = self.desks[customer_id].state, len(self.desks[customer_id].milestones)
        outcome = self.ask(customer_id, make(taking, **more))
        expected = None
        if actor != "own":
            expected = "UNKNOWN_REDEMPTION"
        elif model.status(known, now) != "HELD":
            expected = "HOLD_NOT_OPEN"
        elif (days_back or 0) > FARTHEST_BACK:
            expected = "OCCURRED_TOO_LONG_AGO"
        elif (now - timedelta(days=days_back or 0)).date() < booked:
            expected = "INVALID"
        desk = self.desks[customer_id]
        assert replace(desk.state, outcomes={}) == replace(before, outcomes={})
        assert len(desk.milestones) == reported + (expected is None)
        if expected is not None:
            assert isinstance(outcome, Refusal), (expected, outcome)
            assert outcome.code == expected
            return
        assert isinstance(outcome, RedemptionOutcome), outcome
        assert (outcome.status, outcome.redemption.units) == ("HELD", known.units)
        self.compare(customer_id, outcome)

    def compare(self, customer_id, outcome):
        """The counts that were answered are the model's."""
        model = self.models[customer_id]
        pool = model.takings[outcome.id.sequence].pool
        quota = outcome.quota
        assert (quota.granted, quota.used, quota.held, quota.remaining) == model.left(pool, self.now)

    @rule(which=st.integers(0, 10**6), changed=st.booleans())
    def send_again(self, which, changed):
        """The same key again: the same answer; with another request: no."""
        answered = self.answered()
        if not answered:
            return
        customer_id, command, outcome = answered[which % len(answered)]
        if changed:
            name = "reference" if hasattr(command, "reference") else "redemption"
            value = "other" if name == "reference" else RedemptionId(customer_id, 10**6)
            again = self.ask(customer_id, replace(command, **{name: value}))
            assert (again.code, again.differing) == ("KEY_REUSED", (name,))
        else:
            before = self.desks[customer_id].state
            again = self.ask(customer_id, command)
            assert again == replace(outcome, replayed=True)
            assert self.desks[customer_id].state == before
        self.asked.pop()

    def answered(self):
        """What was asked, and is answered the same for ever."""
        return [each for each in self.asked if not getattr(each[2], "leaves_key_free", False)]

    @rule(hours=st.sampled_from([1, 1, 5, 5, 24, 24, 24 * 6, 24 * 40, 24 * 366]))
    def let_time_pass(self, hours):
        self.now += timedelta(hours=hours)
        self.touched = set(CUSTOMERS)

    @rule(hours=st.sampled_from([1.5, 1.5, 1.5, 24, 24 * 40, 24 * 366]))
    def set_the_clock_back(self, hours):
        """Whatever it was before, the clock is believed: nothing later is dragged along."""
        self.now -= timedelta(hours=hours)
        self.touched = set(CUSTOMERS)

    @rule(customer_id=customers, days=st.integers(-20, 20), star=some_stars)
    def change_the_star(self, customer_id, days, star):
        """A rise or fall from a day around today on, and nothing known beyond."""
        model = self.models[customer_id]
        day = self.now.date() + timedelta(days=days)
        model.stars = [*(each for each in model.stars if each[0] < day), (day, star)]
        self.desks[customer_id].re_rate(*model.stars)

    @rule(customer_id=customers)
    def catch_up(self, customer_id):
        desk, model = self.desks[customer_id], self.models[customer_id]
        self.touched.add(customer_id)
        desk.now = self.now
        desk.catch_up()
        model.anchor = model.first_day(self.now.date())
        model.run_out(self.now)
        posted = len(desk.entries)
        desk.catch_up()
        assert len(desk.entries) == posted

    @invariant()
    def everything_adds_up(self):
        """Of whom the last step touched; the clock touches everybody's holds."""
        for customer_id in getattr(self, "touched", ()):
            self.the_books_are_right(customer_id)
            self.the_model_counts_the_same(customer_id)
            self.every_key_has_one_outcome(customer_id)
        self.touched = set()

    def the_books_are_right(self, customer_id):
        desk, state = self.desks[customer_id], self.desks[customer_id].state
        entries = desk.entries
        books = Books(
            customer_id=customer_id,
            entries=entries,
            balances=state.balances,
            redemptions=state.redemptions,
            head=state.head,
            outcomes=[(actor, key, each.outcome) for (actor, key), each in state.outcomes.items()],
            milestones=desk.milestones,
        )
        assert problems_of(books) == []
        assert [each.sequence for each in entries] == list(range(1, len(entries) + 1))
        assert state.head.anchor == self.models[customer_id].anchor
        counted = sums(entries)
        assert set(counted) == set(state.balances)
        for pool, balance in state.balances.items():
            *places, available = counted[pool]
            assert (balance.granted, balance.used, balance.held, balance.expired) == tuple(places)
            assert min(places) >= 0
            assert balance.unlimited or balance.available == available >= 0

    def the_model_counts_the_same(self, customer_id):
        desk, model, now = self.desks[customer_id], self.models[customer_id], self.now
        desk.now = now
        account = as_read(desk)
        for pool in {each.pool for each in model.takings.values()}:
            taken = next(each for key, each in account.taken.items() if pool == _plain(key))
            assert (taken.used, taken.held) == (model.used(pool), model.held(pool, now))
            allowed = GRID[pool[0]][1]
            most = model.most.get(pool, 1)
            assert None in allowed.values() or pool == APPLICATIONS or taken.used + taken.held <= most
        if model.first_day(now.date()) is None:
            return
        for quota in quotas_on(account, now.date(), shipped(), now):
            code = quota.benefit.code
            if code == LUCKY and quota.policy_no:
                assert quota.used + quota.held > 0
            if code in GRID and (quota.benefit.per != "POLICY" or quota.policy_no or code == LUCKY):
                pool = model.pool(quota.benefit.code, quota.policy_no, now.date())
                assert (quota.granted, quota.used, quota.held, quota.remaining) == model.left(pool, now)

    @rule(customer_id=customers, back=st.integers(0, FARTHEST_BACK))
    def a_quota_of_a_day_is_what_a_use_of_that_day_gets(self, customer_id, back):
        """One unit of each benefit, of a past day or today: entitled exactly when it would be taken now."""
        desk, now = self.desks[customer_id], self.now
        desk.now = now
        account = as_read(desk)
        then = replace(account, taken={}, taken_by_now=account.taken)
        occurred_at = now - timedelta(days=back)
        for quota in quotas_on(then, occurred_at.date(), shipped(), now):
            benefit = quota.benefit.code
            needs_more = quota.benefit.per == "POLICY" and (quota.policy_no is None or benefit == LUCKY)
            # The card does not ask what time it is.
            if benefit not in GRID or needs_more or not Model.is_open(benefit, occurred_at):
                continue
            command = a_redeem(
                benefit,
                units=1,
                policy_no=quota.policy_no,
                occurred_at=occurred_at,
                evidence=first_opinion(occurred_at.astimezone(BUSINESS_ZONE).date()),
            )
            outcome = decide(
                desk.state, command, now=now, handbook=shipped(), terms=terms_for(benefit)
            ).outcome
            assert quota.entitled == isinstance(outcome, RedemptionOutcome), (quota, outcome)
            if isinstance(outcome, Refusal):
                assert quota.refusal == outcome

    def every_key_has_one_outcome(self, customer_id):
        stored = self.desks[customer_id].state.outcomes
        mine = [(command, outcome) for each, command, outcome in self.answered() if each == customer_id]
        assert {(command.actor, command.key) for command, _ in mine} == set(stored)
        for command, outcome in mine:
            assert stored[command.actor, command.key].outcome == outcome_as_json(outcome)


def _plain(pool):
    return (pool.benefit, pool.term, pool.policy_no)


BooksMachine.TestCase.settings = settings(max_examples=examples(50), stateful_step_count=60, deadline=None)
TestBooks = BooksMachine.TestCase
