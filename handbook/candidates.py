"""Editions in folders are candidates: which of them are in force as they stand there, which could be, which cannot."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from handbook.handbook import Handbook
from handbook.loading import load_editions, with_edition
from handbook.nodes import EditionError
from handbook.sources import EditionSource
from handbook.values import Edition


class Standing(StrEnum):
    """How an edition in a folder stands to those in force."""

    ACTIVE = "active"
    """It is in force as it stands there."""

    NEW = "candidate"
    """None of its code is in force, and it goes with those that are."""

    DIFFERS = "differs"
    """Another text of its code is in force; it could take its place."""

    WRONG = "wrong"
    """It cannot be put in force: `Candidate.error` says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An edition in a folder. `handbook` is what would be in force with it: None only when it is wrong."""

    source: EditionSource
    standing: Standing
    handbook: Handbook | None = None
    edition: Edition | None = None
    error: EditionError | None = None


def candidate(active: Handbook, source: EditionSource) -> Candidate:
    """Return how an edition stands to those in force."""
    for code, known in active.sources.items():
        if known.files == source.files:
            return _as_it_is(active, source, code)
    try:
        proposed = with_edition(active, source)
    except EditionError as error:
        return Candidate(source=source, standing=Standing.WRONG, error=error)
    code = next(code for code, each in proposed.sources.items() if each is source)
    if proposed.fingerprint == active.fingerprint:
        return _as_it_is(active, source, code)
    standing = Standing.NEW if active.edition(code) is None else Standing.DIFFERS
    return Candidate(source=source, standing=standing, handbook=proposed, edition=proposed.edition(code))


def candidates(active: Handbook, sources: Iterable[EditionSource]) -> Sequence[Candidate]:
    """Return how each edition of some folders stands to those in force, in the order of the folders."""
    return [candidate(active, source) for source in sources]


def named(active: Handbook, found: Sequence[Candidate], code: str) -> Candidate | None:
    """Return the edition of a code: as it stands in a folder (the last of several), else as it is in force.

    None when there is no such edition, or only wrong ones.
    """
    for each in reversed(found):
        if each.edition is not None and each.edition.code == code:
            return each
    source = active.sources.get(code)
    return _as_it_is(active, source, code) if source is not None else None


def as_written(source: EditionSource) -> Edition:
    """Return an edition by itself, as its own files say it: its end is the one written. Raises EditionError."""
    return load_editions([source]).latest


def first_day_asked(edition: Edition, today: date) -> date:
    """Return the day that a question about an edition is about if it names none: today, or the first one in force."""
    return max(today, edition.effective_from)


def _as_it_is(active: Handbook, source: EditionSource, code: str) -> Candidate:
    return Candidate(source=source, standing=Standing.ACTIVE, handbook=active, edition=active.edition(code))
