"""Running a command: settings from environment and options, services opened and closed, progress on stderr.

Exit codes: 0 done; 1 refused or found wrong, one line a finding on standard error; 2 usage.
"""

import asyncio
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from app.services import Services, open_services, open_to_read
from app.settings import load_settings
from base.months import MONTH_EXPECTED, parse_month
from ledger.reconciliation.values import is_text
from rating.event_fields import EARLIEST_YEAR, LATEST_YEAR

T = TypeVar("T")

DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data",
        help="Folder of the embedded database [ENTITLEMENTS_DATA, default ./.data]",
        show_default=False,
    ),
]


def _must_be_a_name(name: str | None) -> str | None:
    if name is not None and (not is_text(name) or name != name.strip()):
        raise typer.BadParameter("expected 1 to 200 visible characters, without blanks around them")
    return name


AsOption = Annotated[
    str | None,
    typer.Option(
        "--as",
        callback=_must_be_a_name,
        help="Who does it, as a token's subject names them; kept for ever [default: cli]",
        show_default=False,
    ),
]

FAILED = 1
_AGAIN_S = 0.05


def with_services(
    data: Path | None, work: Callable[[Services], Awaitable[T]], *, existing: bool = False
) -> T:
    """Run `work` on opened services. SIGTERM ends it like Ctrl-C: everything is closed in order.

    `existing`: for work that needs existing data, so that a mistyped folder is an error.
    """
    return _run_on(open_services(load_settings(data=data), existing=existing), work)


def reading_services(data: Path | None, work: Callable[[Services], Awaitable[T]]) -> T:
    """Run `work` on services that only read: nothing is made, migrated or put in force, and nothing can be changed."""
    return _run_on(open_to_read(load_settings(data=data)), work)


def _run_on(opening: AbstractAsyncContextManager[Services], work: Callable[[Services], Awaitable[T]]) -> T:
    async def opened() -> T:
        async with opening as services:
            return await work(services)

    with ending_on_sigterm():
        return asyncio.run(opened())


@contextmanager
def ending_on_sigterm() -> Iterator[None]:
    """Treat SIGTERM like Ctrl-C, so that what is open is closed.

    Python swallows exceptions within a finaliser (`__del__`): an interrupt that arrives there is sent again.
    """
    this_thread = threading.get_ident()

    def interrupt(*_: object) -> None:
        signal.raise_signal(signal.SIGINT)

    def report(ignored: "sys.UnraisableHookArgs") -> None:
        if isinstance(ignored.exc_value, KeyboardInterrupt):
            threading.Timer(_AGAIN_S, signal.pthread_kill, (this_thread, signal.SIGINT)).start()
        else:
            reported(ignored)

    reported, sys.unraisablehook = sys.unraisablehook, report
    previous = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)
        sys.unraisablehook = reported


def day_option(name: str, told: str, *, show_default: bool = True) -> Any:
    """An option that takes a day, written as 2026-10-01; `told` is its help text.

    A day out of range is a usage error, as it is in the API.
    """
    return typer.Option(
        name, formats=["%Y-%m-%d"], callback=_day_in_reach, help=told, show_default=show_default
    )


def _day_in_reach(day: datetime | None) -> datetime | None:
    if day is not None and not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
        raise typer.BadParameter(f"must lie in the years {EARLIEST_YEAR} to {LATEST_YEAR}")
    return day


def month_of(text: str) -> date:
    """The first day of the month that --period names; a usage error when it names none."""
    month = parse_month(text)
    if month is None:
        raise typer.BadParameter(f"{MONTH_EXPECTED.en}; got {text!r}", param_hint="--period")
    return month


def fail(lines: Iterable[str]) -> NoReturn:
    """Print errors on standard error, one a line, and exit with code 1."""
    for line in lines:
        sys.stderr.write(" ".join(line.split()) + "\n")
    raise typer.Exit(FAILED)


class Bars:
    """Progress bars by their labels, each made when it first moves."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def update(self, label: str, done: int, total: int | None, *, unit: str) -> None:
        """Show how much of how much is done; the total may be unknown."""
        if label not in self._tasks:
            self._tasks[label] = self._progress.add_task(label, total=total, unit=unit)
        self._progress.update(self._tasks[label], completed=done, total=total)


@contextmanager
def progress_bars() -> Iterator[Bars]:
    """Progress bars on standard error; none without a terminal."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[unit]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        yield Bars(progress)


@contextmanager
def customers_bar(label: str) -> Iterator[Callable[[int, int], None]]:
    """One progress bar over customers; call what it gives with how many of how many are done."""
    with progress_bars() as bars:
        yield partial(_update_customers, bars, label)


def _update_customers(bars: Bars, label: str, done: int, total: int) -> None:
    bars.update(label, done, total, unit="customers")
