"""How every command runs: settings from environment and options, services opened and closed, progress on stderr.

Exit codes: 0 done; 1 refused or found wrong, one line a finding on standard error; 2 usage.
"""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from app.services import Services, open_services
from app.settings import load_settings

T = TypeVar("T")

DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data",
        help="Folder of the embedded database [ENTITLEMENTS_DATA, default ./.data]",
        show_default=False,
    ),
]

FAILED = 1


def with_services(data: Path | None, work: Callable[[Services], Awaitable[T]]) -> T:
    """Run `work` on opened services. SIGTERM ends it like Ctrl-C: everything is closed in order."""
    settings = load_settings(data=data)

    async def opened() -> T:
        async with open_services(settings) as services:
            return await work(services)

    with ending_on_sigterm():
        return asyncio.run(opened())


@contextmanager
def ending_on_sigterm() -> Iterator[None]:
    """Treat SIGTERM like Ctrl-C, so that what is open is closed."""

    def interrupt(*_: object) -> None:
        signal.raise_signal(signal.SIGINT)

    previous = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def fail(lines: Iterable[str]) -> NoReturn:
    """Say what is wrong on standard error, one line a finding, and end with exit code 1."""
    for line in lines:
        sys.stderr.write(" ".join(line.split()) + "\n")
    raise typer.Exit(FAILED)


@contextmanager
def progress_bar(label: str, unit: str) -> Iterator[Callable[[int, int | None], None]]:
    """A progress bar on standard error; call what it gives with how many of how many are done.

    Where nobody watches (no terminal) there is none.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(label, total=None)

        def update(done: int, total: int | None) -> None:
            progress.update(task, completed=done, total=total)

        yield update
