"""The error of the embedded PostgreSQL, with a one-line message for people."""

from app.errors import StartError


class PostgresError(StartError):
    """The embedded PostgreSQL cannot be started, used or stopped; the text says why and what would help."""
