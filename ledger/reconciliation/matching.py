"""A run of the match over a vendor's month: read, decide purely, write, member by member.

Lines and deliveries that agree beyond question are paired in bulk, by SQL. All others are read in the order of members
and benefits, in bounded memory, and decided by `ledger.reconciliation.match`. A decision on one finding runs
the same for its member and benefit alone.
"""

from collections.abc import AsyncIterator, Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from pathlib import Path

from asyncpg import Record

from base.database import Connection, Pool
from base.months import next_month
from base.sql import Queries
from handbook import Handbook, business_day, start_of
from ledger.reconciliation.match import match
from ledger.reconciliation.match_rows import (
    FINDING_COLUMNS,
    PAIR_COLUMNS,
    finding_row,
    match_input,
    pair_rows,
)
from ledger.reconciliation.match_values import Matched, Pair, Rule
from ledger.reconciliation.periods import answering_refusals, lock_open_month
from ledger.refusals import Refusal
from rating.activations import AnyHandbook, handbook_within

SQL = Queries(Path(__file__).with_name("matching.sql"))

_MANY_LINES = 20_000
_READ_AT_A_TIME = 500
_WRITTEN_AT_A_TIME = 5_000
_SKEW = timedelta(days=1)
"""Between the moment that a posting bears and the moment at which others see it, and clocks apart."""
_LONGEST_MONTH = timedelta(days=31)
_EVER, _NEVER = datetime(1900, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One benefit of one member (`customer_id` None: nobody has that number)."""

    member_no: str
    customer_id: int | None
    benefit: str


@answering_refusals
async def reconcile_period(
    pool: Pool, *, vendor: str, month: date, handbook: AnyHandbook, now: datetime
) -> int | Refusal:
    """Run the match of a vendor's month again; the id of the period.

    Refused: INVALID for an unknown vendor or a month ahead, PERIOD_CLOSED.
    """
    async with pool.acquire() as conn, conn.transaction():
        within = await handbook_within(conn, handbook, lasting=True)
        period = await lock_open_month(conn, vendor, month, now=now)
        await reconcile(conn, period.id, handbook=within, now=now)
        return period.id


async def reconcile(
    conn: Connection, period: int, *, handbook: Handbook, now: datetime, only: Collection[Key] = ()
) -> None:
    """Match the free lines of an open period with what is free in the ledger, and find what does not agree.

    Runs inside the caller's transaction, which holds the vendor's row. `only` narrows the run to what a decision on one
    finding can have changed.
    """
    run = await _Run.of(conn, period, handbook=handbook, now=now)
    await conn.fetch(SQL["all_at_once" if run.many and not only else "by_index"])
    for name in ("clean_up", "make_concerned"):
        await conn.execute(SQL[name])
    await conn.execute(SQL["know_members"], period, run.statements)
    if only:
        await conn.copy_records_to_table(
            "concerned",
            columns=["member_no", "customer_id", "benefit"],
            records=[(key.member_no, key.customer_id, key.benefit) for key in only],
        )
        await conn.execute(SQL["concern_carried"], period)
        await conn.execute(SQL["make_waiting"], period, run.statements, False)
    else:
        await run.match_in_bulk()
        await run.concern_all()
    await conn.execute("analyze concerned, waiting")
    await conn.execute(SQL["forget_undecided"], period)
    await run.match_member_by_member()
    await conn.execute(SQL["forget_stated"], run.vendor)
    await conn.execute(SQL["forget_taken"], period)
    await conn.execute(SQL["clean_up"])
    await conn.execute(SQL["reconciled"], period, now)
    await conn.fetch(SQL["default_plans"])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """What a run is about. `feeding`: the closed months of which this one finds what came late, with their closes."""

    conn: Connection
    period: int
    vendor: str
    rule: Rule
    statements: list[int]
    many: bool
    first_day: date
    feeding: list[Record]
    today: date

    @classmethod
    async def of(cls, conn: Connection, period: int, *, handbook: Handbook, now: datetime) -> "_Run":
        """Look up what the run needs to know beforehand."""
        row = await conn.fetchrow(SQL["period"], period)
        if row is None:
            message = f"there is no period {period}"
            raise AssertionError(message)
        vendor, month, today = row["vendor"], row["month"], business_day(now)
        stated = await conn.fetchrow(SQL["statements"], period, vendor, month)
        if stated is None:  # an aggregate without grouping has one row
            raise AssertionError
        feeding = await conn.fetch(SQL["feeding"], period)
        return cls(
            conn=conn,
            period=period,
            vendor=vendor,
            rule=Rule(
                month=month,
                tolerance_days=stated["tolerance_days"],
                backdating_days=_backdating_days(handbook, stated["first_day"], today),
                feeding=frozenset(each["month"] for each in feeding),
            ),
            statements=stated["ids"],
            many=stated["lines"] >= _MANY_LINES,
            first_day=stated["first_day"],
            feeding=feeding,
            today=today,
        )

    @property
    def closed(self) -> list[int]:
        """The ids of the closed months that feed this one."""
        return [row["id"] for row in self.feeding]

    async def match_in_bulk(self) -> None:
        """Pair what is beyond question; the other free lines wait."""
        conn, days = self.conn, (start_of(self.first_day), start_of(next_month(self.rule.month)))
        await conn.execute(SQL["make_in_question"], self.vendor)
        await conn.execute("analyze in_question")
        await conn.execute(SQL["make_agreeing"], self.period, self.vendor, self.statements, *days)
        await conn.execute(SQL["match_what_agrees"])
        await conn.execute(SQL["make_waiting"], self.period, self.statements, True)
        await conn.execute("analyze waiting")
        await conn.execute(SQL["make_free"], self.period, self.vendor, *days)
        await conn.execute(SQL["match_what_agrees_alone"])

    async def concern_all(self) -> None:
        """Look up of whom anything may be found.

        Each closed month was matched when it was closed, so what is late there was posted after the last close, and
        lies back no further than the backdating days. Where a close lies ahead of today, by a clock that was wrong, its
        time is unknown: then all of these months are searched.
        """
        since = _NEVER
        months: list[date] = []
        if self.feeding:
            ahead = any(business_day(row["closed_at"]) > self.today for row in self.feeding)
            since = _EVER if ahead else self.feeding[-1]["closed_at"] - _SKEW
            earliest = since if ahead else since - timedelta(days=self.rule.backdating_days) - _LONGEST_MONTH
            months = [row["month"] for row in self.feeding if start_of(next_month(row["month"])) > earliest]
        begins = start_of(self.rule.month)
        await self.conn.execute(
            SQL["concern"], self.period, self.vendor, begins, self.statements, months, since
        )

    async def match_member_by_member(self) -> None:
        """Let the match decide, and write down what it decides."""
        writing = _Writing(self.conn, self.period)
        async for rows in self._concerned():
            given = match_input(rows)
            writing.take(match(given.lines, given.deliveries, given.history, self.rule))
            if writing.full:
                await writing.flush()
        await writing.flush()

    async def _concerned(self) -> AsyncIterator[list[Record]]:
        """The rows of one member and benefit after the other."""
        given = (self.period, self.vendor, self.statements, self.closed)
        rows: list[Record] = []
        async for row in self.conn.cursor(SQL["sides"], *given, prefetch=_READ_AT_A_TIME):
            if rows and rows[-1]["key"] != row["key"]:
                yield rows
                rows = []
            rows.append(row)
        if rows:
            yield rows


class _Writing:
    """What is decided and not written yet."""

    def __init__(self, conn: Connection, period: int) -> None:
        self._conn = conn
        self._period = period
        self._decided = Matched()

    def take(self, matched: Matched) -> None:
        """Take what was decided of one member and benefit."""
        self._decided.unmatched.extend(matched.unmatched)
        self._decided.paired.extend(matched.paired)
        self._decided.changed.extend(matched.changed)
        self._decided.findings.extend(matched.findings)
        self._decided.unfounded.extend(matched.unfounded)

    @property
    def full(self) -> bool:
        """Whether it is worth writing."""
        return len(self._decided.paired) + len(self._decided.findings) >= _WRITTEN_AT_A_TIME

    async def flush(self) -> None:
        """Write it down."""
        conn, decided = self._conn, self._decided
        if decided.unmatched:
            await conn.execute(SQL["unmatch"], *_lines_of(decided.unmatched))
        if decided.changed:
            kinds = [each.kind.value for each in decided.changed]
            await conn.execute(SQL["change"], *_lines_of(decided.changed), kinds)
        if decided.unfounded:
            customers = [each.customer_id for each in decided.unfounded]
            sequences = [each.sequence for each in decided.unfounded]
            await conn.execute(SQL["forget_unfounded"], self._period, customers, sequences)
        if decided.paired:
            rows = chain.from_iterable(map(pair_rows, decided.paired))
            await conn.copy_records_to_table("matches", columns=PAIR_COLUMNS, records=rows)
        if decided.findings:
            await conn.copy_records_to_table(
                "findings",
                columns=FINDING_COLUMNS,
                records=[finding_row(self._period, each) for each in decided.findings],
            )
        self._decided = Matched()


def _lines_of(pairs: Iterable[Pair]) -> tuple[list[int], list[int], list[int]]:
    """The customers, statements and numbers of the lines of pairs: by them rows are looked up."""
    lines = [(each.delivery.id.customer_id, *each.line.id) for each in pairs]
    return [each[0] for each in lines], [each[1] for each in lines], [each[2] for each in lines]


def _backdating_days(handbook: Handbook, first_day: date, today: date) -> int:
    """How far the day of a line may lie from a delivery that its reference names.

    A vendor may post a use late, and may state the day of either. So it is the setting `backdating_days`: the largest
    of all editions in force from the first day of the month and its lines until today, by any of which the delivery
    may have been posted; before all editions, of the latest, as a posting is judged.
    """
    editions = handbook.within(first_day, today) or (handbook.latest,)
    return max(edition.settings.backdating_days for edition in editions)
