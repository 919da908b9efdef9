"""Who asks, and what answering needs: one `Context` for each request.

The moment of a request is read from the clock once, so that every part of an answer speaks of the same "now".
"""

from asyncio import Task
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Literal

from asyncpg import Pool
from strawberry.types import Info as StrawberryInfo

from handbook import Candidate, Handbook, business_day
from ledger.journal import Journal
from rating.activations import AnyHandbook, handbook_now
from schema.loaders import Loaders

Language = Literal["zh", "en"]


class Role(StrEnum):
    """What a token lets its bearer do; the table is in `schema.permissions`."""

    FRONTEND = "frontend"
    VENDOR = "vendor"
    FINANCE = "finance"
    OPERATIONS = "operations"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Who asks: a role, and what binds it.

    `vendor` is the vendor's code (role vendor only). `member` binds a frontend to one member number. `subject` says who
    holds the token, for the logs.
    """

    role: Role
    vendor: str | None = None
    member: str | None = None
    subject: str | None = None


@dataclass(slots=True, kw_only=True)
class Context:
    """What resolvers reach through `info.context`. `viewer` is None without a valid token.

    `handbook` is what the answer is read by, the same one throughout; writers are given `handbooks`, and look for
    themselves which one is in force. `edition_folders` hold the candidates, which are read once when first asked for.
    """

    viewer: Viewer | None
    pool: Pool
    journal: Journal
    handbooks: AnyHandbook
    clock: Callable[[], datetime]
    language: Language = "zh"
    edition_folders: Sequence[Path] = ()
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

    def renew_loaders(self) -> None:
        """Forget what was read: called after a mutation, so that its answer shows what it wrote."""
        self.handbook = handbook_now(self.handbooks)
        self.candidates = None
        self.loaders = Loaders(pool=self.pool, handbook=self.handbook, now=self.now)


Info = StrawberryInfo[Context, None]
