"""Vendors and their contracts: which benefits a vendor delivers, from when, and for how much.

Amounts owed follow from the price on the day of delivery, so the past is never rewritten: terms are only added, a later
price ends the open one on the day it begins, and no price begins on a day gone by from which something was delivered.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from unicodedata import category

from asyncpg import Record
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.transactions import in_transaction

from handbook import Handbook, business_day, start_of
from ledger.commands import invalid
from ledger.models import ContractTerm, Vendor
from ledger.refusals import Refusal
from rating.database import Statements
from rating.reading import Reader

SQL = Statements(Path(__file__).with_name("vendors.sql"))

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_LONGEST_NAME = 200
_MOST_TERMS = 200
_PLACES = 2
_HIGHEST_PRICE = Decimal(10) ** 12


@dataclass(frozen=True, slots=True, kw_only=True)
class TermView:
    """What one unit of a benefit costs, in CNY, on the days [starts_on, ends_on); no end is open."""

    benefit: str
    unit_price: Decimal
    starts_on: date
    ends_on: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether the term is in force on `day`."""
        return self.starts_on <= day and (self.ends_on is None or day < self.ends_on)

    def overlaps(self, other: "TermView") -> bool:
        """Whether some day has both terms for one benefit."""
        return (
            self.benefit == other.benefit
            and (other.ends_on is None or self.starts_on < other.ends_on)
            and (self.ends_on is None or other.starts_on < self.ends_on)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorView:
    """A vendor with all its terms, earliest first."""

    code: str
    name: str
    terms: tuple[TermView, ...]

    def benefits_on(self, day: date) -> frozenset[str]:
        """The codes of the benefits that it is contracted for on `day`."""
        return frozenset(term.benefit for term in self.terms if term.holds_on(day))


async def vendors_by_code(conn: Reader, codes: Iterable[str]) -> dict[str, VendorView]:
    """The vendors by code, unknown ones left out; in one statement."""
    rows = await conn.fetch(SQL["vendors_by_code"], list(codes))
    return {view.code: view for view in _views(rows)}


async def vendors_page(conn: Reader, *, first: int, after: str | None) -> list[VendorView]:
    """Up to `first` vendors whose codes follow `after`, by code; in one statement."""
    return _views(await conn.fetch(SQL["vendors_page"], first, after))


async def contracted_benefits(conn: Reader, vendor: str, day: date) -> frozenset[str]:
    """The codes of the benefits that the vendor is contracted for on `day`; none for an unknown vendor."""
    view = (await vendors_by_code(conn, [vendor])).get(vendor)
    return view.benefits_on(day) if view is not None else frozenset()


async def register_vendor(
    *, code: str, name: str, terms: Sequence[TermView], handbook: Handbook, now: datetime
) -> VendorView | Refusal:
    """Register a vendor, or add terms to a registered one (whose name it then takes); the same again changes nothing.

    Refused as INVALID, nothing written: a malformed code, name or price, an unknown benefit, an end not after its
    beginning, terms that overlap, and a price that would change what days gone by cost.
    """
    wrong = _malformed(code, name, terms, handbook)
    if wrong is not None:
        return wrong
    alone = _change(terms, (), {})
    if isinstance(alone, Refusal):
        return alone
    async with in_transaction() as connection:
        await Vendor.get_or_create(
            code=code, defaults={"name": name, "registered_at": now}, using_db=connection
        )
        # Two registrations of one vendor wait for each other here.
        vendor = await Vendor.select_for_update().using_db(connection).get(code=code)
        stored = await ContractTerm.filter(vendor_id=code).using_db(connection).order_by("starts_on", "id")
        delivered = await _delivered_before(connection, code, business_day(now)) if stored else {}
        change = _change(terms, [_view(term) for term in stored], delivered)
        if isinstance(change, Refusal):
            return change  # only a vendor that has terms already can be refused here: nothing was written
        if vendor.name != name:
            vendor.name = name
            await vendor.save(using_db=connection, update_fields=["name"])
        for row in stored:
            if _view(row) in change.closing:
                row.ends_on = change.closing[_view(row)]
                await row.save(using_db=connection, update_fields=["ends_on"])
        await ContractTerm.bulk_create(
            [
                ContractTerm(
                    vendor_id=code,
                    benefit=term.benefit,
                    unit_price=term.unit_price,
                    starts_on=term.starts_on,
                    ends_on=term.ends_on,
                )
                for term in change.adding
            ],
            using_db=connection,
        )
        all_terms = await ContractTerm.filter(vendor_id=code).using_db(connection)
    views = sorted((_view(term) for term in all_terms), key=lambda term: (term.starts_on, term.benefit))
    return VendorView(code=code, name=name, terms=tuple(views))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """Open terms that end, each on its day, and terms to add."""

    closing: dict[TermView, date]
    adding: tuple[TermView, ...]


async def _delivered_before(connection: BaseDBAsyncClient, vendor: str, today: date) -> dict[str, date]:
    """For each benefit the last day gone by on which the vendor delivered it."""
    rows = await connection.execute_query_dict(SQL["last_deliveries"], [vendor, start_of(today)])
    return {row["benefit"]: business_day(row["occurred_at"]) for row in rows}


def _change(
    terms: Iterable[TermView], stored: Sequence[TermView], delivered: Mapping[str, date]
) -> _Change | Refusal:
    """What the new terms change in the stored ones, in order of their days.

    `delivered` says of each benefit the last day gone by with a delivery, whose price stays what it was.
    """
    standing = list(stored)
    for term in sorted(terms, key=lambda each: each.starts_on):
        if _goes_without_saying(term, stored):
            continue
        ended = None
        for place, old in enumerate(standing):
            if not term.overlaps(old):
                continue
            if old.ends_on is not None or term.starts_on <= old.starts_on:
                return _overlap(term, old)
            last = delivered.get(term.benefit)
            if last is not None and term.starts_on <= last:
                return invalid(
                    f"「{term.benefit}」在 {last} 已按原合同价提供过服务，新价格须自其后一日起生效",
                    f"{term.benefit} was delivered on {last} at the price there is: a new one begins after that day",
                )
            ended = place
        if ended is not None:
            standing[ended] = replace(standing[ended], ends_on=term.starts_on)
        standing.append(term)
    closing = {
        old: now.ends_on for old, now in zip(stored, standing, strict=False) if now.ends_on != old.ends_on
    }
    return _Change(
        closing={old: ends_on for old, ends_on in closing.items() if ends_on is not None},
        adding=tuple(standing[len(stored) :]),
    )


def _goes_without_saying(term: TermView, stored: Sequence[TermView]) -> bool:
    """Whether the stored terms say the same already: sent again, or the price that is in force anyway."""
    for old in stored:
        same_price = old.benefit == term.benefit and old.unit_price == term.unit_price
        if not same_price:
            continue
        if old.starts_on == term.starts_on and old.ends_on == term.ends_on:
            return True
        if term.ends_on is not None:
            continue
        still_open = old.ends_on is None and old.starts_on <= term.starts_on
        # It was open when it was registered, and a later price has ended it since.
        succeeded = old.starts_on == term.starts_on and any(
            later.benefit == old.benefit and later.starts_on == old.ends_on for later in stored
        )
        if still_open or succeeded:
            return True
    return False


def _malformed(code: str, name: str, terms: Sequence[TermView], handbook: Handbook) -> Refusal | None:
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
    if len(terms) > _MOST_TERMS:
        return invalid(
            f"terms 最多 {_MOST_TERMS} 项", f"terms: expected at most {_MOST_TERMS}; got {len(terms)}"
        )
    for index, term in enumerate(terms):
        wrong = _malformed_term(f"terms[{index}]", term, handbook)
        if wrong is not None:
            return wrong
    return None


def _malformed_term(place: str, term: TermView, handbook: Handbook) -> Refusal | None:
    if term.benefit not in handbook.benefit_codes:
        known = ", ".join(sorted(handbook.benefit_codes))
        shown = term.benefit[:64]
        return invalid(
            f"{place}.benefit：没有代码为「{shown}」的服务项目；可用的代码：{known}",
            f"{place}.benefit: there is no benefit {shown}; the codes are: {known}",
        )
    price = term.unit_price
    exponent = price.as_tuple().exponent
    if (
        not price.is_finite()
        or not 0 <= price < _HIGHEST_PRICE
        or not isinstance(exponent, int)
        or exponent < -_PLACES
    ):
        return invalid(
            f"{place}.unitPrice 须为不小于 0、小于 10^12 的金额，最多两位小数",
            f"{place}.unitPrice: expected an amount from 0 and below 10^12, with at most {_PLACES} places",
        )
    if term.ends_on is not None and term.ends_on <= term.starts_on:
        return invalid(f"{place}.to 须晚于 from", f"{place}.to: expected a day after from")
    return None


def _overlap(term: TermView, other: TermView) -> Refusal:
    return invalid(
        f"「{term.benefit}」自 {term.starts_on} 起的合同价与自 {other.starts_on} 起的重叠",
        f"{term.benefit}: the price from {term.starts_on} overlaps with the one from {other.starts_on}",
    )


def _view(term: ContractTerm) -> TermView:
    return TermView(
        benefit=term.benefit, unit_price=term.unit_price, starts_on=term.starts_on, ends_on=term.ends_on
    )


def _views(rows: Iterable[Record]) -> list[VendorView]:
    """Vendors with their terms, from rows in the order of codes: one a term, or one for a vendor without any."""
    names: dict[str, str] = {}
    terms: dict[str, list[TermView]] = {}
    for row in rows:
        names[row["code"]] = row["name"]
        own = terms.setdefault(row["code"], [])
        if row["benefit"] is not None:
            own.append(
                TermView(
                    benefit=row["benefit"],
                    unit_price=row["unit_price"],
                    starts_on=row["starts_on"],
                    ends_on=row["ends_on"],
                )
            )
    return [VendorView(code=code, name=name, terms=tuple(terms[code])) for code, name in names.items()]
