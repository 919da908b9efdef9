"""Opaque ids: clients store them and send them back, and must not interpret them.

A redemption's id leads to its customer and the sequence of its first entry, so that its rows are found without an index
over all customers. An id grants no rights: those are checked where it is used.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from typing import Self

_LONGEST = 400  # a cursor holds a member number: 64 characters of up to 4 bytes, in Base64
_LARGEST = 2**63 - 1
_MOST_DIGITS = len(str(_LARGEST))


def opaque_id(kind: str, *parts: int | str) -> str:
    """The opaque id of an object of `kind`; `parts` are its key and contain no colon."""
    return urlsafe_b64encode(":".join([kind, *map(str, parts)]).encode()).decode().rstrip("=")


def parse_opaque(text: str) -> tuple[str, tuple[str, ...]] | None:
    """Kind and parts of an opaque id; None when the text is not one."""
    if not text or len(text) > _LONGEST:
        return None
    try:
        plain = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except (Base64Error, ValueError):
        return None
    kind, *parts = plain.split(":")
    # Only the canonical form is accepted: each object has one id.
    return (kind, tuple(parts)) if parts and opaque_id(kind, *parts) == text else None


def parse_numbers(text: str, kind: str, count: int) -> tuple[int, ...] | None:
    """The numbers in an opaque id of `kind`, as many as `count`; None when it is not such an id."""
    parsed = parse_opaque(text)
    if parsed is None or parsed[0] != kind or len(parsed[1]) != count:
        return None
    if not all(part.isascii() and part.isdigit() and len(part) <= _MOST_DIGITS for part in parsed[1]):
        return None
    numbers = tuple(int(part) for part in parsed[1])
    # 012 is not 12: each object has one id.
    canonical = all(str(number) == part for number, part in zip(numbers, parsed[1], strict=True))
    return numbers if canonical and max(numbers) <= _LARGEST else None


@dataclass(frozen=True, slots=True, order=True)
class RedemptionId:
    """A redemption's key: its customer, and the sequence of its first entry in that customer's ledger."""

    customer_id: int
    sequence: int

    @property
    def opaque(self) -> str:
        """The id as clients see it."""
        return opaque_id("Redemption", self.customer_id, self.sequence)

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The redemption that a client's id names; None when the text is no such id."""
        numbers = parse_numbers(text, "Redemption", 2)
        return cls(*numbers) if numbers else None
