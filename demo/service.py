"""The interface to the service that the demonstration is loaded into."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from base.database import Pool
from handbook import Handbook
from rating.activations import AnyHandbook


class DemoError(Exception):
    """The demonstration cannot be loaded; the words say why and what would help."""


class Service(Protocol):
    """A database under the service's role and under its owner's, the handbook in force, and the clock."""

    @property
    def pool(self) -> Pool:
        """The database."""

    @property
    def handbooks(self) -> AnyHandbook:
        """For writers, which look up the handbook in force."""

    @property
    def handbook(self) -> Handbook:
        """The handbook in force."""

    @property
    def clock(self) -> Callable[[], datetime]:
        """Returns the current moment."""

    @property
    def owner_dsn(self) -> str:
        """The database's address for its owner."""
