"""Vendors and their contracts: which benefits a vendor delivers, from when, and for how much.

What a new price may change is judged by `ledger.vendors.contracts`; here it is stored, under a lock on the vendor's
row: registrations of one vendor are serialised with each other and with the closing of a month.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeAlias
from unicodedata import category

from asyncpg import LockNotAvailableError, Record
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.transactions import in_transaction

from base.database import Reader
from base.sql import Queries
from handbook import Handbook
from ledger.entitlement.terms import Term
from ledger.models import ContractTerm, Vendor
from ledger.refusals import Refusal, busy, invalid
from ledger.vendors.contracts import (
    MOST_TOLERANCE_DAYS,
    Change,
    Delivery,
    change,
    malformed_term,
    price_spans,
)

SQL = Queries(Path(__file__).with_name("registry.sql"))

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_LONGEST_NAME = 200
_MOST_TERMS = 200

_Row: TypeAlias = Record | Mapping[str, Any]
"""A row as asyncpg or, within its transaction, Tortoise gives it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorView:
    """A vendor with all its prices, one after the other, earliest first.

    `date_tolerance_days`: by how much the day of a statement's line may differ from that of its delivery.
    """

    code: str
    name: str
    date_tolerance_days: int
    terms: tuple[Term, ...]

    def benefits_on(self, day: date) -> frozenset[str]:
        """The codes of the benefits that it is contracted for on `day`."""
        return frozenset(term.benefit for term in self.terms if term.holds_on(day))


async def vendors_by_code(conn: Reader, codes: Iterable[str]) -> dict[str, VendorView]:
    """The vendors by code, unknown ones left out; in one query."""
    rows = await conn.fetch(SQL["vendors_by_code"], list(codes))
    return {view.code: view for view in _views(rows)}


async def members_served(conn: Reader, vendor: str, member_nos: Iterable[str]) -> frozenset[str]:
    """Those of the member numbers that the vendor has had a hold or delivery for; in one query."""
    rows = await conn.fetch(SQL["members_served"], vendor, list(member_nos))
    return frozenset(row["member_no"] for row in rows)


async def vendors_page(conn: Reader, *, first: int, after: str | None) -> list[VendorView]:
    """Up to `first` vendors whose codes follow `after`, by code; in one query."""
    return _views(await conn.fetch(SQL["vendors_page"], first, after))


async def contracts_of(conn: Reader, vendors: Iterable[str]) -> dict[str, tuple[Term, ...]]:
    """The contracts by which the vendors' requests are judged; none for an unknown vendor."""
    found: dict[str, tuple[Term, ...]] = {}
    for row in await conn.fetch(SQL["contracts"], list(vendors)):
        found[row["vendor"]] = (*found.get(row["vendor"], ()), term_of(row))
    return found


async def register_vendor(
    *,
    code: str,
    name: str,
    terms: Sequence[Term],
    date_tolerance_days: int | None = None,
    handbook: Handbook,
    now: datetime,
    subject: str | None = None,
) -> VendorView | Refusal:
    """Register a vendor, or add terms to a registered one (whose name it then takes); the same again changes nothing.

    `subject` is who registers. `date_tolerance_days` None leaves it as it is. `handbook` only serves to check that
    benefits exist: nothing of it is written, so no activation is waited for.

    Refused, nothing written: as INVALID a malformed code, name or price, an unknown benefit or variant, an end not
    after its beginning, terms that contradict each other, and a price that would change what was delivered cost; as
    PERIOD_CLOSED one that would begin in, or change, a month that is closed; as BUSY when another transaction locks
    the vendor for too long.
    """
    wrong = _malformed(code, name, terms, date_tolerance_days, handbook)
    if wrong is not None:
        return wrong
    alone = change(terms, ())
    if isinstance(alone, Refusal):
        return alone
    try:
        return await _register(code, name, terms, date_tolerance_days, now=now, subject=subject)
    except LockNotAvailableError:
        return busy()


