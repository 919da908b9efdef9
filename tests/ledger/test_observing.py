"""What a journal and a pool report to their observers."""

import asyncio
from contextlib import contextmanager

import asyncpg
import pytest

from base.database import connect_pool
from base.observing import DatabaseObserver
from base.sql import query_name
from ledger.posting import committing as committing_module
from ledger.posting.journal import Journal
from ledger.posting.observing import JournalObserver
from tests.ledger.books import a_redeem
from tests.ledger.stored import SetClock, contract, enrol


class Heard(JournalObserver):
    def __init__(self) -> None:
        self.told = []
        self.has_rested = asyncio.Event()

    def caller(self):
        return asyncio.current_task().get_name()

    @contextmanager
    def batch(self, callers):
        try:
            yield
        except Exception as error:
            self.told.append((type(error).__name__, *callers))
            raise
        self.told.append(("committed", *callers))

    def posted(self, kinds):
        self.told += kinds

    def set_aside(self, commands):
        self.told.append(f"{commands} set aside")
        self.has_rested.set()

    def retried(self):
        self.told.append("retried")

    def failed(self, commands):
        self.told.append(f"{commands} failed")


@pytest.fixture
async def observed(database, handbook):
    """A journal with its observer; M1 may redeem at v."""
    await contract(database.pool, handbook, "v")
    await enrol(database.pool, handbook, "M1")
    heard = Heard()
    journal = Journal(database.pool, handbook, SetClock(), observer=heard)
    await journal.start()
    yield journal, heard
    await journal.stop()


async def test_a_journal_tells_of_retries_commits_and_failures(observed, monkeypatch):
    journal, heard = observed
    asyncio.current_task().set_name("caller")
    write_batch, errors = committing_module.write_batch, [asyncpg.SerializationError()]

    async def write_or_fail(conn, batch):
        await write_batch(conn, batch)
        if errors:
            raise errors.pop()

    monkeypatch.setattr(committing_module, "write_batch", write_or_fail)
    await journal.post(a_redeem())
    committed = [("SerializationError", "caller"), "retried", ("committed", "caller"), "REDEEM"]
    assert heard.told == committed
    errors.append(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        await journal.post(a_redeem(key="other"))
    assert heard.told[4:] == [("ZeroDivisionError", "caller"), "1 failed"]
    assert (journal.waiting, journal.set_aside) == (0, 0)


async def test_the_observer_is_told_of_commands_on_locked_customers(observed, database):
    journal, heard = observed
    async with database.pool.acquire() as other, other.transaction():
        await other.execute("select from ledger_heads for update")
        posted = asyncio.create_task(journal.post(a_redeem()), name="locked")
        await heard.has_rested.wait()
    await posted
    assert heard.told[:2] == [("committed", "locked"), "1 set aside"]
    assert heard.told[-2:] == [("committed", "locked"), "REDEEM"]


async def test_a_pool_tells_how_long_was_waited_and_which_statements_ran(database):
    class Watching(DatabaseObserver):
        hears_queries = True

        def __init__(self) -> None:
            self.waits, self.statements = [], []

        def waited(self, seconds):
            self.waits.append(seconds)

        def ran(self, text, seconds, error):
            self.statements.append((query_name(text), type(error)))

    watching = Watching()
    pool = await connect_pool(database.dsn, min_size=0, max_size=1, service_role=True, observer=watching)
    async with pool.acquire():
        waiting = asyncio.create_task(pool.fetch("-- why\n  select 1"))
        await asyncio.sleep(0)  # it waits now
        await asyncio.sleep(0.05)
    await waiting
    awaited = await pool.acquire()
    with pytest.raises(asyncpg.UndefinedTableError):
        await awaited.fetch("SELECT secret FROM nowhere")
    await pool.release(awaited)
    await asyncio.sleep(0)
    await pool.close()
    assert watching.waits[1] >= 0.05
    assert len(watching.waits) == 3
    assert ("SELECT", type(None)) in watching.statements
    assert ("SELECT", asyncpg.UndefinedTableError) in watching.statements


def test_a_query_is_called_by_its_file_and_name():
    from ledger.posting.batch import SQL

    assert query_name(SQL["lock_heads"]).endswith(".lock_heads")
    assert query_name("COMMIT;") == "COMMIT"
    assert query_name("-- only words") == "QUERY"
