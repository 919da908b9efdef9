"""The match: a vendor's lines for a month against the ledger, in named passes, set-based and one to one.

REFERENCE, EXACT, TOLERANCE, UNITS: each pairs what the ones before have left, and where nothing tells which of several
deliveries a line means, nobody but a person chooses. What is matched stays so, and what somebody decided is never
touched; all else is found anew by every run, so that running twice is running once. A million lines are a handful of
statements here: this program only says which comes next.
"""

import re
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from asyncpg import Record

from base.database import Connection, Pool
from base.months import month_span, next_month
from base.sql import Statements
from handbook import Handbook, business_day, start_of
from ledger.reconciliation.periods import answering_refusals, lock_open_month
from ledger.reconciliation.values import Pass
from ledger.refusals import Refusal
from rating.activations import AnyHandbook, handbook_within

SQL = Statements(Path(__file__).with_name("matching.sql"))
FINDINGS = Statements(Path(__file__).with_name("findings.sql"))

_DELIVERED, _REVERSED = "REDEEMED", "REVERSED"
_MANY_LINES = 20_000
_SKEW = timedelta(days=1)
"""Between the moment that a posting bears and the moment at which others see it, and clocks apart."""
_LONGEST_MONTH = timedelta(days=31)
_EVER, _NEVER = datetime(1900, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
_ONLY = re.compile(r"\{(only_\w+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What a small run is about: one benefit of one member (`customer_id` None: nobody has that number)."""

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
    conn: Connection, period: int, *, handbook: Handbook, now: datetime, only: Key | None = None
) -> None:
    """Match the free lines of an open period with what is free in the ledger, and find what does not agree.

    Runs inside the caller's transaction, which holds the vendor's row. `only` narrows the run to what a decision on one
    finding can have changed.
    """
    row = await conn.fetchrow(SQL["period"], period)
    if row is None:
        message = f"there is no period {period}"
        raise AssertionError(message)
    run = _Run(conn, period, row, only, handbook=handbook, today=business_day(now))
    await conn.fetch(SQL["tune"])
    await conn.execute(SQL["clean_up"])
    await run.match()
    await run.find()
    await conn.execute(SQL["clean_up"])
    await conn.execute(SQL["reconciled"], period, now)


class _Run:
    """One run: the statements in their order, narrowed if need be."""

    def __init__(
        self,
        conn: Connection,
        period: int,
        row: Record,
        only: Key | None,
        *,
        handbook: Handbook,
        today: date,
    ) -> None:
        self._conn = conn
        self._period = period
        self._vendor: str = row["vendor"]
        self._month: date = row["month"]
        self._first: bool = row["first"]
        self._only = only
        self._statements: list[int] = []
        self._handbook = handbook
        self._today = today
        self._tolerance = 0
        self._backdating = timedelta()
        self._many = False
        self._feeding: list[Record] = []

    @property
    def _closed(self) -> list[int]:
        """The ids of the closed months before, whose open month this is."""
        return [row["id"] for row in self._feeding]

    async def match(self) -> None:
        """Pair what is free; what stays free is in free_lines, free_deliveries, and undecidable."""
        conn = self._conn
        await self._execute(SQL["release_reversed"], self._period, self._vendor)
        self._feeding = await conn.fetch(FINDINGS["feeding"], self._period)
        unfounded = FINDINGS["forget_unfounded"].replace("{paid}", FINDINGS["paid"])
        await self._execute(unfounded, self._period, self._vendor, self._closed)
        await self._pair()
        refresh = SQL["refresh_kinds"].replace("{kind}", SQL["kind"])
        await self._execute(refresh, self._period, self._vendor, self._statements)
        await conn.execute(SQL["make_fits"])
        await conn.execute(SQL["match_references"])
        await conn.execute(SQL["make_rest"])
        await conn.execute(_fitting("fit_by_reference"))
        await conn.execute(SQL["make_free"])
        await conn.execute(SQL["make_free_deliveries"], *month_span(self._month))
        await conn.execute(SQL["make_newly"])
        await conn.execute(SQL["analyze_free"])
        await conn.execute(_choosing("match_perfect"), Pass.REFERENCE.value)
        await conn.execute(SQL["forget_newly"])
        await self._repeat("match_best", Pass.REFERENCE)
        await conn.execute(SQL["mark_taken"], self._vendor)
        await self._exact(_DELIVERED)
        await self._pass(
            Pass.TOLERANCE, "fit_within_tolerance", "match_only_fit", _DELIVERED, self._tolerance
        )
        await conn.execute(FINDINGS["set_undecidable_aside"])
        await conn.execute(FINDINGS["forget_undecidable_lines"])
        await self._pass(Pass.UNITS, "fit_other_units", "match_only_pairs", _DELIVERED)
        # Nothing is paid for what was reversed, so which of several it was makes no difference.
        await self._exact(_REVERSED)
        await self._pass(Pass.TOLERANCE, "fit_within_tolerance", "match_best", _REVERSED, self._tolerance)

    async def _pair(self) -> None:
        """Lay lines and deliveries side by side."""
        conn = self._conn
        statements = await conn.fetchrow(
            SQL["statements"], self._period, self._vendor, *month_span(self._month)
        )
        if statements is None:  # an aggregate without grouping has one row
            raise AssertionError
        self._statements = statements["ids"]
        self._tolerance = statements["tolerance"]
        first_day, end_day = statements["first_day"], statements["end_day"]
        self._backdating = _backdating(self._handbook, first_day, self._today)
        near = timedelta(days=self._tolerance)
        await conn.execute(SQL["know_members"], self._period, self._statements)
        carried = await conn.fetchval(SQL["carries"], self._period)
        made = await conn.execute(SQL["exceptions"], self._vendor, self._backdating.days)
        exceptions = made != "SELECT 0"
        pairing = (
            SQL["pairing"]
            .replace("{paired}", SQL["paired"])
            .replace("{kind}", SQL["kind"])
            .replace("{or_carried}", SQL["or_carried"] if carried else "")
            .replace("{and_free}", "" if self._first and not carried else SQL["and_free"])
            .replace("{and_unmatched}", SQL["and_unmatched"] if statements["matched"] else "")
            .replace("{and_new}", SQL["and_new"].replace("{repeats}", SQL["repeats"]) if exceptions else "")
        )
        self._many = self._only is None and statements["lines"] >= _MANY_LINES
        await self._execute_large(
            pairing,
            self._period,
            self._vendor,
            start_of(first_day - self._backdating),
            start_of(end_day + self._backdating),
            statements["ids"],
            statements["of_vendor"],
            first_day - near,
            end_day + near,
        )

    async def find(self) -> None:
        """Write down what does not agree."""
        conn, period, vendor = self._conn, self._period, self._vendor
        await self._execute(FINDINGS["forget_undecided"], period)
        await conn.execute(FINDINGS["forget_stated"], vendor)
        await conn.execute(FINDINGS["find_new_pairs"], period, self._statements)
        await self._execute(FINDINGS["find_pairs"], period, vendor, self._statements)
        await conn.execute(FINDINGS["left_lines"])
        repeat = FINDINGS["repeat_exceptions"].replace("{repeats}", SQL["repeats"])
        await self._execute(repeat, period, self._statements)
        await conn.execute(FINDINGS["explain_taken"], vendor)
        await conn.execute(FINDINGS["explain_equal"], vendor)
        await conn.execute(FINDINGS["explain_repeated"])
        await conn.execute(FINDINGS["explain_missing"], vendor)
        await conn.execute(FINDINGS["explain_unknown_members"])
        await conn.execute(FINDINGS["find_left_lines"], period)
        await conn.execute(FINDINGS["find_undecidable"], period)
        unstated = _unless_in_doubt(FINDINGS["find_unstated"])
        await conn.execute(unstated, period, *month_span(self._month))
        await self._find_what_came_late()

    async def _find_what_came_late(self) -> None:
        """Find what the closed months before could not know: late postings, and reversals of what they paid.

        Each of these months was matched when it was closed, so what was posted after the last close is new, and lies
        back no further than the backdating days; what a match by hand or a dispute hid in the month last closed may be
        free by now. Where a close lies ahead of today, by a clock that was wrong, its time is unknown: then all of
        these months are searched.
        """
        period, vendor = self._period, self._vendor
        feeding = self._feeding
        since = _NEVER
        if feeding:
            ahead = any(business_day(row["closed_at"]) > self._today for row in feeding)
            since = _EVER if ahead else feeding[-1]["closed_at"] - _SKEW
            earliest = since - self._backdating - _LONGEST_MONTH
            months = [row["month"] for row in feeding if start_of(next_month(row["month"])) > earliest]
            late = _unless_in_doubt(FINDINGS["find_late"])
            await self._execute(late, period, vendor, months, [row["month"] for row in feeding])
        corrections = FINDINGS["find_corrections"].replace("{paid}", FINDINGS["paid"])
        await self._execute(corrections, period, vendor, self._closed, since)

    async def _exact(self, status: str) -> None:
        """Pass EXACT for deliveries of a status."""
        await self._conn.execute(SQL["match_exactly"], status)
        await self._conn.execute(SQL["forget_newly"])
        await self._pass(Pass.EXACT, "fit_exactly", "match_best", status)

    async def _pass(self, name: Pass, fit: str, match: str, *arguments: object) -> None:
        """Lay side by side what might fit, and pair what does."""
        await self._conn.execute(SQL["clear_fits"])
        await self._conn.execute(_fitting(fit), *arguments)
        await self._repeat(match, name)

    async def _repeat(self, match: str, name: Pass) -> None:
        """Pair until nothing more comes of it: each round may leave somebody with one choice only."""
        statement = _choosing(match)
        while await self._conn.fetchval("select exists (select from fits)"):
            if await self._conn.execute(statement, name.value) == "INSERT 0 0":
                return
            await self._conn.execute(SQL["forget_newly"])

    async def _execute_large(self, statement: str, *arguments: object) -> None:
        """Execute what reads all lines: of many of them, each table once and in order of none."""
        if self._many:
            await self._conn.fetch(SQL["many"])
        await self._execute(statement, *arguments)
        if self._many:
            await self._conn.fetch(SQL["few"])

    async def _execute(self, statement: str, *arguments: object) -> None:
        statement, all_arguments = self._narrowed(statement, arguments)
        await self._conn.execute(statement, *all_arguments)

    def _narrowed(self, statement: str, arguments: tuple[object, ...]) -> tuple[str, list[object]]:
        """The statement for what the run is about, with its parameters after those that it has itself."""
        values = list(arguments)
        if self._only is None:
            return _ONLY.sub("", statement), values
        statement = _ONLY.sub(lambda marker: SQL[marker[1]], statement)
        for name, value in asdict(self._only).items():
            if f"{{{name}}}" in statement:
                values.append(value)
                statement = statement.replace(f"{{{name}}}", f"${len(values)}")
        return statement, values


def _backdating(handbook: Handbook, first_day: date, today: date) -> timedelta:
    """How far the day of a line may lie from a delivery that its reference names.

    A vendor may post a use late, and may state the day of either. So it is the setting `backdating_days`: the largest
    of all editions in force from the first day of the month and its lines until today, by any of which the delivery
    may have been posted; before all editions, of the latest, as a posting is judged.
    """
    editions = handbook.within(first_day, today) or (handbook.latest,)
    return timedelta(days=max(edition.settings.backdating_days for edition in editions))


def _fitting(fit: str) -> str:
    """The statement that lays side by side what might fit."""
    return SQL[fit].replace("{fit}", SQL["fit"]).replace("{undecidable}", SQL["undecidable"])


def _choosing(match: str) -> str:
    """The statement that pairs some of what fits."""
    return SQL[match].replace("{nearest}", SQL["nearest"]).replace("{write_chosen}", SQL["write_chosen"])


def _unless_in_doubt(statement: str) -> str:
    """The statement, without deliveries that may be what an undecidable line or a disputed one means."""
    return statement.replace("{unless_disputed}", FINDINGS["unless_disputed"]).replace(
        "{undecidable}", SQL["undecidable"]
    )
