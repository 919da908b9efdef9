"""Concurrent work on one month: one settlement, nothing lost, nothing half-done, in any order."""

import asyncio
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from ledger.commands import Redeem, Reverse
from ledger.ids import RedemptionId
from ledger.posting.outcomes import RedemptionOutcome
from ledger.reconciliation.closing import check_seals, close_period
from ledger.reconciliation.decisions import resolve
from ledger.reconciliation.matching import reconcile_period
from ledger.reconciliation.statements import Submitted, submit, withdraw
from ledger.reconciliation.values import Action, LedgerFindingId, LineFindingId, StatementLine
from ledger.refusals import Refusal
from tests.reconciliation.month import NOVEMBER, OCTOBER, PHONE, PRICES, Month, line, noon, october, stream

ROUNDS = 6
SEPTEMBER_30 = date(2026, 9, 30)
PRICE = PRICES[PHONE]


@dataclass(kw_only=True)
class Office:
    """A vendor of its own for each round, so that a round's race is not decided by the one before."""

    month: Month
    vendor: str

    @property
    def common(self) -> dict[str, Any]:
        return {"by": "li", "handbook": self.month.handbook, "now": self.month.clock.now}

    async def deliver(self, day: date, reference: str, *, recorded_now: bool = True) -> RedemptionId:
        """Deliver on a day, and record it now, or on that day."""
        now = self.month.clock.now
        if not recorded_now:
            self.month.clock.now = noon(day)
        outcome = await self.month.journal.post(
            Redeem(
                vendor=self.vendor,
                member_no="M1",
                benefit=PHONE,
                key=f"{self.vendor}-{reference}",
                occurred_at=noon(day),
                reference=reference,
            )
        )
        self.month.clock.now = now
        assert isinstance(outcome, RedemptionOutcome), outcome
        return outcome.id

    async def reverse(self, redemption: RedemptionId) -> None:
        key = f"{self.vendor}-{redemption.sequence}-back"
        back = Reverse(actor=f"vendor:{self.vendor}", redemption=redemption, key=key, reason="误录")
        assert isinstance(await self.month.journal.post(back), RedemptionOutcome)

    async def submit(self, number: str, *lines: StatementLine, month: date = OCTOBER) -> Submitted | Refusal:
        return await submit(
            self.month.pool,
            vendor=self.vendor,
            number=number,
            month=month,
            lines=stream(lines),
            **self.common,
        )

    async def close(self, month: date = OCTOBER) -> int | Refusal:
        return await close_period(self.month.pool, vendor=self.vendor, month=month, **self.common)

    async def decide(self, finding: LineFindingId | LedgerFindingId, action: Action) -> Refusal | None:
        return await resolve(self.month.pool, finding=finding, action=action, note="核对", **self.common)

    async def accept_all(self, month: date) -> Decimal:
        """Accept what waits in a month and close it; what its settlement pays."""
        run = await reconcile_period(
            self.month.pool,
            vendor=self.vendor,
            month=month,
            handbook=self.month.handbook,
            now=self.month.clock.now,
        )
        assert isinstance(run, int), run
        for row in await self.month.pool.fetch("select * from findings where period = $1", run):
            of_line = row["line_no"] is not None
            if row["action"] is None and row["kind"] != "MATCHED":
                finding = (
                    LineFindingId(run, row["statement"], row["line_no"])
                    if of_line
                    else LedgerFindingId(run, row["customer_id"], row["sequence"])
                )
                assert await self.decide(finding, Action.ACCEPT) is None
        assert await self.close(month) == run
        return await self.payable(month)

    async def payable(self, month: date) -> Decimal:
        return await self.month.pool.fetchval(
            "select payable from settlements where vendor = $1 and month = $2", self.vendor, month
        )

    async def settlements(self) -> int:
        return await self.month.pool.fetchval(
            "select count(*) from settlements where vendor = $1", self.vendor
        )


@pytest.fixture
async def offices(month) -> list[Office]:
    made = []
    for number in range(ROUNDS):
        vendor = f"v{number}"
        await month.pool.execute("insert into vendors values ($1, $1, now())", vendor)
        await month.pool.execute(
            "insert into contract_terms (vendor, benefit, unit_price, starts_on) values ($1, $2, $3, '2020-01-01')",
            vendor,
            PHONE,
            PRICE,
        )
        made.append(Office(month=month, vendor=vendor))
    return made


