"""The command line as processes of their own, without the second that each new Python takes to import everything.

A server imports the program once and forks for every command, which then has its own arguments, environment, folder and
streams, and an end of its own. What is left out is the start of Python itself: the tests of the service have that.
"""

import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing.context import ForkServerProcess
from pathlib import Path

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    [
        "app.start",
        "app.cli",
        "app.identity.tokens",
        "app.server",
        "app.postgres",
        "rating.importing",
        "ledger.posting.journal",
        "schema.build",
    ]
)
_LONGEST_S = 60


def run_command(
    *arguments: str, environment: Mapping[str, str], folder: Path | None = None, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run `entitlements` to its end, in `folder` if given; its exit code and what it said."""
    with _command(arguments, environment, folder, stdin) as (process, streams):
        process.join(_LONGEST_S)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(
                [*arguments], _LONGEST_S, *(each.read_bytes() for each in streams[1:])
            )
        stdout, stderr = (each.read_text(encoding="utf-8") for each in streams[1:])
        return subprocess.CompletedProcess([*arguments], process.exitcode, stdout, stderr)


def kill_command(*arguments: str, environment: Mapping[str, str], after_s: float) -> bool:
    """Run `entitlements` and kill it after so many seconds; whether that came before its end."""
    with _command(arguments, environment, None, "") as (process, _):
        process.join(after_s)
        process.kill()
        process.join()
        return process.exitcode == -signal.SIGKILL


@contextmanager
def _command(
    arguments: Sequence[str], environment: Mapping[str, str], folder: Path | None, stdin: str
) -> Iterator[tuple[ForkServerProcess, list[Path]]]:
    """The command as a process that has begun, and the files of its three streams."""
    with tempfile.TemporaryDirectory(prefix="entitlements-command-") as place:
        streams = [Path(place) / name for name in ("stdin", "stdout", "stderr")]
        streams[0].write_text(stdin, encoding="utf-8")
        process = FORKS.Process(target=_run, args=(arguments, dict(environment), folder, streams))
        process.start()
        try:
            yield process, streams
        finally:
            process.close()


def _run(
    arguments: Sequence[str], environment: Mapping[str, str], folder: Path | None, streams: Sequence[Path]
) -> None:
    """In the forked process: become the command."""
    for number, (stream, flags) in enumerate(
        zip(streams, (os.O_RDONLY, os.O_WRONLY | os.O_CREAT, os.O_WRONLY | os.O_CREAT), strict=True)
    ):
        descriptor = os.open(stream, flags, 0o600)
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8")
    os.environ.clear()
    os.environ.update(environment)
    if folder is not None:
        os.chdir(folder)
    sys.argv = ["entitlements", *arguments]

    from app.start import main

    main()
