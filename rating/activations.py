"""Which editions of the handbook are in force: those of the last activation, in the database.

A folder holds candidates; what everybody is rated and served by is what was activated. A process caches the handbook
that it read last. Each writing transaction first checks that it is still in force (`handbook_within`), under a lock
that keeps others from coming into force until it ends; readers notice a change within about a second (`look`).
Registering a vendor takes no lock: it writes a contract, and uses the handbook only to check that a benefit exists.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Self, TypeAlias

from base.database import Connection, Reader
from base.sql import Queries
from handbook.calendar import AS_SHIPPED, WorkingCalendar
from handbook.handbook import Handbook
from handbook.loading import load_editions
from handbook.nodes import EditionError
from handbook.sources import EditionSource
from rating.intake import Superseded
from rating.tiers import Rating
from rating.timeline import METHOD

SQL = Queries(Path(__file__).with_name("activations.sql"))


class OutdatedProgramError(Exception):
    """A newer version of this program has rated all customers by a newer method: this one must not write any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Activation:
    """An activation of editions: the handbook's fingerprint, and the method by which all customers were rated."""

    id: int
    handbook: str
    method: int
    activated_at: datetime


class ActiveHandbook:
    """The handbook in force as this process last read it, and earlier ones, for questions as known at a moment."""

    def __init__(self, activations: Sequence[Activation], handbook: Handbook) -> None:
        """Hold the handbook of the last of some activations; those that are read later count days by its calendar."""
        self._activations = tuple(activations)
        self._handbook = handbook
        self._earlier: dict[str, Handbook | None] = {}
        self._reading = asyncio.Lock()

    def __reduce__(self) -> tuple[type[Self], tuple[Sequence[Activation], Handbook]]:
        """Give another process what this one has read last."""
        return type(self), (self._activations, self._handbook)

    @classmethod
    async def read(cls, reader: Reader, calendar: WorkingCalendar = AS_SHIPPED) -> Self | None:
        """Read what is in force; None when nothing was ever activated. Raises EditionError."""
        activations = await _activations(reader)
        if not activations:
            return None
        return cls(activations, await _stored(reader, activations[-1].handbook, calendar))

    @property
    def handbook(self) -> Handbook:
        """The handbook in force."""
        return self._handbook

    @property
    def activation(self) -> Activation:
        """The activation that it came into force by."""
        return self._activations[-1]

    async def look(self, reader: Reader) -> None:
        """Learn whether another handbook has come into force. Raises EditionError when that one cannot be read."""
        await self._renew(reader, await reader.fetchval(SQL["last_id"]))

    async def within(self, conn: Connection, *, lasting: bool) -> Handbook:
        """Return the handbook in force, which stays in force until the transaction ends; see `handbook_within`."""
        await self._renew(conn, await conn.fetchval(SQL["follow"], lasting))
        if self.activation.method > METHOD:
            raise OutdatedProgramError(OutdatedProgramError.__doc__)
        return self._handbook

    async def explaining(self, reader: Reader, rating: Rating, known_at: datetime | None) -> Handbook:
        """Return the handbook that explains a rating as known at a moment (None: now).

        The one that it was computed by, or a later one that was in force at that moment: an activation leaves a rating
        that comes out the same as it was. Where the handbook is not stored, because it is older than activations: the
        first that was activated, which took over what was in force.
        """
        fingerprint = self._explaining(rating, known_at)
        if fingerprint == self._handbook.fingerprint:
            return self._handbook
        first = self._activations[0].handbook
        return await self.stored(reader, fingerprint) or await self.stored(reader, first) or self._handbook

    def explains(self, rating: Rating, known_at: datetime | None) -> bool:
        """Whether the handbook in force is the one that explains a rating."""
        return self._explaining(rating, known_at) == self._handbook.fingerprint

    def _explaining(self, rating: Rating, known_at: datetime | None) -> str:
        fingerprint = rating.handbook
        for each in reversed(self._activations):
            if known_at is None or each.activated_at <= known_at:
                if rating.computed_at is None or each.activated_at >= rating.computed_at:
                    fingerprint = each.handbook
                break
        return self._handbook.fingerprint if fingerprint is None else fingerprint

    async def superseded(self, reader: Reader, since: datetime) -> tuple[Superseded, ...]:
        """Return the handbooks in force since a moment that are so no longer, in order. Raises EditionError."""
        found: list[Superseded] = []
        for each, successor in pairwise(self._activations):
            if successor.activated_at > since:
                handbook = await self.stored(reader, each.handbook)
                if handbook is None:  # `activations` refers to it
                    raise AssertionError(each.handbook)
                found.append((successor.activated_at, handbook))
        return tuple(found)

    async def stored(self, reader: Reader, fingerprint: str) -> Handbook | None:
        """Return the stored handbook of that fingerprint, None when it is not stored. Raises EditionError."""
        if fingerprint == self._handbook.fingerprint:
            return self._handbook
        async with self._reading:
            if fingerprint not in self._earlier:
                self._earlier[fingerprint] = await _stored_or_none(
                    reader, fingerprint, self._handbook.calendar
                )
            return self._earlier[fingerprint]

    async def _renew(self, reader: Reader, last_id: int | None) -> None:
        if last_id is None or last_id <= self.activation.id:
            return
        activations = await _activations(reader)
        handbook = await _stored(reader, activations[-1].handbook, self._handbook.calendar)
        if activations[-1].id > self.activation.id:  # another task may have been quicker
            self._activations, self._handbook = activations, handbook


