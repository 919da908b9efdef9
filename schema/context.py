"""Who asks, and what answering needs: one `Context` for each request.

The moment of a request is read from the clock once, so that every part of an answer speaks of the same "now"; after a
mutation once more, so that its answer speaks of no moment before what was written.
"""

from asyncio import Task
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Literal

from asyncpg import Pool
from graphql import DocumentNode, VariableValues
from strawberry.types import Info as StrawberryInfo

from handbook import Candidate, Handbook, business_day
from ledger.posting.journal import Journal
from ledger.refusals import RefusalCode
from rating.activations import AnyHandbook, handbook_now
from schema.budgets import Budgets, Level
from schema.loaders import Loaders
from schema.viewer import Role, Viewer
from schema.work import Admission, Work

__all__ = ["Context", "Info", "Language", "Role", "Viewer"]

Language = Literal["zh", "en"]


@dataclass(slots=True, kw_only=True)
class Context:
    """What resolvers reach through `info.context`. `viewer` is None without a valid token.

    `handbook` is what the answer is read by, the same one throughout; writers are given `handbooks`, and look for
    themselves which one is in force. `edition_folders` hold the candidates, which are read once when first asked for.
    `admission` gives an operation its place and the pool that it reads by; without one it runs at once, by `pool`.
    `budgets` are what callers pay from; without them all is free. `look_ups` is what a vendor has left of its budget of
    member numbers, once it has asked for some. `document` is the operation's, parsed and found valid, `variables` are
    the values that it runs with; `work` is the operation once it may run, and `refusals` are the codes of
    refusals in its answer, for the log and the metrics.
    """

    viewer: Viewer | None
    pool: Pool
    journal: Journal
    handbooks: AnyHandbook
    clock: Callable[[], datetime]
    language: Language = "zh"
    edition_folders: Sequence[Path] = ()
    admission: Admission | None = None
    budgets: Budgets | None = None
    look_ups: Level | None = None
    document: DocumentNode | None = None
    work: Work | None = None
    refusals: list[RefusalCode] = field(default_factory=list)
    variables: VariableValues | None = None
    handbook: Handbook = field(init=False)
    now: datetime = field(init=False)
    loaders: Loaders = field(init=False)
    candidates: Task[Sequence[Candidate]] | None = field(init=False)

    def __post_init__(self) -> None:
        self.now = self.clock()
        self.renew_loaders()

    @property
    def today(self) -> date:
        """The business day of the request."""
        return business_day(self.now)

    @asynccontextmanager
    async def admitted(self, work: Work) -> AsyncIterator[None]:
        """Wait for the place of an operation, and keep it while the block runs. Raises UnavailableError."""
        self.work = work
        if self.admission is None:
            yield
            return
        async with self.admission(work) as pool:
            self.pool = pool
            self.renew_loaders()
            yield

    def renew_loaders(self) -> None:
        """Forget what was read: called after a mutation, so that its answer shows what it wrote, as of after it."""
        self.now = max(self.now, self.clock())
        self.handbook = handbook_now(self.handbooks)
        self.candidates = None
        self.loaders = Loaders(pool=self.pool, handbook=self.handbook, now=self.now)


Info = StrawberryInfo[Context, None]
