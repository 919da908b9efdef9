"""What the journal tells of its work while it works, so that it can be measured and traced.

The journal knows nothing of metrics and traces: who wants them passes an observer (`app.observability`). Observers are
called on the event loop, between a batch and the next: they count, and return.
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext


class JournalObserver:
    """Does nothing. Subclasses override the methods that they need."""

    def caller(self) -> object:
        """Who posts a command: asked within the caller's task, and handed to `batch` when the command is decided."""
        return None

    def batch(self, callers: Sequence[object]) -> AbstractContextManager[object]:
        """Surround one try to commit a batch, a command for each caller: from its first statement to its commit.

        The block raises when the try fails.
        """
        del callers
        return nullcontext()

    def posted(self, kinds: Iterable[str]) -> None:
        """Entries of these kinds, one for each entry, are durable."""

    def rested(self, commands: int) -> None:
        """So many commands met a customer whom another transaction has locked, and will be decided later."""

    def retried(self) -> None:
        """A batch failed in passing and is tried again."""

    def failed(self, commands: int) -> None:
        """So many commands are answered with an error, because their batch could not be committed."""


SILENT = JournalObserver()
