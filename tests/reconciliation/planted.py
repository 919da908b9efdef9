"""A generated month with planted differences: of every kind, also two at once, each with what must be found of it.

Every case has a member of its own, so that what is planted in one cannot be taken for another; around it each member
has deliveries that are stated as they were. All of it is made through the real functions: events, postings, statements.
The days and the order of everything are drawn from a seed.
"""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from ledger.commands import Hold, NoShow
from ledger.ids import RedemptionId
from ledger.posting.outcomes import RedemptionOutcome
from ledger.posting.recording import record_events
from ledger.reconciliation.values import FindingKind, StatementLine
from rating.intake import Recorded
from tests.ledger.stored import enrolment
from tests.reconciliation.month import (
    NOW,
    OTHER_VENDOR,
    PHONE,
    PRICES,
    VENDOR,
    VIDEO,
    Month,
    line,
    noon,
    october,
)

K = FindingKind
UNITS, AMOUNT, DATE, REVERSED = K.UNITS_DIFFER, K.AMOUNT_DIFFERS, K.DATE_DIFFERS, K.REVERSED

RISING = "health-assessment"
"""A benefit whose price rises in the middle of the month."""
BEFORE, RISE, AFTER = Decimal("15.00"), october(16), Decimal("20.00")

DECEMBER = date(2026, 12, 1)
STATEMENTS = ("S-1", "S-2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What must be found of a line or a delivery, and what is paid when that is accepted."""

    kind: FindingKind
    differences: tuple[FindingKind, ...]
    pays: Decimal


@dataclass(kw_only=True)
class Plan:
    """Everything that is stated, by statement, and what must be found of it and of what is not stated."""

    lines: list[tuple[str, StatementLine, Expected]] = field(default_factory=list)
    unstated: dict[RedemptionId, Expected] = field(default_factory=dict)

    def numbered(self, random: Random) -> dict[str, list[tuple[StatementLine, Expected]]]:
        """The statements, their lines in an order that is drawn, and numbered."""
        random.shuffle(self.lines)
        statements: dict[str, list[tuple[StatementLine, Expected]]] = {name: [] for name in STATEMENTS}
        for name, stated, expected in self.lines:
            number = len(statements[name]) + 1
            statements[name].append((replace(stated, line_no=number), expected))
        return statements


@dataclass(kw_only=True)
class Ground:
    """Where one case is planted: a member of its own, a first day, references that nobody else uses."""

    month: Month
    plan: Plan
    member_no: str
    day: date
    count: int = 0

    def reference(self) -> str:
        self.count += 1
        return f"{self.member_no}-{self.count}"

    def on(self, days: int) -> date:
        return self.day + timedelta(days=days)

    async def deliver(
        self,
        reference: str | None = None,
        *,
        days: int = 0,
        units: int = 1,
        benefit: str = PHONE,
        vendor: str = VENDOR,
        day: date | None = None,
    ) -> RedemptionId:
        return await self.month.deliver(
            day or self.on(days),
            reference,
            member_no=self.member_no,
            benefit=benefit,
            units=units,
            vendor=vendor,
        )

    def state(
        self,
        kind: FindingKind,
        reference: str | None = None,
        *also: FindingKind,
        pays: Decimal | int = 0,
        days: int = 0,
        units: int = 1,
        benefit: str = PHONE,
        amount: Decimal | str | None = None,
        member_no: str | None = None,
        statement: str = STATEMENTS[0],
        day: date | None = None,
    ) -> None:
        """State a line of which `kind` must be found, with `also` what else differs."""
        stated = line(
            0,
            day or self.on(days),
            reference,
            member_no=member_no or self.member_no,
            benefit=benefit,
            units=units,
            amount=amount,
        )
        differences = () if kind is K.MATCHED else (kind, *also)
        expected = Expected(kind=kind, differences=differences, pays=Decimal(pays))
        self.plan.lines.append((statement, stated, expected))

    def miss(self, redemption: RedemptionId) -> None:
        """A delivery that must be found to be in no line."""
        self.plan.unstated[redemption] = Expected(
            kind=K.NOT_IN_STATEMENT, differences=(K.NOT_IN_STATEMENT,), pays=Decimal(0)
        )


Case = Callable[[Ground], Awaitable[None]]
CASES: list[Case] = []


def case(planted: Case) -> Case:
    """One more way in which a statement and the ledger may stand to each other."""
    CASES.append(planted)
    return planted


PRICE = PRICES[PHONE]


@case
async def agrees_by_reference(g: Ground) -> None:
    await g.deliver(r := g.reference())
    g.state(K.MATCHED, r, pays=PRICE)


@case
async def agrees_without_a_reference(g: Ground) -> None:
    await g.deliver(g.reference(), units=2)
    g.state(K.MATCHED, units=2, pays=2 * PRICE)


@case
async def agrees_although_the_reference_is_mistyped(g: Ground) -> None:
    await g.deliver(g.reference())
    g.state(K.MATCHED, "mistyped", pays=PRICE)


@case
async def agrees_as_often_as_it_was_delivered(g: Ground) -> None:
    for _ in range(3):
        await g.deliver()
        g.state(K.MATCHED, pays=PRICE)


@case
async def agrees_although_delivered_in_the_month_before(g: Ground) -> None:
    last = october(1) - timedelta(days=1)
    await g.deliver(r := g.reference(), day=last)
    g.state(K.MATCHED, r, day=last, pays=PRICE)


@case
async def of_a_month_ahead(g: Ground) -> None:
    g.state(K.OUTSIDE_PERIOD, g.reference(), day=DECEMBER)


@case
async def more_units(g: Ground) -> None:
    await g.deliver(r := g.reference(), units=2)
    g.state(UNITS, r, AMOUNT, units=3, pays=2 * PRICE)


@case
async def fewer_units(g: Ground) -> None:
    await g.deliver(r := g.reference(), units=2)
    g.state(UNITS, r, AMOUNT, units=1, pays=PRICE)


@case
async def fewer_units_for_the_same_money(g: Ground) -> None:
    await g.deliver(r := g.reference(), units=2)
    g.state(UNITS, r, units=1, amount=2 * PRICE, pays=2 * PRICE)


@case
async def other_units_without_a_reference(g: Ground) -> None:
    await g.deliver(units=2)
    g.state(UNITS, None, AMOUNT, units=5, pays=2 * PRICE)


@case
async def dearer(g: Ground) -> None:
    await g.deliver(r := g.reference())
    g.state(AMOUNT, r, amount=PRICE + Decimal("0.01"), pays=PRICE)


@case
async def cheaper_without_a_reference(g: Ground) -> None:
    await g.deliver(g.reference())
    g.state(AMOUNT, amount="1.00", pays=1)


@case
async def the_price_of_before_after_it_rose(g: Ground) -> None:
    await g.deliver(r := g.reference(), benefit=RISING, day=RISE)
    g.state(AMOUNT, r, benefit=RISING, day=RISE, amount=BEFORE, pays=BEFORE)


@case
async def the_price_of_after_before_it_rose(g: Ground) -> None:
    await g.deliver(r := g.reference(), benefit=RISING, day=RISE - timedelta(days=1))
    g.state(AMOUNT, r, benefit=RISING, day=RISE - timedelta(days=1), amount=AFTER, pays=BEFORE)


@case
async def the_right_price_on_both_sides_of_the_rise(g: Ground) -> None:
    for day, price in ((RISE - timedelta(days=1), BEFORE), (RISE, AFTER)):
        await g.deliver(r := g.reference(), benefit=RISING, day=day)
        g.state(K.MATCHED, r, benefit=RISING, day=day, amount=price, pays=price)


@case
async def another_day_far_off_with_the_reference(g: Ground) -> None:
    await g.deliver(r := g.reference())
    g.state(DATE, r, days=9, pays=PRICE)


@case
async def another_day_within_the_tolerance(g: Ground) -> None:
    await g.deliver()
    g.state(DATE, days=-3, pays=PRICE)


@case
async def another_day_beyond_the_tolerance(g: Ground) -> None:
    g.miss(await g.deliver())
    g.state(K.NOT_IN_LEDGER, days=4)


@case
async def units_and_amount(g: Ground) -> None:
    await g.deliver(r := g.reference(), units=2)
    g.state(UNITS, r, AMOUNT, units=3, amount="30.00", pays=2 * PRICE)


@case
async def units_and_day(g: Ground) -> None:
    await g.deliver(r := g.reference(), units=2)
    g.state(UNITS, r, DATE, units=3, amount=2 * PRICE, days=1, pays=2 * PRICE)


@case
async def amount_and_day(g: Ground) -> None:
    await g.deliver(r := g.reference())
    g.state(AMOUNT, r, DATE, amount="11.99", days=-1, pays=Decimal("11.99"))


@case
async def amount_and_day_without_a_reference(g: Ground) -> None:
    await g.deliver()
    g.state(AMOUNT, None, DATE, amount="13.00", days=2, pays=PRICE)


@case
async def units_and_amount_and_day(g: Ground) -> None:
    await g.deliver(r := g.reference(), units=2)
    g.state(UNITS, r, AMOUNT, DATE, units=1, days=6, pays=PRICE)


@case
async def reversed_by_reference(g: Ground) -> None:
    await g.month.reverse(await g.deliver(r := g.reference()))
    g.state(REVERSED, r)


@case
async def reversed_without_a_reference(g: Ground) -> None:
    await g.month.reverse(await g.deliver(g.reference()))
    g.state(REVERSED)


@case
async def reversed_and_on_another_day(g: Ground) -> None:
    await g.month.reverse(await g.deliver())
    g.state(REVERSED, None, DATE, days=1)


@case
async def reversed_and_other_units(g: Ground) -> None:
    await g.month.reverse(await g.deliver(r := g.reference(), units=2))
    g.state(REVERSED, r, UNITS, AMOUNT, units=3)


@case
async def reversed_and_dearer(g: Ground) -> None:
    await g.month.reverse(await g.deliver(r := g.reference()))
    g.state(REVERSED, r, AMOUNT, amount="99.00")


@case
async def reversed_and_not_stated(g: Ground) -> None:
    await g.month.reverse(await g.deliver(g.reference()))


@case
async def reversed_and_posted_anew(g: Ground) -> None:
    await g.month.reverse(await g.deliver(r := g.reference()))
    await g.deliver(r)
    g.state(K.MATCHED, r, pays=PRICE)


@case
async def reversed_and_posted_anew_with_other_units(g: Ground) -> None:
    await g.month.reverse(await g.deliver(r := g.reference(), units=3))
    await g.deliver(r, units=2)
    g.state(UNITS, r, AMOUNT, units=3, pays=2 * PRICE)


@case
async def twice(g: Ground) -> None:
    await g.deliver(r := g.reference())
    # Which of two equal lines is the first, the order decides; so they are planted in two statements.
    g.state(K.MATCHED, r, pays=PRICE)
    g.state(K.DUPLICATE_LINE, r, statement=STATEMENTS[1])


@case
async def twice_without_a_reference(g: Ground) -> None:
    await g.deliver(g.reference())
    g.state(K.MATCHED, pays=PRICE)
    g.state(K.DUPLICATE_LINE, statement=STATEMENTS[1])


@case
async def twice_and_once_dearer(g: Ground) -> None:
    await g.deliver(r := g.reference())
    g.state(K.DUPLICATE_LINE, r, amount="24.00")
    g.state(K.MATCHED, r, pays=PRICE)


@case
async def twice_and_never_right(g: Ground) -> None:
    await g.deliver(r := g.reference())
    g.state(K.DUPLICATE_LINE, r, amount="20.00")
    g.state(AMOUNT, r, amount="13.00", pays=PRICE)


@case
async def twice_and_another_delivery_of_the_day_forgotten(g: Ground) -> None:
    await g.deliver(r := g.reference())
    g.miss(await g.deliver(g.reference()))
    g.state(K.MATCHED, r, pays=PRICE)
    g.state(K.DUPLICATE_LINE, r, statement=STATEMENTS[1])


@case
async def invented(g: Ground) -> None:
    g.state(K.NOT_IN_LEDGER, g.reference())


@case
async def invented_twice(g: Ground) -> None:
    g.state(K.NOT_IN_LEDGER, r := g.reference())
    g.state(K.DUPLICATE_LINE, r, statement=STATEMENTS[1])


@case
async def a_member_that_nobody_knows(g: Ground) -> None:
    g.miss(await g.deliver(r := g.reference()))
    g.state(K.NOT_IN_LEDGER, r, member_no=f"{g.member_no}-unknown")


@case
async def a_reference_of_another_benefit(g: Ground) -> None:
    g.miss(await g.deliver(r := g.reference(), benefit=VIDEO))
    g.state(K.NOT_IN_LEDGER, r)


@case
async def delivered_by_another_vendor(g: Ground) -> None:
    await g.deliver(r := g.reference(), vendor=OTHER_VENDOR)
    g.state(K.NOT_IN_LEDGER, r)


@case
async def held_and_not_delivered(g: Ground) -> None:
    await _hold(g, r := g.reference())
    g.state(K.NOT_IN_LEDGER, r)


@case
async def held_and_nobody_came(g: Ground) -> None:
    await _hold(g, r := g.reference(), came=False)
    g.state(K.NOT_IN_LEDGER, r)


async def _hold(g: Ground, reference: str, *, came: bool = True) -> None:
    """Hold on the ground's day, with the clock as it was then."""
    now, g.month.clock.now = g.month.clock.now, noon(g.day)
    given = {"vendor": VENDOR, "member_no": g.member_no, "benefit": PHONE}
    held = await g.month.journal.post(Hold(**given, key=f"hold-{reference}", reference=reference))
    assert isinstance(held, RedemptionOutcome), held
    if not came:
        missed = NoShow(actor=f"vendor:{VENDOR}", redemption=held.id, key=f"missed-{reference}")
        assert isinstance(await g.month.journal.post(missed), RedemptionOutcome)
    g.month.clock.now = now


@case
async def forgotten(g: Ground) -> None:
    g.miss(await g.deliver(g.reference()))


@case
async def one_of_two_on_a_day(g: Ground) -> None:
    await g.deliver(g.reference())
    await g.deliver(g.reference())
    g.state(K.AMBIGUOUS)


@case
async def one_of_two_on_a_day_and_the_money_wrong(g: Ground) -> None:
    await g.deliver(g.reference())
    await g.deliver(g.reference())
    g.state(K.AMBIGUOUS, amount="100.00")


@case
async def between_two_days(g: Ground) -> None:
    await g.deliver(days=-1)
    await g.deliver(days=1)
    g.state(K.AMBIGUOUS)


@case
async def one_of_two_on_a_day_when_the_other_is_named(g: Ground) -> None:
    await g.deliver(r := g.reference())
    await g.deliver(g.reference())
    g.state(K.MATCHED, r, pays=PRICE)
    g.state(K.MATCHED, pays=PRICE)


async def plant(month: Month, random: Random) -> Plan:
    """Plant every case, each with a member of its own; in what is left of the month everybody's deliveries agree."""
    await _raise_price(month)
    plan = Plan()
    members = {each: f"P{number}" for number, each in enumerate(CASES, start=10)}
    events = [event for member_no in members.values() for event in enrolment(member_no, star=5)]
    recorded = await record_events(month.pool, events, now=NOW - timedelta(days=90), handbook=month.handbook)
    assert all(isinstance(each, Recorded) for each in recorded), recorded
    for planted in random.sample(CASES, len(CASES)):
        ground = Ground(
            month=month, plan=plan, member_no=members[planted], day=october(random.randint(8, 12))
        )
        for ordinary in _ordinary(ground, random):
            await ordinary
        await planted(ground)
    return plan


def _ordinary(ground: Ground, random: Random) -> Iterator[Awaitable[None]]:
    """A delivery of another benefit some days later, and one of the same benefit far from the case's own day."""

    async def agree(day: date, benefit: str) -> None:
        reference = random.choice([None, ground.reference()])
        price = PRICES[benefit]
        await ground.deliver(reference, day=day, benefit=benefit)
        ground.state(K.MATCHED, reference, day=day, benefit=benefit, pays=price)

    if random.random() < 0.5:
        yield agree(ground.on(5), VIDEO)
    yield agree(october(random.randint(24, 30)), PHONE)


async def _raise_price(month: Month) -> None:
    await month.pool.executemany(
        "insert into contract_terms (vendor, benefit, unit_price, starts_on, ends_on) values ($1, $2, $3, $4, $5)",
        [
            (VENDOR, RISING, BEFORE, date(2020, 1, 1), RISE),
            (VENDOR, RISING, AFTER, RISE, None),
        ],
    )
