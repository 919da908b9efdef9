"""A peer that runs: a process of its own that says on which port it listens."""

import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.comparison.processes import Processes
from bench.http_client import Address

_LISTENING = re.compile(r"listening on (\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Where it answers, and its processes."""

    address: Address
    processes: Processes


@contextmanager
def running(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Iterator[Peer]:
    """Run a command that prints `listening on PORT` when it serves. Raises RuntimeError when it does not."""
    with log.open("wb") as written:
        process = subprocess.Popen(  # noqa: S603 (our own command)
            command, stdout=subprocess.PIPE, stderr=written, text=True, env=dict(environment)
        )
    try:
        for line in process.stdout or ():
            found = _LISTENING.search(line)
            if found:
                yield Peer(
                    address=Address(host="127.0.0.1", port=int(found[1])), processes=Processes(process.pid)
                )
                return
        raise RuntimeError(f"{command[-1]} did not start: {log.read_text(encoding='utf-8')[-2000:]}")
    finally:
        process.terminate()
        process.communicate()