async def _register(
    code: str,
    name: str,
    terms: Sequence[Term],
    date_tolerance_days: int | None,
    *,
    now: datetime,
    subject: str | None,
) -> VendorView | Refusal:
    async with in_transaction() as connection:
        await Vendor.get_or_create(
            code=code, defaults={"name": name, "registered_at": now}, using_db=connection
        )
        # Locks the vendor: against other registrations, and against the closing of a month.
        vendor = await Vendor.select_for_update().using_db(connection).get(code=code)
        changed = await _changed(connection, vendor, terms, subject)
        if isinstance(changed, Refusal):
            return changed  # only for a vendor that has terms or months already: nothing was written
        vendor.name = name
        if date_tolerance_days is not None:
            vendor.date_tolerance_days = date_tolerance_days
        await vendor.save(using_db=connection, update_fields=["name", "date_tolerance_days"])
        (view,) = _views(await connection.execute_query_dict(SQL["vendors_by_code"], [[code]]))
    return view


async def _changed(
    connection: BaseDBAsyncClient, vendor: Vendor, terms: Sequence[Term], subject: str | None
) -> Change | Refusal:
    """Change the terms of a vendor whose row is locked."""
    code = vendor.code
    stored = [term_of(row) for row in await connection.execute_query_dict(SQL["contracts"], [[code]])]
    delivered: list[Delivery] = []
    if stored and terms:
        first = min(term.starts_on for term in terms)
        benefits = sorted({term.benefit for term in terms})
        rows = await connection.execute_query_dict(SQL["delivered"], [code, first, benefits])
        delivered = [Delivery(benefit=row["benefit"], variant=row["variant"], day=row["day"]) for row in rows]
    closed = await connection.execute_query_dict(SQL["closed_months"], [code])
    changed = change(terms, stored, delivered=delivered, closed=[row["month"] for row in closed])
    if isinstance(changed, Refusal):
        return changed
    await ContractTerm.bulk_create(
        [
            ContractTerm(
                vendor_id=code,
                benefit=term.benefit,
                variant=term.variant,
                unit_price=term.unit_price,
                starts_on=term.starts_on,
                ends_on=term.ends_on,
                subject=subject,
            )
            for term in changed.adding
        ],
        using_db=connection,
    )
    return changed


def _malformed(
    code: str, name: str, terms: Sequence[Term], tolerance_days: int | None, handbook: Handbook
) -> Refusal | None:
    if not _CODE.fullmatch(code):
        return invalid(
            "code 须为 1 至 64 个字母、数字或 . _ -，以字母或数字开头",
            "code: expected 1 to 64 letters, digits or . _ -, beginning with a letter or digit",
        )
    if (
        not name.strip()
        or len(name) > _LONGEST_NAME
        or any(category(character).startswith("C") for character in name)
    ):
        return invalid(
            f"name 须为 1 至 {_LONGEST_NAME} 个可见字符",
            f"name: expected 1 to {_LONGEST_NAME} visible characters",
        )
    if tolerance_days is not None and not 0 <= tolerance_days <= MOST_TOLERANCE_DAYS:
        return invalid(
            f"dateToleranceDays 须为 0 至 {MOST_TOLERANCE_DAYS} 的整数",
            f"dateToleranceDays: expected a whole number from 0 to {MOST_TOLERANCE_DAYS}",
        )
    if len(terms) > _MOST_TERMS:
        return invalid(
            f"terms 最多 {_MOST_TERMS} 项", f"terms: expected at most {_MOST_TERMS}; got {len(terms)}"
        )
    for index, term in enumerate(terms):
        wrong = malformed_term(f"terms[{index}]", term, handbook)
        if wrong is not None:
            return wrong
    return None


def term_of(row: _Row) -> Term:
    """The term from a row of contract_terms."""
    return Term(
        benefit=row["benefit"],
        variant=row["variant"],
        unit_price=row["unit_price"],
        starts_on=row["starts_on"],
        ends_on=row["ends_on"],
        recorded_by=row["subject"],
    )


def _views(rows: Iterable[_Row]) -> list[VendorView]:
    """Vendors with their terms, from rows in the order of codes: one a term, or one for a vendor without any."""
    vendors: dict[str, _Row] = {}
    terms: dict[str, list[Term]] = {}
    for row in rows:
        vendors[row["code"]] = row
        own = terms.setdefault(row["code"], [])
        if row["benefit"] is not None:
            own.append(term_of(row))
    return [
        VendorView(
            code=code,
            name=row["name"],
            date_tolerance_days=row["date_tolerance_days"],
            terms=price_spans(terms[code]),
        )
        for code, row in vendors.items()
    ]
