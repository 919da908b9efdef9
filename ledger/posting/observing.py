"""Observers of the journal, for metrics and traces.

The journal does not depend on metrics and traces: `app.observability` passes an observer. Observers are called on the
event loop between batches, so they must be quick.
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext


class JournalObserver:
    """Does nothing. Subclasses override the methods that they need."""

    def caller(self) -> object:
        """What identifies a command's caller: taken in the caller's task, passed to `batch` when it is decided."""
        return None

    def batch(self, callers: Sequence[object]) -> AbstractContextManager[object]:
        """Surround one attempt to commit a batch, from first query to commit; one caller for each command.

        The block raises when the attempt fails.
        """
        del callers
        return nullcontext()

    def posted(self, kinds: Iterable[str]) -> None:
        """Entries of these kinds, one for each entry, are durable."""

    def set_aside(self, commands: int) -> None:
        """So many commands are set aside, because another transaction has locked their customers."""

    def retried(self) -> None:
        """A batch had a transient failure and is retried."""

    def failed(self, commands: int) -> None:
        """So many commands are answered with an error, because their batch could not be committed."""


SILENT = JournalObserver()