async def in_turn(first: Any, delay_s: float, second: Any) -> tuple[Any, Any]:
    """Start the first, and the second a little later; what both gave."""

    async def later() -> Any:
        await asyncio.sleep(delay_s)
        return await second

    return await asyncio.gather(first, later())


def delays() -> list[float]:
    """From one that starts with the other to one that finds the other done."""
    return [number * 0.004 for number in range(ROUNDS)]


async def test_one_statement_sent_many_times_at_once_is_taken_once(offices):
    office = offices[0]
    await office.deliver(october(3), "A")
    lines = line(1, october(3), "A"), line(2, october(4), "B")
    done = await asyncio.gather(*(office.submit("S-1", *lines) for _ in range(8)))
    assert all(isinstance(each, Submitted) for each in done), done
    assert len({each.statement for each in done}) == 1
    assert sorted(each.replayed for each in done) == [False] + [True] * 7


async def test_of_several_contents_under_one_number_one_is_taken_also_for_several_months(offices):
    office = offices[0]
    done = await asyncio.gather(
        *(
            office.submit("S-1", line(1, october(number), "A"), month=month)
            for number in range(1, 5)
            for month in (OCTOBER, NOVEMBER)
        )
    )
    assert len([each for each in done if isinstance(each, Submitted)]) == 1
    assert {each.code for each in done if isinstance(each, Refusal)} == {"KEY_REUSED"}
    assert await office.month.pool.fetchval("select count(*) from statement_lines") == 1


