"""Measuring time and peak memory of a program, for all benchmarks."""

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil

COMMAND = str(Path(sys.executable).with_name("entitlements"))
"""The command line of this environment."""

_SAMPLED_EVERY_S = 0.05


class Peak:
    """The peak memory (MiB) of a process, with `all_of_it` of those that it started too, by sampling.

    Pages that processes share are counted for each of them.
    """

    def __init__(self, process: psutil.Process, *, all_of_it: bool = False) -> None:
        self._process = process
        self._all_of_it = all_of_it
        self.mib = 0.0

    def look(self) -> None:
        """Take a sample; 0 for a process that has ended."""
        with contextlib.suppress(psutil.Error):
            started = self._process.children(recursive=True) if self._all_of_it else []
            taken = sum(each.memory_info().rss for each in (self._process, *started))
            self.mib = max(self.mib, taken / 2**20)


@contextlib.contextmanager
def own_memory() -> Iterator[Peak]:
    """Sample this process while the block runs."""
    peak, over = Peak(psutil.Process()), threading.Event()

    def sample() -> None:
        while not over.wait(_SAMPLED_EVERY_S):
            peak.look()

    sampler = threading.Thread(target=sample)
    peak.look()
    sampler.start()
    try:
        yield peak
    finally:
        over.set()
        sampler.join()
        peak.look()


def entitlements(arguments: list[str | Path], environment: Mapping[str, str]) -> tuple[float, float]:
    """Run the command line; the seconds that it took and the most memory (MiB) of its processes together.

    Raises CalledProcessError when it fails.
    """
    command = [COMMAND, *map(str, arguments)]
    started = time.perf_counter()
    with psutil.Popen(command, env={**os.environ, **environment}) as process:
        peak = Peak(process, all_of_it=True)
        while process.poll() is None:
            peak.look()
            time.sleep(_SAMPLED_EVERY_S)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return time.perf_counter() - started, peak.mib
