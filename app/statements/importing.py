"""A file on its way to a statement: checked as a whole, then taken as a whole, and what came of it.

Nothing is taken unless every line can be read, or the good ones are asked for. The database's work begins when the
file is checked, and is one transaction: a crash leaves nothing behind.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from threading import Event
from typing import IO

from app.services import Services
from app.statements.checking import Checked, OnProblems, Progress, Spool, check
from ledger.reconciliation.reading import StatementView, statements_by_id
from ledger.reconciliation.statements import refused_unread, submit
from ledger.refusals import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A file that somebody sent as a vendor's statement. `name` is the sheet of a workbook, where there are several."""

    stream: IO[bytes]
    vendor: str
    number: str
    month: date
    name: str | None
    keep_going: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What came of a file: what was read of it, and the statement it became; None when nothing was taken."""

    checked: Checked
    outcome: StatementView | Refusal | None
    replayed: bool = False


_UNREAD = Checked(lines=0, refused=0, ignored=(), skipped=(), skipped_rows=0)


class _StoppedError(Exception):
    """Nobody waits for the result any more."""


async def import_sheet(
    services: Services,
    sheet: Sheet,
    *,
    by: str,
    on_problems: OnProblems,
    reading: Progress = lambda _done, _size: None,
    taking: Callable[[int], None] | None = None,
) -> Imported:
    """Check a file and, if all of it is good or the good lines are asked for, take it as a statement.

    What no mending of its rows would help, such as an unknown vendor, is refused before the file is read. `reading` is
    told bytes, `taking` lines. Raises SheetError when the file as a whole cannot be read.
    """
    refused = await refused_unread(
        services.pool, vendor=sheet.vendor, number=sheet.number, month=sheet.month, now=services.clock()
    )
    if refused is not None:
        return Imported(checked=_UNREAD, outcome=refused)
    with Spool() as spool:
        checked = await _check(services, sheet, spool, on_problems, reading)
        if not checked.lines or (checked.refused and not sheet.keep_going):
            return Imported(checked=checked, outcome=None)
        submitted = await submit(
            services.pool,
            vendor=sheet.vendor,
            number=sheet.number,
            month=sheet.month,
            lines=spool.lines(),
            by=by,
            now=services.clock(),
            handbook=services.handbooks,
            progress=taking,
        )
    if isinstance(submitted, Refusal):
        return Imported(checked=checked, outcome=submitted)
    views = await statements_by_id(services.pool, [submitted.statement])
    return Imported(checked=checked, outcome=views[submitted.statement], replayed=submitted.replayed)


async def _check(
    services: Services, sheet: Sheet, spool: Spool, on_problems: OnProblems, reading: Progress
) -> Checked:
    """Check in a thread: a large sheet takes long, and others are served meanwhile."""
    stopped = Event()

    def told(done: int, size: int) -> None:
        if stopped.is_set():
            raise _StoppedError
        reading(done, size)

    def work() -> Checked:
        return check(
            sheet.stream,
            spool,
            handbook=services.handbook,
            sheet=sheet.name,
            on_problems=on_problems,
            progress=told,
        )

    checking = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(checking)
    except asyncio.CancelledError:
        # The thread works on the file and the spool: they must not be closed before it has ended.
        stopped.set()
        await asyncio.wait([checking])
        raise
