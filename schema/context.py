"""The context of a request: the viewer, and what resolvers need.

Every part of an answer is as of one moment: the clock's, read when it is first asked for, or, once the journal has
decided the request's commands, the moment at which it did.
"""

from asyncio import Task
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from asyncpg import Pool
from graphql import DocumentNode
from strawberry.types import Info as StrawberryInfo

from handbook import Candidate, Handbook, business_day
from ledger.posting.journal import Journal
from ledger.refusals import RefusalCode
from rating.activations import AnyHandbook, handbook_now
from schema.billing import Bill
from schema.budgets import Level
from schema.loaders import Loaders
from schema.viewer import Language, Role, Viewer
from schema.work import Admission, Work

__all__ = ["Context", "Info", "Language", "Role", "Viewer"]


@dataclass(slots=True, kw_only=True)
class Context:
    """What resolvers get as `info.context`. `viewer` is None without a valid token.

    Reads use `handbook`; writers get `handbooks`, and look up which one is in force. `edition_folders` have the
    candidates, which are read once when first needed. `four_eyes_above`: see `ledger.reconciliation.four_eyes`.
    `admission` gives an operation its place and the pool that it reads by; without one it runs at once, by `pool`.
    `bill` is what it is charged on; without one there are no charges. `look_ups` is the level of a vendor's budget of
    member numbers, once it has asked for some. `document` is the operation's, parsed and validated; `work` is the
    operation once it may run, and `refusals` are the codes of refusals in its answer, for the log and the metrics.
    """

    viewer: Viewer | None
    pool: Pool
    journal: Journal
    handbooks: AnyHandbook
    clock: Callable[[], datetime]
    language: Language = "zh"
    edition_folders: Sequence[Path] = ()
    four_eyes_above: Decimal | None = None
    admission: Admission | None = None
    bill: Bill | None = None
    look_ups: Level | None = None
    document: DocumentNode | None = None
    work: Work | None = None
    refusals: list[RefusalCode] = field(default_factory=list)
    candidates: Task[Sequence[Candidate]] | None = field(default=None, init=False)
    _now: datetime | None = field(default=None, init=False)
    _today: date | None = field(default=None, init=False)
    _loaders: Loaders | None = field(default=None, init=False)

    @property
    def now(self) -> datetime:
        """The moment of the request: what it writes is recorded at it, and what it reads is as of it."""
        if self._now is None:
            self._now = self.clock()
        return self._now

    @property
    def loaders(self) -> Loaders:
        """What reads for the answer, as of `now`, by one handbook, until something is written."""
        if self._loaders is None:
            self._loaders = Loaders(pool=self.pool, handbook=handbook_now(self.handbooks), now=self.now)
        return self._loaders

    @property
    def handbook(self) -> Handbook:
        """The handbook that the answer is read by."""
        return self.loaders.handbook

    @property
    def today(self) -> date:
        """The business day of the request."""
        if self._today is None:
            self._today = business_day(self.now)
        return self._today

    @asynccontextmanager
    async def admitted(self, work: Work) -> AsyncIterator[None]:
        """Wait for a place for the operation, and keep it while the block runs. Raises UnavailableError."""
        self.work = work
        if self.admission is None:
            yield
            return
        async with self.admission(work) as pool:
            self.pool = pool
            yield

    def written(self, at: datetime | None = None) -> None:
        """Discard what was read: called after a mutation, so that its answer shows the state after it.

        `at` is the moment of the writes, if it is not `now`. The answer is as of the later of the two.
        """
        self.candidates = self._loaders = None
        if at is not None:
            self._now = max(self._now or at, at)
            self._today = None


Info = StrawberryInfo[Context, None]
