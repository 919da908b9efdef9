"""Loading the portfolio through the service's own functions, so that the ledger looks like a real one.

A clock moves from the opening to today; events are recorded, vendors registered, commands posted at their moments.
Every step can be repeated without effect (event ids, idempotency keys), and the ids of the events hold the day that the
portfolio was made for: an interrupted load is resumed for the same day and finished.
Nothing is loaded into a database that holds other customers.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import asyncpg

from base.database import Connection, Reader
from base.sql import Queries
from demo.contracts import Registration
from demo.diaries import Call
from demo.finance import FinanceAtWork
from demo.months import Finance
from demo.portfolio import Calls, Feed, Granting, Portfolio, Step, portfolio
from demo.service import DemoError, Service
from handbook import business_day
from handbook.dates import start_of
from ledger.commands import Command, Redeem
from ledger.ids import RedemptionId
from ledger.posting.granting import grant_all
from ledger.posting.journal import Journal
from ledger.posting.outcomes import RedemptionOutcome
from ledger.posting.recording import record_events
from ledger.refusals import Refusal
from ledger.vendors.registry import register_vendor
from rating.events import PolicyEvent, RelativeRegistered

SQL = Queries(Path(__file__).with_name("loading.sql"))

_SUBJECT = "demo"
"""The subject of all writes of the demonstration."""

_EVENTS_A_BATCH = 400
_LOCK = 0x64656D6F
_EVENT_ID = re.compile(r"demo-(\d{8})-")

Progress = Callable[[int, int | None], None]
"""Called with the number of steps done, and of all steps."""


@dataclass(slots=True)
class _MovingClock:
    """The current moment in the demonstration."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


async def load(service: Service, *, progress: Progress | None = None) -> bool:
    """Load the portfolio as of today, unless it is there; whether anything was loaded.

    Raises DemoError when the database holds other customers. Safe to repeat, to interrupt, and to run twice at once.
    """
    async with service.pool.acquire() as conn:
        await conn.execute(SQL["lock"], _LOCK)  # released with the connection
        return await _load(service, conn, progress or (lambda _done, _total: None))


async def _load(service: Service, conn: Connection, progress: Progress) -> bool:
    now = service.clock()
    today = await begun_on(conn) or business_day(now)
    if await _complete(conn, today):
        return False
    reached = await conn.fetchval(SQL["reached"])
    await _Loader(service, portfolio(today, service.handbook), progress).run(reached)
    done = [_completion(today)]
    await record_events(service.pool, done, now=now, handbook=service.handbooks, subject=_SUBJECT)
    await grant_all(service.pool, clock=lambda: now, handbook=service.handbooks, subject=_SUBJECT)
    await _analyze(service.owner_dsn)
    return True


async def _analyze(owner_dsn: str) -> None:
    """Analyse the loaded tables, as autovacuum would a minute later: otherwise the first reports are slow."""
    owner = await asyncpg.connect(owner_dsn)
    try:
        await owner.execute("ANALYZE")
    finally:
        await owner.close()


async def begun_on(conn: Reader) -> date | None:
    """The day that the portfolio in the database was made for, None where there is no customer at all.

    Raises DemoError when the database holds other customers.
    """
    first = await conn.fetchval(SQL["first_event"])
    if first is None:
        return None
    match = _EVENT_ID.match(first)
    if match is None:
        raise DemoError("the database holds other customers; name an empty data folder (--data DIR)")
    return date.fromisoformat(match[1])


async def _complete(conn: Connection, today: date) -> bool:
    return bool(await conn.fetchval(SQL["event_exists"], _completion(today).event_id))


def _completion(today: date) -> PolicyEvent:
    """The last event: its presence shows that all is loaded."""
    return RelativeRegistered(
        event_id=f"demo-{today:%Y%m%d}-complete",
        member_no="M00001",
        effective_on=today - timedelta(days=1),
        recorded_at=start_of(today),
        relative_id="grandchild",
        name="林小满",
        relation="grandchild",
    )