async def test_a_statement_that_comes_during_the_close_is_settled_or_refused(offices):
    for office, delay_s in zip(offices, delays(), strict=True):
        await office.deliver(october(3), "A")
        await office.deliver(SEPTEMBER_30, "B", recorded_now=False)
        assert isinstance(await office.submit("S-1", line(1, october(3), "A")), Submitted)
        # Delivered in September, so October misses nothing without it.
        sent = office.submit("S-2", line(1, SEPTEMBER_30, "B"))
        if delay_s < delays()[ROUNDS // 2]:
            submitted, closed = await in_turn(sent, delay_s, office.close())
        else:
            closed, submitted = await in_turn(office.close(), delay_s, sent)
        assert isinstance(closed, int), closed
        if isinstance(submitted, Submitted):
            assert await office.payable(OCTOBER) == 2 * PRICE
        else:
            assert submitted.code == "PERIOD_CLOSED"
            assert await office.payable(OCTOBER) == PRICE
    assert await check_seals(offices[0].month.pool) == []


async def test_what_is_reversed_during_the_close_is_paid_and_taken_back_or_never_paid(offices):
    for office, delay_s in zip(offices, delays(), strict=True):
        delivered = await office.deliver(october(3), "A")
        await office.submit("S-1", line(1, october(3), "A"))
        closed, _ = await in_turn(office.close(), delay_s, office.reverse(delivered))
        if isinstance(closed, int):
            assert await office.payable(OCTOBER) == PRICE
        else:
            assert closed.code == "FINDINGS_OPEN"
            assert await office.accept_all(OCTOBER) == 0
        assert await office.payable(OCTOBER) + await office.accept_all(NOVEMBER) == 0
    assert await check_seals(offices[0].month.pool) == []


async def test_what_is_delivered_during_the_close_is_missed_by_it_or_found_in_the_next_month(offices):
    for office, delay_s in zip(offices, delays(), strict=True):
        await office.submit("S-1")
        closed, delivered = await in_turn(office.close(), delay_s, office.deliver(october(20), "A"))
        if not isinstance(closed, int):
            assert closed.code == "FINDINGS_OPEN"
            assert "NOT_IN_STATEMENT" in closed.message("en")
            continue
        november = await reconcile_period(
            office.month.pool,
            vendor=office.vendor,
            month=NOVEMBER,
            handbook=office.month.handbook,
            now=office.month.clock.now,
        )
        found = await office.month.pool.fetch("select * from findings where period = $1", november)
        assert [(row["kind"], row["customer_id"], row["sequence"]) for row in found] == [
            ("NOT_IN_STATEMENT", delivered.customer_id, delivered.sequence)
        ]


async def test_a_decision_during_the_close_counts_or_is_refused(offices):
    for office, delay_s in zip(offices, delays(), strict=True):
        await office.deliver(october(3), "A")
        done = await office.submit("S-1", line(1, october(3), "A", amount="15.00"))
        assert isinstance(done, Submitted)
        period = await office.month.pool.fetchval(
            "select period from statements where id = $1", done.statement
        )
        finding = LineFindingId(period, done.statement, 1)
        assert await office.decide(finding, Action.ACCEPT) is None
        closed, disputed = await in_turn(office.close(), delay_s, office.decide(finding, Action.DISPUTE))
        assert closed == period
        total = await office.month.pool.fetchrow(
            "select payable, carried_forward from settlements where period = $1", period
        )
        if disputed is None:
            assert tuple(total) == (0, 15)
        else:
            assert disputed.code == "PERIOD_CLOSED"
            assert tuple(total) == (PRICE, 0)
        decisions = await office.month.pool.fetchval(
            "select array_agg(action order by id) from decisions where period = $1", period
        )
        assert decisions == ["ACCEPT", *(["DISPUTE"] if disputed is None else [])]
    assert await check_seals(offices[0].month.pool) == []


async def test_of_several_who_decide_at_once_the_last_one_counts_and_all_are_remembered(offices):
    office = offices[0]
    await office.deliver(october(3), "A")
    done = await office.submit("S-1", line(1, october(3), "A", amount="15.00"))
    assert isinstance(done, Submitted)
    period = await office.month.pool.fetchval("select period from statements where id = $1", done.statement)
    finding = LineFindingId(period, done.statement, 1)
    await asyncio.gather(*(office.decide(finding, action) for action in (Action.ACCEPT, Action.DISPUTE) * 4))
    actions = await office.month.pool.fetchval("select array_agg(action order by id) from decisions")
    assert len(actions) == 8
    assert await office.month.pool.fetchval("select action from findings") == actions[-1]


async def test_a_statement_that_is_taken_back_during_the_close_is_settled_or_gone(offices):
    for office, delay_s in zip(offices, delays(), strict=True):
        await office.deliver(SEPTEMBER_30, "A", recorded_now=False)
        done = await office.submit("S-1", line(1, SEPTEMBER_30, "A"))
        assert isinstance(done, Submitted)
        back = withdraw(office.month.pool, statement=done.statement, note="更正", **office.common)
        closed, gone = await in_turn(office.close(), delay_s, back)
        assert isinstance(closed, int)
        if isinstance(gone, Submitted):
            assert await office.payable(OCTOBER) == 0
        else:
            assert gone.code == "PERIOD_CLOSED"
            assert await office.payable(OCTOBER) == PRICE


async def test_two_months_that_close_while_both_are_stated_pay_a_delivery_once(offices):
    for office in offices:
        await office.deliver(october(31), "A")
        sent = (
            office.submit(f"S-{month:%m}-{number}", line(1, october(31), "A"), month=month)
            for month in (OCTOBER, NOVEMBER)
            for number in range(2)
        )
        await asyncio.gather(*sent, office.close(OCTOBER), office.close(NOVEMBER))
        total = Decimal(0)
        for month in (OCTOBER, NOVEMBER):
            paid = await office.payable(month)
            total += await office.accept_all(month) if paid is None else paid
        assert total == PRICE
        assert await office.settlements() == 2
    assert await check_seals(offices[0].month.pool) == []


async def test_a_stream_that_breaks_leaves_nothing_and_keeps_nobody_waiting(offices):
    office = offices[0]

    async def broken():
        for number in range(1, 2000):
            yield line(number, october(3))
        raise ConnectionResetError

    common = {"vendor": office.vendor, "number": "S-1", "month": OCTOBER}
    with pytest.raises(ConnectionResetError):
        await submit(office.month.pool, **common, **office.common, lines=broken())
    for table in ("statements", "statement_lines", "periods", "matches", "findings"):
        assert await office.month.pool.fetchval(f"select count(*) from {table}") == 0
    assert isinstance(await asyncio.wait_for(office.submit("S-1"), timeout=20), Submitted)


async def test_who_is_interrupted_while_stating_leaves_nothing(offices):
    office = offices[0]
    started = asyncio.Event()

    async def endless():
        number = 0
        while True:
            number += 1
            yield line(number, october(3))
            if number % 500 == 0:
                started.set()
                await asyncio.sleep(0)

    common = {"vendor": office.vendor, "number": "S-1", "month": OCTOBER}
    sending = asyncio.create_task(submit(office.month.pool, **common, **office.common, lines=endless()))
    await started.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert isinstance(await asyncio.wait_for(office.submit("S-1"), timeout=20), Submitted)
    assert await office.month.pool.fetchval("select count(*) from statement_lines") == 0
