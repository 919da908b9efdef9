"""Importing a file as a statement: checked completely, then submitted as a whole.

Nothing is submitted unless every line can be read, or the caller accepts only the good ones, and unless every total is
what its lines come to. The database's work begins
after the check, in one transaction: a crash leaves nothing behind.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from threading import Event
from typing import IO

from app.services import Services
from app.statements.checking import Checked, OnProblems, Progress, Spool, check
from ledger.reconciliation.reading import StatementView, statements_by_id
from ledger.reconciliation.statements import refused_unread, submit
from ledger.reconciliation.values import StatedTotal
from ledger.refusals import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A file sent as a vendor's statement. `name` selects the sheet of a workbook, where there are several.

    `total` is what the lines that are taken must come to, in CNY, as the invoice says.
    """

    stream: IO[bytes]
    vendor: str
    number: str
    month: date
    name: str | None
    keep_going: bool
    total: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """The result of an import: what was read, and the statement; None when nothing was submitted."""

    checked: Checked
    outcome: StatementView | Refusal | None
    replayed: bool = False


_UNREAD = Checked(lines=0, refused=0, ignored=(), skipped=(), skipped_rows=0)


class _StoppedError(Exception):
    """The caller was cancelled."""


async def import_sheet(
    services: Services,
    sheet: Sheet,
    *,
    by: str,
    on_problems: OnProblems,
    reading: Progress = lambda _done, _size: None,
    taking: Callable[[int], None] | None = None,
) -> Imported:
    """Check a file and, if all of it is good or the good lines suffice, submit it as a statement.

    What does not depend on its rows, such as an unknown vendor, is refused before the file is read. `reading` gets
    bytes, `taking` lines, as progress. Raises SheetError when the file as a whole cannot be read.
    """
    refused = await refused_unread(
        services.pool, vendor=sheet.vendor, number=sheet.number, month=sheet.month, now=services.clock()
    )
    if refused is not None:
        return Imported(checked=_UNREAD, outcome=refused)
    with Spool() as spool:
        checked = await _check(services, sheet, spool, on_problems, reading)
        if not checked.lines or checked.differing or (checked.refused and not sheet.keep_going):
            return Imported(checked=checked, outcome=None)
        submitted = await submit(
            services.pool,
            vendor=sheet.vendor,
            number=sheet.number,
            month=sheet.month,
            lines=spool.lines(),
            total=StatedTotal(amount=sheet.total),
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
    """Check in a thread: a large sheet takes long and must not block the event loop."""
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
            month=sheet.month,
            on_problems=on_problems,
            progress=told,
        )

    checking = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(checking)
    except asyncio.CancelledError:
        # The thread uses the file and the spool: they must not be closed before it has ended.
        stopped.set()
        await asyncio.wait([checking])
        raise
