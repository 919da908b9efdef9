"""Numbers of spreadsheets as a person sees them, for all kinds of files."""

from decimal import Decimal, InvalidOperation
from functools import lru_cache

from app.statements.archive import damaged

_EXACT_DIGITS = 15
_LARGEST_EXPONENT = 308


@lru_cache(maxsize=4096)
def exact(text: str) -> Decimal:
    """A number rounded to the 15 digits that programs show: files have 0.1 + 0.2 as 0.30000000000000004.

    Raises SheetError for what is no finite number.
    """
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise damaged() from None
    if not number.is_finite() or abs(number.adjusted()) > _LARGEST_EXPONENT:
        raise damaged()
    if len(number.as_tuple().digits) > _EXACT_DIGITS:
        number = Decimal(f"{float(text):.{_EXACT_DIGITS}g}")
    return number
