"""A generated month of one vendor, of any size: the ledger's deliveries, and the vendor's statement.

Redemptions and lines are pure functions of their place, so both can be written in any order and in no memory. Of every
10,000 places a fixed number differs from the ledger in a known way (`PLANTED`): a reconciliation must find exactly
these. Another fifth of the ledger belongs to other vendors and to the months before and after.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property

from handbook import BUSINESS_ZONE
from ledger.reconciliation.values import FindingKind, StatementLine

VENDOR, OTHER_VENDOR = "assist-1", "assist-2"
MONTH = date(2026, 10, 1)
RAISED_ON = date(2026, 10, 16)

PRICES: tuple[tuple[str, str | None, date, date | None, Decimal], ...] = (
    ("physical-exam", "健康体检", date(2025, 1, 1), None, Decimal("680.00")),
    ("physical-exam", "优质体检", date(2025, 1, 1), None, Decimal("980.00")),
    ("physical-exam", None, date(2025, 1, 1), None, Decimal("1480.00")),
    ("dental-care", None, date(2025, 1, 1), RAISED_ON, Decimal("180.00")),
    ("dental-care", None, RAISED_ON, None, Decimal("188.00")),
    ("family-doctor-phone", None, date(2025, 1, 1), None, Decimal("12.00")),
    ("family-doctor-video", None, date(2025, 1, 1), None, Decimal("25.50")),
    ("legal-consultation", None, date(2025, 1, 1), None, Decimal("5.00")),
    ("medical-butler", None, date(2025, 1, 1), None, Decimal("60.00")),
    ("outpatient-escort", None, date(2025, 1, 1), None, Decimal("260.00")),
    ("outpatient-green-channel", None, date(2025, 1, 1), None, Decimal("380.00")),
    ("health-assessment", None, date(2025, 1, 1), None, Decimal("15.00")),
    ("vip-line", None, date(2025, 1, 1), None, Decimal("3.00")),
)
"""Benefit, variant, first day, first day after, price of one unit. Examinations are priced apart for two variants."""

_BENEFITS = tuple(dict.fromkeys(benefit for benefit, *_ in PRICES))
_NEVER_USED = "second-opinion"
_VARIANTS = ("健康体检", "优质体检", "尊享体检", "高端体检")
_MINUTES = (10, 15, 20, 30, 45)
_DAYS = 31
_OTHER_MONTH = timedelta(days=40)
"""To the month before or after, far from every day of this one."""
_PLACES = 10_000
_VISITS = 4
"""Places of one member."""

NO_REFERENCE = "no reference"
TWINS = "two alike, both with a reference"
PLANTED: dict[str, tuple[int, FindingKind | None]] = {
    "units differ": (20, FindingKind.UNITS_DIFFER),
    "units differ, no reference": (10, FindingKind.UNITS_DIFFER),
    "units and date differ": (5, FindingKind.UNITS_DIFFER),
    "amount differs": (25, FindingKind.AMOUNT_DIFFERS),
    "amount and date differ": (5, FindingKind.AMOUNT_DIFFERS),
    "date differs": (15, FindingKind.DATE_DIFFERS),
    "date differs, no reference": (15, FindingKind.DATE_DIFFERS),
    "reversed": (20, FindingKind.REVERSED),
    "stated twice": (15, FindingKind.DUPLICATE_LINE),
    "stated twice, no reference": (5, FindingKind.DUPLICATE_LINE),
    "unknown member": (10, FindingKind.NOT_IN_LEDGER),
    "never delivered": (10, FindingKind.NOT_IN_LEDGER),
    "not stated": (30, FindingKind.NOT_IN_STATEMENT),
    "two fit": (10, FindingKind.AMBIGUOUS),
    "reversed, not stated": (10, None),
    "no show, not stated": (10, None),
    NO_REFERENCE: (500, None),
    TWINS: (20, None),
}
"""How many of 10,000 places, and the kind of the finding that comes of each; None: no finding but the match, if any."""

_ROLES = tuple(role for role, (count, _) in PLANTED.items() for _ in range(count))
_UNSTATED = {"not stated", "reversed, not stated", "no show, not stated"}
_WITHOUT_REFERENCE = {NO_REFERENCE, "units differ, no reference", "date differs, no reference", "two fit"}
_ALIKE = {TWINS, "two fit"}
_STATUS = {"reversed": "REVERSED", "reversed, not stated": "REVERSED", "no show, not stated": "NO_SHOW"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """The data of a row of `redemptions`."""

    customer_id: int
    sequence: int
    status: str
    benefit: str
    variant: str | None
    vendor: str
    units: int
    reference: str
    star: int
    occurred_at: datetime

    @property
    def member_no(self) -> str:
        """The number of the member."""
        return member_no(self.customer_id)

    @property
    def day(self) -> date:
        """The business day."""
        return self.occurred_at.date()


@dataclass(frozen=True)
class Month:
    """A month with `places` (a multiple of 10,000) deliveries, in the order of time or, `shuffled`, in none.

    `without_references`: no line has one, so that more fit each other than was planted.
    """

    places: int
    shuffled: bool = False
    without_references: bool = False

    @property
    def members(self) -> int:
        """How many members there are; their customer ids run from 1."""
        return self.places // _VISITS

    @cached_property
    def expected(self) -> dict[FindingKind, int]:
        """How many findings of each kind a reconciliation has to make; a kind that does not occur is left out."""
        every = self.places // _PLACES
        counts = dict.fromkeys(FindingKind, 0)
        for count, kind in PLANTED.values():
            if kind is not None:
                counts[kind] += count * every
        lines = self.places
        for role, (count, _) in PLANTED.items():
            lines += (_lines_of(role) - 1) * count * every
        with_line = sum(n for kind, n in counts.items() if kind is not FindingKind.NOT_IN_STATEMENT)
        counts[FindingKind.MATCHED] = lines - with_line
        return {kind: count for kind, count in counts.items() if count}

    def deliveries(self) -> Iterator[Delivery]:
        """The ledger's deliveries in the order of recording, mixed with those of other vendors and months."""
        for moment in range(self.places):
            place = self._place(moment)
            delivery = self._delivery(place)
            yield delivery
            if self._role(place) in _ALIKE:
                yield _twin(delivery)
            if moment % 10 == 0:
                yield replace(delivery, vendor=OTHER_VENDOR, sequence=delivery.sequence + 2)
            if moment % 10 == 5:
                shift = timedelta(days=_DAYS if moment % 20 == 5 else -_DAYS)
                yield replace(
                    delivery,
                    status="REDEEMED",
                    sequence=delivery.sequence + 3,
                    occurred_at=delivery.occurred_at + shift,
                    reference=f"{delivery.reference}X",
                )

    def lines(self) -> Iterator[StatementLine]:
        """The vendor's lines, numbered from 1 in its order."""
        number = 0
        step = _coprime(self.places, 0.382)
        for count in range(self.places):
            moment = count * step % self.places if self.shuffled else count
            for line in self._stated(self._place(moment)):
                number += 1
                reference = None if self.without_references else line.reference
                yield replace(line, line_no=number, reference=reference)

    def _stated(self, place: int) -> Iterator[StatementLine]:
        role, delivery = self._role(place), self._delivery(place)
        if role in _UNSTATED:
            return
        line = StatementLine(
            line_no=1,
            reference=None if role in _WITHOUT_REFERENCE else delivery.reference,
            member_no=delivery.member_no,
            benefit=delivery.benefit,
            units=delivery.units,
            occurred_on=delivery.day,
            amount=delivery.units * price(delivery.benefit, delivery.variant, delivery.day),
        )
        yield (stated := _differing(role, line))
        match role:
            case "stated twice":
                yield stated
            case "stated twice, no reference":
                yield replace(stated, reference=None)
            case "unknown member":
                yield replace(stated, reference=f"{line.reference}U", member_no=f"{line.member_no}9")
            case "never delivered":
                yield replace(stated, reference=None, benefit=_NEVER_USED)
            case "two alike, both with a reference":
                yield replace(stated, reference=_twin(delivery).reference)

    def _delivery(self, place: int) -> Delivery:
        customer, visit = place // _VISITS + 1, place % _VISITS
        moment = self._moment(place)
        role = self._role(place)
        # The last visit is for the benefit of the first, where the days are so far apart that they cannot be confused.
        first = visit == _VISITS - 1 and abs(self._day(moment) - self._day(self._moment(place - visit))) > 7
        benefit = _BENEFITS[(customer * 7 + (0 if first else visit)) % len(_BENEFITS)]
        star = 2 + customer % 4
        day = MONTH + timedelta(days=self._day(moment))
        return Delivery(
            customer_id=customer,
            sequence=visit * 10 + 4,
            status=_STATUS.get(role, "REDEEMED"),
            benefit=benefit,
            variant=_VARIANTS[star - 2] if benefit == "physical-exam" else None,
            vendor=VENDOR,
            units=_MINUTES[place % len(_MINUTES)] if benefit == "legal-consultation" else 1,
            reference=f"JY-{day:%Y%m%d}-{moment:06}",
            star=star,
            # Around the clock: a business day differs from a UTC day.
            occurred_at=datetime.combine(day, datetime.min.time(), BUSINESS_ZONE)
            + timedelta(seconds=place * 7919 % 86_400),
        )

    def _place(self, moment: int) -> int:
        return moment * self._step % self.places

    def _moment(self, place: int) -> int:
        return place * self._back % self.places

    def _day(self, moment: int) -> int:
        return moment * _DAYS // self.places

    def _role(self, place: int) -> str:
        number = place * 7919 % _PLACES
        return _ROLES[number] if number < len(_ROLES) else "agrees"

    @cached_property
    def _step(self) -> int:
        return _coprime(self.places, 0.618)

    @cached_property
    def _back(self) -> int:
        return pow(self._step, -1, self.places)


