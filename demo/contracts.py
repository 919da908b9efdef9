"""Three vendors and their prices: a chain of health centres, a chain of dentists, and the insurer's call centre.

Every benefit has one vendor here, so a diary of uses need not name the vendor. The health centres raised the price
of an examination on the first of a month, so a vendor's usage shows one benefit at two prices; its highest variant has
a price of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from handbook.dates import start_of
from ledger.entitlement.terms import Term

EXAM, DENTAL, ASSIST = "exam-1", "dental-1", "assist-1"

NAMES: Mapping[str, str] = {EXAM: "康健体检中心", DENTAL: "雅贝齿科", ASSIST: "安援健康服务中心"}

PRICES: Mapping[str, Mapping[str, str]] = {
    EXAM: {"physical-exam": "680.00", "health-assessment": "15.00"},
    DENTAL: {"dental-care": "180.00"},
    ASSIST: {
        "vip-line": "3.00",
        "lucky-policy-number": "20.00",
        "policy-cover": "45.00",
        "legal-consultation": "5.00",
        "family-doctor-phone": "12.00",
        "family-doctor-video": "25.00",
        "medical-butler": "60.00",
        "outpatient-green-channel": "380.00",
        "outpatient-escort": "260.00",
        "critical-surgery-admission": "2400.00",
        "proton-therapy": "4800.00",
        "second-opinion": "1500.00",
        "car-t": "5200.00",
        "life-bank": "9800.00",
    },
}
"""CNY for one unit: one time, or one minute of legal consultation."""

RAISED = ("physical-exam", Decimal("720.00"))
APART = ("physical-exam", "高端体检", Decimal("1980.00"))
"""Benefit, variant, price: by far the costliest examination."""

VENDOR_OF: Mapping[str, str] = {benefit: vendor for vendor, prices in PRICES.items() for benefit in prices}
"""Who delivers a benefit. Videos and articles are the insurer's own: nobody posts them."""

_CONTRACT_AGE = timedelta(days=365)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A vendor with contract terms, as registered at a moment."""

    at: datetime
    code: str
    name: str
    terms: tuple[Term, ...]


def registrations(today: date, opening: datetime) -> tuple[Registration, ...]:
    """The contracts as they stood when the ledger was opened, and the raise of two months ago."""
    since = opening.date() - _CONTRACT_AGE
    first = [
        Registration(
            at=opening,
            code=vendor,
            name=NAMES[vendor],
            terms=(
                *(
                    Term(benefit=benefit, unit_price=Decimal(price), starts_on=since)
                    for benefit, price in prices.items()
                ),
                *(_apart(since) if vendor == EXAM else ()),
            ),
        )
        for vendor, prices in PRICES.items()
    ]
    benefit, price = RAISED
    raised_on = raise_day(today)
    raised = Registration(
        at=start_of(raised_on),
        code=EXAM,
        name=NAMES[EXAM],
        terms=(Term(benefit=benefit, unit_price=price, starts_on=raised_on),),
    )
    return (*first, raised)


def _apart(since: date) -> tuple[Term]:
    benefit, variant, price = APART
    return (Term(benefit=benefit, variant=variant, unit_price=price, starts_on=since),)


def raise_day(today: date) -> date:
    """The first day of the raised price: the first of the month two months ago."""
    months = today.year * 12 + today.month - 1 - 2
    return date(months // 12, months % 12 + 1, 1)
