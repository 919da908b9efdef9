"""Processor time and memory of processes, from what the kernel tells of them."""

import contextlib
from collections.abc import Iterator

import psutil


class Processes:
    """A process and its children, counted together."""

    def __init__(self, pid: int) -> None:
        self._root = psutil.Process(pid)

    def cpu_s(self) -> float:
        """Processor time so far, with that of children of the first process that have ended."""
        ended = self._root.cpu_times()
        total = ended.children_user + ended.children_system
        for each in self._alive():
            with contextlib.suppress(psutil.NoSuchProcess):
                taken = each.cpu_times()
                total += taken.user + taken.system
        return total

    def memory_mib(self) -> float:
        """Resident memory; what several share is counted for each."""
        total = 0
        for each in self._alive():
            with contextlib.suppress(psutil.NoSuchProcess):
                total += each.memory_info().rss
        return total / 2**20

    def _alive(self) -> Iterator[psutil.Process]:
        yield self._root
        yield from self._root.children(recursive=True)
