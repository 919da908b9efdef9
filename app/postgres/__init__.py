"""The embedded PostgreSQL: a real, durable server in the data folder, shared by every command that uses the folder.

Guarantees: an acknowledged commit survives `kill -9` of any process; a server is never stopped while a process uses it;
and remnants of a killed process never keep the next one from starting.
"""

from app.postgres.errors import PostgresError
from app.postgres.server import EmbeddedPostgres

__all__ = ["EmbeddedPostgres", "PostgresError"]
