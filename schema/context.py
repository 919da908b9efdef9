"""The context of a request: the viewer, and what resolvers need.

The clock is read once for a request, so that every part of an answer is as of the same "now"; after a mutation once
more, so that its answer is not as of a moment before its writes.
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
    """What resolvers get as `info.context`. `viewer` is None without a valid token.

    `handbook` is the one that reads use, the same throughout; writers get `handbooks`, and look up which one is in
    force. `edition_folders` have the candidates, which are read once when first needed. `admission` gives an
    operation its place and the pool that it reads by; without one it runs at once, by `pool`. `budgets` are what
    callers pay from; without them there are no charges. `look_ups` is the level of a vendor's budget of member numbers,
    once it has asked for some. `document` is the operation's, parsed and validated, `variables` are the coerced values
    that it runs with; `work` is the operation once it may run, and `refusals` are the codes of refusals in its answer,
    for the log and the metrics.
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
        """Wait for a place for the operation, and keep it while the block runs. Raises UnavailableError."""
        self.work = work
        if self.admission is None:
            yield
            return
        async with self.admission(work) as pool:
            self.pool = pool
            self.renew_loaders()
            yield

    def renew_loaders(self) -> None:
        """Discard cached reads: called after a mutation, so that its answer shows the state after it."""
        self.now = max(self.now, self.clock())
        self.handbook = handbook_now(self.handbooks)
        self.candidates = None
        self.loaders = Loaders(pool=self.pool, handbook=self.handbook, now=self.now)


Info = StrawberryInfo[Context, None]
