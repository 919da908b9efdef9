"""The embedded PostgreSQL: a real, durable server in the data folder, shared by every command that uses the folder.

What is guarded here: an acknowledged commit survives `kill -9` of anybody, a server is never stopped under somebody who
still uses it, and whatever a killed process left behind never keeps the next one from starting.
"""

from app.postgres.errors import PostgresError
from app.postgres.server import EmbeddedPostgres

__all__ = ["EmbeddedPostgres", "PostgresError"]
