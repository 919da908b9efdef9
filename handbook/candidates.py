"""Editions in folders are candidates: which of them are in force as they stand there, which could be, which cannot."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from handbook.handbook import Handbook
from handbook.loading import load_editions, with_edition
from handbook.nodes import EditionError
from handbook.sources import EditionSource, read_sources
from handbook.values import Edition

_MOST_KEPT = 4
_Files = tuple[tuple[str, tuple[tuple[str, bytes], ...]], ...]


class Standing(StrEnum):
    """The state of an edition in a folder compared with the editions in force."""

    ACTIVE = "active"
    """It is in force as it stands there."""

    NEW = "candidate"
    """None of its code is in force, and it goes with those that are."""

    DIFFERS = "differs"
    """Another text with its code is in force; it could replace that one."""

    WRONG = "wrong"
    """It cannot be put in force: `Candidate.error` says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An edition in a folder. `handbook` is what would be in force with it: None only when it is wrong.

    `code` is None when it is so wrong that it has none.
    """

    source: EditionSource
    standing: Standing
    code: str | None
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
        return Candidate(source=source, standing=Standing.WRONG, code=_code_written(source), error=error)
    code = next(code for code, each in proposed.sources.items() if each is source)
    if proposed.fingerprint == active.fingerprint:
        return _as_it_is(active, source, code)
    standing = Standing.NEW if active.edition(code) is None else Standing.DIFFERS
    return Candidate(
        source=source, standing=standing, code=code, handbook=proposed, edition=proposed.edition(code)
    )


def candidates(active: Handbook, sources: Iterable[EditionSource]) -> Sequence[Candidate]:
    """Return how each edition of some folders stands to those in force, in the order of the folders."""
    return [candidate(active, source) for source in sources]


def candidates_in(active: Handbook, folders: Iterable[Path]) -> Sequence[Candidate]:
    """Return how each edition in some folders stands to those in force.

    The folders are read each time; what their files mean is kept until one changes. Raises EditionError and OSError
    when a folder cannot be read.
    """
    sources = read_sources(*folders)
    return _candidates(active, tuple((each.origin, tuple(sorted(each.files.items()))) for each in sources))


def named(
    active: Handbook, found: Sequence[Candidate], code: str, *, active_first: bool = False
) -> Candidate | None:
    """Return the edition of a code: as it stands in a folder, else as it is in force; None when there is none.

    Of several folders the last goes first, so that an operator's own goes before the shipped one; it may be wrong.
    With `active_first` a folder is only asked for what is not in force: to compare a correction with what it corrects.
    """
    in_folder = next((each for each in reversed(found) if each.code == code), None)
    source = active.sources.get(code)
    in_force = _as_it_is(active, source, code) if source is not None else None
    return (in_force or in_folder) if active_first else (in_folder or in_force)


def unknown_edition(active: Handbook, found: Iterable[Candidate], code: str) -> str:
    """Return what to say of a code that `named` finds no edition of: which there are."""
    candidate_codes = (each.code for each in found if each.edition is not None)
    codes = dict.fromkeys([*(each.code for each in active.editions), *candidate_codes])
    return f"there is no edition {code}; there are: {', '.join(map(str, codes))}"


def as_written(source: EditionSource) -> Edition:
    """Return an edition by itself, as its own files say it: its end is the one written. Raises EditionError."""
    return load_editions([source]).latest


def first_day_asked(edition: Edition, today: date) -> date:
    """Return the day that a question about an edition is about if it names none: today, or the first one in force."""
    return max(today, edition.effective_from)


def _as_it_is(active: Handbook, source: EditionSource, code: str) -> Candidate:
    return Candidate(
        source=source, standing=Standing.ACTIVE, code=code, handbook=active, edition=active.edition(code)
    )


def _code_written(source: EditionSource) -> str | None:
    try:
        return as_written(source).code
    except EditionError:
        return None


@lru_cache(maxsize=_MOST_KEPT)
def _candidates(active: Handbook, files: _Files) -> Sequence[Candidate]:
    return candidates(
        active, [EditionSource(origin=origin, files=dict(contents)) for origin, contents in files]
    )
