"""`import`: the history stream, from a file, a compressed file or standard input.

One transaction: all or, unless `--keep-going`, nothing. Each refused line is reported on standard error with its number
and the reason; with `--keep-going` these lines are also written, unchanged, to FILE.rejected, to be corrected and
imported. Idempotent: events that were recorded before change nothing.
"""

import gzip
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, cast
from zlib import error as ZlibError  # noqa: N812 - an exception's name

import typer

from app.commands.running import FAILED, AsOption, DataOption, progress_bars, with_services
from app.drafts import Draft
from app.errors import StartError
from app.services import COMMAND_LINE, Services
from base.parallel import useful_processes

if TYPE_CHECKING:
    from rating.import_report import Rejection, Report
    from rating.importing import Stage

_STANDARD_INPUT = Path("-")


def import_history(
    file: Annotated[Path, typer.Argument(help="JSON Lines; `-` is standard input, `.gz` is unpacked")],
    keep_going: Annotated[
        bool, typer.Option("--keep-going", help="Take the good lines; the others go into FILE.rejected")
    ] = False,
    as_: AsOption = None,
    data: DataOption = None,
) -> None:
    """Import the history stream of the core system."""
    if file != _STANDARD_INPUT and (file.is_dir() or not file.exists()):
        raise typer.BadParameter(f"there is no file {file}", param_hint="FILE")
    report = with_services(
        data, lambda services: _import(services, file, by=as_ or COMMAND_LINE, keep_going=keep_going)
    )
    counts = (
        f"customers {report.customers}, policies {report.policies}, "
        f"events taken {report.taken}, repeated {report.repeated}, refused {report.refused}"
    )
    typer.echo(counts if report.written else f"nothing was changed: {counts}")
    if report.refused:
        raise typer.Exit(FAILED)


async def _import(services: Services, file: Path, *, by: str, keep_going: bool) -> "Report":
    from ledger.posting.first_grants import FirstGrants
    from rating.activations import handbook_within
    from rating.importing import import_history as import_lines

    with _lines(file) as (lines, size), _Rejected(file, keep=keep_going) as rejected, progress_bars() as bars:

        def update(stage: "Stage", done: int, total: int | None) -> None:
            if stage == "read":
                bars.update("reading", done, size, unit="bytes")
            else:
                bars.update("rating", done, total, unit="customers")

        async with services.pool.acquire() as connection, connection.transaction():
            within = await handbook_within(connection, services.handbooks, lasting=True)
            report = await import_lines(
                connection,
                lines,
                now=services.clock(),
                handbook=services.handbooks,
                subject=by,
                keep_going=keep_going,
                progress=update,
                following=FirstGrants(clock=services.clock, handbook=within, subject=by),
                processes=useful_processes(),
                on_rejection=rejected.add,
            )
            rejected.finish()
    return report


@contextmanager
def _lines(file: Path) -> Iterator[tuple[IO[bytes], int | None]]:
    """The stream, and its length in bytes where that is known. Raises StartError when it cannot be read."""
    try:
        if file == _STANDARD_INPUT:
            yield sys.stdin.buffer, None
        elif file.suffix == ".gz":
            with gzip.open(file, "rb") as unpacked:
                yield cast("IO[bytes]", unpacked), None
        else:
            with file.open("rb") as plain:
                yield plain, file.stat().st_size if file.is_file() else None
    except (OSError, EOFError, ZlibError) as error:
        raise StartError(f"cannot read {file}: {error}") from error


class _Rejected(Draft):
    """Reports the refused lines; with `keep`, writes them beside the file at the end."""

    def __init__(self, file: Path, *, keep: bool) -> None:
        name = "stdin" if file == _STANDARD_INPUT else file.name
        super().__init__(file.with_name(f"{name}.rejected"))
        self._keep = keep

    def add(self, rejection: "Rejection") -> None:
        """Report a line."""
        sys.stderr.write(f"line {rejection.line_no}: {' '.join(rejection.reason.en.split())}\n")
        if self._keep:
            self.write(rejection.line + b"\n")

    def finish(self) -> None:
        """Put FILE.rejected in its place, just before the good lines are committed."""
        if self._keep:
            self.keep()
