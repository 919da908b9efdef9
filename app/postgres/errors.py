"""The one error of the embedded PostgreSQL: its text is what a person reads, in one line."""

from app.errors import StartError


class PostgresError(StartError):
    """The embedded PostgreSQL cannot be started, used or stopped; the text says why and what would help."""
