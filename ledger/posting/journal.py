"""The journal: decides commands and commits them in groups.

One committer per process takes all commands that are waiting and decides them in one transaction: concurrent requests
share a commit, and a single request does not wait for more. A command whose customer another transaction has locked (a
long import) is put aside and retried, so that it does not hold up the others; after some seconds it is refused as BUSY.
A refused command does not affect the others of its batch.

A transaction with a transient failure is retried. An outage of the environment (disk full, database away) fails all its
commands at once, as OutageError: splitting would not help. A batch whose failure may come from a command's own values
is split, so that one bad command cannot fail others. An outcome is answered only after its transaction is durable;
after an uncertain commit the stored outcomes say what happened.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

import asyncpg
import structlog

from base.database import Pool
from base.outage_log import WritingOutage
from base.outages import OutageError, described, is_lock_timeout, is_momentary, is_outage
from ledger.commands import Command, malformed
from ledger.posting.committing import commit
from ledger.posting.observing import SILENT, JournalObserver
from ledger.posting.outcomes import Outcome
from ledger.refusals import Refusal, busy
from rating.activations import AnyHandbook, handbook_within

_LARGEST_BATCH = 256
_TRIES = 4
_FIRST_RETRY_SECONDS = 0.02
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.002, 0.1
_MOST_DOUBLINGS = 6
_BUSY_AFTER_SECONDS = 5.0
_BY_VALUES = frozenset({"22", "23"})
"""Classes of SQLSTATE that a command's own values can cause: data exceptions, and constraints that do not hold."""

log = structlog.get_logger(__name__)


class JournalClosedError(OutageError):
    """The service is stopping: the journal accepts no more commands."""


class BatchFailedError(Exception):
    """A transaction failed, neither because of a command nor of an outage; see the cause."""