AnyHandbook: TypeAlias = Handbook | ActiveHandbook
"""The handbook in force, or a fixed one, for tests and hypothetical data."""


def handbook_now(handbook: AnyHandbook) -> Handbook:
    """Return the handbook to read by."""
    return handbook.handbook if isinstance(handbook, ActiveHandbook) else handbook


async def handbook_within(conn: Connection, handbook: AnyHandbook, *, lasting: bool = False) -> Handbook:
    """Return the handbook to write by in this transaction: no other comes into force until it ends.

    Called in every transaction whose writes depend on the handbook, before it takes any lock that others wait for. A
    transaction that may last for minutes (an import, a match) says so: while an activation waits for it, only other
    long transactions wait too. Raises OutdatedProgramError.
    """
    return await handbook.within(conn, lasting=lasting) if isinstance(handbook, ActiveHandbook) else handbook


async def superseded_handbooks(
    reader: Reader, handbook: AnyHandbook, since: datetime
) -> tuple[Superseded, ...]:
    """Return the handbooks in force since a moment that are so no longer, in order; see `rating.intake`."""
    return await handbook.superseded(reader, since) if isinstance(handbook, ActiveHandbook) else ()


async def handbook_explaining(
    reader: Reader, handbook: AnyHandbook, rating: Rating, known_at: datetime | None
) -> Handbook:
    """Return the handbook that explains a rating as known at a moment (None: now)."""
    if isinstance(handbook, ActiveHandbook):
        return await handbook.explaining(reader, rating, known_at)
    return handbook


def handbook_explaining_at_once(handbook: AnyHandbook, rating: Rating) -> Handbook | None:
    """Return the handbook that explains a rating as known now; None if it must be read from the database."""
    if isinstance(handbook, ActiveHandbook) and not handbook.explains(rating, None):
        return None
    return handbook_now(handbook)


def stored_form(handbook: Handbook) -> list[Mapping[str, object]]:
    """Return the editions as `handbooks` holds them."""
    sources = handbook.sources
    return [{"code": each.code, "files": sources[each.code].texts} for each in handbook.editions]


async def _activations(reader: Reader) -> tuple[Activation, ...]:
    return tuple(Activation(**row) for row in await reader.fetch(SQL["activations"]))


async def _stored(reader: Reader, fingerprint: str, calendar: WorkingCalendar) -> Handbook:
    handbook = await _stored_or_none(reader, fingerprint, calendar)
    if handbook is None:  # `activations` refers to it
        raise AssertionError(fingerprint)
    return handbook


async def _stored_or_none(reader: Reader, fingerprint: str, calendar: WorkingCalendar) -> Handbook | None:
    editions = await reader.fetchval(SQL["editions"], fingerprint)
    if editions is None:
        return None
    sources = [
        EditionSource.of_texts(f"the database's edition {each['code']}", each["files"]) for each in editions
    ]
    handbook = await asyncio.to_thread(load_editions, sources, calendar=calendar)
    if handbook.fingerprint != fingerprint:
        place = f"the database's handbook {fingerprint[:12]}"
        raise EditionError(place, "editions", "they are not what was activated under this fingerprint")
    return handbook
