"""Editions by their code, as auditors and operations name them: those in force, and the candidates in folders.

Reading a folder again for each question is cheap; what its files mean is kept until one of them changes.
"""

import asyncio
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from handbook import (
    Candidate,
    Edition,
    EditionError,
    EditionSource,
    Handbook,
    as_written,
    candidates,
    named,
    read_sources,
)
from schema.context import Context
from schema.errors import BadInputError

_MOST_KEPT = 4

_Files = tuple[tuple[str, tuple[tuple[str, bytes], ...]], ...]


async def known_candidates(context: Context) -> Sequence[Candidate]:
    """The editions in the service's folders, and how each stands to those in force. None where a folder is wrong.

    A folder that is wrong is the operator's to hear of: at the start, and by the command line.
    """
    return await asyncio.to_thread(_read, context.handbook, tuple(context.edition_folders))


async def edition_named(context: Context, argument: str, code: str) -> tuple[Edition, Handbook]:
    """The edition of a code, and the handbook that is in force with it. BAD_USER_INPUT when there is none."""
    found = await known_candidates(context)
    edition = named(context.handbook, found, code)
    if edition is None or edition.edition is None or edition.handbook is None:
        known = [each.edition.code for each in found if each.edition is not None]
        codes = dict.fromkeys([*(each.code for each in context.handbook.editions), *known])
        raise BadInputError(f"{argument}: there is no edition {code[:64]}; there are: {', '.join(codes)}.")
    return edition.edition, edition.handbook


async def edition_as_written(context: Context, argument: str, code: str) -> Edition:
    """The edition of a code by itself, as its files say it. BAD_USER_INPUT when there is none."""
    edition, handbook = await edition_named(context, argument, code)
    source = handbook.sources.get(edition.code)
    return await asyncio.to_thread(as_written, source) if source is not None else edition


def _read(active: Handbook, folders: Sequence[Path]) -> Sequence[Candidate]:
    if not folders:
        return ()
    try:
        sources = read_sources(*folders)
    except (EditionError, OSError):
        return ()
    return _candidates(active, tuple((each.place, tuple(sorted(each.files.items()))) for each in sources))


@lru_cache(maxsize=_MOST_KEPT)
def _candidates(active: Handbook, files: _Files) -> Sequence[Candidate]:
    return candidates(active, [EditionSource(place=place, files=dict(of_place)) for place, of_place in files])
