"""A vendor's month, made through the real functions: deliveries, reversals, statements, and what was found of them."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from base.database import Connection, Pool
from handbook import BUSINESS_ZONE, Handbook
from ledger.commands import Redeem, Reverse
from ledger.ids import RedemptionId
from ledger.posting.journal import Journal
from ledger.posting.outcomes import RedemptionOutcome
from ledger.posting.recording import record_events
from ledger.reconciliation.statements import Submitted, submit
from ledger.reconciliation.values import StatedTotal, StatementLine
from ledger.refusals import Refusal
from rating.intake import Recorded
from tests.ledger.stored import SetClock, enrolment

VENDOR, OTHER_VENDOR = "v", "w"
OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
NOW = datetime(2026, 11, 2, 10, 0, tzinfo=BUSINESS_ZONE)
PHONE, VIDEO, EXAM = "family-doctor-phone", "family-doctor-video", "physical-exam"
PRICES = {PHONE: Decimal("12.00"), VIDEO: Decimal("25.50"), EXAM: Decimal("680.00")}
MEMBERS = ("M1", "M2", "M3")


def noon(day: date) -> datetime:
    """Noon of a business day."""
    return datetime(day.year, day.month, day.day, 12, tzinfo=BUSINESS_ZONE)


def october(day: int) -> date:
    """A day of October 2026."""
    return date(2026, 10, day)


@dataclass(kw_only=True)
class Month:
    """Vendor v and what it delivers and states; the clock stands at `NOW`, but for what is delivered."""

    pool: Pool
    handbook: Handbook
    clock: SetClock
    journal: Journal
    keys: "count[int]" = field(default_factory=lambda: count(1))

    async def deliver(
        self,
        day: date,
        reference: str | None = None,
        *,
        member_no: str = "M1",
        benefit: str = PHONE,
        units: int = 1,
        vendor: str = VENDOR,
        late: bool = False,
    ) -> RedemptionId:
        """Deliver on a day; recorded at once, or `late`: now."""
        now = self.clock.now
        if not late:
            self.clock.now = noon(day) + timedelta(hours=1)
        outcome = await self.journal.post(
            Redeem(
                vendor=vendor,
                member_no=member_no,
                benefit=benefit,
                key=f"key-{next(self.keys)}",
                units=units,
                occurred_at=noon(day),
                reference=reference,
            )
        )
        self.clock.now = now
        assert isinstance(outcome, RedemptionOutcome), outcome
        return outcome.id

    async def reverse(self, redemption: RedemptionId, *, vendor: str = VENDOR) -> None:
        """Take a delivery back, now."""
        outcome = await self.journal.post(
            Reverse(
                actor=f"vendor:{vendor}", redemption=redemption, key=f"key-{next(self.keys)}", reason="误录"
            )
        )
        assert isinstance(outcome, RedemptionOutcome), outcome

    async def state(
        self, *lines: StatementLine, number: str = "S-1", month: date = OCTOBER, vendor: str = VENDOR
    ) -> int:
        """Submit a statement and have it taken; its id."""
        outcome = await self.submit(*lines, number=number, month=month, vendor=vendor)
        assert isinstance(outcome, Submitted), outcome
        return outcome.statement

    async def submit(
        self,
        *lines: StatementLine,
        number: str = "S-1",
        month: date = OCTOBER,
        vendor: str = VENDOR,
        total: StatedTotal | None = None,
    ) -> Submitted | Refusal:
        """Submit a statement."""
        return await submit(
            self.pool,
            vendor=vendor,
            number=number,
            month=month,
            lines=stream(lines),
            by="finance",
            now=self.clock.now,
            handbook=self.handbook,
            total=total or StatedTotal(),
        )

    async def findings(self, month: date = OCTOBER) -> list[dict[str, Any]]:
        """Everything found that is no plain match, by line, then by redemption."""
        rows = await self.pool.fetch(
            "select f.* from findings f join periods p on p.id = f.period where p.vendor = $1 and p.month = $2"
            " order by f.statement, f.line_no, f.customer_id, f.sequence",
            VENDOR,
            month,
        )
        return [dict(row) for row in rows]

    async def kinds(self, month: date = OCTOBER) -> list[tuple[int | None, str]]:
        """What was found of each line that is no plain match, and of what is in no line (None)."""
        return [(row["line_no"], row["kind"]) for row in await self.findings(month)]

    async def pairs(self) -> dict[int, tuple[RedemptionId, str]]:
        """The redemption and the pass of each line that is matched."""
        rows = await self.pool.fetch("select * from matches order by statement, line_no")
        return {
            row["line_no"]: (RedemptionId(row["customer_id"], row["sequence"]), row["pass"]) for row in rows
        }


SETTLED = """
insert into settlements (period, vendor, number, month, payable, carried_forward, seal, closed_by, closed_at)
select id, vendor, id, month, 0, 0, sha256(''), 'li', now() from periods where closed_at is null
"""


async def close_by_hand(conn: Pool | Connection) -> None:
    """Close every month that is open, whatever is found there, with a settlement of nothing."""
    await conn.execute(SETTLED)
    await conn.execute("update periods set closed_at = now() where closed_at is null")


def line(
    line_no: int,
    day: date,
    reference: str | None = None,
    *,
    member_no: str = "M1",
    benefit: str = PHONE,
    units: int = 1,
    amount: Decimal | str | None = None,
) -> StatementLine:
    """A line, for what its units cost unless another amount is said."""
    return StatementLine(
        line_no=line_no,
        reference=reference,
        member_no=member_no,
        benefit=benefit,
        units=units,
        occurred_on=day,
        amount=units * PRICES[benefit] if amount is None else Decimal(amount),
    )


async def stream(lines: Iterable[StatementLine]) -> AsyncIterator[StatementLine]:
    """The lines one after the other."""
    for each in lines:
        yield each


@asynccontextmanager
async def a_month(pool: Pool, handbook: Handbook) -> AsyncIterator[Month]:
    """Members M1 to M3, and vendors v and w with contracts and prices."""
    events = [event for member_no in MEMBERS for event in enrolment(member_no, star=5)]
    recorded = await record_events(pool, events, now=NOW - timedelta(days=90), handbook=handbook)
    assert all(isinstance(each, Recorded) for each in recorded), recorded
    for vendor in (VENDOR, OTHER_VENDOR):
        await pool.execute("insert into vendors values ($1, $1, now())", vendor)
        for benefit, price in PRICES.items():
            await pool.execute(
                "insert into contract_terms (vendor, benefit, unit_price, starts_on) values ($1, $2, $3, '2020-01-01')",
                vendor,
                benefit,
                price,
            )
    clock = SetClock(NOW)
    journal = Journal(pool, handbook, clock)
    await journal.start()
    try:
        yield Month(pool=pool, handbook=handbook, clock=clock, journal=journal)
    finally:
        await journal.stop()
