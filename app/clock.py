"""The one place where the time is read: everything below gets the moment as an argument."""

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Returns the current moment, aware, when called; with `frozen_at` always that one."""

    frozen_at: datetime | None = None

    def __call__(self) -> datetime:
        """Now."""
        return self.frozen_at or datetime.now(UTC)
