"""Pages of entries and redemptions, and vendors' deliveries.

Newest first, by keyset. One query a page reads all that is shown: there are no look-ups row by row. A hold that has
run out is shown as expired, whether or not that is posted yet.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from asyncpg import Record

from base.database import Reader
from base.sql import Queries
from handbook import Relation, start_of
from ledger.entitlement.account import PoolKey
from ledger.ids import RedemptionId
from ledger.posting.entries import LIFE_CYCLE, EntryKind, RedemptionStatus
from ledger.posting.redemptions import Beneficiary, RedemptionView
from ledger.reports.filters import (
    EntryFilter,
    Position,
    RedemptionFilter,
)

SQL = Queries(Path(__file__).with_name("pages.sql"))

_OF_REDEMPTIONS = frozenset(kind.value for _, kind in LIFE_CYCLE)
"""Kinds of entries that belong to a redemption, which most entries do not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorName:
    """A vendor's code and its name for people."""

    code: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRow:
    """A line of the ledger. `units` None: a grant without limit."""

    customer_id: int
    member_no: str
    sequence: int
    kind: EntryKind
    benefit: str
    units: int | None
    policy_no: str | None
    service_year: int
    vendor: VendorName | None
    beneficiary: Beneficiary | None
    option: str | None
    reference: str | None
    star: int
    edition: str | None
    occurred_at: datetime
    recorded_at: datetime
    recorded_by: str | None
    redemption: RedemptionView | None

    @property
    def position(self) -> Position:
        """Its position in the list."""
        return Position(recorded_at=self.recorded_at, customer_id=self.customer_id, sequence=self.sequence)


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageRow:
    """What a vendor delivered of a benefit at a price: deliveries, their units, and how many of these were reversed.

    `unit_price` in CNY is the contract's on the day of delivery; None if the contract has none for that day. `variant`:
    the grade, where the price is for that one only.
    """

    vendor: str
    benefit: str
    variant: str | None
    redemptions: int
    units: int
    reversed_units: int
    unit_price: Decimal | None

    @property
    def amount(self) -> Decimal | None:
        """What is owed, in CNY: the units that were not reversed, at the price."""
        return None if self.unit_price is None else (self.units - self.reversed_units) * self.unit_price


async def entries_page(
    conn: Reader, *, where: EntryFilter, first: int, after: Position | None, now: datetime
) -> list[EntryRow]:
    """Up to `first` entries of all customers after a position, newest first."""
    name, chosen = "entries", []
    if where.member_nos is not None:
        name, chosen = "entries_of_members", [where.member_nos, where.vendors]
    elif where.vendors is not None:
        name, chosen = "entries_of_vendors", [where.vendors]
    elif where.kinds is not None and where.kinds <= _OF_REDEMPTIONS:
        name = "entries_of_redemptions"
    rows = await conn.fetch(
        SQL[name],
        now,
        first,
        *_keyset(after),
        where.kinds,
        where.benefits,
        where.occurred.start,
        where.occurred.end,
        *chosen,
    )
    return [_entry(row) for row in rows]


async def customers_entries(
    conn: Reader,
    customer_ids: Sequence[int],
    *,
    service_year: int | None,
    first: int,
    before: int | None,
    now: datetime,
) -> dict[int, list[EntryRow]]:
    """For each customer up to `first` entries before a sequence, newest first; in one query."""
    rows = await conn.fetch(SQL["entries_of_customers"], now, first, customer_ids, service_year, before)
    pages: dict[int, list[EntryRow]] = {customer_id: [] for customer_id in customer_ids}
    for row in rows:
        pages[row["customer_id"]].append(_entry(row))
    return pages


async def entry(conn: Reader, customer_id: int, sequence: int, *, now: datetime) -> EntryRow | None:
    """One entry, or None when there is none of that customer and sequence."""
    page = await customers_entries(
        conn, [customer_id], service_year=None, first=1, before=sequence + 1, now=now
    )
    return next((row for row in page[customer_id] if row.sequence == sequence), None)


async def redemptions_page(
    conn: Reader, *, where: RedemptionFilter, first: int, after: Position | None, now: datetime
) -> list[RedemptionView]:
    """Up to `first` redemptions of all customers after a position, newest first."""
    name, chosen = _redemptions(where)
    rows = await conn.fetch(
        SQL[name],
        now,
        first,
        *_keyset(after),
        where.statuses,
        where.benefits,
        where.occurred.start,
        where.occurred.end,
        *chosen,
    )
    return [_redemption(row) for row in rows]