class _Loader:
    """One pass through the steps of a portfolio."""

    def __init__(self, service: Service, what: Portfolio, progress: Progress) -> None:
        self._service = service
        self._portfolio = what
        self._progress = progress
        self._clock = _MovingClock(what.opening.at)
        self._journal = Journal(service.pool, service.handbooks, self._clock)
        self._finance = FinanceAtWork(service, self._journal)
        self._ids: dict[str, RedemptionId] = {}

    async def run(self, reached: datetime | None) -> None:
        """Go through the steps; what an earlier run has done until `reached` is not done again.

        Only vendors' commands are sent again then, to get the ids of their redemptions from the stored outcomes. The
        acts of finance check themselves whether they are done.
        """
        opening = self._portfolio.opening
        batches = list(_by_customer(opening.events))
        total = len(batches) + len(self._portfolio.steps)
        for done, batch in enumerate(batches, start=1):
            if reached is None or reached <= opening.at:
                await self._record(batch)
            self._progress(done, total)
        await self._journal.start()
        try:
            for done, step in enumerate(self._portfolio.steps, start=len(batches) + 1):
                self._clock.now = step.at
                if reached is None or reached <= step.at or isinstance(step, Calls | Finance):
                    await self._take(step)
                self._progress(done, total)
        finally:
            await self._journal.stop()

    async def _take(self, step: Step) -> None:
        match step:
            case Feed():
                await self._record(step.events)
            case Granting():
                await grant_all(
                    self._service.pool,
                    clock=lambda: step.at,
                    handbook=self._service.handbooks,
                    subject=_SUBJECT,
                )
            case Registration():
                await self._register(step)
            case Calls():
                await self._post(step.calls)
            case Finance():
                await self._finance.do(step)

    async def _record(self, events: Sequence[PolicyEvent]) -> None:
        results = await record_events(
            self._service.pool,
            events,
            now=self._clock.now,
            handbook=self._service.handbooks,
            subject=_SUBJECT,
        )
        for event, result in zip(events, results, strict=True):
            if isinstance(result, Refusal):
                raise DemoError(f"event {event.event_id} was refused: {result.message('en')}")

    async def _register(self, step: Registration) -> None:
        outcome = await register_vendor(
            code=step.code,
            name=step.name,
            terms=step.terms,
            handbook=self._service.handbook,
            now=step.at,
            subject=_SUBJECT,
        )
        if isinstance(outcome, Refusal):
            raise DemoError(f"vendor {step.code} was refused: {outcome.message('en')}")

    async def _post(self, calls: Sequence[Call]) -> None:
        """Post the vendors' commands; refusals are intended. Follow-ups wait until their redemption is known."""
        for together in _waves(calls):
            known = [call for call in together if call.about is None or call.about in self._ids]
            outcomes = await self._journal.post_many([self._command(call) for call in known])
            for call, outcome in zip(known, outcomes, strict=True):
                if isinstance(outcome, RedemptionOutcome) and call.about is None:
                    self._ids[call.command.key] = outcome.id

    def _command(self, call: Call) -> Command:
        if call.about is None or isinstance(call.command, Redeem):
            return replace(call.command, subject=_SUBJECT)
        return replace(call.command, redemption=self._ids[call.about], subject=_SUBJECT)


def _waves(calls: Sequence[Call]) -> Iterator[list[Call]]:
    """First independent commands, then their follow-ups."""
    yield [call for call in calls if call.about is None]
    if later := [call for call in calls if call.about is not None]:
        yield later


def _by_customer(events: Sequence[PolicyEvent]) -> Iterator[list[PolicyEvent]]:
    """Events in batches that never split a customer's."""
    by_customer: dict[str, list[PolicyEvent]] = {}
    for event in events:
        by_customer.setdefault(event.member_no, []).append(event)
    batch: list[PolicyEvent] = []
    for member_no in sorted(by_customer):
        batch += by_customer[member_no]
        if len(batch) >= _EVENTS_A_BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
