"""What a check of an edition finds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something wrong at a path of an edition, and what would help."""

    path: str
    reason: str
