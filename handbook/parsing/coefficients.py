"""From the nodes of the conversion table to its rows."""

import re
from decimal import Decimal

from handbook.coefficients import PAYMENT_TERM, Category, Coefficient, Coverage, Design, Mode, PremiumBase
from handbook.nodes import Entry
from handbook.parsing.pieces import quotes

_TERM_YEARS_MAX = 100
# So that a premium of 12 digits times the coefficient, and the sum of a customer's, are exact in 28 digits.
_RATE_MAX = 100
_RATE_PLACES_MAX = 6


def coefficient(entry: Entry) -> Coefficient:
    """Return a row of the conversion table."""
    keys = (
        "coverage",
        "design",
        "category",
        "mode",
        "min_term_years",
        "base",
        "coefficient",
        "validity",
        "cite",
    )
    fields = entry.fields(keys)
    design, category, mode, term = (fields[key] for key in ("design", "category", "mode", "min_term_years"))
    return Coefficient(
        coverage=fields["coverage"].choice(Coverage),
        design=None if design.is_null else design.choice(Design),
        category=None if category.is_null else category.choice(Category),
        mode=None if mode.is_null else mode.choice(Mode),
        min_term_years=None if term.is_null else term.whole(1, _TERM_YEARS_MAX),
        base=fields["base"].choice(PremiumBase),
        coefficient=_rate(fields["coefficient"]),
        validity=_validity(fields["validity"]),
        cite=quotes(fields["cite"]),
    )


def _rate(entry: Entry) -> str:
    """Return a coefficient as printed: a decimal, or the payment term in so many parts ("Y/10")."""
    written = str(entry.node.value)
    if not written.startswith("Y"):
        return _checked_rate(entry, entry.decimal_text())
    match = re.fullmatch(r"Y/([1-9][0-9]{0,2})", entry.text())
    if match is None or not _divides_exactly(int(match[1])):
        raise entry.error(f"“{written}” gives no exact decimal; divide the payment term as in Y/10 or Y/20")
    return written


def _checked_rate(entry: Entry, written: str) -> str:
    if Decimal(written) > _RATE_MAX:
        raise entry.error(f"{written} is more than {_RATE_MAX}; a coefficient is a factor, as in 0.03 or 1")
    if len(written.partition(".")[2]) > _RATE_PLACES_MAX:
        raise entry.error(f"{written} has more than {_RATE_PLACES_MAX} places; write fewer")
    return written


def _divides_exactly(parts: int) -> bool:
    """Say whether a whole number over so many parts is always an exact decimal."""
    for factor in (2, 5):
        while parts % factor == 0:
            parts //= factor
    return parts == 1


def _validity(entry: Entry) -> str:
    """Return for how long a component counts: "PAYMENT_TERM", or a number of years as in "P2Y"."""
    written = entry.text()
    if written != PAYMENT_TERM and not re.fullmatch(r"P[1-9][0-9]?Y", written):
        raise entry.error(f"“{written}” is no validity; write {PAYMENT_TERM}, or a number of years as in P2Y")
    return written