@dataclass(slots=True, eq=False)
class _Waiting:
    command: Command
    caller: object
    since: float = field(default_factory=lambda: asyncio.get_running_loop().time())
    pauses: int = 0
    answer: asyncio.Future[Outcome] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class Journal:
    """Decides commands and commits them in groups; start it before posting, stop it to let the last ones finish."""

    def __init__(
        self,
        pool: Pool,
        handbook: AnyHandbook,
        clock: Callable[[], datetime],
        *,
        busy_after_seconds: float = _BUSY_AFTER_SECONDS,
        observer: JournalObserver = SILENT,
    ) -> None:
        """Work on `pool` as the service's role; `clock` gives the moment at which commands are recorded.

        A command whose customer stays locked by others for `busy_after_seconds` is refused as BUSY.
        """
        self._pool = pool
        self._busy_after_seconds = busy_after_seconds
        self._outage = WritingOutage()
        self._handbook = handbook
        self._clock = clock
        self._observer = observer
        self._waiting: deque[_Waiting] = deque()
        self._aside: list[_Waiting] = []
        self._committing: Sequence[_Waiting] = ()
        self._arrived = asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        """Whether commands are accepted."""
        return self._task is not None and not self._task.done() and not self._closing

    @property
    def waiting(self) -> int:
        """How many commands are in no batch yet, without those that are set aside."""
        return len(self._waiting)

    @property
    def set_aside(self) -> int:
        """How many commands are set aside because another transaction has locked their customers."""
        return len(self._aside)

    @property
    def delay_s(self) -> float:
        """How many seconds the oldest waiting command has waited, without those that are set aside."""
        now = asyncio.get_running_loop().time()
        oldest = (*self._committing[:1], *islice(self._waiting, 1))
        return max((now - each.since for each in oldest), default=0.0)

    async def start(self) -> None:
        """Begin to accept commands."""
        self._task = asyncio.create_task(self._commit_for_ever(), name="journal")

    async def stop(self) -> None:
        """Accept no more commands, and finish those that are waiting."""
        self._closing = True
        self._arrived.set()
        if self._task is not None:
            await self._task

    async def post(self, command: Command) -> Outcome:
        """Decide one command; the outcome is durable when this returns. Raises OutageError: retry."""
        return (await self.post_many([command]))[0]

    async def post_many(self, commands: Sequence[Command]) -> list[Outcome]:
        """Decide commands, each on its own; the outcomes, in their order, are durable when this returns."""
        if not self.running:
            raise JournalClosedError
        caller = self._observer.caller()
        answers = [malformed(command) or _Waiting(command, caller) for command in commands]
        self._waiting.extend(each for each in answers if isinstance(each, _Waiting))
        self._arrived.set()
        return [each if isinstance(each, Refusal) else await each.answer for each in answers]

    async def _commit_for_ever(self) -> None:
        batch: list[_Waiting] = []
        try:
            while True:
                await self._arrived.wait()
                self._arrived.clear()
                while batch := self._next_batch():
                    self._committing = batch
                    await self._commit(batch)
                    self._committing = ()
                if self._closing and not self._aside:
                    return
        finally:  # this task was cancelled: its callers must not wait for ever
            for each in (*batch, *self._waiting, *self._aside):
                self._fail([each], None, JournalClosedError())

    def _next_batch(self) -> list[_Waiting]:
        """The oldest waiting commands, up to a batch, without those whose client has disconnected."""
        batch: list[_Waiting] = []
        while self._waiting and len(batch) < _LARGEST_BATCH:
            each = self._waiting.popleft()
            if not each.answer.done():
                batch.append(each)
        return batch

    async def _commit(self, batch: list[_Waiting]) -> None:
        """Commit a batch, and answer each command."""
        try:
            outcomes = await self._try_to_commit(batch)
        except Exception as error:  # noqa: BLE001 (whatever it is, each command must be answered)
            await self._failed(batch, error)
            return
        self._outage.over()
        for each, outcome in zip(batch, outcomes, strict=True):
            if outcome is not None:
                _answer(each, outcome)
        self._set_aside([each for each, outcome in zip(batch, outcomes, strict=True) if outcome is None])

    async def _failed(self, batch: list[_Waiting], error: Exception) -> None:
        if is_lock_timeout(error):
            for each in batch:
                _answer(each, busy())
        elif is_outage(error):
            self._outage.failed(len(batch), error)
            self._fail(batch, OutageError, error)
        elif len(batch) == 1:
            self._fail(batch, None, error)
        elif _by_values(error):
            log.warning("journal batch failed and is split", size=len(batch), error=described(error))
            middle = len(batch) // 2
            await self._commit(batch[:middle])
            await self._commit(batch[middle:])
        else:
            log.error("journal batch failed", size=len(batch), error=described(error))
            self._fail(batch, BatchFailedError, error)

    def _fail(self, batch: Sequence[_Waiting], kind: type[Exception] | None, cause: Exception) -> None:
        """Answer each command with an exception of its own (the traceback of a shared one would grow).

        With `kind` None they get the cause itself.
        """
        self._observer.failed(len(batch))
        for each in batch:
            if each.answer.done():
                continue
            error = cause
            if kind is not None:
                error = kind(described(cause))
                error.__cause__ = cause
            each.answer.set_exception(error)

    def _set_aside(self, locked: list[_Waiting]) -> None:
        """Set aside commands on customers that another transaction has locked; refuse as BUSY after too long."""
        loop = asyncio.get_running_loop()
        later = [each for each in locked if loop.time() - each.since < self._busy_after_seconds]
        for each in locked:
            if each not in later:
                _answer(each, busy())
        if not later:
            return
        self._observer.set_aside(len(later))

        def wake() -> None:
            self._aside = [each for each in self._aside if each not in later]
            self._waiting.extend(later)
            self._arrived.set()

        pause = _FIRST_PAUSE_SECONDS * 2 ** min(*(each.pauses for each in later), _MOST_DOUBLINGS)
        for each in later:
            each.pauses += 1
        self._aside += later
        loop.call_later(min(pause, _LONGEST_PAUSE_SECONDS), wake)

    async def _try_to_commit(self, batch: Sequence[_Waiting]) -> list[Outcome | None]:
        commands = [each.command for each in batch]
        for attempt in range(1, _TRIES + 1):
            try:
                with self._observer.batch([each.caller for each in batch]):
                    async with self._pool.acquire() as conn, conn.transaction():
                        handbook = await handbook_within(conn, self._handbook)
                        decided = await commit(conn, commands, now=self._clock(), handbook=handbook)
            except Exception as error:
                if attempt == _TRIES or not is_momentary(error):
                    raise
                self._observer.retried()
                await asyncio.sleep(_FIRST_RETRY_SECONDS * 4 ** (attempt - 1))
            else:
                self._observer.posted(each.kind.value for each in decided.entries)
                return decided.outcomes
        raise AssertionError  # the last try returns or raises


def _by_values(error: Exception) -> bool:
    """Whether a command's own values may have caused an error: also bugs, which some value may have triggered."""
    if not isinstance(error, asyncpg.PostgresError):
        return True
    return (error.sqlstate or "")[:2] in _BY_VALUES


def _answer(waiting: _Waiting, outcome: Outcome) -> None:
    if not waiting.answer.done():  # done: the client has disconnected
        waiting.answer.set_result(outcome)