def member_no(customer_id: int) -> str:
    """The number of the member with a customer id."""
    return f"M{customer_id:07}"


def price(benefit: str, variant: str | None, day: date) -> Decimal:
    """The price of one unit on a day: that of the variant where it has one, else that of the benefit."""
    fitting = {
        of: amount
        for named, of, starts, ends, amount in PRICES
        if named == benefit and of in {variant, None} and starts <= day and (ends is None or day < ends)
    }
    return fitting.get(variant, fitting.get(None, Decimal(0)))


def _lines_of(role: str) -> int:
    if role in _UNSTATED:
        return 0
    doubled = {"stated twice", "stated twice, no reference", "unknown member", "never delivered", TWINS}
    return 2 if role in doubled else 1


def _differing(role: str, line: StatementLine) -> StatementLine:
    match role:
        case "units differ" | "units differ, no reference" | "units and date differ":
            line = replace(line, units=line.units + 1, amount=line.amount + line.amount / line.units)
        case "amount differs" | "amount and date differ":
            line = replace(line, amount=line.amount + Decimal("12.50"))
    if role in {"units and date differ", "amount and date differ", "date differs"}:
        line = replace(line, occurred_on=_aside(line.occurred_on, 5))
    if role == "date differs, no reference":
        line = replace(line, occurred_on=_aside(line.occurred_on, 2))
    return line


def _twin(delivery: Delivery) -> Delivery:
    """Another delivery on the same day, distinguished only by its reference."""
    return replace(delivery, sequence=delivery.sequence + 1, reference=f"{delivery.reference}B")


def _aside(day: date, days: int) -> date:
    """Another day of the month, so many days away."""
    return day + timedelta(days=days if day.day <= _DAYS // 2 else -days)


def _coprime(number: int, share: float) -> int:
    """A number about `share` of another, with no factor in common: its multiples pass every place once."""
    candidate = int(number * share) | 1
    while math.gcd(candidate, number) != 1:
        candidate += 2
    return candidate
