"""What the migrations ask of the server before they change anything."""

import pytest

from app import migrating
from app.errors import StartError
from app.migrating import migrate


async def test_a_server_that_is_too_old_is_refused(database_dsn, monkeypatch):
    monkeypatch.setattr(migrating, "_OLDEST_SERVER", 999)
    with pytest.raises(StartError, match="PostgreSQL 999 or newer is needed; the server is"):
        await migrate(database_dsn)


async def test_a_complete_database_has_nothing_to_apply(database_dsn):
    assert await migrate(database_dsn) == ()
