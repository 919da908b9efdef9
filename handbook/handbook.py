"""The editions in the order of their days: on any day at most one of them is in force.

What happened on a day is judged by the edition of that day, also when it is judged later. So there is no "current"
edition: code asks for `Handbook.on(day)`, and `latest` is only for display.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import date
from types import MappingProxyType

from handbook.calendar import AS_SHIPPED, WorkingCalendar
from handbook.sources import EditionSource
from handbook.values import Edition


class Handbook:
    """All editions, earliest first; each is in force until the day on which the next one starts."""

    __slots__ = (
        "_by_code",
        "_starts",
        "benefit_codes",
        "calendar",
        "editions",
        "fingerprint",
        "sources",
    )

    def __init__(
        self,
        editions: Iterable[Edition],
        *,
        sources: Mapping[str, EditionSource] = MappingProxyType({}),
        fingerprint: str | None = None,
        calendar: WorkingCalendar = AS_SHIPPED,
    ) -> None:
        """Put the editions in the order of their days; `sources` are what they were read from, by code.

        `calendar` is what working days are counted by.

        Raises ValueError without any edition, for a code used twice, and when an edition does not
        end on the day on which the next one starts: a day would have no edition, or two.
        """
        self.editions: tuple[Edition, ...] = tuple(
            sorted(editions, key=lambda edition: edition.effective_from)
        )
        if not self.editions:
            message = "a handbook needs at least one edition"
            raise ValueError(message)
        for earlier, later in zip(self.editions, self.editions[1:], strict=False):
            if earlier.effective_to != later.effective_from:
                message = (
                    f"edition {earlier.code} ends on {earlier.effective_to}, but the next one, {later.code}, "
                    f"starts on {later.effective_from}"
                )
                raise ValueError(message)
        self._by_code = {edition.code: edition for edition in self.editions}
        if len(self._by_code) != len(self.editions):
            message = f"editions share a code: {', '.join(edition.code for edition in self.editions)}"
            raise ValueError(message)
        self._starts = [edition.effective_from for edition in self.editions]
        codes = (benefit.code for edition in self.editions for benefit in edition.benefits)
        self.benefit_codes: tuple[str, ...] = tuple(dict.fromkeys(codes))
        """Every benefit code of every edition, in the order of first appearance."""
        self.sources: Mapping[str, EditionSource] = MappingProxyType(dict(sources))
        """What the editions were read from, by code; empty for editions that were made as values."""
        self.calendar: WorkingCalendar = calendar
        """The working days; no part of the fingerprint, because nobody is rated by them."""
        self.fingerprint: str = fingerprint or hashlib.sha256(repr(self.editions).encode()).hexdigest()
        """A hash of the whole content: ratings with another one were computed by other rules."""

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle the arguments of the constructor instead of the indexes built from them."""
        return _handbook_of, (self.editions, dict(self.sources), self.fingerprint, self.calendar)

    def on(self, day: date) -> Edition | None:
        """Return the edition in force on a day, or None before the first and after the last."""
        position = bisect_right(self._starts, day)
        if position == 0:
            return None
        edition = self.editions[position - 1]
        return edition if edition.effective_to is None or day < edition.effective_to else None

    def within(self, first: date, last: date) -> tuple[Edition, ...]:
        """Return the editions in force on any of the days from `first` to `last`, both included."""
        return tuple(
            edition
            for edition in self.editions
            if edition.effective_from <= last
            and (edition.effective_to is None or first < edition.effective_to)
        )

    def edition(self, code: str) -> Edition | None:
        """Return the edition of a code, or None when there is no such edition."""
        return self._by_code.get(code)

    @property
    def highest_star(self) -> int:
        """The greatest star that any edition has."""
        return max(len(edition.tiers) for edition in self.editions)

    @property
    def latest(self) -> Edition:
        """The edition that starts last, whether or not its day has come."""
        return self.editions[-1]


def _handbook_of(
    editions: tuple[Edition, ...],
    sources: Mapping[str, EditionSource],
    fingerprint: str,
    calendar: WorkingCalendar,
) -> Handbook:
    return Handbook(editions, sources=sources, fingerprint=fingerprint, calendar=calendar)
