"""Editions in folders and in the database: folders hold candidates, the last activation says what is in force."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from app.errors import StartError
from app.settings import Settings
from base.database import Pool, Reader
from handbook import (
    SHIPPED_EDITIONS,
    Candidate,
    EditionError,
    Handbook,
    Standing,
    WorkingCalendar,
    candidates_in,
    load_handbook,
    read_working_days,
    working_calendar,
)
from rating.activating import Activated, OvertakenError, Progress, Tell, activate
from rating.activations import ActiveHandbook
from rating.timeline import METHOD

NEVER_ACTIVATED = (
    "no edition was ever put in force in this database: the first command that writes does it "
    "(`entitlements serve`, `entitlements import FILE`)"
)
_OUTDATED = (
    "a newer version of this program has rated everybody by a newer method: use that version, "
    "or restore a backup from before"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Callbacks of an activation: `line` for what it waits for, `progress` for how many customers are rated."""

    line: Tell
    progress: Progress


def edition_folders(settings: Settings) -> tuple[Path, ...]:
    """The folders of the candidates: what is shipped, and the operator's own."""
    return (SHIPPED_EDITIONS, *((settings.editions,) if settings.editions else ()))


def read_calendar(settings: Settings) -> WorkingCalendar:
    """The working days, with the years that files in the folders of editions and of data give. Raises StartError."""
    folders = (settings.editions, settings.data)
    try:
        return working_calendar(read_working_days(*(each for each in folders if each is not None)))
    except (EditionError, OSError) as error:
        raise StartError(f"the working days cannot be read: {error}") from error


def read_handbook(settings: Settings) -> Handbook:
    """The handbook of all editions in the folders. Raises StartError for a wrong edition."""
    try:
        return load_handbook(*edition_folders(settings), calendar=read_calendar(settings))
    except (EditionError, OSError) as error:
        raise StartError(f"the handbook cannot be loaded: {error}") from error


def read_candidates(active: Handbook, settings: Settings) -> Sequence[Candidate]:
    """The editions in the folders, and how each stands to those in force. Raises StartError for a wrong folder."""
    try:
        return candidates_in(active, edition_folders(settings))
    except (EditionError, OSError) as error:
        raise StartError(f"editions cannot be read: {error}") from error


def not_served(active: Handbook, settings: Settings) -> list[str]:
    """Messages about the editions in the folders that are not in force, a line for each."""
    try:
        found = read_candidates(active, settings)
    except StartError as error:
        return list(error.lines)
    # Of several of one code the last, the operator's, is the one to activate: what is shipped is meant to be left then.
    last = {each.edition.code: each for each in found if each.edition is not None}
    lines = []
    for each in found:
        if each.error is not None:
            lines.append(f"an edition that is not active cannot be: {each.error}")
        elif each.edition is not None and each.standing is Standing.NEW:
            code = each.edition.code
            lines.append(f"edition {code} is not active: `entitlements edition activate {code}`")
        elif (
            each.edition is not None and each.standing is Standing.DIFFERS and last[each.edition.code] is each
        ):
            code = each.edition.code
            lines.append(
                f"edition {code} in {each.source.origin} differs from the active one: "
                f"`entitlements edition activate {code}`"
            )
    return lines


async def in_force(reader: Reader, settings: Settings) -> ActiveHandbook:
    """What is in force, for readers. Raises StartError when nothing is, or not by this program's method."""
    active = await _read(reader, settings)
    if active is None:
        raise StartError(NEVER_ACTIVATED)
    _check_method(active)
    if active.activation.method < METHOD:
        raise StartError(
            "everybody was last rated by an earlier version of this program: the first command that writes rates anew "
            "(`entitlements serve`, `entitlements rerate`)"
        )
    return active


async def put_in_force(
    pool: Pool, settings: Settings, clock: Callable[[], datetime], told: Told
) -> tuple[ActiveHandbook, Activated | None]:
    """What is in force, for writers; activates first if needed, and says what was done.

    Without any activation, as in a database from before activations: the editions in the folders. With ratings by an
    earlier method: the same editions, by this program's method. Raises StartError.
    """

    def propose(active: ActiveHandbook | None) -> Handbook | None:
        if active is None:
            return read_handbook(settings)
        _check_method(active)
        return active.handbook if active.activation.method < METHOD else None

    active, done = await _read(pool, settings), None
    if active is None or propose(active) is not None:
        done = await activated(pool, propose, clock, told)
        active = await _read(pool, settings)
        if active is None:
            raise AssertionError
    return active, done


async def activated(
    pool: Pool,
    propose: Callable[[ActiveHandbook | None], Handbook | None],
    clock: Callable[[], datetime],
    told: Told,
) -> Activated | None:
    """Activate what is proposed. Raises StartError."""
    try:
        return await activate(pool, propose, clock=clock, tell=told.line, progress=told.progress)
    except (EditionError, OvertakenError) as error:
        raise StartError(f"nothing was put in force: {error}") from error


async def _read(reader: Reader, settings: Settings) -> ActiveHandbook | None:
    calendar = read_calendar(settings)
    try:
        return await ActiveHandbook.read(reader, calendar)
    except EditionError as error:
        raise StartError(f"the editions in force cannot be read: {error}") from error


def _check_method(active: ActiveHandbook) -> None:
    if active.activation.method > METHOD:
        raise StartError(_OUTDATED)
