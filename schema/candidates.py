"""Editions by their code, as auditors and operations name them: those in force, and the candidates in folders."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from handbook import (
    Candidate,
    Edition,
    EditionError,
    Handbook,
    as_written,
    candidates_in,
    named,
    unknown_edition,
)
from schema.context import Context
from schema.errors import BadInputError


async def known_candidates(context: Context) -> Sequence[Candidate]:
    """The editions in the service's folders, and how each stands to those in force. None where a folder is wrong.

    A wrong folder is reported to the operator: at the start, and by the command line.
    """
    if context.candidates is None:  # once for all fields of the request
        reading = asyncio.to_thread(_read, context.handbook, tuple(context.edition_folders))
        context.candidates = asyncio.create_task(reading)
    return await context.candidates


async def edition_named(
    context: Context, argument: str, code: str, *, active_first: bool = False
) -> tuple[Edition, Handbook]:
    """The edition of a code, and the handbook that is in force with it. BAD_USER_INPUT when there is none."""
    found = await known_candidates(context)
    edition = named(context.handbook, found, code, active_first=active_first)
    if edition is None:
        raise BadInputError(f"{argument}: {unknown_edition(context.handbook, found, code[:64])}.")
    if edition.edition is None or edition.handbook is None:
        raise BadInputError(
            f"{argument}: edition {code} in the service's folders is wrong; `entitlements edition list` says why."
        )
    return edition.edition, edition.handbook


async def edition_as_written(
    context: Context, argument: str, code: str, *, active_first: bool = False
) -> Edition:
    """The edition of a code by itself, as its files say it. BAD_USER_INPUT when there is none."""
    edition, handbook = await edition_named(context, argument, code, active_first=active_first)
    source = handbook.sources.get(edition.code)
    return await asyncio.to_thread(as_written, source) if source is not None else edition


def _read(active: Handbook, folders: Sequence[Path]) -> Sequence[Candidate]:
    try:
        return candidates_in(active, folders)
    except (EditionError, OSError):
        return ()