async def redemption(conn: Reader, redemption_id: RedemptionId, *, now: datetime) -> RedemptionView | None:
    """One redemption, or None when there is none of that id."""
    where = RedemptionFilter(ids=frozenset({redemption_id}))
    return next(iter(await redemptions_page(conn, where=where, first=1, after=None, now=now)), None)


async def vendor_usage(
    conn: Reader, vendors: Iterable[str], start: date, end: date
) -> dict[str, list[UsageRow]]:
    """For each vendor what it delivered on the business days [start, end), by benefit and price; in one query."""
    usage: dict[str, list[UsageRow]] = {vendor: [] for vendor in vendors}
    for row in await conn.fetch(SQL["vendor_usage"], list(usage), start_of(start), start_of(end)):
        usage[row["vendor"]].append(
            UsageRow(
                vendor=row["vendor"],
                benefit=row["benefit"],
                variant=row["variant"],
                redemptions=row["redemptions"],
                units=row["units"],
                reversed_units=int(row["reversed_units"]),
                unit_price=row["unit_price"],
            )
        )
    return usage


def _redemptions(where: RedemptionFilter) -> tuple[str, list[Iterable[object] | None]]:
    """The query that begins with the fewest redemptions, and what it asks for beyond what all of them do."""
    if where.ids is not None:
        ids = sorted(where.ids)
        customer_ids, sequences = [each.customer_id for each in ids], [each.sequence for each in ids]
        return "redemptions_by_id", [customer_ids, sequences, where.vendors, where.member_nos]
    if where.member_nos is not None:
        return "redemptions_of_members", [where.member_nos, where.vendors]
    if where.vendors is not None:
        return "redemptions_of_vendors", [where.vendors]
    return "redemptions", []


def _keyset(after: Position | None) -> tuple[datetime | None, int | None, int | None]:
    return (None, None, None) if after is None else (after.recorded_at, after.customer_id, after.sequence)


def _entry(row: Record) -> EntryRow:
    return EntryRow(
        customer_id=row["customer_id"],
        member_no=row["member_no"],
        sequence=row["sequence"],
        kind=EntryKind(row["kind"]),
        benefit=row["benefit"],
        units=row["units"],
        policy_no=row["policy_no"] or None,
        service_year=row["service_year"],
        vendor=_vendor(row["vendor"], row["vendor_name"]) if row["vendor"] is not None else None,
        beneficiary=_beneficiary(row["beneficiary"], row["beneficiary_name"], row["beneficiary_relation"]),
        option=row["option"],
        reference=row["reference"],
        star=row["star"],
        edition=row["edition"],
        occurred_at=row["occurred_at"],
        recorded_at=row["recorded_at"],
        recorded_by=row["subject"],
        redemption=_redemption(row, "r_") if row["r_sequence"] is not None else None,
    )


def _redemption(row: Record, prefix: str = "") -> RedemptionView:
    """A redemption, whose columns begin with a prefix where they stand beside those of an entry."""
    return RedemptionView(
        id=RedemptionId(row["customer_id"], row[f"{prefix}sequence"]),
        member_no=row["member_no"],
        status=RedemptionStatus(row[f"{prefix}status_then"]),
        units=row[f"{prefix}units"],
        pool=PoolKey(row[f"{prefix}benefit"], row[f"{prefix}period"], row[f"{prefix}policy_no"]),
        variant=row[f"{prefix}variant"],
        beneficiary=_beneficiary(
            row[f"{prefix}beneficiary"],
            row[f"{prefix}beneficiary_name"],
            row[f"{prefix}beneficiary_relation"],
        ),
        option=row[f"{prefix}option"],
        facility=row[f"{prefix}facility"],
        wished_number=row[f"{prefix}wished_number"],
        vendor=row[f"{prefix}vendor"],
        vendor_name=row[f"{prefix}vendor_name"] or row[f"{prefix}vendor"],
        reference=row[f"{prefix}reference"],
        edition=row[f"{prefix}edition"],
        occurred_at=row[f"{prefix}occurred_at"],
        recorded_at=row[f"{prefix}recorded_at"],
        expires_at=row[f"{prefix}expires_at"],
        reason=row[f"{prefix}reason"],
    )


def _vendor(code: str, name: str | None) -> VendorName:
    return VendorName(code=code, name=name or code)


def _beneficiary(relative_id: str | None, name: str | None, relation: str | None) -> Beneficiary | None:
    if relative_id is None:
        return None
    return Beneficiary(
        relative_id=relative_id, name=name or relative_id, relation=Relation(relation or Relation.OTHER)
    )
