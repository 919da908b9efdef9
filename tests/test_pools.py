"""Connections that go back to their pool: nothing of what ran on them reaches who takes them next."""

import asyncio

import asyncpg
import pytest

from base.database import connect_pool


@pytest.fixture
async def pool(database):
    made = await connect_pool(database.dsn, min_size=0, max_size=1, service_role=True, resets=False)
    yield made
    await made.close()


async def test_giving_a_connection_back_sends_nothing(pool):
    sent = []
    async with pool.acquire() as conn:
        await conn.fetchval("select 1")
        conn.add_query_logger(lambda query: sent.append(query.query))
    async with pool.acquire() as conn:
        await conn.fetchval("select 2")
    await asyncio.sleep(0)
    assert sent == ["select 2"]


async def test_a_transaction_that_was_left_open_is_rolled_back(pool):
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # asyncpg reports what it finds open
    async with pool.acquire() as conn:
        pid = conn.get_server_pid()
        await conn.execute("begin")
        await conn.execute("set local work_mem = '1MB'")
        with pytest.raises(asyncpg.DivisionByZeroError):
            await conn.fetchval("select 1 / 0")
    async with pool.acquire() as conn:
        assert conn.get_server_pid() == pid
        assert not conn.is_in_transaction()
        assert await conn.fetchval("select current_setting('work_mem')") != "1MB"
